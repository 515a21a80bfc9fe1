package ddl

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// drop is DROP of tables, indexes, sequences, views and schemas.
func (s *statement) drop(ctx context.Context, n *pg.DropStmt) error {
	cascade := n.Behavior == pg.DropBehavior_DROP_CASCADE
	switch n.RemoveType {
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return s.dropTypes(ctx, n)
	}
	if isRoutine(n.RemoveType) {
		return s.dropFunctions(ctx, n)
	}
	if n.Concurrent {
		if err := s.Alone("DROP INDEX CONCURRENTLY"); err != nil {
			return err
		}
		if len(n.Objects) > 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support dropping multiple objects")
		}
		if cascade {
			return pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support CASCADE")
		}
	}
	var relations []catalog.Relation
	for _, o := range n.Objects {
		var err error
		switch n.RemoveType {
		case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW:
			var r catalog.Relation
			if r, err = s.droppable(n, o); r != nil && !slices.Contains(relations, r) {
				relations = append(relations, r)
			}
		case pg.ObjectType_OBJECT_INDEX:
			err = s.dropIndex(ctx, n, o)
		case pg.ObjectType_OBJECT_SCHEMA:
			err = s.dropSchema(ctx, n, o.GetString_().GetSval(), cascade)
		default:
			err = s.dropAbsent(n, o)
		}
		if err != nil {
			return err
		}
	}
	return s.dropAll(ctx, relations, cascade)
}

// kinds are what DROP calls each kind of relation.
var kinds = map[catalog.RelationKind]string{
	catalog.KindTable: "table", catalog.KindSequence: "sequence", catalog.KindView: "view", catalog.KindIndex: "index",
	catalog.KindMatview: "materialized view",
}

// droppable finds a table, sequence or view that DROP names; nil when it need not exist.
func (s *statement) droppable(n *pg.DropStmt, o *pg.Node) (catalog.Relation, error) {
	want := strings.ToLower(objectWord(n.RemoveType))
	schema, name := dotted(o.GetList().GetItems())
	if _, err := s.schema(schema); schema != "" && err != nil && n.MissingOk {
		s.notice(pgerr.SuccessfulCompletion, "schema %q does not exist, skipping", schema)
		return nil, nil
	}
	r, err := s.relation(schema, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		if _, ix, _ := s.index(schema, name); ix != nil {
			return nil, wrongKind(name, want, "index")
		}
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "%s %q does not exist, skipping", want, name)
			return nil, nil
		}
		return nil, pgerr.New(pgerr.UndefinedTable, "%s %q does not exist", want, name)
	}
	if have := kinds[r.Ref().Kind]; have != want {
		return nil, wrongKind(name, want, have)
	}
	if err := s.mayDrop(want, name, r.Ref().Owner, r.Ref().Schema); err != nil {
		return nil, err
	}
	if catalog.IsSystemSchema(r.Ref().Schema) {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", name)
	}
	return r, nil
}

// wrongKind is 42809 with the hint that names the right command.
func wrongKind(name, want, have string) *pgerr.E {
	article := map[string]string{"index": "an index"}
	is := func(kind string) string { return cmp.Or(article[kind], "a "+kind) }
	return pgerr.New(pgerr.WrongObjectType, "%q is not %s", name, is(want)).
		WithHint("Use DROP %s to remove %s.", strings.ToUpper(have), is(have))
}

// dropOne drops a relation with what belongs to it.
func (s *statement) dropOne(ctx context.Context, r catalog.Relation, cascade bool) error {
	switch r := r.(type) {
	case *catalog.Table:
		if err := s.checkNotInUse(r, "DROP TABLE"); err != nil {
			return err
		}
		if err := s.Rows.Lock(ctx, r); err != nil {
			return err
		}
		s.dropOwnedSequences(r.OID, 0)
		for i := range r.ForeignKeys {
			if k := &r.ForeignKeys[i]; k.Table != r.OID {
				if err := s.forget(ctx, k, "DROP TRIGGER"); err != nil {
					return err
				}
			}
		}
	}
	s.Change.Delete(r)
	return nil
}

// dropOwnedSequences drops the sequences of a table's column, or (column 0) of all its columns.
func (s *statement) dropOwnedSequences(table catalog.OID, column catalog.ColumnID) {
	for _, seq := range s.ownedSequences(table, column) {
		s.Change.Delete(seq)
	}
}

