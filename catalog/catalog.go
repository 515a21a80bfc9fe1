// Package catalog is what the cluster knows of its databases: descriptors of
// databases, schemas, relations, sequences and roles, in immutable snapshots.
//
//	catalog           descriptors, Snapshot (look-ups), Change (what one transaction's DDL makes of a snapshot)
//	                  catalog.go descriptors · object.go what they share · snapshot.go, lookup.go look-ups · list.go walks
//	                  foreignkey.go FOREIGN KEY constraints ·
//	                  usertype.go, userrange.go types that users make · rowtype.go relations' row types, types by name and number ·
//	                  function.go functions and procedures that users make · typeuse.go who uses which type · typename.go types in texts that are kept ·
//	                  change.go one transaction's DDL · rebase.go conflicts with others' DDL ·
//	                  bootstrap.go a new cluster · privilege.go what roles may · indexname.go names that indexes choose · collation.go ·
//	                  viewoption.go options of views, and what can be written through them · temporary.go what goes with a session
//	catalog/store     publishes changes through metakv, caches and watches them
//	catalog/metakv    the small contract with the metadata store; memory/ and etcd/ implement it
//	catalog/builtin   functions, operators, casts, aggregates: the rows of pg_proc with their implementations
//	catalog/ring      a consistent-hash ring; catalog/placement: hash → slot → shard → node
//	catalog/pgcatalog pg_catalog and information_schema as rows, made from a Snapshot
//
// Descriptors are immutable once they are in a Snapshot: to change one, copy
// it, change the copy, put it into a Change.
package catalog

import "github.com/pegmatitedb/pegmatite/internal/types"

// OID is an object's number: allocated in the metadata store, stable everywhere.
type OID = types.OID

// FirstNormalOID is where OIDs of user objects begin (access/transam.h).
const FirstNormalOID OID = 16384

// Database is a row of pg_database.
type Database struct {
	OID           OID
	Name          string
	Owner         OID
	IsTemplate    bool
	AllowConn     bool
	ConnLimit     int32 // -1 is none
	Settings      map[string]string
	Comment       string
	Encoding      string // always UTF8
	Collate, Type string // C and C.UTF-8
}

// Schema is a row of pg_namespace. The OIDs of the schemas that every database
// is born with (PgCatalogOID and the like) are the same everywhere, so a schema
// is named by its database and its OID; a user's schema has an OID of its own.
type Schema struct {
	OID      OID
	Database OID
	Name     string
	Owner    OID
	Comment  string
	// Backend is the process id of the session that the schema belongs to, with
	// the temporary objects in it; 0 for all others.
	Backend int32
}

// RelationKind is pg_class.relkind.
type RelationKind byte

// The kinds of relations.
const (
	KindTable    RelationKind = 'r'
	KindIndex    RelationKind = 'i'
	KindSequence RelationKind = 'S'
	KindView     RelationKind = 'v'
	KindMatview  RelationKind = 'm'
)

// Home is which kind of shards holds a relation's rows.
type Home uint8

// The homes.
const (
	HomeShards  Home = iota
	HomeCatalog      // the node's catalog shard: pg_catalog, information_schema, pegmatite
)

// Persistence is pg_class.relpersistence.
type Persistence byte

// The persistences. UNLOGGED is accepted and shown; its rows are as durable as any.
const (
	Permanent Persistence = 'p'
	Unlogged  Persistence = 'u'
	Temporary Persistence = 't'
)

// OnCommit is what a commit does to a temporary table.
type OnCommit byte

// What there is; PreserveRows is nothing.
const (
	PreserveRows OnCommit = 0
	DeleteRows   OnCommit = 'd'
	DropTable    OnCommit = 'x'
)

