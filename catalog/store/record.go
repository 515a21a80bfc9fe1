package store

import (
	"encoding/json"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// The records below are what descriptors look like in the metadata store: JSON,
// because it is read by people with etcdctl, outlives the program's versions and
// loads 5,000 tables in a fraction of a second. The names of fields are for
// ever; a field that is not known is ignored, a new one is zero in old records.
// A change that old programs would get wrong raises the format.

// headRecord is the value of catalog/head.
type headRecord struct {
	Revision uint64 `json:"revision"`
}

// baseRecord is the value of catalog/base.
type baseRecord struct {
	Revision uint64 `json:"revision"`
	Chunks   int    `json:"chunks"`
}

// logRecord is the value of catalog/log/<n>.
type logRecord struct {
	// ID names the publication: who asks whether it was his own finds it here.
	ID string `json:"id"`
	// Chunks is how many chunks under the ID hold the ops; 0: they are here.
	Chunks int        `json:"chunks,omitempty"`
	Ops    []opRecord `json:"ops,omitempty"`
}

// rawLogRecord and rawChunkRecord are what is written: ops that are encoded already.
type rawLogRecord struct {
	ID     string            `json:"id"`
	Chunks int               `json:"chunks,omitempty"`
	Ops    []json.RawMessage `json:"ops,omitempty"`
}

type rawChunkRecord struct {
	Ops []json.RawMessage `json:"ops"`
}

// chunkRecord is the value of a chunk, of a change or a checkpoint.
type chunkRecord struct {
	Ops []opRecord `json:"ops"`
}

// opRecord is one descriptor, deletion or table's statistics: exactly one field is set.
type opRecord struct {
	Database   *databaseRecord   `json:"database,omitempty"`
	Schema     *schemaRecord     `json:"schema,omitempty"`
	Table      *tableRecord      `json:"table,omitempty"`
	Sequence   *sequenceRecord   `json:"sequence,omitempty"`
	View       *viewRecord       `json:"view,omitempty"`
	Enum       *enumRecord       `json:"enum,omitempty"`
	Composite  *compositeRecord  `json:"composite,omitempty"`
	Domain     *domainRecord     `json:"domain,omitempty"`
	Range      *rangeRecord      `json:"range,omitempty"`
	Function   *functionRecord   `json:"function,omitempty"`
	Role       *roleRecord       `json:"role,omitempty"`
	Delete     *keyRecord        `json:"delete,omitempty"`
	Statistics *statisticsRecord `json:"statistics,omitempty"`
	// At is the revision that published it; in checkpoints only.
	At uint64 `json:"at,omitempty"`
}

type keyRecord struct {
	Class    string      `json:"class"`
	OID      catalog.OID `json:"oid"`
	Database catalog.OID `json:"db,omitempty"`
}

type databaseRecord struct {
	OID        catalog.OID       `json:"oid"`
	Name       string            `json:"name"`
	Owner      catalog.OID       `json:"owner"`
	IsTemplate bool              `json:"template,omitempty"`
	AllowConn  bool              `json:"allowconn,omitempty"`
	ConnLimit  int32             `json:"connlimit"`
	Settings   map[string]string `json:"settings,omitempty"`
	Comment    string            `json:"comment,omitempty"`
	Encoding   string            `json:"encoding"`
	Collate    string            `json:"collate"`
	Type       string            `json:"ctype"`
}

type schemaRecord struct {
	OID      catalog.OID `json:"oid"`
	Database catalog.OID `json:"db"`
	Name     string      `json:"name"`
	Owner    catalog.OID `json:"owner"`
	Comment  string      `json:"comment,omitempty"`
	Backend  int32       `json:"backend,omitempty"`
}

type tableRecord struct {
	OID         catalog.OID        `json:"oid"`
	Database    catalog.OID        `json:"db"`
	Schema      catalog.OID        `json:"schema"`
	Name        string             `json:"name"`
	Owner       catalog.OID        `json:"owner"`
	Persistence string             `json:"persistence"`
	OnCommit    string             `json:"oncommit,omitempty"`
	Version     uint64             `json:"version"`
	Physical    uint64             `json:"physical"`
	Moved       uint64             `json:"moved,omitempty"`
	RowType     catalog.OID        `json:"rowtype"`
	ArrayType   catalog.OID        `json:"arraytype"`
	ArrayName   string             `json:"arrayname,omitempty"`
	Options     map[string]string  `json:"options,omitempty"`
	Comment     string             `json:"comment,omitempty"`
	Columns     []columnRecord     `json:"columns"`
	Key         []catalog.ColumnID `json:"key"`
	ShardKey    int                `json:"shardkey"`
	Indexes     []indexRecord      `json:"indexes,omitempty"`
	Checks      []checkRecord      `json:"checks,omitempty"`
	ForeignKeys []foreignKeyRecord `json:"foreignkeys,omitempty"`
	Referenced  []referenceRecord  `json:"referenced,omitempty"`
	NextColumn  catalog.ColumnID   `json:"nextcolumn"`
	NextAttnum  int16              `json:"nextattnum"`
	OfType      catalog.OID        `json:"oftype,omitempty"`
	Replica     string             `json:"replica,omitempty"`

	Query     string                `json:"query,omitempty"`
	Sees      map[catalog.OID]int16 `json:"sees,omitempty"`
	Rule      catalog.OID           `json:"rule,omitempty"`
	Populated bool                  `json:"populated,omitempty"`
}

type columnRecord struct {
	ID         catalog.ColumnID `json:"id"`
	Attnum     int16            `json:"attnum,omitempty"`
	Name       string           `json:"name"`
	Type       catalog.OID      `json:"type"`
	Typmod     int32            `json:"typmod"`
	NotNull    bool             `json:"notnull,omitempty"`
	Dropped    bool             `json:"dropped,omitempty"`
	Hidden     bool             `json:"hidden,omitempty"`
	Default    string           `json:"default,omitempty"`
	DefaultOID catalog.OID      `json:"defaultoid,omitempty"`
	Generated  bool             `json:"generated,omitempty"`
	Identity   string           `json:"identity,omitempty"`
	// Missing is the type's text form; absent is NULL.
	Missing   *string `json:"missing,omitempty"`
	Collation string  `json:"collation,omitempty"`
	Storage   string  `json:"storage,omitempty"`
	Comment   string  `json:"comment,omitempty"`
	Stats     int32   `json:"stats,omitempty"`

	Compression string            `json:"compression,omitempty"`
	Options     map[string]string `json:"options,omitempty"`
}

type indexRecord struct {
	OID               catalog.OID         `json:"oid"`
	Name              string              `json:"name"`
	ID                uint32              `json:"id"`
	Columns           []indexColumnRecord `json:"columns"`
	Unique            bool                `json:"unique,omitempty"`
	Primary           bool                `json:"primary,omitempty"`
	Constraint        catalog.OID         `json:"constraint,omitempty"`
	Deferrable        bool                `json:"deferrable,omitempty"`
	Deferred          bool                `json:"deferred,omitempty"`
	NullsNotDistinct  bool                `json:"nullsnotdistinct,omitempty"`
	Global            uint64              `json:"global,omitempty"`
	Method            string              `json:"method,omitempty"`
	Options           map[string]string   `json:"options,omitempty"`
	Comment           string              `json:"comment,omitempty"`
	ConstraintComment string              `json:"constraintcomment,omitempty"`
	Valid             bool                `json:"valid,omitempty"`
	Included          []catalog.ColumnID  `json:"included,omitempty"`
	Where             string              `json:"where,omitempty"`
	Uses              []catalog.ColumnID  `json:"uses,omitempty"`
	Clustered         bool                `json:"clustered,omitempty"`
	Replica           bool                `json:"replica,omitempty"`
}

type indexColumnRecord struct {
	Column     catalog.ColumnID `json:"column"`
	Desc       bool             `json:"desc,omitempty"`
	NullsFirst bool             `json:"nullsfirst,omitempty"`
	Of         catalog.ColumnID `json:"of,omitempty"`
	Expr       string           `json:"expr,omitempty"`
	Name       string           `json:"name,omitempty"`
	Boxed      bool             `json:"boxed,omitempty"`
	Opclass    string           `json:"opclass,omitempty"`
	Collation  string           `json:"collation,omitempty"`
	Stats      int32            `json:"stats,omitempty"`
}

type checkRecord struct {
	OID       catalog.OID        `json:"oid"`
	Name      string             `json:"name"`
	Expr      string             `json:"expr"`
	Columns   []catalog.ColumnID `json:"columns,omitempty"`
	Comment   string             `json:"comment,omitempty"`
	Valid     bool               `json:"valid,omitempty"`
	NoInherit bool               `json:"noinherit,omitempty"`
}

type foreignKeyRecord struct {
	OID        catalog.OID        `json:"oid"`
	Name       string             `json:"name"`
	Columns    []catalog.ColumnID `json:"columns"`
	Table      catalog.OID        `json:"table"`
	Keys       []catalog.ColumnID `json:"keys"`
	Index      catalog.OID        `json:"index"`
	Match      string             `json:"match"`
	OnUpdate   string             `json:"onupdate"`
	OnDelete   string             `json:"ondelete"`
	SetColumns []catalog.ColumnID `json:"setcolumns,omitempty"`
	Deferrable bool               `json:"deferrable,omitempty"`
	Deferred   bool               `json:"deferred,omitempty"`
	Valid      bool               `json:"valid,omitempty"`
	Comment    string             `json:"comment,omitempty"`
}

type referenceRecord struct {
	Constraint catalog.OID        `json:"constraint"`
	Table      catalog.OID        `json:"table"`
	Index      catalog.OID        `json:"index"`
	Keys       []catalog.ColumnID `json:"keys"`
}

type sequenceRecord struct {
	OID           catalog.OID      `json:"oid"`
	Database      catalog.OID      `json:"db"`
	Schema        catalog.OID      `json:"schema"`
	Name          string           `json:"name"`
	Owner         catalog.OID      `json:"owner"`
	Persistence   string           `json:"persistence"`
	Type          catalog.OID      `json:"type"`
	Start         int64            `json:"start"`
	Increment     int64            `json:"increment"`
	Min           int64            `json:"min"`
	Max           int64            `json:"max"`
	Cache         int64            `json:"cache"`
	Cycle         bool             `json:"cycle,omitempty"`
	OwnedBy       catalog.OID      `json:"ownedby,omitempty"`
	OwnedByColumn catalog.ColumnID `json:"ownedbycolumn,omitempty"`
	Identity      bool             `json:"identity,omitempty"`
	Physical      uint64           `json:"physical"`
	Comment       string           `json:"comment,omitempty"`
	Version       uint64           `json:"version"`
}

// typeRecord is what the records of all user-defined types begin with.
type typeRecord struct {
	OID       catalog.OID `json:"oid"`
	Database  catalog.OID `json:"db"`
	Schema    catalog.OID `json:"schema"`
	Name      string      `json:"name"`
	Owner     catalog.OID `json:"owner"`
	Array     catalog.OID `json:"array"`
	ArrayName string      `json:"arrayname"`
	Version   uint64      `json:"version"`
	Comment   string      `json:"comment,omitempty"`
}

type enumRecord struct {
	typeRecord
	Labels []labelRecord `json:"labels"`
}

type labelRecord struct {
	OID   catalog.OID `json:"oid"`
	Label string      `json:"label"`
	Sort  int64       `json:"sort"`
}

type compositeRecord struct {
	typeRecord
	Relation   catalog.OID    `json:"relation"`
	Attributes []columnRecord `json:"attributes"`
	NextAttnum int16          `json:"nextattnum"`
}

type domainRecord struct {
	typeRecord
	Base      catalog.OID   `json:"base"`
	Typmod    int32         `json:"typmod"`
	NotNull   bool          `json:"notnull,omitempty"`
	Default   string        `json:"default,omitempty"`
	Checks    []checkRecord `json:"checks,omitempty"`
	Collation string        `json:"collation,omitempty"`
}

type rangeRecord struct {
	typeRecord
	Subtype             catalog.OID       `json:"subtype"`
	OpClass             catalog.OID       `json:"opclass"`
	Collation           string            `json:"collation,omitempty"`
	Diff                catalog.OID       `json:"diff,omitempty"`
	Multirange          typeRecord        `json:"multirange"`
	Functions           constructorRecord `json:"functions"`
	MultirangeFunctions constructorRecord `json:"multirangefunctions"`
	Cast                catalog.OID       `json:"cast"`
}

type constructorRecord struct {
	Name   string        `json:"name"`
	Schema catalog.OID   `json:"schema"`
	OIDs   []catalog.OID `json:"oids"`
}

type viewRecord struct {
	OID         catalog.OID           `json:"oid"`
	Database    catalog.OID           `json:"db"`
	Schema      catalog.OID           `json:"schema"`
	Name        string                `json:"name"`
	Owner       catalog.OID           `json:"owner"`
	Temporary   bool                  `json:"temporary,omitempty"`
	RowType     catalog.OID           `json:"rowtype"`
	ArrayType   catalog.OID           `json:"arraytype"`
	ArrayName   string                `json:"arrayname,omitempty"`
	Rule        catalog.OID           `json:"rule"`
	Query       string                `json:"query"`
	Sees        map[catalog.OID]int16 `json:"sees,omitempty"`
	Columns     []columnRecord        `json:"columns"`
	Options     []string              `json:"options,omitempty"`
	Base        catalog.OID           `json:"base,omitempty"`
	BaseColumns []int16               `json:"baseColumns,omitempty"`
	Comment     string                `json:"comment,omitempty"`
	Version     uint64                `json:"version"`
}

type roleRecord struct {
	OID         catalog.OID        `json:"oid"`
	Name        string             `json:"name"`
	Super       bool               `json:"super,omitempty"`
	Inherit     bool               `json:"inherit,omitempty"`
	CreateRole  bool               `json:"createrole,omitempty"`
	CreateDB    bool               `json:"createdb,omitempty"`
	Login       bool               `json:"login,omitempty"`
	Replication bool               `json:"replication,omitempty"`
	BypassRLS   bool               `json:"bypassrls,omitempty"`
	ConnLimit   int32              `json:"connlimit"`
	Verifier    string             `json:"verifier,omitempty"`
	ValidUntil  string             `json:"validuntil,omitempty"`
	MemberOf    []membershipRecord `json:"memberof,omitempty"`
	Settings    map[string]string  `json:"settings,omitempty"`
	Comment     string             `json:"comment,omitempty"`
}

type membershipRecord struct {
	Role    catalog.OID `json:"role"`
	Grantor catalog.OID `json:"grantor"`
	Admin   bool        `json:"admin,omitempty"`
}

type statisticsRecord struct {
	Relation catalog.OID              `json:"relation"`
	Rows     float64                  `json:"rows"`
	Pages    int64                    `json:"pages"`
	Columns  []columnStatisticsRecord `json:"columns,omitempty"`
}

type columnStatisticsRecord struct {
	Column       catalog.ColumnID `json:"column"`
	NullFraction float64          `json:"nullfraction,omitempty"`
	Width        int32            `json:"width,omitempty"`
	Distinct     float64          `json:"distinct,omitempty"`
	MostCommon   []string         `json:"mostcommon,omitempty"`
	Frequencies  []float64        `json:"frequencies,omitempty"`
	Histogram    []string         `json:"histogram,omitempty"`
}
