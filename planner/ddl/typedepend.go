package ddl

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// dropTypes is DROP TYPE and DROP DOMAIN.
func (s *statement) dropTypes(ctx context.Context, n *pg.DropStmt) error {
	var list []catalog.UserType
	w := s.typeWalk(map[catalog.OID]bool{})
	for _, o := range n.Objects {
		t, err := s.droppableType(n, o.GetTypeName())
		if err != nil {
			return err
		}
		if t != nil && !w.seen[t.Header().OID] {
			list = append(list, t)
			w.seen[t.Header().OID] = true
		}
	}
	for _, t := range list {
		if err := w.dependentsOf(t); err != nil {
			return err
		}
	}
	dependents := w.list()
	switch {
	case len(dependents) == 0 || n.Behavior == pg.DropBehavior_DROP_CASCADE:
	case len(list) > 1:
		return errDependents("", dependents)
	default:
		typ, _ := catalog.Type(list[0])
		return errDependents("type "+s.visibleTypeName(typ), dependents)
	}
	if err := s.cascade(ctx, dependents); err != nil {
		return err
	}
	for _, t := range list {
		s.Change.Delete(s.snapshot().UserTypeByOID(t.Header().OID))
	}
	return nil
}

// cascade tells of what goes along, and drops it.
func (s *statement) cascade(ctx context.Context, list []dependent) error {
	for _, d := range list {
		s.cascaded = append(s.cascaded, d.name)
	}
	s.reportCascade()
	for _, d := range list {
		if err := s.dropDependent(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// droppableType finds a type that DROP names; nil when it need not exist.
func (s *statement) droppableType(n *pg.DropStmt, name *pg.TypeName) (catalog.UserType, error) {
	schema, _ := dotted(name.Names)
	if schema != "" && n.MissingOk && s.snapshot().Schema(s.Database, schema) == nil {
		s.notice(pgerr.SuccessfulCompletion, "schema %q does not exist, skipping", schema)
		return nil, nil
	}
	typ, _, err := s.typeName(name)
	switch {
	case pgerr.HasCode(err, pgerr.UndefinedObject) && n.MissingOk:
		s.notice(pgerr.SuccessfulCompletion, "type %q does not exist, skipping", joined(name.Names))
		return nil, nil
	case err != nil:
		e := *pgerr.From(err)
		e.Position = 0 // DROP's errors have none
		return nil, &e
	}
	switch o := s.snapshot().TypeOwner(typ).(type) {
	case catalog.UserType:
		return s.droppableUserType(n, typ, o)
	case catalog.Relation:
		what := kinds[o.Ref().Kind] + " " + s.visibleName(o)
		if typ.Elem != nil {
			what = "type " + s.visibleTypeName(typ.Elem)
		}
		return nil, errRequired(s.visibleTypeName(typ), what)
	}
	return nil, pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system", typ.SQLName)
}

func (s *statement) droppableUserType(n *pg.DropStmt, typ *types.Type, t catalog.UserType) (catalog.UserType, error) {
	h := t.Header()
	s.NamedTypes = append(s.NamedTypes, h.OID)
	if typ.OID == catalog.HeaderFor(t, typ).Array {
		return nil, errRequired(s.visibleTypeName(typ), "type "+s.visibleTypeName(typ.Elem))
	}
	if typ.OID != h.OID {
		return nil, errRequired(s.visibleTypeName(typ), "type "+s.visibleTypeName(typ.Ranges().Range))
	}
	if _, ok := t.(*catalog.Domain); !ok && n.RemoveType == pg.ObjectType_OBJECT_DOMAIN {
		return nil, errNotDomain(t)
	}
	return t, s.mayDrop("type", s.visibleTypeName(typ), h.Owner, h.Schema)
}

// errRequired is 2BP01 for a type that comes with something else.
func errRequired(name, what string) error {
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop type %s because %s requires it", name, what).
		WithHint("You can drop %s instead.", what)
}

func joined(names []*pg.Node) string {
	var parts []string
	for _, n := range names {
		parts = append(parts, n.GetString_().GetSval())
	}
	return strings.Join(parts, ".")
}

// rowTypeDependents lists what depends on the type of a relation's rows.
func (s *statement) rowTypeDependents(r catalog.Relation, seen map[catalog.OID]bool) ([]dependent, error) {
	if row, _ := s.snapshot().RowType(r); row == nil {
		return nil, nil
	}
	w := s.typeWalk(seen)
	err := w.dependentsOf(r)
	return w.list(), err
}

// typeWalk collects what depends on types (findDependentObjects in dependency.c):
// newer objects first, and each behind its own dependents.
type typeWalk struct {
	*statement
	seen    map[catalog.OID]bool // relations and types that go, or are listed
	columns map[columnOf]bool
	found   []dependent
}

type columnOf struct {
	object catalog.OID
	column catalog.ColumnID
}

func (s *statement) typeWalk(seen map[catalog.OID]bool) *typeWalk {
	return &typeWalk{statement: s, seen: seen, columns: map[columnOf]bool{}}
}

// list is what was found, in the order in which PostgreSQL names it.
func (w *typeWalk) list() []dependent {
	slices.Reverse(w.found)
	return w.found
}

// candidate is something that depends on a type: visit lists it, if it is not yet.
type candidate struct {
	oid    catalog.OID
	column int16
	visit  func() error
}

// dependentsOf lists what depends on the types that an object makes.
func (w *typeWalk) dependentsOf(o catalog.Object) error {
	made := w.snapshot().TypesOf(o)
	for _, t := range []*types.Type{made[0], made[2], made[3], made[1]} {
		if t == nil {
			continue
		}
		list := w.candidates(o, t)
		slices.SortStableFunc(list, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(b.oid, a.oid), cmp.Compare(a.column, b.column))
		})
		for _, c := range list {
			if err := c.visit(); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidates are what is directly made of a type, or names it.
func (w *typeWalk) candidates(o catalog.Object, t *types.Type) (list []candidate) {
	on := "type " + w.visibleTypeName(t)
	for _, user := range w.snapshot().TypeUsers(o) {
		switch user := user.(type) {
		case *catalog.Table:
			list = append(list, w.tableColumns(user, t, on)...)
		case *catalog.Composite:
			list = append(list, w.attributes(user, t, on)...)
		case *catalog.Domain:
			if user.Base == t {
				list = append(list, w.typeOver(user, on))
			}
		case *catalog.Range:
			if user.Subtype == t {
				list = append(list, w.typeOver(user, on))
			}
		case *catalog.Function:
			if user.Result == t || slices.Contains(argumentTypesOf(user), t) {
				list = append(list, w.function(user, on))
			}
		}
	}
	if c, ok := o.(*catalog.Composite); ok && t.Elem == nil {
		for _, table := range w.typedTables(c) {
			list = append(list, w.typedTable(table, on))
		}
	}
	for _, text := range catalog.KeptNames(o, t) {
		list = append(list, w.texts(w.snapshot().TypesOf(o), t, text, on)...)
	}
	return list
}

// typedTable is a table of the type, which goes as a whole.
func (w *typeWalk) typedTable(table *catalog.Table, on string) candidate {
	return candidate{table.OID, 0, func() error {
		if w.seen[table.OID] {
			return nil
		}
		w.seen[table.OID] = true
		readers, err := w.dependentsFirst(w.readersOf(table, nil), w.seen)
		if err != nil {
			return err
		}
		w.found = append(w.found, readers...)
		w.add(on, "table "+w.visibleName(table), func(ctx context.Context) error {
			return w.dropOne(ctx, w.snapshot().Table(table.OID), true)
		})
		return nil
	}}
}

// texts are what names a type, one of those made with it, or a function that makes it, by that text.
func (w *typeWalk) texts(made [4]*types.Type, t *types.Type, text, on string) (list []candidate) {
	for r := range w.snapshot().Relations(w.Database) {
		switch r := r.(type) {
		case *catalog.Table:
			list = append(list, w.tableTexts(r, text, made, on)...)
			if strings.Contains(r.Query, text) {
				list = append(list, w.view(r.AsView(), on))
			}
		case *catalog.View:
			if strings.Contains(r.Query, text) {
				list = append(list, w.view(r, on))
			}
		}
	}
	for u := range w.snapshot().UserTypes(w.Database) {
		if d, ok := u.(*catalog.Domain); ok {
			list = append(list, w.domainTexts(d, t, text, on)...)
		}
	}
	for f := range w.snapshot().Functions(w.Database) {
		list = append(list, w.functionTexts(f, text, on)...)
	}
	return list
}

func (w *typeWalk) add(on string, name string, drop func(context.Context) error) {
	w.found = append(w.found, dependent{nil, drop, name, on})
}

// tableColumns are a table's columns of a type.
func (w *typeWalk) tableColumns(table *catalog.Table, t *types.Type, on string) (list []candidate) {
	for i := range table.Columns {
		c := &table.Columns[i]
		if c.Dropped || c.Type != t {
			continue
		}
		list = append(list, candidate{table.OID, c.Attnum, func() error {
			at := columnOf{table.OID, c.ID}
			if w.seen[table.OID] || w.columns[at] {
				return nil
			}
			w.columns[at] = true
			readers, err := w.dependentsFirst(w.readersOf(table, c), w.seen)
			if err != nil {
				return err
			}
			w.found = append(w.found, readers...)
			name := fmt.Sprintf("column %s of table %s", expr.QuoteIdent(c.Name), w.visibleName(table))
			if err := w.generatedFrom(table, c, name); err != nil {
				return err
			}
			w.add(on, name, w.dropTyped(table.OID, c.ID))
			return nil
		}})
	}
	return list
}

// generatedFrom lists the generated columns that are made of a column, newest first.
func (w *typeWalk) generatedFrom(table *catalog.Table, c *catalog.Column, on string) error {
	for i := len(table.Columns) - 1; i >= 0; i-- {
		g := &table.Columns[i]
		at := columnOf{table.OID, g.ID}
		if !g.Generated || g.Hidden || g.Dropped || g.ID == c.ID || w.columns[at] {
			continue
		}
		e, err := bind.Expression(w.Bind(), g.Default, columnsOf(table), bind.ForUsing, nil)
		if err != nil {
			return err
		}
		if slices.Contains(referenced(table, e), c.ID) {
			w.columns[at] = true
			w.add(on, fmt.Sprintf("column %s of table %s", expr.QuoteIdent(g.Name), w.visibleName(table)), w.dropTyped(table.OID, g.ID))
		}
	}
	return nil
}

// dropTyped drops a column whose type goes.
func (s *statement) dropTyped(table catalog.OID, column catalog.ColumnID) func(context.Context) error {
	return func(ctx context.Context) error {
		t := s.snapshot().Table(table)
		if err := s.checkNotInUse(t, "ALTER TABLE"); err != nil {
			return err
		}
		b := s.alterBuilder(t)
		if c := b.table.Column(column); !c.Dropped {
			if err := b.removeColumn(ctx, c, true); err != nil {
				return err
			}
		}
		return b.publish(ctx)
	}
}

// attributes are a composite's attributes of a type.
func (w *typeWalk) attributes(composite *catalog.Composite, t *types.Type, on string) (list []candidate) {
	for i := range composite.Attributes {
		a := &composite.Attributes[i]
		if a.Type != t {
			continue
		}
		list = append(list, candidate{composite.Relation, a.Attnum, func() error {
			at := columnOf{composite.OID, a.ID}
			if w.seen[composite.OID] || w.columns[at] {
				return nil
			}
			w.columns[at] = true
			typ, _ := catalog.Type(composite)
			w.add(on, fmt.Sprintf("column %s of composite type %s", expr.QuoteIdent(a.Name), w.visibleTypeName(typ)), func(context.Context) error {
				return w.dropAttribute(composite.OID, a.Name)
			})
			return nil
		}})
	}
	return list
}

// dropAttribute takes an attribute out of a composite that no rows have values of.
func (s *statement) dropAttribute(composite catalog.OID, name string) error {
	c := s.snapshot().UserTypeByOID(composite).Copy().(*catalog.Composite)
	if err := s.mustBeUnstored(c, "DROP ATTRIBUTE"); err != nil {
		return err
	}
	c.Attributes = slices.DeleteFunc(c.Attributes, func(a catalog.Column) bool { return a.Name == name })
	s.Change.Put(c)
	return nil
}

// mustBeUnstored refuses to change what values of a composite are made of where tables have such values.
func (s *statement) mustBeUnstored(t catalog.UserType, clause string) error {
	tables := s.snapshot().TablesOf(t)
	if len(tables) == 0 {
		return nil
	}
	return pgerr.Unsupported("ALTER TYPE … %s of a type that table \"%s\" has values of", clause, tables[0].Name)
}

// typeOver is a domain or range that is made of a type, and goes as a whole.
func (w *typeWalk) typeOver(d catalog.UserType, on string) candidate {
	oid := d.Header().OID
	return candidate{oid, 0, func() error {
		if w.seen[oid] {
			return nil
		}
		w.seen[oid] = true
		if err := w.dependentsOf(d); err != nil {
			return err
		}
		typ, _ := catalog.Type(d)
		w.add(on, "type "+w.visibleTypeName(typ), func(context.Context) error {
			w.Change.Delete(w.snapshot().UserTypeByOID(oid))
			return nil
		})
		return nil
	}}
}

func (w *typeWalk) view(v *catalog.View, on string) candidate {
	return candidate{v.Rule, 0, func() error {
		if w.seen[v.OID] {
			return nil
		}
		w.seen[v.OID] = true
		readers, err := w.dependentsFirst(w.readersOf(w.snapshot().RelationByOID(v.OID), nil), w.seen)
		if err != nil {
			return err
		}
		w.found = append(append(w.found, readers...), dependent{v, nil, w.viewName(v), on})
		return nil
	}}
}

// tableTexts are a table's defaults and constraints that name a type. What goes
// with a column of the type is not named beside it.
func (w *typeWalk) tableTexts(table *catalog.Table, text string, made [4]*types.Type, on string) (list []candidate) {
	if w.seen[table.OID] {
		return nil
	}
	goes := func(id catalog.ColumnID) bool { return slices.Contains(made[:], table.Column(id).Type) }
	for i := range table.Columns {
		c := &table.Columns[i]
		if c.Dropped || c.Hidden || goes(c.ID) || !strings.Contains(c.Default, text) {
			continue // a hidden column goes with its index
		}
		list = append(list, candidate{c.DefaultOID, 0, func() error {
			if c.Generated {
				w.add(on, fmt.Sprintf("column %s of table %s", expr.QuoteIdent(c.Name), w.visibleName(table)), w.dropTyped(table.OID, c.ID))
				return nil
			}
			name := fmt.Sprintf("default value for column %s of table %s", expr.QuoteIdent(c.Name), w.visibleName(table))
			w.add(on, name, w.dropDefault(table.OID, c.ID))
			return nil
		}})
	}
	for i := range table.Indexes {
		if ix := &table.Indexes[i]; indexNames(table, ix, text) {
			list = append(list, candidate{ix.OID, 0, func() error {
				w.add(on, "index "+expr.QuoteIdent(ix.Name), w.dropIndexOf(table.OID, ix.OID))
				return nil
			}})
		}
	}
	for i := range table.Checks {
		k := &table.Checks[i]
		if !strings.Contains(k.Expr, text) || slices.ContainsFunc(k.Columns, goes) {
			continue
		}
		list = append(list, candidate{k.OID, 0, func() error {
			w.add(on, fmt.Sprintf("constraint %s on table %s", expr.QuoteIdent(k.Name), w.visibleName(table)), w.dropCheck(table.OID, k.OID))
			return nil
		}})
	}
	return list
}

// domainTexts are a domain's constraints that name a type; one whose default does goes as a whole.
func (w *typeWalk) domainTexts(d *catalog.Domain, t *types.Type, text, on string) (list []candidate) {
	if d.Base == t {
		return nil // it goes itself
	}
	if strings.Contains(d.Default, text) {
		list = append(list, w.typeOver(d, on))
	}
	for i := range d.Checks {
		k := &d.Checks[i]
		if !strings.Contains(k.Expr, text) {
			continue
		}
		list = append(list, candidate{k.OID, 0, func() error {
			if w.seen[d.OID] {
				return nil
			}
			w.add(on, "constraint "+expr.QuoteIdent(k.Name), func(context.Context) error {
				c := w.snapshot().UserTypeByOID(d.OID).Copy().(*catalog.Domain)
				c.Checks = slices.DeleteFunc(c.Checks, func(have catalog.Check) bool { return have.OID == k.OID })
				w.Change.Put(c)
				return nil
			})
			return nil
		}})
	}
	return list
}

// indexNames reports whether an index's predicate or expressions name something by that text.
func indexNames(table *catalog.Table, ix *catalog.Index, text string) bool {
	if strings.Contains(ix.Where, text) {
		return true
	}
	return slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool {
		column := table.Column(c.Column)
		return column.Hidden && strings.Contains(column.Default, text) || strings.Contains(c.Expr, text)
	})
}

// dropIndexOf drops an index whose expressions name what goes.
func (s *statement) dropIndexOf(table, index catalog.OID) func(context.Context) error {
	return func(ctx context.Context) error {
		b := s.alterBuilder(s.snapshot().Table(table))
		i := slices.IndexFunc(b.table.Indexes, func(x catalog.Index) bool { return x.OID == index })
		if i < 0 {
			return nil
		}
		if err := b.dropIndexAt(ctx, i); err != nil {
			return err
		}
		return b.publish(ctx)
	}
}