// Table is a table's descriptor, with all that belongs to it: its columns,
// constraints and indexes live and change with it, under one version.
type Table struct {
	OID         OID
	Database    OID
	Schema      OID
	Name        string
	Owner       OID
	Home        Home
	Persistence Persistence
	OnCommit    OnCommit
	Version     uint64 // raised by every change; shards refuse older ones
	// Physical names the tables on the shards ("t<Physical>"). TRUNCATE and rewrites take a new one.
	Physical uint64
	// Moved is the newest version whose rows were in another physical table than
	// now, where PostgreSQL would not have rewritten them; 0: none. Snapshots
	// from then would find the table empty.
	Moved     uint64
	RowType   OID    // its pg_type row
	ArrayType OID    // the pg_type row of arrays of it
	ArrayName string // what that is called; "" is the table's name behind an underscore
	Options   map[string]string
	Comment   string

	Columns []Column
	// Key are the columns (IDs) of the primary key, in key order; of a table
	// without one, its hidden row id alone.
	Key []ColumnID
	// ShardKey is how many leading Key columns choose the shard; all by default.
	ShardKey int
	Indexes  []Index
	Checks   []Check
	// ForeignKeys are those of its columns; Referenced, those (of any table) that refer to it.
	ForeignKeys []ForeignKey
	Referenced  []Reference
	// NextColumn is the ID that the next added column gets.
	NextColumn ColumnID
	// NextAttnum likewise; 1600 is the limit.
	NextAttnum int16
	Stats      Statistics
	// OfType is the composite type of a typed table (CREATE TABLE OF).
	OfType OID
	// Query is a materialized view's, kept as a View's is, with what it Sees and
	// its row in pg_rewrite; Populated says that it has been run.
	Query     string
	Sees      map[OID]int16
	Rule      OID
	Populated bool
	// ReplicaIdentity is pg_class.relreplident, 0 the default; it is only shown.
	ReplicaIdentity byte

	made *madeTypes
}

// ColumnID numbers a table's columns from 1, never reused. A row's image holds
// them in this order; SQLite calls column 3 "c3".
type ColumnID int32

// Column is a column of a table. A dropped one stays in the list, as it stays
// in row images.
type Column struct {
	ID      ColumnID
	Attnum  int16 // pg_attribute.attnum; 0 for the hidden row id
	Name    string
	Type    *types.Type
	Typmod  int32
	NotNull bool
	Dropped bool
	Hidden  bool // the row id of a table without primary key; generated ones serve an index
	// Default is the default's SQL text, deparsed ("nextval('t_id_seq'::regclass)"); "" is none.
	Default string
	// DefaultOID is the default's row in pg_attrdef; 0 without a default.
	DefaultOID OID
	// Generated marks GENERATED ALWAYS AS (Default) STORED.
	Generated bool
	Identity  byte // 'a' always, 'd' by default, 0 none
	// Missing is what rows hold that are older than the column (ADD COLUMN with a constant default).
	Missing   types.Datum
	Collation string
	Storage   byte
	Comment   string
	Stats     int32 // SET STATISTICS; -1 default
	// Compression is pg_attribute.attcompression, 0 the default; Options its attoptions. Both are only shown.
	Compression byte
	Options     map[string]string
}

// Index is an index or the unique or primary key constraint that it serves.
type Index struct {
	OID     OID
	Name    string
	ID      uint32 // numbers the table's indexes, never reused
	Columns []IndexColumn
	Unique  bool
	Primary bool
	// Constraint is the constraint's OID; 0 for a plain CREATE [UNIQUE] INDEX.
	Constraint OID
	// Deferrable and Deferred are of a constraint; NullsNotDistinct of any unique index.
	Deferrable       bool
	Deferred         bool
	NullsNotDistinct bool
	// Global is set for a unique index that does not contain the shard key: a
	// relation of its own, hashed by the indexed columns, with this physical id.
	Global            uint64
	Method            string // "btree"; others accepted and shown
	Options           map[string]string
	Comment           string
	ConstraintComment string // of the constraint, if it is one's
	Valid             bool
	Included          []ColumnID
	// Where is the predicate of a partial index, as SQL text; "" is all rows.
	Where string
	// Uses are the columns that Where and the expressions mention.
	Uses []ColumnID
	// Clustered marks the index that CLUSTER ON names, ReplicaIdentity that of REPLICA IDENTITY USING INDEX.
	Clustered       bool
	ReplicaIdentity bool
}

