package twopc

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Position is a record's place in the participant's log; 0 is none.
type Position int64

// Ledger is what one log knows of transactions that commit by two phases: as a
// participant which are prepared, as a home what was decided. It is the pure
// half of a txn.Participant: the owner asks it what a request means, appends
// the record that it wants, and tells it so, all in one critical section; it
// answers the request when the log is synced up to Verdict.Wait. Replay tells
// it the same things again.
type Ledger struct {
	self    txn.LogID
	entries map[txn.ID]*entry
	ended   ended
	spans   []span
}

// entry is a transaction that is prepared and not ended, or decided here and
// not forgotten.
type entry struct{ Doubt }

// Doubt is a transaction that is not over.
type Doubt struct {
	Txn          txn.ID
	At           txn.Timestamp // p: it will not commit below
	Home         txn.LogID
	Participants []txn.LogID // the home first
	Prepared     Position    // of its newest prepare record; 0 when only the decision is left
	// Outcome of a home's decision that some participant may not have resolved
	// yet; State is Prepared before there is one.
	Outcome txn.Outcome
	// Decided is the decision's newest record. HAZARD: nobody may be told of
	// the decision before the log is synced up to its first one.
	Decided Position
}

// Undecided reports whether the outcome is open.
func (d *Doubt) Undecided() bool { return d.Outcome.State == txn.Prepared }

// span is a prepare record and the record that commits it, which means nothing
// without the images of the first as long as it may be replayed.
type span struct{ prepared, outcome Position }

// NewLedger makes the ledger of the log named self.
func NewLedger(self txn.LogID) *Ledger {
	return &Ledger{self: self, entries: map[txn.ID]*entry{}, ended: newEnded()}
}

// Verdict is what a request comes to.
type Verdict struct {
	// Append says which record the owner must append now (and then tell the
	// ledger of), None if there is none.
	Append Record
	// Outcome is the answer to Decide and Ask, and what Resolve applies.
	Outcome txn.Outcome
	// At is the answer to Prepare when the transaction is prepared already.
	At txn.Timestamp
	// Rollback says that a write set which is not prepared, and its locks, go.
	Rollback bool
	// Wait is up to where the log must be synced before the request is
	// answered, beside the record that is appended now.
	Wait Position
}

// Record is a kind of log record.
type Record uint8

// The records.
const (
	None    Record = iota
	Prepare        // the write sets, locks, participants: then Prepared
	Decide         // at the home: then Decided
	Resolve        // elsewhere: then Resolved
	Forget         // at the home; nobody waits for it: then Forgotten
)

func (r Record) String() string {
	return [...]string{"nothing", "prepare", "decide", "resolve", "forget"}[r]
}

// Prepare is asked when a prepare request arrives. The answer is to append
// (the owner freezes the write set, which must be whole, and computes p
// first), or p again for a duplicate, or 40001 when the transaction is over.
func (l *Ledger) Prepare(id txn.ID) (Verdict, error) {
	if e := l.entries[id]; e != nil && e.Prepared != 0 {
		return Verdict{At: e.At, Wait: e.Prepared}, nil
	}
	if end, ok := l.ended.get(id); ok {
		return Verdict{Wait: end.at}, errAborted(end.Outcome)
	}
	if l.entries[id] != nil {
		return Verdict{}, errAborted(l.entries[id].Outcome)
	}
	return Verdict{Append: Prepare}, nil
}

// errAborted refuses what comes after a transaction's end.
func errAborted(o txn.Outcome) error {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: the transaction is %s already", o.State)
}

// Prepared says that the prepare record is in the log at pos: from now on the
// outcome is the home's. For a transaction that is prepared already it is the
// record's copy.
func (l *Ledger) Prepared(r *txn.PrepareRequest, at txn.Timestamp, pos Position) {
	if e := l.entries[r.Txn]; e != nil {
		e.Prepared = max(e.Prepared, pos)
		return
	}
	l.entries[r.Txn] = &entry{Doubt{
		Txn: r.Txn, At: at, Home: r.Home, Participants: slices.Clone(r.Participants),
		Prepared: pos, Outcome: txn.Outcome{State: txn.Prepared},
	}}
}

