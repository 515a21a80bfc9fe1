package ddl

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// dependent is something that cannot be without what is dropped.
type dependent struct {
	view *catalog.View
	drop func(ctx context.Context) error // when it is no view
	name string                          // "view v"
	on   string                          // what it depends on: "table t", "column c of table t"
}

// dropDependent drops it.
func (s *statement) dropDependent(ctx context.Context, d dependent) error {
	if d.drop != nil {
		return d.drop(ctx)
	}
	s.Change.Delete(d.view)
	return nil
}

// dependents lists the views that read a relation (or one column of it), and
// those that read them, in the order in which PostgreSQL names them
// (dependency.c): each behind what it reads. What is in seen is left out.
func (s *statement) dependents(r catalog.Relation, column *catalog.Column, seen map[catalog.OID]bool) ([]dependent, error) {
	list, err := s.dependentsFirst(s.readersOf(r, column), seen)
	slices.Reverse(list)
	return list, err
}

// needed is something that views may need.
type needed struct {
	name string // "table t"
	by   func(v *catalog.View) (bool, error)
}

// readersOf is a relation, or one column of it.
func (s *statement) readersOf(r catalog.Relation, column *catalog.Column) needed {
	name := kinds[r.Ref().Kind] + " " + s.visibleName(r)
	if column != nil {
		name = fmt.Sprintf("column %s of %s", column.Name, name)
	}
	return needed{name, func(v *catalog.View) (bool, error) { return s.reads(v, r, column) }}
}

// dependentsFirst lists them as they can be deleted: newer ones first, and each behind its own dependents.
func (s *statement) dependentsFirst(on needed, seen map[catalog.OID]bool) ([]dependent, error) {
	views := s.views()
	slices.SortFunc(views, func(a, b *catalog.View) int { return cmp.Compare(b.OID, a.OID) })
	var out []dependent
	for _, v := range views {
		if seen[v.OID] {
			continue
		}
		if needs, err := on.by(v); err != nil {
			return nil, err
		} else if !needs {
			continue
		}
		seen[v.OID] = true
		further, err := s.dependentsFirst(s.readersOf(s.snapshot().RelationByOID(v.OID), nil), seen)
		if err != nil {
			return nil, err
		}
		out = append(append(out, further...), dependent{v, nil, s.viewName(v), on.name})
	}
	return out, nil
}

// sourcesOf is bind.Sources of a view, found once: a statement that drops many
// relations asks all views for each.
func (s *statement) sourcesOf(v *catalog.View) (map[catalog.OID]map[int16]bool, error) {
	if known, ok := s.sources[v]; ok {
		return known, nil
	}
	found, err := bind.Sources(s.Bind(), v)
	if err != nil {
		return nil, err
	}
	if s.sources == nil {
		s.sources = map[*catalog.View]map[catalog.OID]map[int16]bool{}
	}
	s.sources[v] = found
	return found, nil
}

// reads reports whether a view reads a relation, or a column of it. Of a view
// whose query has an error only the relations are known: a column that came to
// make a name ambiguous can be dropped again.
func (s *statement) reads(v *catalog.View, r catalog.Relation, column *catalog.Column) (bool, error) {
	oid := r.Ref().OID
	if sources, err := s.sourcesOf(v); err == nil {
		attnums := sources[oid]
		return attnums != nil && (column == nil || attnums[column.Attnum]), nil
	}
	named, err := bind.Named(s.Bind(), v)
	return column == nil && named[oid], err
}

// visibleName is a relation's name, with its schema when the search path does
// not lead to it (getRelationDescription).
func (s *statement) visibleName(r catalog.Relation) string {
	ref := r.Ref()
	if found, _ := s.find("", ref.Name); found != nil && found.Ref().OID == ref.OID {
		return expr.QuoteIdent(ref.Name)
	}
	return expr.QuoteIdent(s.snapshot().SchemaByOID(s.Database, ref.Schema).Name) + "." + expr.QuoteIdent(ref.Name)
}

