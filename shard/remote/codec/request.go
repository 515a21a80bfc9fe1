package codec

import (
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Read encodes a read; call is its number for Cancel.
func (s *Sender) Read(call uint64, all bool, q *shard.ReadRequest) (*Request, error) {
	room := 0
	if q.Keys != nil {
		room = len(q.Keys.Data)
	}
	return s.request(call, all, room, func(w *encoder) {
		w.header(&q.Header)
		w.values(&q.Values)
		w.fragment(q.Fragment)
		w.batch(q.Keys)
		w.bool(q.Lock != nil)
		if q.Lock != nil {
			w.lock(q.Lock)
		}
	})
}

// Read decodes a read.
func (v *Receiver) Read(b []byte) (call uint64, q *shard.ReadRequest, err error) {
	call, r, err := v.open(b)
	if err != nil {
		return call, nil, err
	}
	q = &shard.ReadRequest{Header: r.header(), Values: r.values(), Fragment: r.optionalFragment(), Keys: r.batch()}
	if r.bool() {
		q.Lock = r.lock()
	}
	if q.Fragment == nil {
		r.fail("read without a fragment")
	}
	return call, q, r.end()
}

func (w *encoder) lock(l *shard.RowLock) {
	w.byte(byte(l.Strength))
	w.byte(byte(l.Wait))
	w.int(l.TimeoutMS)
}

func (r *decoder) lock() *shard.RowLock {
	return &shard.RowLock{
		Strength:  shard.LockStrength(r.enum(byte(shard.LockUpdate), "lock")),
		Wait:      shard.LockWait(r.enum(byte(shard.WaitOrdered), "wait")),
		TimeoutMS: r.int(),
	}
}

// Write encodes a write; call is its number for Cancel.
func (s *Sender) Write(call uint64, all bool, q *shard.WriteRequest) (*Request, error) {
	room := 2 * len(q.Seen)
	if q.Rows != nil {
		room += len(q.Rows.Data)
	}
	return s.request(call, all, room, func(w *encoder) {
		w.header(&q.Header)
		w.values(&q.Values)
		w.byte(byte(q.Op))
		w.refer(s.writePlan(q))
		w.fragment(q.Find)
		w.batch(q.Rows)
		writeList(w, q.Seen, func(t *txn.Timestamp) { w.int(int64(*t)) })
		w.lock(&q.Lock)
	})
}

// Write decodes a write.
func (v *Receiver) Write(b []byte) (call uint64, q *shard.WriteRequest, err error) {
	call, r, err := v.open(b)
	if err != nil {
		return call, nil, err
	}
	q = &shard.WriteRequest{Header: r.header(), Values: r.values(), Op: shard.WriteOp(r.enum(byte(shard.OpLock), "write"))}
	if p := referred[*writePlan](r); p != nil {
		q.Table, q.Set, q.Checks, q.OnConflict, q.Returning = p.table, p.set, p.checks, p.onConflict, p.returning
	}
	q.Find = r.optionalFragment()
	q.Rows = r.batch()
	q.Seen = readList(r, func(t *txn.Timestamp) { *t = txn.Timestamp(r.int()) })
	q.Lock = *r.lock()
	switch q.Op {
	case shard.OpUpdate, shard.OpDelete:
		if q.Find == nil {
			r.fail("write without a fragment")
		}
	default:
		if q.Rows == nil {
			r.fail("write without rows")
		}
	}
	return call, q, r.end()
}

// Cut encodes a CutRequest.
func (s *Sender) Cut(q *shard.CutRequest) *Request {
	w := &encoder{}
	w.header(&q.Header)
	w.uint(uint64(q.From))
	w.uint(uint64(q.Sent))
	return &Request{Bytes: w.b}
}

// Cut decodes a CutRequest.
func (v *Receiver) Cut(b []byte) (*shard.CutRequest, error) {
	r := &decoder{b: b}
	q := &shard.CutRequest{Header: r.header(), From: txn.Statement(r.uint32()), Sent: txn.Statement(r.uint32())}
	return q, r.end()
}

// Control encodes a control operation; call is its number for Cancel.
func (s *Sender) Control(call uint64, all bool, q *shard.ControlRequest) (*Request, error) {
	return s.request(call, all, 0, func(w *encoder) {
		w.header(&q.Header)
		w.byte(byte(q.Op))
		w.optionalTable(q.Table)
		writeList(w, q.Tables, func(t **shard.Table) { w.optionalTable(*t) })
		w.uint(q.Physical)
		w.uint(uint64(q.Index))
		w.bool(q.Sequence != nil)
		if q.Sequence != nil {
			w.sequence(q.Sequence)
		}
	})
}

// Control decodes a control operation.
func (v *Receiver) Control(b []byte) (call uint64, q *shard.ControlRequest, err error) {
	call, r, err := v.open(b)
	if err != nil {
		return call, nil, err
	}
	q = &shard.ControlRequest{
		Header: r.header(), Op: shard.ControlOp(r.byte()), Table: r.optionalTable(),
		Tables: readList(r, func(t **shard.Table) {
			if *t = r.optionalTable(); *t == nil {
				r.fail("a table is missing")
			}
		}),
		Physical: r.uint(), Index: r.uint32(),
	}
	if r.bool() {
		q.Sequence = r.sequence()
	}
	return call, q, r.end()
}

func (w *encoder) sequence(s *shard.SequenceStep) {
	w.uint(s.Physical)
	w.string(s.Name)
	w.int(s.Start)
	w.int(s.Increment)
	w.int(s.Min)
	w.int(s.Max)
	w.bool(s.Cycle)
	w.int(s.Count)
	w.int(s.Value)
	w.bool(s.Called)
}

func (r *decoder) sequence() *shard.SequenceStep {
	return &shard.SequenceStep{
		Physical: r.uint(), Name: r.string(), Start: r.int(), Increment: r.int(), Min: r.int(), Max: r.int(),
		Cycle: r.bool(), Count: r.int(), Value: r.int(), Called: r.bool(),
	}
}

// EncodeCancel names the call to end.
func EncodeCancel(call uint64) []byte {
	w := &encoder{}
	w.uint(call)
	return w.b
}

// DecodeCancel reads the call to end.
func DecodeCancel(b []byte) (call uint64, err error) {
	r := &decoder{b: b}
	call = r.uint()
	return call, r.end()
}