// Decide is asked at the home. The first decision wins; what was recorded is
// the answer. A transaction that has not prepared here can only be aborted;
// Unknown answers a wish to commit it, for it may have been decided and
// forgotten.
func (l *Ledger) Decide(r *txn.DecideRequest) (Verdict, error) {
	e := l.entries[r.Txn]
	switch {
	case e == nil:
		return l.decideUnprepared(r), nil
	case e.Home != l.self:
		return Verdict{}, pgerr.Internal("transaction %s is to be decided by log %s, not %s", r.Txn, e.Home, l.self)
	case !e.Undecided():
		return Verdict{Outcome: e.Outcome, Wait: e.Decided}, nil
	case r.Outcome.State == txn.Committed && r.Outcome.At < e.At:
		return Verdict{}, pgerr.Internal("transaction %s cannot commit at %d, it is prepared at %d", r.Txn, r.Outcome.At, e.At)
	}
	return Verdict{Append: Decide, Outcome: r.Outcome}, nil
}

func (l *Ledger) decideUnprepared(r *txn.DecideRequest) Verdict {
	if end, ok := l.ended.get(r.Txn); ok {
		return Verdict{Outcome: end.Outcome, Wait: end.at}
	}
	if r.Outcome.State == txn.Committed {
		return Verdict{Outcome: txn.Outcome{State: txn.Unknown}}
	}
	return l.abortUnprepared(r.Txn)
}

// abortUnprepared needs no record: the write set dies with the process if it
// does not die now, and none can come in its place (rule 6).
func (l *Ledger) abortUnprepared(id txn.ID) Verdict {
	out := txn.Outcome{State: txn.Aborted}
	l.ended.put(id, ending{Outcome: out})
	return Verdict{Outcome: out, Rollback: true}
}

// Ask is asked at the home: what became of a transaction? One that is
// undecided is aborted first. active says whether the owner holds a write set
// of it, or locks. Unknown means that nothing is known: then it has not
// committed if any participant is still in doubt about it, for its decision
// would be kept; whoever has no such proof knows nothing.
func (l *Ledger) Ask(id txn.ID, active bool) Verdict {
	if e := l.entries[id]; e != nil {
		switch {
		case !e.Undecided():
			return Verdict{Outcome: e.Outcome, Wait: e.Decided}
		case e.Home != l.self:
			return Verdict{Outcome: e.Outcome, Wait: e.Prepared}
		}
		return Verdict{Append: Decide, Outcome: txn.Outcome{State: txn.Aborted}}
	}
	if end, ok := l.ended.get(id); ok {
		return Verdict{Outcome: end.Outcome, Wait: end.at}
	}
	if active {
		return l.abortUnprepared(id)
	}
	return Verdict{Outcome: txn.Outcome{State: txn.Unknown}}
}

// Decided says that the decision is in the log at pos; in replay it may come
// without its prepare record (participants then say who has to resolve), and
// again as a copy.
func (l *Ledger) Decided(id txn.ID, out txn.Outcome, participants []txn.LogID, pos Position) {
	e := l.entries[id]
	if e == nil {
		e = &entry{Doubt{Txn: id, At: out.At, Home: l.self, Participants: slices.Clone(participants)}}
		l.entries[id] = e
	}
	if e.Prepared != 0 && e.Decided == 0 && out.State == txn.Committed {
		l.spans = append(l.spans, span{e.Prepared, pos})
	}
	e.Outcome, e.Decided = out, pos
	if out.State != txn.Committed {
		l.end(id, out, pos) // presumed: nobody needs to be told
	}
}

func (l *Ledger) end(id txn.ID, out txn.Outcome, pos Position) {
	delete(l.entries, id)
	l.ended.put(id, ending{Outcome: out, at: pos})
}

