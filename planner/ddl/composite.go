package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// createComposite is CREATE TYPE … AS (…). Its name is a relation's as well.
func (s *statement) createComposite(ctx context.Context, n *pg.CompositeTypeStmt) error {
	rv := n.Typevar
	if err := s.catalogName(rv.Catalogname); err != nil {
		return err
	}
	var names []*pg.Node
	for _, name := range []string{rv.Schemaname, rv.Relname} {
		if name != "" {
			names = append(names, &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: name}}})
		}
	}
	t := &catalog.Composite{NextAttnum: 1}
	h, err := s.newType(ctx, names)
	if err != nil {
		return err
	}
	t.TypeHeader = h
	if err := s.checkFree(h.Schema, h.Name); err != nil {
		return err
	}
	if err := s.oids(ctx, &t.Relation); err != nil {
		return err
	}
	for _, c := range n.Coldeflist {
		def := c.GetColumnDef()
		if t.Attribute(def.Colname) != nil {
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", def.Colname)
		}
		if err := s.addAttribute(t, def); err != nil {
			return err
		}
	}
	s.Change.Put(t)
	return nil
}

// addAttribute adds one to a composite that nobody has seen.
func (s *statement) addAttribute(t *catalog.Composite, n *pg.ColumnDef) error {
	if t.NextAttnum > maxColumns {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	c := catalog.Column{ID: catalog.ColumnID(t.NextAttnum), Attnum: t.NextAttnum, Name: n.Colname, Stats: -1}
	if err := s.attributeType(t, &c, n); err != nil {
		return err
	}
	t.NextAttnum++
	t.Attributes = append(t.Attributes, c)
	return nil
}

func (s *statement) attributeType(t *catalog.Composite, c *catalog.Column, n *pg.ColumnDef) (err error) {
	if c.Type, c.Typmod, err = s.typeName(n.TypeName); err != nil {
		return err
	}
	if err := s.checkColumnType(c.Name, c.Type); err != nil {
		return err
	}
	if s.contains(c.Type, t.OID) {
		typ, _ := catalog.Type(s.snapshot().UserTypeByOID(t.OID))
		return pgerr.New(pgerr.InvalidTableDefinition, "composite type %s cannot be made a member of itself", s.visibleTypeName(typ))
	}
	if n.CollClause != nil {
		c.Collation, err = collation(n.CollClause, c.Type)
	}
	return err
}

// contains reports whether values of a type have parts of another one.
func (s *statement) contains(t *types.Type, of catalog.OID) bool {
	for t.Base() != t || t.Elem != nil {
		if t.OID == of {
			return true
		}
		if t.Elem != nil {
			t = t.Elem
			continue
		}
		t = t.Base()
	}
	if f := t.Ranges(); f != nil {
		return f.Range.OID == of || f.Multirange.OID == of || s.contains(f.Subtype, of)
	}
	return t.OID == of || slices.ContainsFunc(t.Columns(), func(c types.Column) bool { return s.contains(c.Type, of) })
}

// composite finds a composite type that ALTER TYPE … ATTRIBUTE names as a
// relation; nil when it need not exist.
func (s *statement) composite(rv *pg.RangeVar, missingOK bool) (*catalog.Composite, error) {
	path := s.lookupPath()
	if rv.Schemaname != "" {
		sc, err := s.schema(rv.Schemaname)
		if err != nil {
			return nil, err
		}
		path = []catalog.OID{sc.OID}
	}
	for _, schema := range path {
		t := s.snapshot().TypeByName(s.Database, schema, rv.Relname)
		if t == nil {
			if r := s.snapshot().Relation(s.Database, schema, rv.Relname); r != nil {
				return nil, pgerr.New(pgerr.WrongObjectType, "%q is not a composite type", rv.Relname)
			}
			continue
		}
		switch o := s.snapshot().TypeOwner(t).(type) {
		case *catalog.Composite:
			if t.Elem == nil {
				s.NamedTypes = append(s.NamedTypes, o.OID)
				return o, s.mustOwnType(o)
			}
		case catalog.Relation:
			if t.Elem == nil {
				return nil, pgerr.New(pgerr.WrongObjectType, "%q is not a composite type", rv.Relname)
			}
		}
	}
	if missingOK {
		s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", rv.Relname)
		return nil, nil
	}
	return nil, undefinedRelation(rv.Schemaname, rv.Relname)
}

// alterComposite is ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
func (s *statement) alterComposite(n *pg.AlterTableStmt) error {
	t, err := s.composite(n.Relation, n.MissingOk)
	if t == nil {
		return err
	}
	c := t.Copy().(*catalog.Composite)
	if err := s.refuseOfTyped(t, n.Cmds[0].GetAlterTableCmd().Behavior); err != nil {
		return err
	}
	for pass := passDrop; pass <= passMisc; pass++ {
		for _, cmd := range n.Cmds {
			a := cmd.GetAlterTableCmd()
			if alterPass(a) != pass {
				continue
			}
			if err := s.alterAttribute(c, a); err != nil {
				return err
			}
		}
	}
	return s.putComposite(c)
}

func (s *statement) alterAttribute(t *catalog.Composite, a *pg.AlterTableCmd) error {
	switch a.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		def := a.Def.GetColumnDef()
		if t.Attribute(def.Colname) != nil {
			return duplicateColumn(def.Colname, t.Name)
		}
		if isSystemColumn(def.Colname) {
			return pgerr.New(pgerr.DuplicateColumn, "column name %q conflicts with a system column name", def.Colname)
		}
		if err := s.mustBeUnstored(t, "ADD ATTRIBUTE"); err != nil {
			return err
		}
		return s.addAttribute(t, def)
	case pg.AlterTableType_AT_DropColumn:
		if t.Attribute(a.Name) == nil {
			if a.MissingOk {
				s.notice(pgerr.SuccessfulCompletion, "column %q of relation %q does not exist, skipping", a.Name, t.Name)
				return nil
			}
			return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", a.Name, t.Name)
		}
		if err := s.mustBeUnstored(t, "DROP ATTRIBUTE"); err != nil {
			return err
		}
		t.Attributes = slices.DeleteFunc(t.Attributes, func(c catalog.Column) bool { return c.Name == a.Name })
		return nil
	case pg.AlterTableType_AT_AlterColumnType:
		return s.alterAttributeType(t, a)
	}
	return unsupportedAlter(pg.ObjectType_OBJECT_TYPE, a)
}