// IndexColumn is one key column of an index.
type IndexColumn struct {
	// Column is what shards order by. Where that is not the column or expression
	// as it is written, it is a hidden generated column, which is computed with
	// every row: an expression's value; a unique partial index's, NULL in rows that
	// it does not contain; in an array (Boxed) where NULLs are not distinct.
	Column     ColumnID
	Desc       bool
	NullsFirst bool
	// Of is the column as it is written, if Column is a hidden one of its.
	Of ColumnID
	// Expr is the expression's SQL text, and Name how it is called in pg_attribute.
	Expr string
	Name string
	// Boxed says that Column holds arrays of the one value.
	Boxed bool
	// Opclass and Collation are shown where they are not the column's own.
	Opclass   string
	Collation string
	Stats     int32 // SET STATISTICS of an expression; 0 is the default
}

// Check is a CHECK constraint; NOT NULL is a property of the column.
type Check struct {
	OID     OID
	Name    string
	Expr    string // SQL text, deparsed
	Columns []ColumnID
	Comment string
	Valid   bool
	// NoInherit is shown in pg_constraint and by \d.
	NoInherit bool
}

// Statistics are what ANALYZE found; the planner reads them.
type Statistics struct {
	Rows    float64 // -1 never analyzed
	Pages   int64
	Columns map[ColumnID]ColumnStatistics
}

// ColumnStatistics are a column's pg_statistic.
type ColumnStatistics struct {
	NullFraction float64
	Width        int32
	Distinct     float64 // as pg_stats.n_distinct: negative is a fraction of the rows
	MostCommon   []string
	Frequencies  []float64
	Histogram    []string
}

// Sequence is a sequence's descriptor; its value is owned by a shard.
type Sequence struct {
	OID         OID
	Database    OID
	Schema      OID
	Name        string
	Owner       OID
	Persistence Persistence
	Type        *types.Type // int2, int4, int8
	Start       int64
	Increment   int64
	Min, Max    int64
	Cache       int64
	Cycle       bool
	// OwnedBy is the column that takes the sequence with it.
	OwnedBy       OID
	OwnedByColumn ColumnID
	Identity      bool
	// Physical changes by RESTART inside DDL and TRUNCATE … RESTART IDENTITY: the shard keeps values by it.
	Physical uint64
	Comment  string
	Version  uint64
}

// View is a view's descriptor.
type View struct {
	OID      OID
	Database OID
	Schema   OID
	Name     string
	Owner    OID
	// Temporary views are a session's own.
	Temporary bool
	// RowType, ArrayType and ArrayName are as a table's; Rule is its row in pg_rewrite.
	RowType   OID
	ArrayType OID
	ArrayName string
	Rule      OID
	Query     string // deparsed
	// Sees is the last attribute number that each relation which the query names
	// had when it was written: what came later is not there for its names and stars.
	Sees    map[OID]int16
	Columns []Column // with the defaults that INSERTs through the view get
	// Options are those of WITH (…), "name=value", in the order of pg_class.reloptions.
	Options []string
	// Base is the table or view through which rows are written, 0 when they are
	// not; BaseColumns are the attribute numbers of its columns that the view's
	// columns are, 0 for those that are something else.
	Base        OID
	BaseColumns []int16
	Comment     string
	Version     uint64

	made *madeTypes
}

// Role is a row of pg_authid, with its memberships.
type Role struct {
	OID         OID
	Name        string
	Super       bool
	Inherit     bool
	CreateRole  bool
	CreateDB    bool
	Login       bool
	Replication bool
	BypassRLS   bool
	ConnLimit   int32
	// Verifier is the SCRAM-SHA-256 verifier; "" is no password. Plain text is never kept.
	Verifier   string
	ValidUntil string
	MemberOf   []Membership
	Settings   map[string]string
	Comment    string
}

// Membership is a row of pg_auth_members.
type Membership struct {
	Role    OID
	Grantor OID
	Admin   bool
}
