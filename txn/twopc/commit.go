package twopc

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Kind is what a Message asks for.
type Kind uint8

// The kinds: the five requests of txn.Participant, and a timestamp from the oracle.
const (
	SendCommit Kind = iota
	SendPrepare
	SendDecide
	SendAsk
	SendResolve
	DrawTimestamp
)

func (k Kind) String() string {
	return [...]string{"commit", "prepare", "decide", "ask", "resolve", "draw"}[k]
}

// Message is something that a Commit wants sent. The log it goes to answers
// with a Reply.
type Message struct {
	Kind    Kind
	To      txn.LogID   // none for DrawTimestamp
	Outcome txn.Outcome // of SendDecide and SendResolve
}

// Reply is what came of a message.
type Reply struct {
	Kind    Kind
	From    txn.LogID
	At      txn.Timestamp // of SendPrepare and DrawTimestamp
	Outcome txn.Outcome   // of SendCommit, SendDecide and SendAsk
	Err     error
	// Lost: the message may have arrived or not. Any other error says that
	// what was asked for was not done, and will not be.
	Lost bool
}

// phase is where a Commit stands.
//
//	phase       waits for                   goes to
//	committing  the one log                 over; resolving (refused); asking (lost)
//	preparing   all logs                    deciding; drawing (t has no room left); resolving (any failed)
//	drawing     the oracle                  deciding; resolving (failed)
//	deciding    the home                    resolving; asking (failed)
//	asking      the home, several times     resolving; over (nobody knows)
//	resolving   prepares still out, then    over; forgetting
//	            the resolves
//	forgetting  the home                    over
//
// The client is answered when resolving begins, or over.
type phase uint8

const (
	committing phase = iota
	preparing
	drawing
	deciding
	asking
	resolving
	forgetting
	over
)

// maxAsks bounds how often a home is asked for an outcome before the client
// learns that it is unknown; the driver waits longer and longer in between.
const maxAsks = 8

// Commit is the coordinator's side of one transaction's commit: no I/O, no
// clock, no goroutine. Whoever drives it sends what Ready returns, in any
// order or in parallel, and steps it with the replies; a reply that it does
// not wait for (a duplicate, one that came too late) changes nothing. It holds
// nothing durable and may be dropped at any moment.
type Commit struct {
	id    txn.ID
	drawn txn.Timestamp // c
	logs  []txn.LogID   // the home first

	phase   phase
	waiting map[txn.LogID]Kind // the reply that is to come from each; never two from one
	ready   []Message
	at      txn.Timestamp // the largest p so far, then t
	asks    int

	answered bool
	outcome  txn.Outcome
	err      error
	failed   bool // a resolve did not arrive: whoever is in doubt asks the home
}

// NewCommit begins to commit a transaction that took part in the given logs
// (at least one), at a timestamp drawn after its last statement.
func NewCommit(id txn.ID, drawn txn.Timestamp, logs []txn.LogID) *Commit {
	c := &Commit{id: id, drawn: drawn, at: drawn, logs: logs}
	if len(logs) == 1 {
		c.phase = committing
		c.send(SendCommit, txn.Outcome{}, logs...)
	} else {
		c.phase = preparing
		c.send(SendPrepare, txn.Outcome{}, logs...)
	}
	return c
}

// Ready returns what is to be sent, once.
func (c *Commit) Ready() []Message {
	ready := c.ready
	c.ready = nil
	return ready
}

// Answer returns what the client is to be told, as soon as that is known: the
// outcome, or why the transaction aborted, or 08007.
func (c *Commit) Answer() (out txn.Outcome, err error, ok bool) {
	return c.outcome, c.err, c.answered
}

// Over reports that nothing is left to do.
func (c *Commit) Over() bool { return c.phase == over }

func (c *Commit) home() txn.LogID { return c.logs[0] }

func (c *Commit) send(k Kind, out txn.Outcome, to ...txn.LogID) {
	if c.waiting == nil {
		c.waiting = make(map[txn.LogID]Kind, len(c.logs))
	}
	for _, id := range to {
		c.waiting[id] = k
		c.ready = append(c.ready, Message{Kind: k, To: id, Outcome: out})
	}
}

// Step takes a reply.
func (c *Commit) Step(r Reply) {
	if kind, ok := c.waiting[r.From]; !ok || kind != r.Kind {
		return
	}
	delete(c.waiting, r.From)
	switch c.phase {
	case committing:
		c.committed(r)
	case preparing:
		c.prepared(r)
	case drawing:
		c.drew(r)
	case deciding:
		c.decided(r)
	case asking:
		c.told(r)
	case resolving, forgetting:
		c.resolved(r)
	}
}

