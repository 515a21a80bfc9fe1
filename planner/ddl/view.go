package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// createView is CREATE [OR REPLACE] VIEW: the query is kept as text with every
// name qualified, and bound again wherever the view is used.
func (s *statement) createView(ctx context.Context, n *pg.ViewStmt) error {
	rv := n.View
	if sqlparse.Into(n.Query.GetSelectStmt()) != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "views must not contain SELECT INTO")
	}
	v, sources, err := s.newView(ctx, n)
	if err != nil {
		return err
	}
	if rv.Relpersistence != "t" && s.readTemporary(sources) {
		rv = &pg.RangeVar{Catalogname: rv.Catalogname, Schemaname: rv.Schemaname, Relname: rv.Relname, Relpersistence: "t", Location: -1}
		s.notice(pgerr.SuccessfulCompletion, "view %q will be a temporary view", rv.Relname)
	}
	sc, err := s.relationSchema(ctx, rv)
	if err != nil {
		return err
	}
	v.Schema, v.Temporary = sc.OID, sc.Backend != 0
	old := s.snapshot().Relation(s.Database, sc.OID, rv.Relname)
	if old != nil && !n.Replace {
		return s.checkFree(sc.OID, rv.Relname)
	}
	switch {
	case old != nil:
		s.Named = append(s.Named, old)
	case s.snapshot().NameTaken(s.Database, sc.OID, rv.Relname): // by an index
		if n.Replace {
			return pgerr.New(pgerr.WrongObjectType, "%q is not a view", rv.Relname)
		}
		return s.checkFree(sc.OID, rv.Relname)
	}
	if old == nil {
		if err := s.checkRelationFree(sc.OID, rv.Relname); err != nil {
			return err
		}
		v.ArrayName = s.rowArrayName(sc.OID, v.Name)
	}
	if old == nil {
		s.Change.Put(v)
		s.readSources(v, sources)
		return nil
	}
	return s.replaceView(old, v, sources)
}

// newView binds the query and makes the descriptor, but for its schema; sources
// are the relations that it reads.
func (s *statement) newView(ctx context.Context, n *pg.ViewStmt) (v *catalog.View, sources map[catalog.OID]map[int16]bool, err error) {
	columns, err := s.queryColumns(n.Query)
	if err != nil {
		return nil, nil, err
	}
	if len(n.Aliases) > len(columns) {
		return nil, nil, pgerr.New(pgerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	for i, a := range n.Aliases {
		columns[i].Name = a.GetString_().GetSval()
	}
	for i := range columns {
		if slices.ContainsFunc(columns[:i], func(c catalog.Column) bool { return c.Name == columns[i].Name }) {
			return nil, nil, pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", columns[i].Name)
		}
	}
	text, sees, err := bind.ViewText(s.Bind(), s.text, n.Query, func(name string) (catalog.OID, error) {
		return s.relationNumber(ctx, name)
	})
	if err != nil {
		return nil, nil, err
	}
	v = &catalog.View{Database: s.Database, Name: n.View.Relname, Owner: s.Role.OID, Query: text, Sees: sees, Columns: columns}
	if v.Options, err = viewOptions(n); err != nil {
		return nil, nil, err
	}
	if sources, err = bind.Sources(s.Bind(), v); err != nil {
		return nil, nil, err
	}
	if err = s.settleBase(v); err != nil {
		return nil, nil, err
	}
	return v, sources, s.oids(ctx, &v.OID, &v.RowType, &v.ArrayType, &v.Rule)
}

// replaceView is CREATE OR REPLACE: old columns stay, new ones follow (42P16).
func (s *statement) replaceView(old catalog.Relation, v *catalog.View, sources map[catalog.OID]map[int16]bool) error {
	o, ok := old.(*catalog.View)
	if !ok {
		return pgerr.New(pgerr.WrongObjectType, "%q is not a view", v.Name)
	}
	if err := s.mustOwnRelation(o); err != nil {
		return err
	}
	if len(v.Columns) < len(o.Columns) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i, c := range o.Columns {
		if v.Columns[i].Name != c.Name {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change name of view column %q to %q", c.Name, v.Columns[i].Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if now := v.Columns[i]; now.Type != c.Type || now.Typmod != c.Typmod {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s",
				c.Name, types.FormatType(c.Type, c.Typmod), types.FormatType(now.Type, now.Typmod))
		}
		if was, now := collationShown(c.Collation), collationShown(v.Columns[i].Collation); was != now {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change collation of view column %q from %q to %q", c.Name, was, now)
		}
	}
	v.OID, v.RowType, v.ArrayType, v.ArrayName = o.OID, o.RowType, o.ArrayType, o.ArrayName
	v.Rule, v.Comment, v.Owner = o.Rule, o.Comment, o.Owner
	for i, c := range o.Columns {
		v.Columns[i].Default, v.Columns[i].DefaultOID, v.Columns[i].Comment = c.Default, c.DefaultOID, c.Comment
	}
	s.Change.Put(v)
	s.readSources(v, sources)
	return nil
}

// readTemporary reports whether some of what a view reads are temporary.
func (s *statement) readTemporary(sources map[catalog.OID]map[int16]bool) bool {
	for oid := range sources {
		if r := s.snapshot().RelationByOID(oid); r != nil && r.Ref().Persistence == catalog.Temporary {
			return true
		}
	}
	return false
}

// readSources makes the change depend on what the view reads, and on the
// schemas by whose names its text reads it.
func (s *statement) readSources(v *catalog.View, sources map[catalog.OID]map[int16]bool) {
	for oid := range sources {
		if r := s.snapshot().RelationByOID(oid); r != nil && oid != v.OID {
			s.Change.Read(r)
			if sc := s.snapshot().SchemaByOID(s.Database, r.Ref().Schema); sc != nil {
				s.Change.Read(sc)
			}
		}
	}
}

// collationShown is a column's collation as messages have it.
func collationShown(name string) string {
	if name == "" {
		return "default"
	}
	return name
}