// Resolve is asked when an outcome arrives. At a participant it asks for a
// record; for one that is not prepared it is a rollback. At the home Committed
// means that every other participant has resolved durably, so that the
// decision may be forgotten, and Aborted is a decision. A transaction that is
// over stays as it is.
func (l *Ledger) Resolve(r *txn.ResolveRequest) (Verdict, error) {
	e := l.entries[r.Txn]
	switch {
	case e == nil:
		return l.resolveUnprepared(r)
	case e.Home == l.self:
		return l.resolveHome(e, r)
	case r.Outcome.State == txn.Committed && r.Outcome.At < e.At:
		return Verdict{}, pgerr.Internal("transaction %s cannot commit at %d, it is prepared at %d", r.Txn, r.Outcome.At, e.At)
	}
	return Verdict{Append: Resolve, Outcome: r.Outcome}, nil
}

func (l *Ledger) resolveUnprepared(r *txn.ResolveRequest) (Verdict, error) {
	if end, ok := l.ended.get(r.Txn); ok {
		if end.State != r.Outcome.State {
			return Verdict{}, pgerr.Internal("transaction %s is %s here and %s elsewhere", r.Txn, end.State, r.Outcome.State)
		}
		return Verdict{Outcome: end.Outcome, Wait: end.at}, nil
	}
	return Verdict{Outcome: r.Outcome, Rollback: r.Outcome.State == txn.Aborted}, nil
}

func (l *Ledger) resolveHome(e *entry, r *txn.ResolveRequest) (Verdict, error) {
	switch {
	case e.Outcome == r.Outcome:
		return Verdict{Append: Forget, Outcome: e.Outcome, Wait: e.Decided}, nil
	case e.Undecided() && r.Outcome.State == txn.Aborted:
		return Verdict{Append: Decide, Outcome: r.Outcome}, nil
	}
	return Verdict{}, pgerr.Internal("transaction %s is %s at its home and %s elsewhere", r.Txn, e.Outcome.State, r.Outcome.State)
}

// Resolved says that the resolve record is in the log at pos.
func (l *Ledger) Resolved(id txn.ID, out txn.Outcome, pos Position) {
	if e := l.entries[id]; e != nil && e.Prepared != 0 && out.State == txn.Committed {
		l.spans = append(l.spans, span{e.Prepared, pos})
	}
	l.end(id, out, pos)
}

// Forgotten says that a forget record is in the log.
func (l *Ledger) Forgotten(id txn.ID) {
	if e := l.entries[id]; e != nil {
		l.end(id, e.Outcome, e.Decided)
	}
}

// Get returns a transaction that is not over.
func (l *Ledger) Get(id txn.ID) (Doubt, bool) {
	e := l.entries[id]
	if e == nil {
		return Doubt{}, false
	}
	return e.Doubt, true
}

// Doubts are all transactions that are not over, in the order of their ids:
// those that a home must be asked about (Undecided), and those whose
// participants must be told (once the log is synced up to Decided).
func (l *Ledger) Doubts() []Doubt {
	list := make([]Doubt, 0, len(l.entries))
	for _, e := range l.entries {
		list = append(list, e.Doubt)
	}
	slices.SortFunc(list, func(a, b Doubt) int { return compareIDs(a.Txn, b.Txn) })
	return list
}

// Cut is asked before the log is cut below upto. The answer is how far it may
// be cut, and which transactions' records (Prepare of an undecided one, Decide
// of a decided one) must be copied to the end before, durably: Prepared and
// Decided take the copies' positions. The limit can be lower than upto: a
// prepare record stays as long as the record with its outcome may be replayed.
func (l *Ledger) Cut(upto Position) (limit Position, copies []Doubt) {
	limit = upto
	for lowered := true; lowered; {
		lowered = false
		for _, s := range l.spans {
			if s.prepared < limit && limit <= s.outcome {
				limit, lowered = s.prepared, true
			}
		}
	}
	l.spans = slices.DeleteFunc(l.spans, func(s span) bool { return s.outcome < limit })
	for _, d := range l.Doubts() {
		at := d.Prepared
		if !d.Undecided() {
			at = d.Decided
		}
		if at < limit {
			copies = append(copies, d)
		}
	}
	return limit, copies
}

func compareIDs(a, b txn.ID) int {
	switch {
	case a == b:
		return 0
	case a.Node != b.Node && a.Node < b.Node,
		a.Node == b.Node && a.Boot != b.Boot && a.Boot < b.Boot,
		a.Node == b.Node && a.Boot == b.Boot && a.Seq < b.Seq:
		return -1
	}
	return 1
}
