package lock

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/txn"
)

// Table is a lock table.
type Table struct {
	entries map[Key]*entry
	owners  map[txn.ID]*owner
	free    []*entry // to be used again, with their slices
}

// keptEntries bounds Table.free.
const keptEntries = 1024

// New returns an empty table.
func New() *Table {
	return &Table{entries: map[Key]*entry{}, owners: map[txn.ID]*owner{}}
}

// Acquire asks for a lock. Granted and Busy are final; with Waiting the
// waiter stands in the queue until it is granted, canceled, or (NoWait, Skip)
// finds an unprepared transaction in its way.
//
// What the owner waits for on the key already may be granted with it: a holder
// does not mind the queue.
func (t *Table) Acquire(r Request) (Result, *Waiter) {
	e, o := t.entries[r.Key], t.owners[r.Owner]
	if e == nil {
		e = t.newEntry(r.Key)
	}
	if e.covered(o, r) {
		return Granted, nil
	}
	way := e.inTheWay(o, r, e.queue)
	if way == nothing {
		o = t.ownerOf(r.Owner)
		t.grant(e, o, r)
		t.grantMore(e, o)
		return Granted, nil
	}
	if way.busy(r.Policy) {
		return Busy, nil
	}
	return Waiting, t.enqueue(e, t.ownerOf(r.Owner), r)
}

func (t *Table) newEntry(k Key) *entry {
	e := &entry{}
	if n := len(t.free); n > 0 {
		e, t.free = t.free[n-1], t.free[:n-1]
	}
	e.key = k
	t.entries[k] = e
	return e
}

func (t *Table) ownerOf(id txn.ID) *owner {
	o := t.owners[id]
	if o == nil {
		o = &owner{id: id}
		t.owners[id] = o
	}
	return o
}

// covered reports whether o holds what r asks for, since no later statement.
func (e *entry) covered(o *owner, r Request) bool {
	for _, h := range e.holders {
		if h.owner == o && h.statement <= r.Statement && covers(h.mode, r.Mode) {
			return true
		}
	}
	return false
}

func (e *entry) heldBy(o *owner) bool {
	return slices.ContainsFunc(e.holders, func(h holder) bool { return h.owner == o })
}

// obstacle is what keeps a request from being granted.
type obstacle uint8

const (
	nothing  obstacle = iota
	prepared          // only prepared transactions
	queue             // requests before it; no holder
	active            // a holder that may end any way, at any time
	instead           // the same, of a table instead of its rows
)

func (o obstacle) busy(p Policy) bool {
	switch p {
	case Block:
		return false
	case Try:
		return true
	case NoRows:
		return o == instead
	}
	return o != prepared
}

// inTheWay finds the worst obstacle for a request of o with ahead queued
// before it.
//
// As in PostgreSQL, who does not want to wait for a row is not kept from it by
// those who do; for table and advisory locks everyone minds the queue.
func (e *entry) inTheWay(o *owner, r Request, ahead []*Waiter) obstacle {
	way := nothing
	for _, h := range e.holders {
		if h.owner == o || !Conflict(r.Mode, h.mode) {
			continue
		}
		if !h.owner.prepared && h.mode == TableExclusive {
			return instead
		}
		if !h.owner.prepared {
			return active
		}
		way = prepared
	}
	if way != nothing || r.Policy != Block && !fair(r.Key.Space) || e.heldBy(o) {
		return way
	}
	for _, w := range ahead {
		if w.owner != o && Conflict(r.Mode, w.Mode) {
			return queue
		}
	}
	return nothing
}

// fair reports whether also who does not want to wait minds who waits already.
func fair(s Space) bool { return s == Relation || s == Advisory }

func (t *Table) grant(e *entry, o *owner, r Request) {
	if !e.heldBy(o) {
		o.entries = append(o.entries, e)
	}
	e.holders = append(e.holders, holder{owner: o, mode: r.Mode, statement: r.Statement})
}

