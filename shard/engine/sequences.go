package engine

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// sequences are the values of the sequences that a shard owns. They are no
// part of any transaction. The log is told a value 32 steps ahead of what is
// given out (SEQ_LOG_VALS in sequence.c): after a crash the sequence goes on
// there, with a gap and never twice. setval is logged exactly.
type sequences struct {
	mu      sync.Mutex // protects the rest
	values  map[uint64]*sequenceState
	changed bool // since the last store
}

// aheadValues is how many values are logged at once.
const aheadValues = 32

// sequenceValue is last_value and is_called.
type sequenceValue struct {
	last   int64
	called bool
}

type sequenceState struct {
	sequenceValue
	// logAt is what the log says: values behind logFrom up to it are given out
	// without another record.
	logFrom, logAt int64
	logCalled      bool
}

// covered reports whether the values from first to last are logged already.
func (v *sequenceState) covered(q *shard.SequenceStep, first, last int64) bool {
	if !v.logCalled {
		return false
	}
	if q.Increment > 0 {
		return first > v.logFrom && last <= v.logAt
	}
	return first < v.logFrom && last >= v.logAt
}

func (s *sequences) restore(values map[uint64]sequenceValue) {
	s.values = map[uint64]*sequenceState{}
	for physical, v := range values {
		s.values[physical] = &sequenceState{sequenceValue: v, logFrom: v.last, logAt: v.last, logCalled: v.called}
	}
}

func (s *sequences) replay(c *sequence) {
	s.values[c.physical] = &sequenceState{sequenceValue: sequenceValue{c.value, c.called},
		logFrom: c.value, logAt: c.value, logCalled: c.called}
	s.changed = true
}

func (s *sequences) dirty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// store writes every value into the file, inside the caller's transaction: not
// the one given out last but the one logged ahead, as the log has it.
func (s *sequences) store(conn *sqlite.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for physical, v := range s.values {
		w := writer{}
		w.int(v.logAt)
		w.bool(v.logCalled)
		if err := putMeta(conn, numbered(metaSequence, physical), types.BlobValue(w.b)); err != nil {
			return err
		}
	}
	s.changed = false
	return nil
}

// state finds a sequence, which begins at its START; the caller holds mu.
func (s *sequences) state(q *shard.SequenceStep) *sequenceState {
	v := s.values[q.Physical]
	if v == nil {
		v = &sequenceState{sequenceValue: sequenceValue{last: q.Start}, logAt: q.Start}
		s.values[q.Physical] = v
	}
	return v
}

// advance returns the first and the last of up to q.Count next values; it
// stops short of the end of a sequence and of a cycle's turn, and gives at least one.
func (v *sequenceState) advance(q *shard.SequenceStep) (first, last int64, err error) {
	first = v.last
	if v.called {
		if first, err = after(q, v.last); err != nil {
			return 0, 0, err
		}
	}
	last = first
	for n := int64(1); n < q.Count; n++ {
		next, ok := step(q, last)
		if !ok {
			break
		}
		last = next
	}
	return first, last, nil
}

// step is the value behind v; ok is false when it is out of bounds.
func step(q *shard.SequenceStep, v int64) (int64, bool) {
	next := v + q.Increment
	if q.Increment > 0 {
		return next, next > v && next <= q.Max
	}
	return next, next < v && next >= q.Min
}

// after is the value behind v, around the end if the sequence cycles.
func after(q *shard.SequenceStep, v int64) (int64, error) {
	next, ok := step(q, v)
	switch {
	case ok:
		return next, nil
	case q.Cycle && q.Increment > 0:
		return q.Min, nil
	case q.Cycle:
		return q.Max, nil
	case q.Increment > 0:
		return 0, pgerr.New(pgerr.SequenceGeneratorLimitExceeded,
			"nextval: reached maximum value of sequence \"%s\" (%d)", q.Name, q.Max)
	}
	return 0, pgerr.New(pgerr.SequenceGeneratorLimitExceeded,
		"nextval: reached minimum value of sequence \"%s\" (%d)", q.Name, q.Min)
}

// sequenceNext is ControlSequenceNext.
func (e *Engine) sequenceNext(ctx context.Context, q *shard.SequenceStep) (*shard.ControlReply, error) {
	s := &e.sequences
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.state(q)
	first, last, err := v.advance(q)
	if err != nil {
		return nil, err
	}
	if !v.covered(q, first, last) {
		to := last
		for range aheadValues {
			next, ok := step(q, to)
			if !ok {
				break
			}
			to = next
		}
		if err := e.logSequence(q.Physical, to, true); err != nil {
			return nil, err
		}
		v.logFrom, v.logAt, v.logCalled = last, to, true
	}
	v.last, v.called = last, true
	return &shard.ControlReply{Incarnation: e.incarnation, First: first, Value: last, Called: true}, nil
}

// logSequence makes a value durable; the caller holds the sequences' mutex.
func (e *Engine) logSequence(physical uint64, value int64, called bool) error {
	c := sequence{shard: e.id, physical: physical, value: value, called: called}
	if err := e.participant.write(false, func() { e.sequences.changed = true }, c.encode()); err != nil {
		return err
	}
	e.wake()
	return nil
}

// sequenceSet is ControlSequenceSet.
func (e *Engine) sequenceSet(q *shard.SequenceStep) (*shard.ControlReply, error) {
	s := &e.sequences
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.state(q)
	if err := e.logSequence(q.Physical, q.Value, q.Called); err != nil {
		return nil, err
	}
	*v = sequenceState{sequenceValue: sequenceValue{q.Value, q.Called}, logFrom: q.Value, logAt: q.Value, logCalled: q.Called}
	return &shard.ControlReply{Incarnation: e.incarnation, Value: q.Value, Called: q.Called}, nil
}

// sequenceRead is ControlSequenceRead.
func (e *Engine) sequenceRead(q *shard.SequenceStep) (*shard.ControlReply, error) {
	s := &e.sequences
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.state(q)
	return &shard.ControlReply{Incarnation: e.incarnation, Value: v.last, Called: v.called}, nil
}
