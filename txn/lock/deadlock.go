package lock

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Edge says that Waiter cannot go on before Blocker does something. Besides
// waits for locks, waits for memory and for in-doubt outcomes are edges, with
// a zero Key; and so is that of a session (txn.ID.IsSession), which gives back
// nothing before its present transaction goes on.
type Edge struct {
	Waiter, Blocker txn.ID
	Key             Key
	Mode            Mode // that is asked for
	// Soft: the blocker does not hold the key, it only asked for it earlier.
	// Such an edge can be undone by Table.Jump.
	Soft bool
}

// Edges are all waits in the table, in a fixed order.
func (t *Table) Edges() []Edge {
	var list []Edge
	for _, e := range t.entries {
		for i, w := range e.queue {
			list = append(list, e.edges(w, e.queue[:i])...)
		}
	}
	sortEdges(list)
	return list
}

func (e *entry) edges(w *Waiter, ahead []*Waiter) []Edge {
	var list []Edge
	edge := Edge{Waiter: w.Owner, Key: w.Key, Mode: w.Mode}
	for _, h := range e.holders {
		if h.owner != w.owner && Conflict(w.Mode, h.mode) {
			edge.Blocker = h.owner.id
			list = append(list, edge)
		}
	}
	if e.heldBy(w.owner) {
		return list // an upgrade minds no queue
	}
	edge.Soft = true
	for _, other := range ahead {
		if other.owner != w.owner && Conflict(w.Mode, other.Mode) {
			edge.Blocker = other.Owner
			list = append(list, edge)
		}
	}
	return list
}

// Waiting returns a request of the transaction's that waits, nil without one.
func (t *Table) Waiting(id txn.ID) *Waiter {
	if o := t.owners[id]; o != nil && len(o.waiting) > 0 {
		return o.waiting[0]
	}
	return nil
}

// WaitsFor are the transactions that stand in a transaction's way here.
func (t *Table) WaitsFor(id txn.ID) []txn.ID {
	o := t.owners[id]
	if o == nil {
		return nil
	}
	var list []txn.ID
	for _, w := range o.waiting {
		e := w.entry
		for _, edge := range e.edges(w, e.queue[:slices.Index(e.queue, w)]) {
			if !slices.Contains(list, edge.Blocker) {
				list = append(list, edge.Blocker)
			}
		}
	}
	return list
}

func sortEdges(list []Edge) {
	slices.SortFunc(list, func(a, b Edge) int {
		if c := compareIDs(a.Waiter, b.Waiter); c != 0 {
			return c
		}
		if a.Soft != b.Soft {
			if a.Soft {
				return 1
			}
			return -1
		}
		return compareIDs(a.Blocker, b.Blocker)
	})
}

func compareIDs(a, b txn.ID) int {
	switch {
	case a.Node != b.Node:
		return int(int64(a.Node) - int64(b.Node))
	case a.Boot != b.Boot:
		return int(int64(a.Boot) - int64(b.Boot))
	case a.Seq < b.Seq:
		return -1
	case a.Seq > b.Seq:
		return 1
	}
	return 0
}

// FindCycle looks for a cycle of waiting through self among the edges of all
// shards, and returns its edges from self on; nil is none. As in PostgreSQL
// the victim is self, who waited deadlock_timeout and then looked; a cycle
// among others is theirs to find.
//
// A cycle without soft edges is preferred. When the one returned has soft
// edges, nobody needs to die: the waiter of any of them can jump its queue
// (Table.Jump).
func FindCycle(edges []Edge, self txn.ID) []Edge {
	edges = slices.Clone(edges)
	sortEdges(edges)
	hard := slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return e.Soft })
	if cycle := search(hard, self); cycle != nil {
		return cycle
	}
	return search(edges, self)
}

// search finds a shortest path from self back to self.
func search(edges []Edge, self txn.ID) []Edge {
	out := map[txn.ID][]Edge{}
	for _, e := range edges {
		out[e.Waiter] = append(out[e.Waiter], e)
	}
	came := map[txn.ID]Edge{} // the edge by which each was reached
	for reached := []txn.ID{self}; len(reached) > 0; reached = reached[1:] {
		for _, e := range out[reached[0]] {
			if e.Blocker == self {
				return trace(came, e, self)
			}
			if _, ok := came[e.Blocker]; !ok {
				came[e.Blocker] = e
				reached = append(reached, e.Blocker)
			}
		}
	}
	return nil
}

// trace walks back from the last edge of a cycle to its first.
func trace(came map[txn.ID]Edge, last Edge, self txn.ID) []Edge {
	cycle := []Edge{last}
	for last.Waiter != self {
		last = came[last.Waiter]
		cycle = append(cycle, last)
	}
	slices.Reverse(cycle)
	return cycle
}

// Youngest is the waiter of a cycle that comes last in the order of ids: a
// victim that all who find the cycle agree on. It is a transaction, not a session.
func Youngest(cycle []Edge) txn.ID {
	return slices.MaxFunc(transactions(cycle), func(a, b Edge) int { return compareIDs(a.Waiter, b.Waiter) }).Waiter
}

// transactions are a cycle's edges without those of sessions.
func transactions(cycle []Edge) []Edge {
	return slices.DeleteFunc(slices.Clone(cycle), func(e Edge) bool { return e.Waiter.IsSession() })
}

// SoftEdge returns the first soft edge of a cycle.
func SoftEdge(cycle []Edge) (Edge, bool) {
	i := slices.IndexFunc(cycle, func(e Edge) bool { return e.Soft })
	if i < 0 {
		return Edge{}, false
	}
	return cycle[i], true
}

// Party is how a message names a transaction: the process that runs it, as
// clients know it from BackendKeyData, and its number.
type Party struct {
	Process int32
	Number  uint64
}

// Deadlock is the victim's error, 40P01, with PostgreSQL's DETAIL: what each of
// the cycle waits for (lmgr/deadlock.c). A wait for a row or a unique value is
// a wait for its holder's transaction, as is one for a name. database is a
// relation's.
func Deadlock(cycle []Edge, party func(txn.ID) Party, database func(relation uint32) uint32) *pgerr.E {
	var lines []string
	for _, e := range transactions(cycle) {
		blocker := party(e.Blocker)
		what := fmt.Sprintf("ShareLock on transaction %d", blocker.Number)
		switch e.Key.Space {
		case Relation:
			what = fmt.Sprintf("%s on relation %d of database %d", e.Mode, e.Key.Object, database(uint32(e.Key.Object)))
		case Advisory:
			db, parts := e.Key.Advisory()
			what = fmt.Sprintf("%s on advisory lock [%d,%d,%d,%d]", e.Mode, db, e.Key.Object>>32, uint32(e.Key.Object), parts)
		case Descriptor:
			what = fmt.Sprintf("%s on object %d of class %s of database %d", e.Mode, uint32(e.Key.Object), e.Key.Bytes, e.Key.Object>>32)
		}
		lines = append(lines, fmt.Sprintf("Process %d waits for %s; blocked by process %d.", party(e.Waiter).Process, what, blocker.Process))
	}
	return pgerr.New(pgerr.TRDeadlockDetected, "deadlock detected").
		WithDetail("%s", strings.Join(lines, "\n")).
		WithHint("See server log for query details.")
}
