package ddl

import (
	"context"
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// A session's temporary objects lie in a schema of its own, pg_temp_N, which is
// made with the first of them and dropped with all that is in it when the session ends.

// relationSchema is where CREATE puts a relation (RangeVarGetAndCheckCreationNamespace
// in namespace.c): the named schema, the first of the search path, or the session's own for temporary ones.
func (s *statement) relationSchema(ctx context.Context, rv *pg.RangeVar) (*catalog.Schema, error) {
	if err := s.catalogName(rv.Catalogname); err != nil {
		return nil, err
	}
	temporary := rv.Relpersistence == "t"
	switch {
	case temporary && rv.Schemaname == "", rv.Schemaname == "pg_temp", rv.Schemaname == "" && s.CreateTemporary:
		if rv.Relpersistence == "u" {
			return nil, errOnlyTemporary()
		}
		return s.temporarySchema(ctx)
	}
	sc, err := s.creationSchema(rv.Schemaname)
	switch {
	case err != nil:
		return nil, err
	case temporary && sc.OID != s.Temporary():
		return nil, errTemporaryElsewhere()
	case rv.Relpersistence == "u" && sc.Backend != 0:
		return nil, errOnlyTemporary()
	}
	return sc, nil
}

func errTemporaryElsewhere() error {
	return pgerr.New(pgerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema")
}

func errOnlyTemporary() error {
	return pgerr.New(pgerr.InvalidTableDefinition, "only temporary relations may be created in temporary schemas")
}

// persistence is what a relation that is created in a schema becomes.
func persistence(rv *pg.RangeVar, sc *catalog.Schema) catalog.Persistence {
	switch {
	case sc.Backend != 0:
		return catalog.Temporary
	case rv.Relpersistence == "u":
		return catalog.Unlogged
	}
	return catalog.Permanent
}

// temporarySchema is the session's own, made when there is none (InitTempTableNamespace).
// It stays the same one all the time: what dropped it may be rolled back.
func (s *statement) temporarySchema(ctx context.Context) (*catalog.Schema, error) {
	if own := s.Temporary(); own != 0 {
		return s.snapshot().SchemaByOID(s.Database, own), nil
	}
	sc := &catalog.Schema{
		OID: s.LastTemporary, Database: s.Database, Name: fmt.Sprintf("pg_temp_%d", s.Backend), Owner: catalog.SuperuserOID, Backend: s.Backend,
	}
	// One of that name is what a session left behind that had the number before:
	// nobody uses it any more.
	if left := s.snapshot().Schema(s.Database, sc.Name); left != nil {
		s.Change.DeleteTemporary(left)
	}
	if sc.OID == 0 {
		if err := s.oids(ctx, &sc.OID); err != nil {
			return nil, err
		}
		s.SetTemporary(sc.OID)
	}
	s.Change.Put(sc)
	return sc, nil
}

// checkCreation keeps users out of system schemas, and of other sessions' ones.
func (s *statement) checkCreation(sc *catalog.Schema) error {
	switch {
	case catalog.IsSystemSchema(sc.OID):
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for schema %s", sc.Name)
	case sc.Backend != 0 && sc.OID != s.Temporary():
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot create relations in temporary schemas of other sessions")
	case sc.Backend != 0:
		return nil // whoever the session's role is now
	}
	return s.mayCreateIn(sc)
}

// onCommit is what a commit does to a table that is created.
func onCommit(n *pg.CreateStmt, p catalog.Persistence) (catalog.OnCommit, error) {
	switch n.Oncommit {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS, pg.OnCommitAction_ONCOMMIT_DROP, pg.OnCommitAction_ONCOMMIT_PRESERVE_ROWS:
		if p != catalog.Temporary {
			return 0, pgerr.New(pgerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
		}
	}
	switch n.Oncommit {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		return catalog.DeleteRows, nil
	case pg.OnCommitAction_ONCOMMIT_DROP:
		return catalog.DropTable, nil
	}
	return catalog.PreserveRows, nil
}

// checkMove refuses to move objects into or out of temporary schemas (CheckSetNamespace).
func checkMove(from, to *catalog.Schema) error {
	if from.Backend != 0 || to.Backend != 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot move objects into or out of temporary schemas")
	}
	return nil
}

// setLogged is ALTER TABLE … SET LOGGED and UNLOGGED.
func (b *tableBuilder) setLogged(p catalog.Persistence) error {
	if b.table.Persistence == catalog.Temporary {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot change logged status of table %q because it is temporary", b.table.Name).
			WithTable(b.snapshot().SchemaByOID(b.Database, b.table.Schema).Name, b.table.Name)
	}
	if err := b.checkLogged(p); err != nil {
		return err
	}
	b.table.Persistence = p
	return nil
}

// checkLogged refuses to let a logged table refer to an unlogged one (ATPrepChangePersistence).
func (b *tableBuilder) checkLogged(p catalog.Persistence) error {
	refuse := func(to, other string, t *catalog.Table) error {
		return pgerr.New(pgerr.InvalidTableDefinition, "could not change table %q to %s because it references %s table %q", b.table.Name, to, other, t.Name).
			WithTable(b.schemaName(), b.table.Name)
	}
	if p == catalog.Permanent {
		for i := range b.table.ForeignKeys {
			if t := b.snapshot().Table(b.table.ForeignKeys[i].Table); t != nil && t.OID != b.table.OID && t.Persistence != catalog.Permanent {
				return refuse("logged", "unlogged", t)
			}
		}
		return nil
	}
	for _, r := range b.table.Referenced {
		if t := b.snapshot().Table(r.Table); t != nil && t.OID != b.table.OID && t.Persistence == catalog.Permanent {
			return refuse("unlogged", "logged", t)
		}
	}
	return nil
}

// checkOwnSession refuses a command on another session's temporary table.
func (s *statement) checkOwnSession(t *catalog.Table, command string) error {
	if t.Persistence == catalog.Temporary && t.Schema != s.Temporary() {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot %s temporary tables of other sessions", command)
	}
	return nil
}
