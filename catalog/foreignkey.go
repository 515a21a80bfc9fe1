package catalog

import (
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// ForeignKey is a FOREIGN KEY constraint of the table whose columns refer to
// another's, or to its own.
type ForeignKey struct {
	OID     OID
	Name    string
	Columns []ColumnID
	// Table is the table that is referred to, Keys its columns, parallel to
	// Columns; Index is the OID of the unique index over them.
	Table OID
	Keys  []ColumnID
	Index OID
	Match Match
	// OnUpdate and OnDelete are what happens to referring rows; SetColumns are the
	// only ones of Columns that SET NULL and SET DEFAULT of a deletion set, if not all.
	OnUpdate, OnDelete KeyAction
	SetColumns         []ColumnID
	Deferrable         bool
	Deferred           bool
	Valid              bool
	Comment            string
}

// Match is pg_constraint.confmatchtype.
type Match byte

// The matches that PostgreSQL has.
const (
	MatchSimple Match = 's'
	MatchFull   Match = 'f'
)

// KeyAction is pg_constraint.confupdtype and confdeltype.
type KeyAction byte

// The actions.
const (
	NoAction   KeyAction = 'a'
	Restrict   KeyAction = 'r'
	Cascade    KeyAction = 'c'
	SetNull    KeyAction = 'n'
	SetDefault KeyAction = 'd'
)

// String is SQL's word for it.
func (a KeyAction) String() string {
	switch a {
	case Restrict:
		return "RESTRICT"
	case Cascade:
		return "CASCADE"
	case SetNull:
		return "SET NULL"
	case SetDefault:
		return "SET DEFAULT"
	}
	return "NO ACTION"
}

// Reference is what a table knows of a FOREIGN KEY that refers to it: writes of
// the table need no other descriptor to see whether they have to do with it.
type Reference struct {
	Constraint OID
	Table      OID // whose constraint it is
	Index      OID
	Keys       []ColumnID
}

// ForeignKey returns the table's constraint with that OID, or nil.
func (t *Table) ForeignKey(constraint OID) *ForeignKey {
	for i := range t.ForeignKeys {
		if t.ForeignKeys[i].OID == constraint {
			return &t.ForeignKeys[i]
		}
	}
	return nil
}

// ForeignKeyByName returns the table's constraint of that name, or nil.
func (t *Table) ForeignKeyByName(name string) *ForeignKey {
	for i := range t.ForeignKeys {
		if t.ForeignKeys[i].Name == name {
			return &t.ForeignKeys[i]
		}
	}
	return nil
}

// ForeignKey finds a FOREIGN KEY constraint and the table that has it; nil, nil
// if there is none.
func (s *Snapshot) ForeignKey(constraint OID) (*Table, *ForeignKey) {
	t, _ := s.Owner(constraint).(*Table)
	if t == nil {
		return nil, nil
	}
	if k := t.ForeignKey(constraint); k != nil {
		return t, k
	}
	return nil, nil
}

// Refer notes a FOREIGN KEY in the table that it refers to. The table must be a
// copy that nobody else has.
func (t *Table) Refer(of OID, k *ForeignKey) {
	t.Referenced = append(slices.Clip(t.Referenced), Reference{Constraint: k.OID, Table: of, Index: k.Index, Keys: k.Keys})
}

// Unrefer takes the note of a FOREIGN KEY away again.
func (t *Table) Unrefer(constraint OID) {
	t.Referenced = slices.DeleteFunc(slices.Clone(t.Referenced), func(r Reference) bool { return r.Constraint == constraint })
}

// NotReferenced is 23503 for a row of t whose key (of k's Columns) is not in the
// table that it refers to (ri_ReportViolation in ri_triggers.c).
func NotReferenced(s *Snapshot, t *Table, k *ForeignKey, to *Table, key []types.Datum, env *types.Env) *pgerr.E {
	e := pgerr.New(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", t.Name, k.Name)
	if k.Match == MatchFull && slices.ContainsFunc(key, types.Datum.IsNull) {
		e = e.WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
	} else {
		e = e.WithDetail("Key %s is not present in table \"%s\".", keyText(t, k.Columns, key, env), to.Name)
	}
	return e.WithTable(schemaNameOf(s, t), t.Name).WithConstraint(k.Name)
}

// StillReferenced is 23503 for a key (of k's Keys) of a row of the table to that
// goes, or gets another, while rows of t refer to it.
func StillReferenced(s *Snapshot, t *Table, k *ForeignKey, to *Table, key []types.Datum, env *types.Env) *pgerr.E {
	return pgerr.New(pgerr.ForeignKeyViolation, "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"", to.Name, k.Name, t.Name).
		WithDetail("Key %s is still referenced from table \"%s\".", keyText(to, k.Keys, key, env), t.Name).
		WithTable(schemaNameOf(s, t), t.Name).WithConstraint(k.Name)
}

func schemaNameOf(s *Snapshot, t *Table) string {
	if sc := s.SchemaByOID(t.Database, t.Schema); sc != nil {
		return sc.Name
	}
	return ""
}

// keyText is a key as messages show it: "(a, b)=(1, 2)".
func keyText(t *Table, columns []ColumnID, key []types.Datum, env *types.Env) string {
	var names, values []string
	for i, id := range columns {
		c := t.Column(id)
		names = append(names, c.Name)
		if key[i].IsNull() {
			values = append(values, "null")
		} else {
			values = append(values, string(c.Type.Format(env, nil, key[i])))
		}
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}
