package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Cursor is a running statement: its rows one by one, as a portal wants them.
// One goroutine uses it.
type Cursor interface {
	// Next returns the next row's Result columns, nil at the end. The row is the
	// caller's to keep. A statement without a result gives no rows and is done
	// when Next has returned.
	Next(ctx context.Context) ([]types.Datum, error)
	// Packed reports whether NextPacked can be used: every row is a packed row
	// of exactly the statement's Result columns, each in the stored form of its
	// Type and Typmod.
	Packed() bool
	// NextPacked returns the next row packed, nil at the end. It is good until
	// the next call. Only if Packed.
	NextPacked(ctx context.Context) ([]byte, error)
	// Affected is how many rows were inserted, updated or deleted so far; for
	// the command tag.
	Affected() int64
	// Close ends the statement wherever it is. It is idempotent.
	Close() error
}

type cursor struct {
	env            *Env
	st             *plan.Statement
	params, lifted []types.Datum

	run   run
	op    operator
	batch []Row
	// Of a statement whose rows come from the shards as they go to the client:
	packed *gather
	data   []byte
	left   int

	started, ended, given bool
	// columns are the result's positions in the root's rows; nil is all in order.
	columns []int
}

// maxRetries bounds how often a refused statement is begun again unseen.
const maxRetries = 20

// Run begins a statement. params are the values of $1…, lifted those of the
// literals behind them. Nothing is asked of any shard before the first row is.
//
// After an error the caller closes the cursor and takes the statement's writes
// back (txn.Cut, or the end of the transaction).
func Run(ctx context.Context, env *Env, st *plan.Statement, params, lifted []types.Datum) (Cursor, error) {
	c := &cursor{env: env, st: st, params: params, lifted: lifted}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.build(ctx, false); err != nil {
		return nil, err
	}
	return c, nil
}

// build makes the operators. mustDraw says that "newest" was refused before.
func (c *cursor) build(ctx context.Context, mustDraw bool) error {
	err := c.run.begin(ctx, c.env, c.st, c.params, c.lifted)
	if err != nil {
		return err
	}
	c.run.mustDraw = c.run.mustDraw || mustDraw
	if c.op, err = c.run.build(c.st.Root); err != nil {
		return err
	}
	facts, err := factsOf(c.st)
	if err != nil {
		return err
	}
	c.columns, c.packed = facts.result, nil
	// A SELECT without columns has one in SQLite, so its rows are not the result's.
	if g, ok := c.op.(*gather); ok && g.merge == nil && g.recheck == nil && c.columns == nil && len(c.st.Result) > 0 {
		c.packed = g
	}
	return nil
}

// resultColumns maps Result to the root's columns.
func resultColumns(st *plan.Statement) []int {
	cols := st.Root.Columns()
	same := len(cols) == len(st.Result)
	out := make([]int, len(st.Result))
	layout := layoutOf(cols)
	for i, c := range st.Result {
		out[i] = layout(c.ID)
		same = same && out[i] == i
	}
	if same || st.Result == nil {
		return nil
	}
	return out
}

// Packed implements Cursor.
func (c *cursor) Packed() bool { return c.packed != nil }

// NextPacked implements Cursor.
func (c *cursor) NextPacked(ctx context.Context) ([]byte, error) {
	for c.left == 0 {
		var b *shard.Batch
		err := c.step(ctx, func() (err error) {
			b, err = c.packed.packed(ctx)
			return err
		})
		if err != nil || b == nil {
			return nil, err
		}
		c.data, c.left = b.Data, b.Count
	}
	row, rest, err := nextRow(c.data)
	c.data = rest
	c.left--
	c.given = true
	return row, err
}

// Next implements Cursor.
func (c *cursor) Next(ctx context.Context) ([]types.Datum, error) {
	for len(c.batch) == 0 {
		err := c.step(ctx, func() (err error) {
			c.batch, err = c.op.next(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(c.batch) == 0 {
			return nil, nil
		}
	}
	row := c.batch[0]
	c.batch = c.batch[1:]
	c.given = true
	if c.columns == nil {
		return row, nil
	}
	out := make(Row, len(c.columns))
	for i, at := range c.columns {
		out[i] = row[at]
	}
	return out, nil
}

// step opens the plan if need be and asks for more. What a shard refused
// without anybody having seen or written anything is begun again.
func (c *cursor) step(ctx context.Context, next func() error) error {
	if c.ended {
		return nil
	}
	c.run.serve(ctx)
	for try := 0; ; try++ {
		err := c.open(ctx)
		if err == nil {
			if err = next(); err == nil {
				return nil
			}
		}
		if c.given || c.run.wrote || try == maxRetries || !c.again(ctx, err) {
			c.ended = true
			return err
		}
	}
}

func (c *cursor) open(ctx context.Context) error {
	if c.started {
		return nil
	}
	c.started = true
	return c.op.open(ctx)
}

// again prepares another try after a refusal that a new snapshot answers.
func (c *cursor) again(ctx context.Context, err error) bool {
	reason, refused := shard.IsRefusal(err)
	if !refused {
		return false
	}
	switch reason {
	case shard.RefusedNewest:
	case shard.RefusedFloor:
		if !c.env.Snapshots.Redraw() {
			return false
		}
	default:
		return false // the session plans anew
	}
	c.op.close()
	c.run.endSubqueries(0)
	c.started = false
	return c.build(ctx, true) == nil
}

// Affected implements Cursor.
func (c *cursor) Affected() int64 { return c.run.affected }

// Close implements Cursor.
func (c *cursor) Close() error {
	c.ended = true
	err := c.op.close()
	if e := c.run.endSubqueries(0); err == nil {
		err = e
	}
	return err
}