// enqueue puts an upgrade behind the other upgrades, anything else at the end.
func (t *Table) enqueue(e *entry, o *owner, r Request) *Waiter {
	w := &Waiter{Request: r, done: make(chan struct{}), owner: o, entry: e}
	at := len(e.queue)
	if e.heldBy(o) {
		at = slices.IndexFunc(e.queue, func(w *Waiter) bool { return !e.heldBy(w.owner) })
		if at < 0 {
			at = len(e.queue)
		}
	}
	e.queue = slices.Insert(e.queue, at, w)
	o.waiting = append(o.waiting, w)
	return w
}

// finish ends a waiter's waiting; it has left its queue.
func (t *Table) finish(w *Waiter, r Result) {
	o := w.owner
	o.waiting = slices.DeleteFunc(o.waiting, func(other *Waiter) bool { return other == w })
	if r == Granted {
		t.grant(w.entry, o, w.Request)
	} else {
		t.forget(o)
	}
	w.result = r
	close(w.done)
}

// promote grants what can be granted of a queue, in its order, and returns it.
func (t *Table) promote(e *entry) []*Waiter {
	var left []*Waiter
	for i := 0; i < len(e.queue); {
		w := e.queue[i]
		way := e.inTheWay(w.owner, w.Request, e.queue[:i])
		if way != nothing && !way.busy(w.Policy) {
			i++
			continue
		}
		e.queue = slices.Delete(e.queue, i, i+1)
		left = append(left, w)
		if way == nothing {
			t.finish(w, Granted)
			if w.owner.waitsFor(e) {
				i = 0 // what it asked for earlier does not mind the queue any more
			}
		} else {
			t.finish(w, Busy)
		}
	}
	t.drop(e)
	return left
}

// drop forgets an entry that nobody holds or waits for.
func (t *Table) drop(e *entry) {
	if len(e.holders) > 0 || len(e.queue) > 0 || t.entries[e.key] != e {
		return
	}
	delete(t.entries, e.key)
	if len(t.free) < keptEntries {
		t.free = append(t.free, e)
	}
}

func (t *Table) forget(o *owner) {
	if len(o.entries) == 0 && len(o.waiting) == 0 && !o.prepared {
		delete(t.owners, o.id)
	}
}

// Cancel takes a waiter out of its queue (a timeout, a cancelled statement, a
// deadlock's victim). One that has left it already stays as it is. It returns
// the waiters whose waiting is over now.
func (t *Table) Cancel(w *Waiter) []*Waiter {
	i := slices.Index(w.entry.queue, w)
	if w.result != Waiting || i < 0 {
		return nil
	}
	w.entry.queue = slices.Delete(w.entry.queue, i, i+1)
	t.finish(w, Canceled)
	return t.promote(w.entry)
}

// Jump grants a waiter that only others' waiting holds up, and reports whether
// it could: how a cycle is undone that exists only because queues are fair.
func (t *Table) Jump(w *Waiter) bool {
	e := w.entry
	i := slices.Index(e.queue, w)
	if w.result != Waiting || i < 0 || e.inTheWay(w.owner, w.Request, nil) != nothing {
		return false
	}
	e.queue = slices.Delete(e.queue, i, i+1)
	t.finish(w, Granted)
	t.grantMore(e, w.owner)
	return true
}

// grantMore looks again at what a new holder of an entry waits for there.
func (t *Table) grantMore(e *entry, o *owner) {
	if o.waitsFor(e) {
		t.promote(e)
	}
}

func (o *owner) waitsFor(e *entry) bool {
	return slices.ContainsFunc(o.waiting, func(w *Waiter) bool { return w.entry == e })
}

// Release ends a transaction: everything that it holds is free, everything
// that it waits for canceled. It returns the waiters whose waiting is over now.
func (t *Table) Release(id txn.ID) []*Waiter {
	o := t.owners[id]
	if o == nil {
		return nil
	}
	o.prepared = false
	left := t.cancel(o, 0, ^txn.Statement(0))
	held := o.entries
	o.entries = nil
	for _, e := range held {
		e.holders = slices.DeleteFunc(e.holders, func(h holder) bool { return h.owner == o })
		left = append(left, t.promote(e)...)
	}
	delete(t.owners, id)
	return left
}