// ownedSequences lists the sequences that go with a table's column (0: any).
func (s *statement) ownedSequences(table catalog.OID, column catalog.ColumnID) []*catalog.Sequence {
	var out []*catalog.Sequence
	t := s.snapshot().Table(table)
	if t == nil {
		return nil
	}
	for r := range s.snapshot().RelationsIn(s.Database, t.Schema) {
		if seq, ok := r.(*catalog.Sequence); ok && seq.OwnedBy == table && (column == 0 || seq.OwnedByColumn == column) {
			out = append(out, seq)
		}
	}
	return out
}

// dropIndex drops one plain index; a constraint's goes with its constraint.
func (s *statement) dropIndex(ctx context.Context, n *pg.DropStmt, o *pg.Node) error {
	schema, name := dotted(o.GetList().GetItems())
	t, ix, err := s.index(schema, name)
	if err != nil {
		return err
	}
	if ix == nil {
		if r, _ := s.relation(schema, name); r != nil {
			return wrongKind(name, "index", kinds[r.Ref().Kind])
		}
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "index %q does not exist, skipping", name)
			return nil
		}
		return pgerr.New(pgerr.UndefinedObject, "index %q does not exist", name)
	}
	if err := s.mayDrop("index", name, t.Owner, t.Schema); err != nil {
		return err
	}
	if ix.Constraint != 0 {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it", name, name, t.Name).
			WithHint("You can drop constraint %s on table %s instead.", name, t.Name)
	}
	b := s.alterBuilder(t)
	if err := b.dropReferringToIndex(ctx, ix, n.Behavior == pg.DropBehavior_DROP_CASCADE); err != nil {
		return err
	}
	b.reportCascade()
	i := slices.IndexFunc(b.table.Indexes, func(x catalog.Index) bool { return x.OID == ix.OID })
	if err := b.dropIndexAt(ctx, i); err != nil {
		return err
	}
	return b.publish(ctx)
}

// dropSchema drops a schema, with all in it under CASCADE.
func (s *statement) dropSchema(ctx context.Context, n *pg.DropStmt, name string, cascade bool) error {
	sc := s.snapshot().Schema(s.Database, name)
	if sc == nil {
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "schema %q does not exist, skipping", name)
			return nil
		}
		return pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", name)
	}
	if err := s.mustOwn("schema", name, sc.Owner); err != nil {
		return err
	}
	if catalog.IsSystemSchema(sc.OID) {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", name)
	}
	inside := slices.Collect(s.snapshot().RelationsIn(s.Database, sc.OID))
	inside = slices.DeleteFunc(inside, func(r catalog.Relation) bool {
		seq, ok := r.(*catalog.Sequence)
		return ok && seq.OwnedBy != 0
	})
	slices.SortFunc(inside, func(a, b catalog.Relation) int { return cmp.Compare(a.Ref().OID, b.Ref().OID) })
	types := slices.Collect(s.snapshot().UserTypesIn(s.Database, sc.OID))
	functions := slices.Collect(s.snapshot().FunctionsIn(s.Database, sc.OID))
	contents, err := s.contents(name, inside, types, functions)
	if err != nil {
		return err
	}
	if len(contents) > 0 && !cascade {
		return errDependents("schema "+name, contents)
	}
	for _, d := range contents {
		s.cascaded = append(s.cascaded, d.name)
	}
	for _, d := range contents {
		if d.drop != nil || d.view != nil {
			if err := s.dropDependent(ctx, d); err != nil {
				return err
			}
		}
	}
	if err := s.dropAll(ctx, inside, true); err != nil {
		return err
	}
	for _, t := range types {
		s.Change.Delete(t)
	}
	for _, f := range functions {
		s.Change.Delete(f)
	}
	s.Change.Delete(sc)
	return nil
}

