package engine

import (
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// The commands of a log (log.Record.Type). Applying one is deterministic and
// idempotent: a command that was applied before, or copied forward when the
// log was cut, changes nothing.
const (
	commandDefine   byte = iota + 1 // a physical table's shape, before the first row that needs it
	commandCommit                   // the write sets of a transaction that wrote in this log only
	commandPrepare                  // the write sets and locks of this log's part of a transaction
	commandDecide                   // the outcome, at the home
	commandResolve                  // the outcome, at a participant
	commandForget                   // every participant has resolved: the home may forget the decision
	commandSequence                 // a sequence's value, ahead of what was given out
	commandDrop                     // a physical table or index goes
	commandSeal                     // a shard serves nothing any more: it moves to another node; or it does again
	commandAdopt                    // a shard has come from another node, with its file
)

// define is commandDefine.
type define struct {
	shard shard.ID
	shape *shape
}

func (c *define) encode() log.Record {
	w := writer{}
	w.uint(uint64(c.shard))
	return log.Record{Type: commandDefine, Data: c.shape.append(w.b)}
}

func decodeDefine(b []byte) (*define, error) {
	r := reader{b: b}
	c := &define{shard: shard.ID(r.uint())}
	c.shape = r.shape()
	return c, r.end()
}

// commit is commandCommit.
type commit struct {
	id      txn.ID
	at      txn.Timestamp
	changes changes
}

func (c *commit) encode() log.Record {
	w := writer{make([]byte, 0, 48+c.changes.size())}
	w.id(c.id)
	w.int(int64(c.at))
	c.changes.append(&w)
	return log.Record{Type: commandCommit, Data: w.b}
}

func decodeCommit(b []byte) (*commit, error) {
	r := reader{b: b}
	c := &commit{id: r.id(), at: txn.Timestamp(r.int())}
	c.changes.read(&r)
	return c, r.end()
}

// prepare is commandPrepare: all that a participant must have again after a
// restart (rule 5), locks that protect no write included.
type prepare struct {
	id           txn.ID
	at           txn.Timestamp // p
	home         txn.LogID
	participants []txn.LogID
	shards       []txn.Enlistment
	locks        []heldLock
	changes      changes
	fences       []txn.Fence // of a schema change
}

// heldLock is one lock in a prepare record.
type heldLock struct {
	shard shard.ID
	lock.Holding
}

func (c *prepare) encode() log.Record {
	w := writer{make([]byte, 0, 256+c.changes.size())}
	w.id(c.id)
	w.int(int64(c.at))
	w.b = append(w.b, c.home[:]...)
	w.uint(uint64(len(c.participants)))
	for _, p := range c.participants {
		w.b = append(w.b, p[:]...)
	}
	w.uint(uint64(len(c.shards)))
	for _, s := range c.shards {
		w.uint(uint64(s.Shard))
		w.uint(uint64(s.Incarnation))
		w.uint(uint64(s.Last))
	}
	w.uint(uint64(len(c.locks)))
	for _, l := range c.locks {
		w.uint(uint64(l.shard))
		w.uint(uint64(l.Key.Space))
		w.uint(l.Key.Object)
		w.string(l.Key.Bytes)
		w.uint(uint64(l.Mode))
		w.uint(uint64(l.Statement))
	}
	c.changes.append(&w)
	w.uint(uint64(len(c.fences)))
	for _, f := range c.fences {
		w.uint(uint64(f.Relation))
		w.uint(f.Version)
	}
	return log.Record{Type: commandPrepare, Data: w.b}
}

func decodePrepare(b []byte) (*prepare, error) {
	r := reader{b: b}
	c := &prepare{id: r.id(), at: txn.Timestamp(r.int()), home: r.logID()}
	for range r.count() {
		c.participants = append(c.participants, r.logID())
	}
	for range r.count() {
		c.shards = append(c.shards, txn.Enlistment{Shard: uint32(r.uint()),
			Incarnation: txn.Incarnation(r.uint()), Last: txn.Statement(r.uint())})
	}
	for range r.count() {
		l := heldLock{shard: shard.ID(r.uint())}
		l.Key = lock.Key{Space: lock.Space(r.uint()), Object: r.uint(), Bytes: r.string()}
		l.Mode, l.Statement = lock.Mode(r.uint()), txn.Statement(r.uint())
		if l.Mode == 0 || l.Mode > lock.TableAccessExclusive {
			r.fail("lock mode %d", l.Mode)
		}
		c.locks = append(c.locks, l)
	}
	c.changes.read(&r)
	for range r.count() {
		c.fences = append(c.fences, txn.Fence{Relation: uint32(r.uint()), Version: r.uint()})
	}
	return c, r.end()
}

// outcome is commandDecide, commandResolve and commandForget.
type outcome struct {
	id    txn.ID
	state txn.State
	at    txn.Timestamp
	// participants are at the home whose resolve must be known before the
	// decision may be forgotten.
	participants []txn.LogID
}

func (c *outcome) encode(command byte) log.Record {
	w := writer{}
	w.id(c.id)
	w.uint(uint64(c.state))
	w.int(int64(c.at))
	w.uint(uint64(len(c.participants)))
	for _, p := range c.participants {
		w.b = append(w.b, p[:]...)
	}
	return log.Record{Type: command, Data: w.b}
}

func decodeOutcome(b []byte) (*outcome, error) {
	r := reader{b: b}
	c := &outcome{id: r.id(), state: txn.State(r.uint()), at: txn.Timestamp(r.int())}
	for range r.count() {
		c.participants = append(c.participants, r.logID())
	}
	if c.state > txn.Aborted {
		r.fail("state %d", c.state)
	}
	return c, r.end()
}

// sequence is commandSequence: after a restart the sequence goes on behind Value.
type sequence struct {
	shard    shard.ID
	physical uint64
	value    int64
	called   bool
}

func (c *sequence) encode() log.Record {
	w := writer{}
	w.uint(uint64(c.shard))
	w.uint(c.physical)
	w.int(c.value)
	w.bool(c.called)
	return log.Record{Type: commandSequence, Data: w.b}
}

func decodeSequence(b []byte) (*sequence, error) {
	r := reader{b: b}
	c := &sequence{shard: shard.ID(r.uint()), physical: r.uint(), value: r.int(), called: r.bool()}
	return c, r.end()
}

// drop is commandDrop.
type drop struct {
	shard    shard.ID
	physical uint64
	index    uint32 // 0 is the whole table
}

func (c *drop) encode() log.Record {
	w := writer{}
	w.uint(uint64(c.shard))
	w.uint(c.physical)
	w.uint(uint64(c.index))
	return log.Record{Type: commandDrop, Data: w.b}
}

func decodeDrop(b []byte) (*drop, error) {
	r := reader{b: b}
	c := &drop{shard: shard.ID(r.uint()), physical: r.uint(), index: uint32(r.uint())}
	return c, r.end()
}

// seal is commandSeal.
type seal struct {
	shard  shard.ID
	sealed bool // false takes a seal back
}

func (c *seal) encode() log.Record {
	w := writer{}
	w.uint(uint64(c.shard))
	w.bool(c.sealed)
	return log.Record{Type: commandSeal, Data: w.b}
}

func decodeSeal(b []byte) (*seal, error) {
	r := reader{b: b}
	c := &seal{shard: shard.ID(r.uint()), sealed: r.bool()}
	return c, r.end()
}

// adopt is commandAdopt.
type adopt struct{ shard shard.ID }

func (c *adopt) encode() log.Record {
	w := writer{}
	w.uint(uint64(c.shard))
	return log.Record{Type: commandAdopt, Data: w.b}
}

func decodeAdopt(b []byte) (*adopt, error) {
	r := reader{b: b}
	c := &adopt{shard: shard.ID(r.uint())}
	return c, r.end()
}