// Cut releases what a transaction's statements from and to and those between
// have taken, and cancels what they wait for. What an earlier statement had taken in a
// weaker mode stays. It returns the waiters whose waiting is over now.
func (t *Table) Cut(id txn.ID, from, to txn.Statement) []*Waiter {
	o := t.owners[id]
	if o == nil {
		return nil
	}
	left := t.cancel(o, from, to)
	held := o.entries
	o.entries = nil
	for _, e := range held {
		before := len(e.holders)
		e.holders = slices.DeleteFunc(e.holders, func(h holder) bool {
			return h.owner == o && from <= h.statement && h.statement <= to
		})
		if e.heldBy(o) {
			o.entries = append(o.entries, e)
		}
		if len(e.holders) < before {
			left = append(left, t.promote(e)...)
		}
	}
	t.forget(o)
	return left
}

// cancel gives up what an owner's statements between two numbers wait for.
func (t *Table) cancel(o *owner, from, to txn.Statement) []*Waiter {
	var left []*Waiter
	for _, w := range slices.Clone(o.waiting) {
		if from <= w.Statement && w.Statement <= to {
			left = append(append(left, w), t.Cancel(w)...)
		}
	}
	return left
}

// Prepare marks a transaction as prepared: NoWait and Skip wait for it from
// now on. Its locks go by Release alone.
func (t *Table) Prepare(id txn.ID) { t.ownerOf(id).prepared = true }

// IsPrepared reports whether a transaction is marked as prepared.
func (t *Table) IsPrepared(id txn.ID) bool {
	o := t.owners[id]
	return o != nil && o.prepared
}

// Restore gives a prepared transaction its locks back after a restart, before
// anyone else can ask for them.
func (t *Table) Restore(id txn.ID, holdings []Holding) {
	o := t.ownerOf(id)
	o.prepared = true
	for _, h := range holdings {
		e := t.entries[h.Key]
		if e == nil {
			e = t.newEntry(h.Key)
		}
		r := Request{Owner: id, Statement: h.Statement, Key: h.Key, Mode: h.Mode}
		if !e.covered(o, r) {
			t.grant(e, o, r)
		}
	}
}

// Holdings are the locks that a transaction holds, in the order of keys taken.
func (t *Table) Holdings(id txn.ID) []Holding {
	o := t.owners[id]
	if o == nil {
		return nil
	}
	var list []Holding
	for _, e := range o.entries {
		for _, h := range e.holders {
			if h.owner == o {
				list = append(list, Holding{Key: e.key, Mode: h.mode, Statement: h.statement})
			}
		}
	}
	return list
}

// Holds reports whether a transaction holds a key at least as strongly as mode.
func (t *Table) Holds(id txn.ID, k Key, mode Mode) bool {
	e, o := t.entries[k], t.owners[id]
	if e == nil || o == nil {
		return false
	}
	return slices.ContainsFunc(e.holders, func(h holder) bool { return h.owner == o && covers(h.mode, mode) })
}

// Count is how many keys a transaction holds.
func (t *Table) Count(id txn.ID) int {
	if o := t.owners[id]; o != nil {
		return len(o.entries)
	}
	return 0
}

// Len is how many keys are held or waited for.
func (t *Table) Len() int { return len(t.entries) }

// Yield gives back what a statement has taken on one key, which turned out to
// be nothing worth locking. What earlier statements took there stays. It
// returns the waiters whose waiting is over now.
func (t *Table) Yield(id txn.ID, k Key, statement txn.Statement) []*Waiter {
	o, e := t.owners[id], t.entries[k]
	if o == nil || e == nil {
		return nil
	}
	e.holders = slices.DeleteFunc(e.holders, func(h holder) bool { return h.owner == o && h.statement == statement })
	if !e.heldBy(o) {
		o.entries = slices.DeleteFunc(o.entries, func(x *entry) bool { return x == e })
	}
	left := t.promote(e)
	t.forget(o)
	return left
}
