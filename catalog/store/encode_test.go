package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// samples have every field set that a record has.
func samples() []catalog.Object {
	return []catalog.Object{
		&catalog.Database{OID: 20000, Name: "d", Owner: 10, IsTemplate: true, AllowConn: true, ConnLimit: 3,
			Settings: map[string]string{"a": "b"}, Comment: "c", Encoding: "UTF8", Collate: "C", Type: "C.UTF-8"},
		&catalog.Schema{OID: 20001, Database: 20000, Name: "Ä \"x\"", Owner: 10, Comment: "c", Backend: 77},
		&catalog.Table{OID: 20002, Database: 20000, Schema: 20001, Name: "t", Owner: 10, Persistence: 'u', OnCommit: 'd', Version: 3, Physical: 9, Moved: 2,
			RowType: 20003, ArrayType: 20004, ArrayName: "__t", Options: map[string]string{"fillfactor": "70"}, Comment: "c",
			Columns: []catalog.Column{
				{ID: 1, Name: "row id", Type: types.TInt8, Typmod: -1, Hidden: true, NotNull: true, Storage: 'p'},
				{ID: 2, Attnum: 1, Name: "v", Type: types.TVarchar, Typmod: 24, NotNull: true, Default: "'x'::text", DefaultOID: 20005,
					Generated: true, Missing: types.Text("it's"), Collation: "C", Storage: 'x', Comment: "c", Stats: 100, Compression: 'p', Options: map[string]string{"n_distinct": "-1"}},
				{ID: 3, Attnum: 2, Name: "gone", Type: types.TInt4, Typmod: -1, Dropped: true},
				{ID: 4, Attnum: 3, Name: "i", Type: types.TInt4, Typmod: -1, Identity: 'd', Missing: types.Int(-5)},
			},
			Key: []catalog.ColumnID{2, 4}, ShardKey: 1, NextColumn: 5, NextAttnum: 4, OfType: 20037, Query: "SELECT 1", Sees: map[catalog.OID]int16{20002: 3}, Rule: 20038, Populated: true, ReplicaIdentity: 'f',
			Indexes: []catalog.Index{{OID: 20006, Name: "i", ID: 4, Columns: []catalog.IndexColumn{{Column: 2, Desc: true, NullsFirst: true,
				Of: 4, Expr: "lower(v)", Name: "lower", Boxed: true, Opclass: "text_pattern_ops", Collation: "C", Stats: 7}},
				Unique: true, Primary: true, Constraint: 20007, Deferrable: true, Deferred: true, NullsNotDistinct: true, Global: 11,
				Method: "btree", Options: map[string]string{"fillfactor": "90"}, Comment: "c", Valid: true, Included: []catalog.ColumnID{4},
				Where: "(v > 1)", Uses: []catalog.ColumnID{2}, Clustered: true, ReplicaIdentity: true}},
			Checks: []catalog.Check{{OID: 20008, Name: "ck", Expr: "(v <> '<&>'::text)", Columns: []catalog.ColumnID{2}, Comment: "c", Valid: true, NoInherit: true}},
			ForeignKeys: []catalog.ForeignKey{{OID: 20036, Name: "fk", Columns: []catalog.ColumnID{2, 4}, Table: 20040, Keys: []catalog.ColumnID{1, 3}, Index: 20041,
				Match: catalog.MatchFull, OnUpdate: catalog.Cascade, OnDelete: catalog.SetNull, SetColumns: []catalog.ColumnID{4},
				Deferrable: true, Deferred: true, Valid: true, Comment: "c"}},
			Referenced: []catalog.Reference{{Constraint: 20042, Table: 20043, Index: 20006, Keys: []catalog.ColumnID{2, 4}}},
			Stats:      catalog.Statistics{Rows: -1}},
		&catalog.Sequence{OID: 20010, Database: 20000, Schema: 20001, Name: "s", Owner: 10, Persistence: 'p', Type: types.TInt2,
			Start: 1, Increment: -2, Min: -9, Max: 9223372036854775807, Cache: 4, Cycle: true, OwnedBy: 20002, OwnedByColumn: 2,
			Identity: true, Physical: 12, Comment: "c", Version: 2},
		&catalog.View{OID: 20011, Database: 20000, Schema: 20001, Name: "v", Owner: 10, Temporary: true, RowType: 20012, ArrayType: 20013, ArrayName: "__v", Rule: 20014, Sees: map[catalog.OID]int16{20002: 3},
			Query: " SELECT 1;", Options: []string{"check_option=local"}, Base: 20002, BaseColumns: []int16{1}, Columns: []catalog.Column{{ID: 1, Attnum: 1, Name: "x", Type: types.TInt4, Typmod: -1}}, Comment: "c", Version: 1},
		&catalog.Enum{TypeHeader: sampleType(20016, "e"), Labels: []catalog.EnumLabel{{OID: 20018, Label: "it's", Sort: -5}, {OID: 20019, Label: "Ä", Sort: 1 << 40}}},
		&catalog.Composite{TypeHeader: sampleType(20020, "c"), Relation: 20022, NextAttnum: 3,
			Attributes: []catalog.Column{{ID: 1, Attnum: 2, Name: "a", Type: types.TVarchar, Typmod: 9, Comment: "c"}}},
		&catalog.Domain{TypeHeader: sampleType(20023, "d"), Base: types.TVarchar, Typmod: 7, NotNull: true, Default: "'x'::text", Collation: "C",
			Checks: []catalog.Check{{OID: 20025, Name: "ck", Expr: "(VALUE <> 'q'::text)", Comment: "c", Valid: true}}},
		&catalog.Range{TypeHeader: sampleType(20026, "rng"), Subtype: types.TText, OpClass: 3126, Collation: "C", Diff: 3924, Multirange: sampleType(20028, "multi"), Cast: 20035,
			Functions:           catalog.Constructors{Name: "rng", Schema: 20001, OIDs: []catalog.OID{20030, 20031}},
			MultirangeFunctions: catalog.Constructors{Name: "multi", Schema: 20001, OIDs: []catalog.OID{20032, 20033, 20034}}},
		&catalog.Function{OID: 20036, Database: 20000, Schema: 20001, Name: "f", Owner: 10, Version: 3, Comment: "c", Procedure: true, Language: "sql",
			Args:   []catalog.Argument{{Name: "a", Mode: 'b', Type: types.TInt4, Default: "1"}},
			Result: types.TRecord, ReturnsSet: true, Volatility: 's', Strict: true, LeakProof: true, SecurityDefiner: true, Parallel: 'u', Cost: 7, Rows: 9,
			Config: []string{"search_path=a, b"}, Body: "SELECT 1", SQLBody: "SELECT 1;", Atomic: true, Sees: map[catalog.OID]int16{20002: 3},
			Aggregate: &catalog.Aggregate{Transition: 20037, Final: 20038, State: types.TInt8, Init: &sampleInit}},
		&catalog.Role{OID: 20015, Name: "r", Super: true, Inherit: true, CreateRole: true, CreateDB: true, Login: true, Replication: true,
			BypassRLS: true, ConnLimit: -1, Verifier: "SCRAM-SHA-256$…", ValidUntil: "infinity",
			MemberOf: []catalog.Membership{{Role: 10, Grantor: 10, Admin: true}}, Settings: map[string]string{"a": "b"}, Comment: "c"},
	}
}

