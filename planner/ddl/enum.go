package ddl

import (
	"context"
	"math"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// createEnum is CREATE TYPE … AS ENUM.
func (s *statement) createEnum(ctx context.Context, n *pg.CreateEnumStmt) error {
	h, err := s.newType(ctx, n.TypeName)
	if err != nil {
		return err
	}
	t := &catalog.Enum{TypeHeader: h}
	for i, v := range n.Vals {
		label := v.GetString_().GetSval()
		if err := checkLabel(label); err != nil {
			return err
		}
		if t.Label(label) >= 0 {
			return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithDetail("Key (enumtypid, enumlabel)=(%d, %s) already exists.", h.OID, label).
				WithTable("pg_catalog", "pg_enum").WithConstraint("pg_enum_typid_label_index")
		}
		l := catalog.EnumLabel{Label: label, Sort: int64(i+1) * catalog.LabelStep}
		if err := s.oids(ctx, &l.OID); err != nil {
			return err
		}
		t.Labels = append(t.Labels, l)
	}
	s.Change.Put(t)
	return nil
}

// checkLabel refuses a label that does not fit a name (42602).
func checkLabel(label string) error {
	if len(label) > maxNameBytes {
		return pgerr.New(pgerr.InvalidName, "invalid enum label \"%s\"", label).
			WithDetail("Labels must be %d bytes or less.", maxNameBytes)
	}
	return nil
}

// alterEnum is ALTER TYPE … ADD VALUE and RENAME VALUE.
func (s *statement) alterEnum(ctx context.Context, n *pg.AlterEnumStmt) error {
	typ, _, err := s.typeName(&pg.TypeName{Names: n.TypeName, Typemod: -1, Location: -1})
	if err != nil {
		return err
	}
	t, ok := s.snapshot().TypeOwner(typ).(*catalog.Enum)
	if !ok || typ.Elem != nil {
		return pgerr.New(pgerr.WrongObjectType, "%s is not an enum", s.visibleTypeName(typ))
	}
	s.NamedTypes = append(s.NamedTypes, t.OID)
	if err := s.mustOwnType(t); err != nil {
		return err
	}
	if n.OldVal != "" {
		return s.renameLabel(t, n)
	}
	return s.addLabel(ctx, t, n)
}

func errNoLabel(label string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "\"%s\" is not an existing enum label", label)
}

// addLabel is ADD VALUE. What rows hold does not change: the label gets a key
// between those of its neighbours.
func (s *statement) addLabel(ctx context.Context, t *catalog.Enum, n *pg.AlterEnumStmt) error {
	if err := checkLabel(n.NewVal); err != nil {
		return err
	}
	if t.Label(n.NewVal) >= 0 {
		if n.SkipIfNewValExists {
			s.notice(pgerr.DuplicateObject, "enum label \"%s\" already exists, skipping", n.NewVal)
			return nil
		}
		return pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists", n.NewVal)
	}
	at := len(t.Labels)
	if n.NewValNeighbor != "" {
		if at = t.Label(n.NewValNeighbor); at < 0 {
			return errNoLabel(n.NewValNeighbor)
		}
		if n.NewValIsAfter {
			at++
		}
	}
	sort, err := sortKey(t.Labels, at)
	if err != nil {
		return err
	}
	l := catalog.EnumLabel{Label: n.NewVal, Sort: sort, Fresh: true}
	if err := s.oids(ctx, &l.OID); err != nil {
		return err
	}
	c := t.Copy().(*catalog.Enum)
	c.Labels = slices.Insert(c.Labels, at, l)
	s.Change.Put(c)
	s.touchTables(c)
	return nil
}

// sortKey is a sort key for a label in front of the one at that position.
func sortKey(labels []catalog.EnumLabel, at int) (int64, error) {
	last := len(labels) - 1
	switch {
	case last < 0:
		return catalog.LabelStep, nil
	case at > last && labels[last].Sort <= math.MaxInt64-catalog.LabelStep:
		return labels[last].Sort + catalog.LabelStep, nil
	case at == 0 && labels[0].Sort >= math.MinInt64+catalog.LabelStep:
		return labels[0].Sort - catalog.LabelStep, nil
	case at > 0 && at <= last && labels[at].Sort-labels[at-1].Sort > 1:
		return labels[at-1].Sort + (labels[at].Sort-labels[at-1].Sort)/2, nil
	}
	return 0, pgerr.New(pgerr.ProgramLimitExceeded, "no more labels fit at this place of the enum").
		WithDetail("Too many labels were added at the same place: each halves the room that there is between two, and rows keep the places that they have.").
		WithHint("Create a type with all labels and convert the columns to it.")
}

// renameLabel is RENAME VALUE. Rows hold no labels, but texts that the catalog keeps do.
func (s *statement) renameLabel(t *catalog.Enum, n *pg.AlterEnumStmt) error {
	if err := checkLabel(n.NewVal); err != nil {
		return err
	}
	at := t.Label(n.OldVal)
	if at < 0 {
		return errNoLabel(n.OldVal)
	}
	if t.Label(n.NewVal) >= 0 {
		return pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists", n.NewVal)
	}
	c := t.Copy().(*catalog.Enum)
	c.Labels[at].Label = n.NewVal
	texts, err := s.textsOf(t)
	if err != nil {
		return err
	}
	s.Change.Put(c)
	s.touchTables(c)
	return texts.put(s)
}
