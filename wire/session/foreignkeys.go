package session

import (
	"context"
	"errors"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Foreign keys are looked at behind the statement that has changed some, as
// PostgreSQL's triggers do it (ri_triggers.c): by statements of the same
// transaction, but many keys in each. A row that refers to another locks that one
// FOR KEY SHARE, so it stays; who removes a key has its row locked and looks for
// rows that refer to it at a moment after that (rule 17).

// followedRows are the rows of a statement that writes. Foreign keys are looked at
// when all is written: with the first row of what writes whole before that, else behind the last.
type followedRows struct {
	*cursorRows
	session     *Session
	keys        *exec.KeyChanges
	writesFirst bool
	done        bool
}

// writesFirst reports whether a statement has written everything when its first row comes.
func writesFirst(st *plan.Statement) bool {
	switch st.Root.(type) {
	case *plan.Insert, *plan.Update, *plan.Delete, *plan.Merge:
		return true
	}
	return false
}

// Next implements rowSource.
func (f *followedRows) Next(ctx context.Context) ([]types.Datum, error) {
	row, err := f.cursorRows.Next(ctx)
	if err != nil || f.done || row != nil && !f.writesFirst {
		return row, err
	}
	f.done = true
	if f.keys.Empty() {
		return row, nil
	}
	if row != nil {
		row = slices.Clone(row)
	}
	return row, f.session.followKeys(ctx, f.keys)
}

// Close implements rowSource.
func (f *followedRows) Close() error {
	err := f.cursorRows.Close()
	if e := f.keys.Close(); err == nil {
		err = e
	}
	return err
}

// followKeys looks at what statements have done to keys, and at what the
// statements that this takes do, until nothing is left but what may wait. It
// closes what it is given.
func (s *Session) followKeys(ctx context.Context, first *exec.KeyChanges) (err error) {
	left := []*exec.KeyChanges{first}
	defer func() {
		for _, c := range left {
			if e := c.Close(); err == nil {
				err = e
			}
		}
	}()
	for len(left) > 0 {
		for _, l := range left[0].Lists() {
			more, err := s.followList(ctx, l)
			left = append(left, more...)
			if err != nil {
				return err
			}
		}
		if err := left[0].Close(); err != nil {
			return err
		}
		left = left[1:]
	}
	return nil
}

// followList looks at the keys of one constraint, or leaves them for later. What its
// statements do to keys comes back.
func (s *Session) followList(ctx context.Context, l *exec.KeyList) ([]*exec.KeyChanges, error) {
	t, k := s.snapshot().ForeignKey(l.Constraint)
	if k == nil {
		return nil, nil // dropped by the same transaction
	}
	if canWait(k, l) && s.tx.constraints.waits(k) {
		return nil, s.tx.constraints.take(ctx, s, l)
	}
	return s.followNow(ctx, t, k, l)
}

// followNow looks at the keys of one constraint.
func (s *Session) followNow(ctx context.Context, t *catalog.Table, k *catalog.ForeignKey, l *exec.KeyList) ([]*exec.KeyChanges, error) {
	c := s.keyCheck(t, k, l)
	err := l.Each(c.most(), func(keys []exec.Row) error {
		if l.Referred {
			return c.referred(ctx, keys)
		}
		return c.referring(ctx, keys)
	})
	return c.changes, err
}

// canWait reports whether looking at keys may be put off: NO ACTION's checks and
// those of referring rows, but no other action.
func canWait(k *catalog.ForeignKey, l *exec.KeyList) bool {
	return !l.Referred || actionOf(k, l) == catalog.NoAction
}

func actionOf(k *catalog.ForeignKey, l *exec.KeyList) catalog.KeyAction {
	if l.Pairs {
		return k.OnUpdate
	}
	return k.OnDelete
}

// keyCheck looks at keys of one constraint.
type keyCheck struct {
	session *Session
	sql     keySQL
	table   *catalog.Table // that refers
	to      *catalog.Table
	key     *catalog.ForeignKey
	action  catalog.KeyAction
	pairs   bool
	changes []*exec.KeyChanges
}

func (s *Session) keyCheck(t *catalog.Table, k *catalog.ForeignKey, l *exec.KeyList) *keyCheck {
	to := s.snapshot().Table(k.Table)
	return &keyCheck{
		session: s, table: t, to: to, key: k, action: actionOf(k, l), pairs: l.Pairs,
		sql: newKeySQL(s, t, k, to, l.Types()),
	}
}

// keysAtOnce is how many keys one statement looks at.
const keysAtOnce = 1000

// most is how many keys go at once: those of types without arrays one by one.
func (c *keyCheck) most() int {
	if slices.Contains(c.sql.arrays, nil) {
		return 1
	}
	return keysAtOnce
}

// referring sees that the keys of referring rows are there, and stay: their rows
// are locked (RI_FKey_check).
func (c *keyCheck) referring(ctx context.Context, keys []exec.Row) error {
	var whole []exec.Row
	for _, key := range keys {
		if !slices.ContainsFunc(key, types.Datum.IsNull) {
			whole = append(whole, key)
		} else if err := c.missing(ctx, key); err != nil { // MATCH FULL
			return err
		}
	}
	if len(whole) == 0 {
		return nil
	}
	n, err := c.run(ctx, c.sql.lockReferred(len(whole)), c.sql.arguments(whole), false)
	if err != nil || n == len(whole) {
		return err
	}
	if len(whole) == 1 {
		return c.missing(ctx, whole[0])
	}
	for _, key := range whole {
		n, err := c.run(ctx, c.sql.lockReferred(1), c.sql.arguments([]exec.Row{key}), false)
		if err == nil && n == 0 {
			err = c.missing(ctx, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missing is about a key that is nowhere: an error, if there is still a row that has it.
func (c *keyCheck) missing(ctx context.Context, key exec.Row) error {
	n, err := c.run(ctx, c.sql.same(key), key, false)
	if err != nil || n == 0 {
		return err
	}
	s := c.session
	return catalog.NotReferenced(s.snapshot(), c.table, c.key, c.to, key, s.env.output())
}

// referred does what a constraint says to rows that refer to keys which have gone
// or become others.
func (c *keyCheck) referred(ctx context.Context, keys []exec.Row) error {
	width := len(c.key.Keys)
	old := make([]exec.Row, len(keys))
	for i, key := range keys {
		old[i] = key[:width]
	}
	switch c.action {
	case catalog.NoAction, catalog.Restrict:
		return c.unreferred(ctx, old)
	case catalog.Cascade:
		if c.pairs {
			return c.act(ctx, c.sql.cascadeUpdate(len(keys)), keys, old)
		}
		return c.act(ctx, c.sql.cascadeDelete(len(keys)), old, old)
	}
	if err := c.act(ctx, c.sql.set(len(old), c.action == catalog.SetDefault, c.setColumns()), old, old); err != nil {
		return err
	}
	if c.action == catalog.SetDefault {
		return c.unreferred(ctx, old) // rows that have the defaults already
	}
	return nil
}

// setColumns are the columns that SET NULL and SET DEFAULT set.
func (c *keyCheck) setColumns() []string {
	if c.pairs || len(c.key.SetColumns) == 0 {
		return c.sql.columns
	}
	var names []string
	for _, id := range c.key.SetColumns {
		names = append(names, c.table.Column(id).Name)
	}
	return names
}

// act changes the rows that refer to keys. Above READ COMMITTED there must be
// none that the transaction's snapshot does not show (the crosscheck snapshot of ri_PerformCheck).
func (c *keyCheck) act(ctx context.Context, sql string, keys, old []exec.Row) error {
	_, err := c.run(ctx, sql, c.sql.arguments(keys), false)
	if err != nil {
		return c.within(err)
	}
	if c.session.tx.txn.Isolation() == txn.ReadCommitted || c.action == catalog.SetDefault {
		return nil
	}
	n, err := c.run(ctx, c.sql.findReferring(len(old), false), c.sql.arguments(old), true)
	if err == nil && n > 0 {
		err = shard.ConcurrentUpdate()
	}
	return err
}

// within says of an error which of PostgreSQL's statements it has come up in.
func (c *keyCheck) within(err error) error {
	var e *pgerr.E
	if !errors.As(err, &e) || e.Where != "" || e.Code[:2] != "22" && e.Code[:2] != "23" {
		return err
	}
	out := *e
	out.Where = "SQL statement \"" + c.sql.shown(c.action, c.pairs, c.setColumns()) + "\""
	return &out
}

// unreferred sees that no row refers to keys that have gone. Under NO ACTION
// another row may have got the key meanwhile.
func (c *keyCheck) unreferred(ctx context.Context, old []exec.Row) error {
	found, err := c.refersTo(ctx, old)
	if err != nil || !found {
		return err
	}
	if c.action != catalog.Restrict {
		if old, err = c.withoutPresent(ctx, old); err != nil {
			return err
		}
	}
	for i, key := range old {
		if i == 0 && len(old) > 1 {
			if found, err = c.refersTo(ctx, old); err != nil || !found {
				return err
			}
		}
		if found, err = c.refersTo(ctx, []exec.Row{key}); err != nil {
			return err
		}
		if found {
			s := c.session
			return catalog.StillReferenced(s.snapshot(), c.table, c.key, c.to, key, s.env.output())
		}
	}
	return nil
}

// refersTo reports whether a row refers to one of the keys. It waits for rows that others are about to delete.
func (c *keyCheck) refersTo(ctx context.Context, keys []exec.Row) (bool, error) {
	n, err := c.run(ctx, c.sql.findReferring(len(keys), true), c.sql.arguments(keys), true)
	return n > 0, err
}

// withoutPresent are the keys that no row has again.
func (c *keyCheck) withoutPresent(ctx context.Context, keys []exec.Row) ([]exec.Row, error) {
	rows, err := c.rows(ctx, c.sql.present(len(keys)), c.sql.arguments(keys), true)
	if err != nil || len(rows) == 0 {
		return keys, err
	}
	var gone []exec.Row
	for _, key := range keys {
		if !slices.ContainsFunc(rows, func(row exec.Row) bool { return c.sql.equal(row, key) }) {
			gone = append(gone, key)
		}
	}
	return gone, nil
}

// run runs a statement and counts its rows, or the rows that it changes.
func (c *keyCheck) run(ctx context.Context, sql string, arguments []types.Datum, latest bool) (int, error) {
	rows, err := c.rows(ctx, sql, arguments, latest)
	return len(rows), err
}

// rows runs a statement, for as long as schema changes come in between: nothing of
// it was done then. What it does to keys is kept.
func (c *keyCheck) rows(ctx context.Context, sql string, arguments []types.Datum, latest bool) ([]exec.Row, error) {
	for {
		rows, err := c.once(ctx, sql, arguments, latest)
		if !errors.Is(err, errMoved) {
			return rows, err
		}
	}
}

func (c *keyCheck) once(ctx context.Context, sql string, arguments []types.Datum, latest bool) ([]exec.Row, error) {
	s := c.session
	stmts, err := s.node.Texts.Parse(ctx, sqlparse.Postgres, sql)
	if err != nil {
		return nil, err
	}
	declared := c.sql.declared(arguments)
	st, err := s.plan(ctx, stmts[0], declared)
	if err != nil {
		return nil, err
	}
	begin := s.tx.txn.Run
	if latest {
		begin = s.tx.txn.RunLatest
	}
	run := begin()
	defer run.Close()
	if err := s.holdRelations(ctx, st); err != nil {
		return nil, err
	}
	lifted, err := s.literals(ctx, stmts[0], st)
	if err != nil {
		return nil, err
	}
	env := s.env.exec(run)
	env.Keys = exec.NewKeyChanges(env)
	cursor, err := exec.Run(ctx, env, st, arguments, lifted)
	if err != nil {
		return nil, err
	}
	rows, err := drainKeys(ctx, cursor)
	if !env.Keys.Empty() {
		c.changes = append(c.changes, env.Keys)
	}
	return rows, err
}

// drainKeys reads a cursor to its end. There are as many rows as keys at most.
func drainKeys(ctx context.Context, cursor exec.Cursor) (rows []exec.Row, err error) {
	defer func() {
		if e := cursor.Close(); err == nil {
			err = e
		}
	}()
	for {
		row, err := cursor.Next(ctx)
		if err != nil || row == nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}
