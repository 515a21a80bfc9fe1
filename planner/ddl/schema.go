package ddl

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// createSchema is CREATE SCHEMA, with the objects that it may contain.
func (s *statement) createSchema(n *pg.CreateSchemaStmt) error {
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
	if err := s.oids(&sc.OID); err != nil {
		return err
	}
	s.Change.Put(sc)
	return s.schemaElements(sc, n.SchemaElts)
}

// schemaElements creates what stands inside CREATE SCHEMA, in the new schema.
func (s *statement) schemaElements(sc *catalog.Schema, elements []*pg.Node) error {
	if len(elements) == 0 {
		return nil
	}
	inner := *s.Env
	inner.SearchPath = append([]catalog.OID{sc.OID}, s.SearchPath...)
	for _, e := range elements {
		sub := &statement{Env: &inner, ctx: s.ctx, text: s.text}
		if _, err := sub.run(e); err != nil {
			return err
		}
	}
	return nil
}
