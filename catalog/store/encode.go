package store

import (
	"errors"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// encodeOp makes the record of one op. Statistics travel by themselves: a
// table's record does not contain them.
func encodeOp(op catalog.Op) opRecord {
	switch o := op.Object.(type) {
	case nil:
		return opRecord{Delete: &keyRecord{string(rune(op.Key.Class)), op.Key.OID, op.Key.Database}}
	case *catalog.Database:
		r := databaseRecord(*o)
		return opRecord{Database: &r}
	case *catalog.Schema:
		r := schemaRecord(*o)
		return opRecord{Schema: &r}
	case *catalog.Table:
		return opRecord{Table: encodeTable(o)}
	case *catalog.Sequence:
		return opRecord{Sequence: encodeSequence(o)}
	case *catalog.View:
		return opRecord{View: &viewRecord{
			OID: o.OID, Database: o.Database, Schema: o.Schema, Name: o.Name, Owner: o.Owner, Temporary: o.Temporary,
			RowType: o.RowType, ArrayType: o.ArrayType, ArrayName: o.ArrayName, Rule: o.Rule, Query: o.Query, Sees: o.Sees,
			Options: o.Options, Base: o.Base, BaseColumns: o.BaseColumns,
			Columns: encodeColumns(o.Columns), Comment: o.Comment, Version: o.Version,
		}}
	case *catalog.Role:
		return opRecord{Role: encodeRole(o)}
	case catalog.UserType:
		return encodeType(o)
	case *catalog.Function:
		return opRecord{Function: encodeFunction(o)}
	}
	panic("catalog/store: a descriptor of no known class")
}

func encodeTable(t *catalog.Table) *tableRecord {
	r := &tableRecord{
		OID: t.OID, Database: t.Database, Schema: t.Schema, Name: t.Name, Owner: t.Owner,
		Persistence: letter(byte(t.Persistence)), OnCommit: letter(byte(t.OnCommit)), Version: t.Version, Physical: t.Physical, Moved: t.Moved,
		RowType: t.RowType, ArrayType: t.ArrayType, ArrayName: t.ArrayName, Options: t.Options, Comment: t.Comment,
		Columns: encodeColumns(t.Columns), Key: t.Key, ShardKey: t.ShardKey,
		NextColumn: t.NextColumn, NextAttnum: t.NextAttnum, OfType: t.OfType, Replica: letter(t.ReplicaIdentity),
		Query: t.Query, Sees: t.Sees, Rule: t.Rule, Populated: t.Populated,
	}
	for i := range t.Indexes {
		r.Indexes = append(r.Indexes, encodeIndex(&t.Indexes[i]))
	}
	for _, c := range t.Checks {
		r.Checks = append(r.Checks, checkRecord(c))
	}
	for i := range t.ForeignKeys {
		r.ForeignKeys = append(r.ForeignKeys, encodeForeignKey(&t.ForeignKeys[i]))
	}
	for _, x := range t.Referenced {
		r.Referenced = append(r.Referenced, referenceRecord(x))
	}
	return r
}

func encodeForeignKey(k *catalog.ForeignKey) foreignKeyRecord {
	return foreignKeyRecord{
		OID: k.OID, Name: k.Name, Columns: k.Columns, Table: k.Table, Keys: k.Keys, Index: k.Index, Match: letter(byte(k.Match)),
		OnUpdate: letter(byte(k.OnUpdate)), OnDelete: letter(byte(k.OnDelete)), SetColumns: k.SetColumns,
		Deferrable: k.Deferrable, Deferred: k.Deferred, Valid: k.Valid, Comment: k.Comment,
	}
}

func encodeColumns(columns []catalog.Column) []columnRecord {
	out := make([]columnRecord, len(columns))
	for i := range columns {
		c := &columns[i]
		out[i] = columnRecord{
			ID: c.ID, Attnum: c.Attnum, Name: c.Name, Type: c.Type.OID, Typmod: c.Typmod,
			NotNull: c.NotNull, Dropped: c.Dropped, Hidden: c.Hidden,
			Default: c.Default, DefaultOID: c.DefaultOID, Generated: c.Generated, Identity: letter(c.Identity),
			Collation: c.Collation, Storage: letter(c.Storage), Comment: c.Comment, Stats: c.Stats,
			Compression: letter(c.Compression), Options: c.Options,
		}
		if !c.Missing.IsNull() {
			text := string(c.Type.Format(types.DefaultEnv(), nil, c.Missing))
			out[i].Missing = &text
		}
	}
	return out
}

func encodeIndex(x *catalog.Index) indexRecord {
	r := indexRecord{
		OID: x.OID, Name: x.Name, ID: x.ID, Unique: x.Unique, Primary: x.Primary, Constraint: x.Constraint,
		Deferrable: x.Deferrable, Deferred: x.Deferred, NullsNotDistinct: x.NullsNotDistinct,
		Global: x.Global, Method: x.Method, Options: x.Options, Comment: x.Comment, ConstraintComment: x.ConstraintComment,
		Valid: x.Valid, Included: x.Included, Where: x.Where, Uses: x.Uses, Clustered: x.Clustered, Replica: x.ReplicaIdentity,
	}
	for _, c := range x.Columns {
		r.Columns = append(r.Columns, indexColumnRecord(c))
	}
	return r
}

func encodeSequence(s *catalog.Sequence) *sequenceRecord {
	return &sequenceRecord{
		OID: s.OID, Database: s.Database, Schema: s.Schema, Name: s.Name, Owner: s.Owner,
		Persistence: letter(byte(s.Persistence)), Type: s.Type.OID,
		Start: s.Start, Increment: s.Increment, Min: s.Min, Max: s.Max, Cache: s.Cache, Cycle: s.Cycle,
		OwnedBy: s.OwnedBy, OwnedByColumn: s.OwnedByColumn, Identity: s.Identity,
		Physical: s.Physical, Comment: s.Comment, Version: s.Version,
	}
}

func encodeRole(o *catalog.Role) *roleRecord {
	r := &roleRecord{
		OID: o.OID, Name: o.Name, Super: o.Super, Inherit: o.Inherit, CreateRole: o.CreateRole, CreateDB: o.CreateDB,
		Login: o.Login, Replication: o.Replication, BypassRLS: o.BypassRLS, ConnLimit: o.ConnLimit,
		Verifier: o.Verifier, ValidUntil: o.ValidUntil, Settings: o.Settings, Comment: o.Comment,
	}
	for _, m := range o.MemberOf {
		r.MemberOf = append(r.MemberOf, membershipRecord(m))
	}
	return r
}

func encodeStatistics(relation catalog.OID, s catalog.Statistics) opRecord {
	r := &statisticsRecord{Relation: relation, Rows: s.Rows, Pages: s.Pages}
	for id, c := range s.Columns {
		r.Columns = append(r.Columns, columnStatisticsRecord{
			id, c.NullFraction, c.Width, c.Distinct, c.MostCommon, c.Frequencies, c.Histogram,
		})
	}
	return opRecord{Statistics: r}
}

// letter is a one-byte code as text; 0 is the empty text.
func letter(b byte) string {
	if b == 0 {
		return ""
	}
	return string(rune(b))
}

func unletter(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// ErrDamaged is among the causes of every error about metadata that this program
// cannot have written.
var ErrDamaged = errors.New("the metadata store is damaged")

// errBadRecord is XX001 with ErrDamaged; the format says what is wrong.
func errBadRecord(format string, args ...any) error {
	return pgerr.New(pgerr.DataCorrupted, "metadata store is damaged: "+format, args...).WithCause(ErrDamaged)
}

// decodeOp is encodeOp backwards, for all but statistics.
func (r *opRecord) decodeOp() (catalog.Op, error) {
	var o catalog.Object
	var err error
	switch {
	case r.Delete != nil:
		key := catalog.Key{Class: catalog.Class(unletter(r.Delete.Class)), OID: r.Delete.OID, Database: r.Delete.Database}
		return catalog.Op{Key: key}, nil
	case r.Database != nil:
		d := catalog.Database(*r.Database)
		o = &d
	case r.Schema != nil:
		s := catalog.Schema(*r.Schema)
		o = &s
	case r.Table != nil:
		o, err = r.Table.decode()
	case r.Sequence != nil:
		o, err = r.Sequence.decode()
	case r.View != nil:
		o, err = r.View.decode()
	case r.Role != nil:
		o = r.Role.decode()
	case r.Enum != nil:
		o = r.Enum.decode()
	case r.Composite != nil:
		o, err = r.Composite.decode()
	case r.Domain != nil:
		o, err = r.Domain.decode()
	case r.Range != nil:
		o, err = r.Range.decode()
	case r.Function != nil:
		o, err = r.Function.decode()
	default:
		return catalog.Op{}, errBadRecord("a record of no known kind")
	}
	if err != nil {
		return catalog.Op{}, err
	}
	return catalog.Op{Key: o.ObjectKey(), Object: o}, nil
}

func (r *tableRecord) decode() (*catalog.Table, error) {
	columns, err := decodeColumns(r.Columns)
	if err != nil {
		return nil, err
	}
	t := &catalog.Table{
		OID: r.OID, Database: r.Database, Schema: r.Schema, Name: r.Name, Owner: r.Owner,
		Persistence: catalog.Persistence(unletter(r.Persistence)), OnCommit: catalog.OnCommit(unletter(r.OnCommit)), Version: r.Version, Physical: r.Physical, Moved: r.Moved,
		RowType: r.RowType, ArrayType: r.ArrayType, ArrayName: r.ArrayName, Options: r.Options, Comment: r.Comment,
		Columns: columns, Key: r.Key, ShardKey: r.ShardKey,
		NextColumn: r.NextColumn, NextAttnum: r.NextAttnum, OfType: r.OfType, ReplicaIdentity: unletter(r.Replica),
		Query: r.Query, Sees: r.Sees, Rule: r.Rule, Populated: r.Populated,
		Stats: catalog.Statistics{Rows: -1},
	}
	for i := range r.Indexes {
		t.Indexes = append(t.Indexes, r.Indexes[i].decode())
	}
	for _, c := range r.Checks {
		t.Checks = append(t.Checks, catalog.Check(c))
	}
	for i := range r.ForeignKeys {
		t.ForeignKeys = append(t.ForeignKeys, r.ForeignKeys[i].decode())
	}
	for _, x := range r.Referenced {
		t.Referenced = append(t.Referenced, catalog.Reference(x))
	}
	return t, nil
}

func (r *foreignKeyRecord) decode() catalog.ForeignKey {
	return catalog.ForeignKey{
		OID: r.OID, Name: r.Name, Columns: r.Columns, Table: r.Table, Keys: r.Keys, Index: r.Index, Match: catalog.Match(unletter(r.Match)),
		OnUpdate: catalog.KeyAction(unletter(r.OnUpdate)), OnDelete: catalog.KeyAction(unletter(r.OnDelete)), SetColumns: r.SetColumns,
		Deferrable: r.Deferrable, Deferred: r.Deferred, Valid: r.Valid, Comment: r.Comment,
	}
}

func decodeColumns(records []columnRecord) ([]catalog.Column, error) {
	out := make([]catalog.Column, len(records))
	for i := range records {
		r := &records[i]
		typ, err := typeByOID(r.Type)
		if err != nil {
			return nil, err
		}
		out[i] = catalog.Column{
			ID: r.ID, Attnum: r.Attnum, Name: r.Name, Type: typ, Typmod: r.Typmod,
			NotNull: r.NotNull, Dropped: r.Dropped, Hidden: r.Hidden,
			Default: r.Default, DefaultOID: r.DefaultOID, Generated: r.Generated, Identity: unletter(r.Identity),
			Collation: r.Collation, Storage: unletter(r.Storage), Comment: r.Comment, Stats: r.Stats,
			Compression: unletter(r.Compression), Options: r.Options,
		}
		if r.Missing != nil && types.ByOID(r.Type) != nil {
			if out[i].Missing, err = typ.Parse(types.DefaultEnv(), *r.Missing, -1); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (r *indexRecord) decode() catalog.Index {
	x := catalog.Index{
		OID: r.OID, Name: r.Name, ID: r.ID, Unique: r.Unique, Primary: r.Primary, Constraint: r.Constraint,
		Deferrable: r.Deferrable, Deferred: r.Deferred, NullsNotDistinct: r.NullsNotDistinct,
		Global: r.Global, Method: r.Method, Options: r.Options, Comment: r.Comment, ConstraintComment: r.ConstraintComment,
		Valid: r.Valid, Included: r.Included, Where: r.Where, Uses: r.Uses, Clustered: r.Clustered, ReplicaIdentity: r.Replica,
	}
	for _, c := range r.Columns {
		x.Columns = append(x.Columns, catalog.IndexColumn(c))
	}
	return x
}

func (r *sequenceRecord) decode() (*catalog.Sequence, error) {
	typ, err := typeByOID(r.Type)
	if err != nil {
		return nil, err
	}
	return &catalog.Sequence{
		OID: r.OID, Database: r.Database, Schema: r.Schema, Name: r.Name, Owner: r.Owner,
		Persistence: catalog.Persistence(unletter(r.Persistence)), Type: typ,
		Start: r.Start, Increment: r.Increment, Min: r.Min, Max: r.Max, Cache: r.Cache, Cycle: r.Cycle,
		OwnedBy: r.OwnedBy, OwnedByColumn: r.OwnedByColumn, Identity: r.Identity,
		Physical: r.Physical, Comment: r.Comment, Version: r.Version,
	}, nil
}

func (r *viewRecord) decode() (*catalog.View, error) {
	columns, err := decodeColumns(r.Columns)
	if err != nil {
		return nil, err
	}
	return &catalog.View{
		OID: r.OID, Database: r.Database, Schema: r.Schema, Name: r.Name, Owner: r.Owner, Temporary: r.Temporary,
		RowType: r.RowType, ArrayType: r.ArrayType, ArrayName: r.ArrayName, Rule: r.Rule, Query: r.Query, Sees: r.Sees,
		Options: r.Options, Base: r.Base, BaseColumns: r.BaseColumns,
		Columns: columns, Comment: r.Comment, Version: r.Version,
	}, nil
}

func (r *roleRecord) decode() *catalog.Role {
	o := &catalog.Role{
		OID: r.OID, Name: r.Name, Super: r.Super, Inherit: r.Inherit, CreateRole: r.CreateRole, CreateDB: r.CreateDB,
		Login: r.Login, Replication: r.Replication, BypassRLS: r.BypassRLS, ConnLimit: r.ConnLimit,
		Verifier: r.Verifier, ValidUntil: r.ValidUntil, Settings: r.Settings, Comment: r.Comment,
	}
	for _, m := range r.MemberOf {
		o.MemberOf = append(o.MemberOf, catalog.Membership(m))
	}
	return o
}

func (r *statisticsRecord) decode() catalog.Statistics {
	s := catalog.Statistics{Rows: r.Rows, Pages: r.Pages}
	for _, c := range r.Columns {
		if s.Columns == nil {
			s.Columns = make(map[catalog.ColumnID]catalog.ColumnStatistics, len(r.Columns))
		}
		s.Columns[c.Column] = catalog.ColumnStatistics{
			NullFraction: c.NullFraction, Width: c.Width, Distinct: c.Distinct,
			MostCommon: c.MostCommon, Frequencies: c.Frequencies, Histogram: c.Histogram,
		}
	}
	return s
}