// contents are what is in a schema, in order of OID, each type with what depends
// on it, and each table with the foreign keys that refer to it, if these are
// elsewhere: they can be dropped, the rest is the caller's.
func (s *statement) contents(schema string, relations []catalog.Relation, types []catalog.UserType, functions []*catalog.Function) ([]dependent, error) {
	seen, names := map[catalog.OID]bool{}, map[catalog.OID]string{}
	of, called := map[catalog.OID]catalog.UserType{}, map[catalog.OID]*catalog.Function{}
	for _, f := range functions {
		seen[f.OID], names[f.OID], called[f.OID] = true, s.describeFunction(f), f
	}
	for _, r := range relations {
		seen[r.Ref().OID], names[r.Ref().OID] = true, kinds[r.Ref().Kind]+" "+s.visibleName(r)
	}
	for _, t := range types {
		typ, _ := catalog.Type(t)
		seen[typ.OID], names[typ.OID], of[typ.OID] = true, "type "+s.visibleTypeName(typ), t
	}
	w := s.typeWalk(seen)
	for _, oid := range slices.Backward(slices.Sorted(maps.Keys(names))) {
		if t := of[oid]; t != nil {
			if err := w.dependentsOf(t); err != nil {
				return nil, err
			}
		}
		if f := called[oid]; f != nil {
			if err := w.dependentsOfFunction(f); err != nil {
				return nil, err
			}
		}
		if t := s.snapshot().Table(oid); t != nil {
			any := func(catalog.Reference) bool { return true }
			for _, d := range slices.Backward(s.referring(t, names[oid], any, seen)) {
				w.found = append(w.found, d)
			}
		}
		w.add("schema "+schema, names[oid], nil)
	}
	return w.list(), nil
}

// truncate is TRUNCATE: every table gets a fresh, empty physical table.
func (s *statement) truncate(ctx context.Context, n *pg.TruncateStmt) error {
	var tables []*catalog.Table
	for _, o := range n.Relations {
		t, err := s.table(o.GetRangeVar())
		if err == nil && t.Query != "" {
			err = pgerr.New(pgerr.WrongObjectType, "%q is not a table", t.Name)
		}
		if err == nil {
			err = s.checkOwnSession(t, "truncate")
		}
		if err == nil {
			err = s.checkNotInUse(t, "TRUNCATE")
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tables, func(x *catalog.Table) bool { return x.OID == t.OID }) {
			tables = append(tables, t)
		}
	}
	tables, err := s.withReferring(tables, n.Behavior == pg.DropBehavior_DROP_CASCADE)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.truncateOne(ctx, t, n.RestartSeqs); err != nil {
			return err
		}
	}
	return nil
}

// withReferring adds the tables that refer to those that are truncated, under
// CASCADE, or refuses that there are any (heap_truncate_check_FKs in heap.c).
func (s *statement) withReferring(tables []*catalog.Table, cascade bool) ([]*catalog.Table, error) {
	for i := 0; i < len(tables); i++ {
		for _, r := range tables[i].Referenced {
			if slices.ContainsFunc(tables, func(t *catalog.Table) bool { return t.OID == r.Table }) {
				continue
			}
			t := s.snapshot().Table(r.Table)
			if !cascade {
				return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table \"%s\" references \"%s\".", t.Name, tables[i].Name).
					WithHint("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", t.Name)
			}
			s.notice(pgerr.SuccessfulCompletion, "truncate cascades to table %q", t.Name)
			if err := s.mustOwnRelation(t); err != nil {
				return nil, err
			}
			if err := s.checkNotInUse(t, "TRUNCATE"); err != nil {
				return nil, err
			}
			tables = append(tables, t)
		}
	}
	return tables, nil
}

func (s *statement) truncateOne(ctx context.Context, t *catalog.Table, restart bool) error {
	if err := s.Rows.Lock(ctx, t); err != nil {
		return err
	}
	c := cloneTable(t)
	var err error
	if c.Physical, err = s.Allocate.Physical(ctx); err != nil {
		return err
	}
	c.Moved = 0
	for i := range c.Indexes {
		if c.Indexes[i].Global != 0 {
			if c.Indexes[i].Global, err = s.Allocate.Physical(ctx); err != nil {
				return err
			}
		}
	}
	c.Stats = catalog.Statistics{Rows: 0}
	s.Change.Put(c)
	if !restart {
		return nil
	}
	for _, seq := range s.ownedSequences(t.OID, 0) {
		if err := s.restartSequence(ctx, seq, seq.Start); err != nil {
			return err
		}
	}
	return nil
}
