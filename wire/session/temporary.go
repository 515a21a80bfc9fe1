package session

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// temporaryAlias is what a session calls its schema of temporary objects.
const temporaryAlias = "pg_temp"

// temporarySchema is the session's schema of temporary objects, 0 while there is none.
func (s *Session) temporarySchema() catalog.OID {
	oid := catalog.OID(s.temporary.Load())
	if oid == 0 || s.snapshot().SchemaByOID(s.database, oid) == nil {
		return 0
	}
	return oid
}

func (s *Session) setTemporarySchema(oid catalog.OID) {
	s.temporary.Store(uint32(oid))
	s.env.pathAt = version{}
}

// schemaNamed finds a schema that a qualified name says, nil when there is none:
// pg_temp is the session's own.
func (s *Session) schemaNamed(name string) *catalog.Schema {
	if oid := s.temporarySchema(); oid != 0 && name == temporaryAlias {
		return s.snapshot().SchemaByOID(s.database, oid)
	}
	return s.snapshot().Schema(s.database, name)
}

// ownTemporary reports whether a relation is one of the session's temporary ones,
// which also a READ ONLY transaction may write.
func (s *Session) ownTemporary(r catalog.Relation) bool {
	return r.Ref().Persistence == catalog.Temporary && r.Ref().Schema == s.temporarySchema()
}

// onCommit deletes the rows of temporary tables that are made ON COMMIT DELETE
// ROWS, and drops those of ON COMMIT DROP (PreCommit_on_commit_actions in tablecmds.c).
func (s *Session) onCommit(ctx context.Context) error {
	schema := s.temporarySchema()
	if schema == 0 || !s.tx.txn.Wrote() && s.tx.change == nil {
		return nil
	}
	_, err := s.persist(ctx, func() (*result, error) { return done("COMMIT"), s.clearTemporary(ctx, schema) })
	return err
}

func (s *Session) clearTemporary(ctx context.Context, schema catalog.OID) error {
	if err := s.checkCleared(schema); err != nil {
		return err
	}
	for r := range s.snapshot().RelationsIn(s.database, schema) {
		t, ok := r.(*catalog.Table)
		if !ok {
			continue
		}
		switch t.OnCommit {
		case catalog.DeleteRows:
			if _, err := s.internal(ctx, "DELETE FROM "+s.sqlName(t)); err != nil {
				return err
			}
		case catalog.DropTable:
			if err := s.defineOwn(ctx, "DROP TABLE "+s.sqlName(t)+" CASCADE"); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkCleared refuses to delete the rows of a table that another refers to whose
// rows stay (heap_truncate_check_FKs in heap.c).
func (s *Session) checkCleared(schema catalog.OID) error {
	for r := range s.snapshot().RelationsIn(s.database, schema) {
		t, ok := r.(*catalog.Table)
		if !ok || t.OnCommit != catalog.DeleteRows {
			continue
		}
		for _, x := range t.Referenced {
			if of := s.snapshot().Table(x.Table); of != nil && of.OnCommit != catalog.DeleteRows {
				return pgerr.New(pgerr.FeatureNotSupported, "unsupported ON COMMIT and foreign key combination").
					WithDetail("Table \"%s\" references \"%s\", but they do not have the same ON COMMIT setting.", of.Name, t.Name)
			}
		}
	}
	return nil
}

// discardTemporary is DISCARD TEMP.
func (s *Session) discardTemporary(ctx context.Context) error {
	schema := s.temporarySchema()
	if schema == 0 {
		return nil
	}
	return s.defineOwn(ctx, "DROP SCHEMA "+expr.QuoteIdent(s.snapshot().SchemaByOID(s.database, schema).Name)+" CASCADE")
}

// defineOwn runs a schema change of the session's own, whoever its role is, and says nothing of it.
func (s *Session) defineOwn(ctx context.Context, sql string) error {
	stmts, err := sqlparse.Parse(sql)
	if err != nil {
		return err
	}
	_, err = s.defineWhole(ctx, &execution{stmt: stmts[0], text: sql, own: true})
	return err
}

// leaveTemporary is how long a session that ends waits until its temporary objects are dropped;
// else the node's sweep does it later.
const leaveTemporary = 10 * time.Second

// endTemporary drops what the session leaves behind.
func (s *Session) endTemporary() {
	oid := catalog.OID(s.temporary.Swap(0))
	if oid == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTemporary)
	defer cancel()
	if err := s.node.Schema.DropTemporary(ctx, s.database, oid); err != nil {
		s.node.Log.Warn("temporary objects of a session that has ended are dropped later", "error", err)
	}
}

// Temporary are the schemas of temporary objects that this node's sessions use.
func (n *Node) Temporary() (schemas []catalog.OID) {
	for _, s := range n.sessions.list() {
		if oid := s.temporary.Load(); oid != 0 {
			schemas = append(schemas, catalog.OID(oid))
		}
	}
	return schemas
}
