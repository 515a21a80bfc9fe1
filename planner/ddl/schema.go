package ddl

import (
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// createSchema is CREATE SCHEMA, with the objects that it may contain.
func (s *statement) createSchema(ctx context.Context, n *pg.CreateSchemaStmt) error {
	name := n.Schemaname
	owner := s.Role
	if n.Authrole != nil {
		r, err := s.role(n.Authrole)
		if err != nil {
			return err
		}
		if owner = r; name == "" {
			name = r.Name
		}
	}
	if err := s.mayCreateInDatabase(); err != nil {
		return err
	}
	if err := s.mustBeMember(owner); err != nil {
		return err
	}
	if strings.HasPrefix(name, "pg_") {
		return pgerr.New(pgerr.ReservedName, "unacceptable schema name %q", name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	if s.snapshot().Schema(s.Database, name) != nil {
		if n.IfNotExists {
			s.notice(pgerr.DuplicateSchema, "schema %q already exists, skipping", name)
			return nil
		}
		return pgerr.New(pgerr.DuplicateSchema, "schema %q already exists", name)
	}
	sc := &catalog.Schema{Database: s.Database, Name: name, Owner: owner.OID}
	if err := s.oids(ctx, &sc.OID); err != nil {
		return err
	}
	s.Change.Put(sc)
	return s.schemaElements(ctx, sc, n.SchemaElts)
}

// schemaElements creates what stands inside CREATE SCHEMA, in the new schema.
func (s *statement) schemaElements(ctx context.Context, sc *catalog.Schema, elements []*pg.Node) error {
	if len(elements) == 0 {
		return nil
	}
	inner := *s.Env
	inner.CreateTemporary = false
	inner.SearchPath = append([]catalog.OID{sc.OID}, s.SearchPath...)
	inner.Bind = func() *bind.Env {
		e := *s.Env.Bind()
		at := slices.IndexFunc(e.SearchPath, func(oid catalog.OID) bool {
			return !catalog.IsSystemSchema(oid) && oid != s.Temporary()
		})
		if at < 0 {
			at = len(e.SearchPath)
		}
		e.SearchPath = slices.Insert(slices.Clone(e.SearchPath), at, sc.OID)
		return &e
	}
	elements = slices.Clone(elements)
	slices.SortStableFunc(elements, func(x, y *pg.Node) int { return elementRank(x) - elementRank(y) })
	for _, e := range elements {
		if err := s.checkElement(sc, e); err != nil {
			return err
		}
		sub := &statement{Env: &inner, text: s.text}
		if err := sub.run(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// checkElement refuses an element of CREATE SCHEMA that belongs elsewhere
// (setSchemaName in parse_utilcmd.c).
func (s *statement) checkElement(sc *catalog.Schema, e *pg.Node) error {
	var rv *pg.RangeVar
	switch e := e.GetNode().(type) {
	case *pg.Node_CreateSeqStmt:
		rv = e.CreateSeqStmt.Sequence
	case *pg.Node_CreateStmt:
		rv = e.CreateStmt.Relation
	case *pg.Node_ViewStmt:
		rv = e.ViewStmt.View
	case *pg.Node_IndexStmt:
		rv = e.IndexStmt.Relation
	default:
		return nil
	}
	if rv.Schemaname != "" && rv.Schemaname != sc.Name {
		return pgerr.New(pgerr.InvalidSchemaDefinition, "CREATE specifies a schema (%s) different from the one being created (%s)", rv.Schemaname, sc.Name)
	}
	switch {
	case rv.Relpersistence != "t":
		return nil
	case e.GetCreateStmt() != nil:
		return s.at(errTemporaryElsewhere(), rv.Location)
	}
	return errTemporaryElsewhere()
}

// elementRank is the order in which the elements of CREATE SCHEMA are made (transformCreateSchemaStmt).
func elementRank(n *pg.Node) int {
	switch n.GetNode().(type) {
	case *pg.Node_CreateSeqStmt:
		return 0
	case *pg.Node_CreateStmt:
		return 1
	case *pg.Node_ViewStmt:
		return 2
	case *pg.Node_IndexStmt:
		return 3
	}
	return 4
}