func (s *statement) alterAttributeType(t *catalog.Composite, a *pg.AlterTableCmd) error {
	c := t.Attribute(a.Name)
	if c == nil {
		return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", a.Name, t.Name)
	}
	if err := s.checkUnusedRow(t); err != nil {
		return err
	}
	return s.attributeType(t, c, a.Def.GetColumnDef())
}

// checkUnusedRow refuses what would change values in tables
// (find_composite_type_dependencies in tablecmds.c): columns of arrays are named before others.
func (s *statement) checkUnusedRow(t *catalog.Composite) error {
	for _, arrays := range []bool{true, false} {
		for _, table := range s.snapshot().TablesOf(t) {
			for i := range table.Columns {
				if c := &table.Columns[i]; !c.Dropped && (c.Type.Elem != nil) == arrays && s.contains(c.Type, t.OID) {
					return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type %q because column \"%s.%s\" uses it", t.Name, table.Name, c.Name)
				}
			}
		}
	}
	return nil
}

// putComposite puts a composite whose attributes have changed. What texts say
// of an attribute must mean the same as before.
func (s *statement) putComposite(t *catalog.Composite) error {
	var bound []*catalog.View
	for _, v := range s.views() {
		if _, err := bind.Meanings(s.Bind(), v); err == nil {
			bound = append(bound, v)
		}
	}
	texts := s.boundTexts()
	s.Change.Put(t)
	s.touchTables(t)
	for _, v := range bound {
		if _, err := bind.Meanings(s.Bind(), v); err != nil {
			return pgerr.Unsupported("ALTER TYPE … ATTRIBUTE of a type whose attributes view \"%s\" names", v.Name)
		}
	}
	for _, text := range texts {
		if err := text.check(s); err != nil {
			return pgerr.Unsupported("ALTER TYPE … ATTRIBUTE of a type whose attributes a default or constraint of \"%s\" names", text.of)
		}
	}
	return nil
}

// renameAttribute is ALTER TYPE … RENAME ATTRIBUTE.
func (s *statement) renameAttribute(n *pg.RenameStmt) error {
	t, err := s.composite(n.Relation, n.MissingOk)
	if t == nil {
		return err
	}
	if err := s.refuseOfTyped(t, n.Behavior); err != nil {
		return err
	}
	c := t.Copy().(*catalog.Composite)
	a := c.Attribute(n.Subname)
	switch {
	case a == nil:
		return undefinedColumn(n.Subname)
	case c.Attribute(n.Newname) != nil:
		return duplicateColumn(n.Newname, c.Name)
	case isSystemColumn(n.Newname):
		return pgerr.New(pgerr.DuplicateColumn, "column name %q conflicts with a system column name", n.Newname)
	}
	a.Name = n.Newname
	return s.putComposite(c)
}

// boundText is a default or constraint in which types are named, or of which parts are taken.
type boundText struct {
	of    string
	check func(s *statement) error
}

// boundTexts are the texts of tables and domains.
func (s *statement) boundTexts() (list []boundText) {
	for t := range s.snapshot().Tables(s.Database) {
		oid := t.OID
		add := func(text string) {
			if text != "" {
				list = append(list, boundText{t.Name, func(s *statement) error {
					_, err := bind.Expression(s.Bind(), text, columnsOf(s.snapshot().Table(oid)), bind.ForUsing, nil)
					return err
				}})
			}
		}
		for i := range t.Columns {
			add(t.Columns[i].Default)
		}
		for i := range t.Checks {
			add(t.Checks[i].Expr)
		}
	}
	for u := range s.snapshot().UserTypes(s.Database) {
		d, ok := u.(*catalog.Domain)
		if !ok {
			continue
		}
		for i := range d.Checks {
			text, oid := d.Checks[i].Expr, d.OID
			list = append(list, boundText{d.Name, func(s *statement) error {
				d := s.snapshot().UserTypeByOID(oid).(*catalog.Domain)
				_, err := bind.Expression(s.Bind(), text, bind.DomainValue(d.Base, d.Typmod), bind.ForUsing, nil)
				return err
			}})
		}
	}
	return list
}