// dropAll drops the relations that a DROP names, with what depends on them
// under CASCADE; without it, that there is something is 2BP01.
func (s *statement) dropAll(ctx context.Context, list []catalog.Relation, cascade bool) error {
	seen := map[catalog.OID]bool{}
	for _, r := range list {
		seen[r.Ref().OID] = true
	}
	var views []dependent
	for _, r := range list {
		more, err := s.dependents(r, nil, seen)
		if err != nil {
			return err
		}
		ofRow, err := s.rowTypeDependents(r, seen)
		if err != nil {
			return err
		}
		if t, ok := r.(*catalog.Table); ok {
			any := func(catalog.Reference) bool { return true }
			views = append(views, s.referring(t, "table "+s.visibleName(t), any, seen)...)
		}
		views = append(append(append(views, s.literalUses(r, seen)...), ofRow...), more...)
	}
	switch {
	case len(views) == 0 || cascade:
	case len(list) > 1:
		return errDependents("", views)
	default:
		return errDependents(kinds[list[0].Ref().Kind]+" "+s.visibleName(list[0]), views)
	}
	for _, d := range views {
		s.cascaded = append(s.cascaded, d.name)
	}
	s.reportCascade()
	for _, d := range views {
		if err := s.dropDependent(ctx, d); err != nil {
			return err
		}
	}
	for _, r := range list {
		if err := s.dropOne(ctx, r, cascade); err != nil {
			return err
		}
	}
	return nil
}

// dropColumnDependents drops what depends on a column under CASCADE, or refuses (2BP01).
func (s *statement) dropColumnDependents(t *catalog.Table, column *catalog.Column, cascade bool) error {
	return s.dropNeeding(s.readersOf(t, column), cascade)
}

// dropKeyDependents drops the views whose GROUP BY stands on a primary key under CASCADE, or refuses (2BP01).
func (s *statement) dropKeyDependents(t *catalog.Table, constraint string, cascade bool) error {
	name := fmt.Sprintf("constraint %s on table %s", constraint, s.visibleName(t))
	return s.dropNeeding(needed{name, func(v *catalog.View) (bool, error) {
		tables, err := bind.GroupedByKey(s.Bind(), v)
		return err == nil && tables[t.OID], nil // one that has an error already loses nothing
	}}, cascade)
}

// dropNeeding drops the views that need something, and those that read them, or refuses.
func (s *statement) dropNeeding(what needed, cascade bool) error {
	list, err := s.dependentsFirst(what, map[catalog.OID]bool{})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if len(list) > 0 && !cascade {
		return errDependents(what.name, list)
	}
	for _, d := range list {
		s.cascaded = append(s.cascaded, d.name)
		s.Change.Delete(d.view)
	}
	return nil
}

// errDependents is 2BP01; what is empty when several objects were to go.
func errDependents(what string, list []dependent) error {
	message := "cannot drop desired object(s) because other objects depend on them"
	if what != "" {
		message = "cannot drop " + what + " because other objects depend on it"
	}
	var details []string
	for _, d := range list {
		details = append(details, d.name+" depends on "+d.on)
	}
	return pgerr.New(pgerr.DependentObjectsStillExist, "%s", message).
		WithDetail("%s", strings.Join(details, "\n")).
		WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// reportCascade is what DROP … CASCADE says it has taken along
// (reportDependentObjects in dependency.c).
func (s *statement) reportCascade() {
	lines := s.cascaded
	s.cascaded = nil
	switch {
	case len(lines) == 1:
		s.notice(pgerr.SuccessfulCompletion, "drop cascades to %s", lines[0])
	case len(lines) > 1:
		n, extra := len(lines), ""
		if n > 100 {
			extra = fmt.Sprintf("\nand %d other objects (see server log for list)", n-100)
			lines = lines[:100]
		}
		e := pgerr.New(pgerr.SuccessfulCompletion, "drop cascades to %d other objects", n).WithSeverity(pgerr.SeverityNotice)
		s.Notice(e.WithDetail("%s", "drop cascades to "+strings.Join(lines, "\ndrop cascades to ")+extra))
	}
}

// dropGenerated drops the generated columns that are made of a column under
// CASCADE, or refuses (2BP01).
func (b *tableBuilder) dropGenerated(ctx context.Context, c *catalog.Column, cascade bool) error {
	var names []string
	for i := range b.table.Columns {
		g := &b.table.Columns[i]
		if !g.Generated || g.Hidden || g.Dropped || g.ID == c.ID {
			continue
		}
		e, err := bind.Expression(b.Bind(), g.Default, columnsOf(b.table), bind.ForUsing, nil)
		if err != nil {
			return err
		}
		if slices.Contains(referenced(b.table, e), c.ID) {
			names = append(names, g.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	table := "table " + b.visibleName(b.table)
	on := fmt.Sprintf("column %s of %s", c.Name, table)
	if !cascade {
		var list []dependent
		for _, n := range names {
			list = append(list, dependent{nil, nil, fmt.Sprintf("column %s of %s", n, table), on})
		}
		return errDependents(on, list)
	}
	for _, n := range names {
		b.cascaded = append(b.cascaded, fmt.Sprintf("column %s of %s", n, table))
		if err := b.removeColumn(ctx, b.table.ColumnByName(n), true); err != nil {
			return err
		}
	}
	return nil
}