// sampleInit is an aggregate's initial state.
var sampleInit = "0"

func sampleType(oid catalog.OID, name string) catalog.TypeHeader {
	return catalog.TypeHeader{OID: oid, Database: 20000, Schema: 20001, Name: name, Owner: 10, Array: oid + 1, ArrayName: "__" + name, Version: 3, Comment: "c"}
}

func TestEncoding(t *testing.T) {
	for _, o := range samples() {
		checkNothingIsZero(t, reflect.ValueOf(o).Elem())
		b := marshal(encodeOp(catalog.Op{Key: o.ObjectKey(), Object: o}))
		var r opRecord
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		op, err := r.decodeOp()
		if err != nil {
			t.Fatal(err)
		}
		again := marshal(encodeOp(op))
		if op.Key != o.ObjectKey() || !bytes.Equal(again, b) {
			t.Errorf("%s\nbecomes %s", b, again)
		}
		// Values hold pointers to their memory; a table is compared without them.
		if table, ok := op.Object.(*catalog.Table); ok {
			for i, c := range o.(*catalog.Table).Columns {
				table.Columns[i].Missing = c.Missing
			}
		}
		if !reflect.DeepEqual(op.Object, o) {
			t.Errorf("%s\nis %+v\nwant %+v", b, op.Object, o)
		}
	}
	deleted := catalog.Op{Key: catalog.Key{Class: catalog.ClassSchema, OID: 2200, Database: 5}}
	r := encodeOp(deleted)
	if op, err := r.decodeOp(); err != nil || op != deleted {
		t.Errorf("deletion %+v, %v", op, err)
	}
}

// checkNothingIsZero sees that a sample covers its descriptor: a field that is
// added to it and forgotten in the record fails here first.
func checkNothingIsZero(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() && f.Name != "Home" {
			t.Errorf("the sample of %s has no %s", v.Type(), f.Name)
		}
	}
}

// FuzzDecode: no bytes panic, and what decodes survives another round.
func FuzzDecode(f *testing.F) {
	for _, o := range samples() {
		f.Add(marshal(encodeOp(catalog.Op{Key: o.ObjectKey(), Object: o})))
	}
	f.Add([]byte(`{"table":{"columns":[{"type":23,"missing":"x"}]}}`))
	f.Add([]byte(`{"table":{"columns":[{"type":0}]}}`))
	f.Add([]byte(`{"delete":{}}`))
	f.Add([]byte(`{"statistics":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r opRecord
		if json.Unmarshal(b, &r) != nil {
			return
		}
		op, err := r.decodeOp()
		if err != nil {
			return
		}
		again := encodeOp(op)
		second, err := again.decodeOp()
		if err != nil {
			t.Fatalf("decoded once, not twice: %v", err)
		}
		if second.Key != op.Key {
			t.Fatalf("key %+v became %+v", op.Key, second.Key)
		}
	})
}
