package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// sequenceMemory is what a session remembers of sequences: currval, lastval,
// and values that CACHE took ahead.
type sequenceMemory struct {
	current map[catalog.OID]int64
	last    catalog.OID
	cached  map[uint64]cachedValues // by physical id
}

// cachedValues are values that are this session's to hand out.
type cachedValues struct {
	next, step int64
	left       int64
}

func (m *sequenceMemory) forget() { *m = sequenceMemory{} }

func (m *sequenceMemory) note(oid catalog.OID, v int64) {
	if m.current == nil {
		m.current = map[catalog.OID]int64{}
	}
	m.current[oid], m.last = v, oid
}

// sequenceFunctions are manual table 9.50.
var sequenceFunctions = map[string]function{
	"nextval": nextval,
	"currval": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		seq, err := s.sequenceOf(args[0])
		if err != nil {
			return types.Null, err
		}
		v, ok := s.sequence.current[seq.OID]
		if !ok {
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", seq.Name)
		}
		return types.Int(v), nil
	},
	"lastval": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		v, ok := s.sequence.current[s.sequence.last]
		if !ok || s.snapshot().Sequence(s.sequence.last) == nil {
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
		}
		return types.Int(v), nil
	},
	"setval": setval,
	"pg_sequence_parameters": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		seq, err := s.sequenceOf(args[0])
		if err != nil {
			return types.Null, s.noSequence(args[0])
		}
		columns := []*types.Type{types.TInt8, types.TInt8, types.TInt8, types.TInt8, types.TBool, types.TInt8, types.TOID}
		return types.RowDatum(&types.Row{Types: columns, Fields: []types.Datum{
			types.Int(seq.Start), types.Int(seq.Min), types.Int(seq.Max), types.Int(seq.Increment),
			types.Bool(seq.Cycle), types.Int(seq.Cache), types.Int(int64(seq.Type.OID)),
		}}), nil
	},
	"pg_sequence_last_value": func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		seq, err := s.sequenceOf(args[0])
		if err != nil {
			return types.Null, err
		}
		r, err := s.sequenceControl(ctx, seq, shard.ControlSequenceRead, shard.SequenceStep{})
		if err != nil || !r.Called {
			return types.Null, err
		}
		return types.Int(r.Value), nil
	},
}

// noSequence is what pg_sequence_parameters says of what is no sequence.
func (s *Session) noSequence(d types.Datum) error {
	if s.snapshot().RelationByOID(catalog.OID(d.Int())) == nil {
		return pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", d.Int())
	}
	return pgerr.Raised("pg_sequence_parameters", "cache lookup failed for sequence %d", d.Int())
}

// sequenceOf finds a sequence by its OID (42809).
func (s *Session) sequenceOf(d types.Datum) (*catalog.Sequence, error) {
	oid := catalog.OID(d.Int())
	switch r := s.snapshot().RelationByOID(oid).(type) {
	case *catalog.Sequence:
		return r, nil
	case nil:
		return nil, pgerr.New(pgerr.UndefinedTable, "could not open relation with OID %d", oid)
	default:
		return nil, pgerr.New(pgerr.WrongObjectType, "%q is not a sequence", r.Ref().Name)
	}
}

// sequenceFor finds the sequence that a function changes, and locks it to the
// transaction's end against changes of its definition. READ ONLY transactions
// change their session's temporary ones only (25006), and nobody another session's (0A000).
func (s *Session) sequenceFor(ctx context.Context, function string, d types.Datum) (*catalog.Sequence, error) {
	seq, err := s.sequenceOf(d)
	if err != nil {
		return nil, err
	}
	switch {
	case s.ownTemporary(seq):
	case seq.Persistence == catalog.Temporary:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot access temporary tables of other sessions")
	default:
		if err := s.checkReadOnly(function); err != nil {
			return nil, err
		}
	}
	if err := s.acquire(ctx, relationKey(seq.OID), lock.TableRowExclusive); err != nil {
		return nil, err
	}
	return s.sequenceOf(types.Int(int64(seq.OID)))
}

// nextval takes the next value; CACHE values come from the shard at once.
func nextval(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	seq, err := s.sequenceFor(ctx, "nextval()", args[0])
	if err != nil {
		return types.Null, err
	}
	c := s.sequence.cached[seq.Physical]
	if c.left == 0 {
		r, err := s.sequenceControl(ctx, seq, shard.ControlSequenceNext, shard.SequenceStep{Count: seq.Cache})
		if err != nil {
			return types.Null, err
		}
		c = cachedValues{next: r.First, step: seq.Increment, left: (r.Value-r.First)/seq.Increment + 1}
	}
	v := c.next
	c.next, c.left = c.next+c.step, c.left-1
	if seq.Cache > 1 {
		if s.sequence.cached == nil {
			s.sequence.cached = map[uint64]cachedValues{}
		}
		s.sequence.cached[seq.Physical] = c
	}
	s.sequence.note(seq.OID, v)
	return types.Int(v), nil
}

// setval sets the value exactly; what sessions cached stays theirs, as in PostgreSQL.
func setval(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	seq, err := s.sequenceFor(ctx, "setval()", args[0])
	if err != nil {
		return types.Null, err
	}
	v, called := args[1].Int(), len(args) < 3 || args[2].IsTrue()
	if err := s.setSequence(ctx, seq, v, called); err != nil {
		return types.Null, err
	}
	if called {
		s.sequence.note(seq.OID, v)
	}
	return types.Int(v), nil
}

// setSequence is setval and RESTART on the owning shard.
func (s *Session) setSequence(ctx context.Context, seq *catalog.Sequence, v int64, called bool) error {
	if v < seq.Min || v > seq.Max {
		return pgerr.New(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", v, seq.Name, seq.Min, seq.Max)
	}
	delete(s.sequence.cached, seq.Physical)
	_, err := s.sequenceControl(ctx, seq, shard.ControlSequenceSet, shard.SequenceStep{Value: v, Called: called})
	return err
}

// sequenceControl asks the shard that owns the sequence.
func (s *Session) sequenceControl(ctx context.Context, seq *catalog.Sequence, op shard.ControlOp, step shard.SequenceStep) (*shard.ControlReply, error) {
	step.Physical, step.Name = seq.Physical, seq.Name
	step.Start, step.Increment, step.Min, step.Max, step.Cycle = seq.Start, seq.Increment, seq.Min, seq.Max, seq.Cycle
	id := s.node.Cluster.ShardOf(types.TInt8.Hash(0, types.Int(int64(seq.Physical))))
	return s.node.Cluster.Service(catalog.HomeShards, id).Control(ctx, &shard.ControlRequest{
		Header: shard.Header{Shard: id, Epoch: s.node.Cluster.Epoch()}, Op: op, Sequence: &step,
	})
}
