package shard

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// NotNullViolation is 23502 for the column at a position of a new row.
func NotNullViolation(t *Table, position int, row []types.Datum, env *types.Env) *pgerr.E {
	c := &t.Columns[position]
	return pgerr.New(pgerr.NotNullViolation,
		"null value in column \"%s\" of relation \"%s\" violates not-null constraint", c.Name, t.Name).
		WithDetail("Failing row contains %s.", describe(t, row, env)).
		WithTable(t.Schema, t.Name).WithColumn(c.Name)
}

// CheckViolation is 23514 for a constraint that is false for a new row.
func CheckViolation(t *Table, constraint string, row []types.Datum, env *types.Env) *pgerr.E {
	return pgerr.New(pgerr.CheckViolation,
		"new row for relation \"%s\" violates check constraint \"%s\"", t.Name, constraint).
		WithDetail("Failing row contains %s.", describe(t, row, env)).
		WithTable(t.Schema, t.Name).WithConstraint(constraint)
}

// MaxIndexRowBytes is how much the indexed columns of one row may hold. Keys are
// held in memory for locks and chains; and whatever PostgreSQL can index, its
// third of a page packed 90 to 1 at best, fits.
const MaxIndexRowBytes = 256 << 10

// IndexRowTooLarge is 54000 for a row whose indexed columns have so many bytes.
func IndexRowTooLarge(t *Table, index string, bytes int) *pgerr.E {
	return pgerr.New(pgerr.ProgramLimitExceeded, "index row size %d exceeds maximum %d for index \"%s\"", bytes, MaxIndexRowBytes, index).
		WithHint("Consider a generated column with an MD5 hash of the value.").
		WithTable(t.Schema, t.Name).WithConstraint(index)
}

// AtRow says of an error which row of a request's Rows it is about, counted
// from 0 here, unless that is said already.
func AtRow(err error, index int) error {
	e, ok := err.(*pgerr.E)
	if !ok || e.Row != 0 {
		return err
	}
	out := *e
	out.Row = index + 1
	return &out
}

// SecondTime is 21000: DO UPDATE meets a row that its own command has written.
func SecondTime() *pgerr.E {
	return pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
		WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}

// MergedTwice is 21000: MERGE meets a row that its own command has written.
func MergedTwice() *pgerr.E {
	return pgerr.New(pgerr.CardinalityViolation, "MERGE command cannot affect row a second time").
		WithHint("Ensure that not more than one source row matches any one target row.")
}

// ViewViolation is 44000: a row that was written through a view is none that it shows.
func ViewViolation(t *Table, view string, row []types.Datum, env *types.Env) *pgerr.E {
	e := pgerr.New(pgerr.WithCheckOptionViolation, "new row violates check option for view \"%s\"", view)
	return e.WithDetail("Failing row contains %s.", describe(t, row, env))
}

// maxFieldBytes is how much of a value a message shows
// (ExecBuildSlotValueDescription's maxfieldlen in execMain.c).
const maxFieldBytes = 64

// describe writes a row as PostgreSQL's DETAIL does: "(1, null, abc)".
func describe(t *Table, row []types.Datum, env *types.Env) string {
	var b strings.Builder
	b.WriteByte('(')
	first := true
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Hidden {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(c.Show(row[i], env, maxFieldBytes))
	}
	b.WriteByte(')')
	return b.String()
}

// Show is a value's text for a message, cut to limitBytes at a character; 0 is
// no limit. A nil env is the default one.
func (c *Column) Show(d types.Datum, env *types.Env, limitBytes int) string {
	if d.IsNull() {
		return "null"
	}
	if env == nil {
		env = types.DefaultEnv()
	}
	t := c.Type
	if c.Boxed {
		if t, d = t.Elem, d.Array().Elems[0]; d.IsNull() {
			return "null"
		}
	}
	s := string(t.Format(env, nil, d))
	if limitBytes == 0 || len(s) <= limitBytes {
		return s
	}
	for limitBytes > 0 && s[limitBytes]&0xc0 == 0x80 {
		limitBytes--
	}
	return s[:limitBytes] + "..."
}

// ConcurrentUpdate is 40001 for a row that has changed since a snapshot that stays.
func ConcurrentUpdate() *pgerr.E {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update")
}
