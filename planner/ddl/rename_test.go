package ddl

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// TestRenameUnderUnboundView: nobody knows what a name means to a view whose
// query is an error, so the names of what it reads stay.
func TestRenameUnderUnboundView(t *testing.T) {
	table := func(oid catalog.OID, name string) *catalog.Table {
		return &catalog.Table{OID: oid, Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: name, Owner: catalog.SuperuserOID, Version: 1,
			Columns: []catalog.Column{{ID: 1, Attnum: 1, Name: "a", Type: types.TInt4, Typmod: -1}}}
	}
	change := catalog.NewChange(catalog.NewSnapshot(nil))
	for _, o := range catalog.Bootstrap() {
		change.Put(o)
	}
	change.Put(table(20001, "read"))
	change.Put(table(20002, "other"))
	change.Put(&catalog.View{OID: 20003, Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: "v", Owner: catalog.SuperuserOID, Version: 1,
		Query: "SELECT a, gone FROM public.read", Columns: []catalog.Column{{ID: 1, Attnum: 1, Name: "a", Type: types.TInt4, Typmod: -1}}})
	env := &Env{
		Change: change, Database: catalog.PostgresOID, SearchPath: []catalog.OID{catalog.PublicOID}, Role: change.Snapshot().Role("postgres"),
		Notice: func(*pgerr.E) {},
	}
	env.Bind = func() *bind.Env {
		return &bind.Env{Snapshot: change.Snapshot(), Database: env.Database, SearchPath: []catalog.OID{catalog.PgCatalogOID, catalog.PublicOID},
			Role: catalog.SuperuserOID, Types: types.DefaultEnv(), Library: builtin.Default()}
	}
	rename := func(sql string) error {
		list, err := sqlparse.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Execute(t.Context(), env, list[0])
		return err
	}
	if err := rename("ALTER TABLE other RENAME COLUMN a TO b"); err != nil {
		t.Errorf("a table that the view does not read: %v", err)
	}
	if err := rename("ALTER TABLE read RENAME COLUMN a TO b"); !pgerr.HasCode(err, pgerr.FeatureNotSupported) {
		t.Errorf("a table that it reads: %v", err)
	}
}