func (c *Commit) committed(r Reply) {
	switch {
	case r.Lost:
		c.ask()
	case r.Err != nil:
		c.abort(r.Err)
	case r.Outcome.State == txn.Aborted: // a duplicate found that somebody had asked
		c.abort(errAskedAway(c.id))
	default:
		c.answer(r.Outcome, nil)
		c.phase = over
	}
}

func (c *Commit) prepared(r Reply) {
	if r.Err != nil {
		c.abort(Unprepared(c.id, r.Err))
		return
	}
	c.at = max(c.at, r.At)
	if len(c.waiting) > 0 {
		return
	}
	if c.at != c.drawn && c.at%txn.TimestampStep == 0 {
		// The increments ran into the next drawn timestamp, which may have been
		// given out as a snapshot.
		c.phase = drawing
		c.send(DrawTimestamp, txn.Outcome{}, txn.LogID{})
		return
	}
	c.decide()
}

func (c *Commit) drew(r Reply) {
	if r.Err != nil {
		c.abort(r.Err)
		return
	}
	c.at = max(c.at, r.At)
	c.decide()
}

func (c *Commit) decide() {
	c.phase = deciding
	c.send(SendDecide, txn.Outcome{State: txn.Committed, At: c.at}, c.home())
}

func (c *Commit) decided(r Reply) {
	if r.Err != nil {
		c.ask()
		return
	}
	c.learn(r.Outcome)
}

// told is the home's answer to a question.
func (c *Commit) told(r Reply) {
	if r.Err == nil && (r.Outcome.State == txn.Committed || r.Outcome.State == txn.Aborted) {
		c.learn(r.Outcome)
	} else if r.Err == nil && r.Outcome.State == txn.Unknown {
		c.giveUp(nil)
	} else if c.asks < maxAsks { // under way, or not to be reached
		c.ask()
	} else {
		c.giveUp(r.Err)
	}
}

func (c *Commit) ask() {
	c.phase = asking
	c.asks++
	c.send(SendAsk, txn.Outcome{}, c.home())
}

func (c *Commit) giveUp(cause error) {
	c.answer(txn.Outcome{}, pgerr.New(pgerr.TransactionResolutionUnknown,
		"outcome of transaction %s is unknown", c.id).WithCause(cause))
	c.phase = over
}

// learn takes the home's word.
func (c *Commit) learn(out txn.Outcome) {
	switch out.State {
	case txn.Committed:
		c.answer(out, nil)
		c.resolve(out, c.logs[1:])
	case txn.Aborted:
		c.answer(out, errAskedAway(c.id))
		c.resolve(out, c.logs[1:])
	default:
		c.giveUp(nil)
	}
}

// errAskedAway is a commit that somebody's question to the home has aborted,
// because this coordinator was silent for too long.
func errAskedAway(id txn.ID) error {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: transaction %s was given up while it committed", id)
}

// Unprepared is the error of a transaction that a participant has not prepared. Where
// the participant has not answered, it is rolled back for certain all the same, which
// an error of the connection would leave open.
func Unprepared(id txn.ID, err error) error {
	if !pgerr.HasCode(err, pgerr.ConnectionFailure) {
		return err
	}
	return pgerr.New(pgerr.SystemError, "transaction %s is rolled back: a node that takes part in it does not answer", id).
		WithDetail("%s", pgerr.From(err).Message).WithCause(err)
}

// abort gives the transaction up before anything could decide to commit it.
// A log whose prepare is still out is told when that has come back.
func (c *Commit) abort(err error) {
	out := txn.Outcome{State: txn.Aborted}
	c.answer(out, err)
	var logs []txn.LogID
	for _, id := range c.logs {
		if _, out := c.waiting[id]; !out {
			logs = append(logs, id)
		}
	}
	c.resolve(out, logs)
}

func (c *Commit) answer(out txn.Outcome, err error) {
	c.answered, c.outcome, c.err = true, out, err
}

func (c *Commit) resolve(out txn.Outcome, logs []txn.LogID) {
	c.phase = resolving
	c.send(SendResolve, out, logs...)
	if len(c.waiting) == 0 {
		c.phase = over
	}
}

func (c *Commit) resolved(r Reply) {
	if r.Kind == SendPrepare {
		c.send(SendResolve, c.outcome, r.From)
		return
	}
	c.failed = c.failed || r.Err != nil
	if len(c.waiting) > 0 {
		return
	}
	if c.phase == resolving && !c.failed && c.outcome.State == txn.Committed {
		c.phase = forgetting
		c.send(SendResolve, c.outcome, c.home())
		return
	}
	c.phase = over
}
