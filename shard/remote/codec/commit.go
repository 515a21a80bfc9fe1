package codec

import (
	"github.com/pegmatitedb/pegmatite/txn"
)

// The requests to a participant begin with the log's UUID.

// EncodeCommit encodes a txn.CommitRequest to a log.
func EncodeCommit(log txn.LogID, q *txn.CommitRequest) []byte {
	w := toLog(log, q.Txn)
	w.int(int64(q.At))
	writeList(w, q.Shards, w.enlistment)
	return w.b
}

// DecodeCommit reads EncodeCommit.
func DecodeCommit(b []byte) (log txn.LogID, q *txn.CommitRequest, err error) {
	r := &decoder{b: b}
	r.fixed(log[:])
	q = &txn.CommitRequest{Txn: r.txn(), At: txn.Timestamp(r.int()), Shards: readList(r, r.enlistment)}
	return log, q, r.end()
}

// EncodePrepare encodes a txn.PrepareRequest to a log.
func EncodePrepare(log txn.LogID, q *txn.PrepareRequest) []byte {
	w := toLog(log, q.Txn)
	w.int(int64(q.At))
	writeList(w, q.Shards, w.enlistment)
	w.b = append(w.b, q.Home[:]...)
	w.logs(q.Participants)
	writeList(w, q.Fences, func(f *txn.Fence) {
		w.uint(uint64(f.Relation))
		w.uint(f.Version)
	})
	return w.b
}

// DecodePrepare reads EncodePrepare.
func DecodePrepare(b []byte) (log txn.LogID, q *txn.PrepareRequest, err error) {
	r := &decoder{b: b}
	r.fixed(log[:])
	q = &txn.PrepareRequest{Txn: r.txn(), At: txn.Timestamp(r.int()), Shards: readList(r, r.enlistment)}
	r.fixed(q.Home[:])
	q.Participants = r.logs()
	q.Fences = readList(r, func(f *txn.Fence) { f.Relation, f.Version = r.uint32(), r.uint() })
	return log, q, r.end()
}

// EncodeDecide encodes a txn.DecideRequest to a log.
func EncodeDecide(log txn.LogID, q *txn.DecideRequest) []byte {
	w := toLog(log, q.Txn)
	w.outcome(q.Outcome)
	return w.b
}

// DecodeDecide reads EncodeDecide.
func DecodeDecide(b []byte) (log txn.LogID, q *txn.DecideRequest, err error) {
	r := &decoder{b: b}
	r.fixed(log[:])
	q = &txn.DecideRequest{Txn: r.txn(), Outcome: r.outcome()}
	return log, q, r.end()
}

// EncodeResolve encodes a txn.ResolveRequest to a log.
func EncodeResolve(log txn.LogID, q *txn.ResolveRequest) []byte {
	w := toLog(log, q.Txn)
	w.outcome(q.Outcome)
	return w.b
}

// DecodeResolve reads EncodeResolve.
func DecodeResolve(b []byte) (log txn.LogID, q *txn.ResolveRequest, err error) {
	r := &decoder{b: b}
	r.fixed(log[:])
	q = &txn.ResolveRequest{Txn: r.txn(), Outcome: r.outcome()}
	return log, q, r.end()
}

// EncodeAsk encodes the question for a transaction's outcome to a log.
func EncodeAsk(log txn.LogID, id txn.ID) []byte { return toLog(log, id).b }

// DecodeAsk reads EncodeAsk.
func DecodeAsk(b []byte) (log txn.LogID, id txn.ID, err error) {
	r := &decoder{b: b}
	r.fixed(log[:])
	id = r.txn()
	return log, id, r.end()
}

// EncodeOutcome answers Commit, Decide and Ask.
func EncodeOutcome(o txn.Outcome) *Frame { return reply(func(w *encoder) { w.outcome(o) }) }

// DecodeOutcome reads EncodeOutcome.
func DecodeOutcome(b []byte) (txn.Outcome, error) {
	r, err := openReply(b)
	if err != nil {
		return txn.Outcome{}, err
	}
	o := r.outcome()
	return o, r.end()
}

// EncodePrepared answers Prepare.
func EncodePrepared(a txn.PrepareReply) *Frame { return reply(func(w *encoder) { w.int(int64(a.At)) }) }

// DecodePrepared reads EncodePrepared.
func DecodePrepared(b []byte) (txn.PrepareReply, error) {
	r, err := openReply(b)
	if err != nil {
		return txn.PrepareReply{}, err
	}
	a := txn.PrepareReply{At: txn.Timestamp(r.int())}
	return a, r.end()
}

func toLog(log txn.LogID, id txn.ID) *encoder {
	w := &encoder{b: make([]byte, 0, 96)}
	w.b = append(w.b, log[:]...)
	w.txn(id)
	return w
}

func (w *encoder) enlistment(e *txn.Enlistment) {
	w.uint(uint64(e.Shard))
	w.uint(uint64(e.Incarnation))
	w.uint(uint64(e.Last))
}

func (r *decoder) enlistment(e *txn.Enlistment) {
	*e = txn.Enlistment{Shard: r.uint32(), Incarnation: txn.Incarnation(r.uint()), Last: txn.Statement(r.uint32())}
}

func (w *encoder) logs(list []txn.LogID) {
	writeList(w, list, func(id *txn.LogID) { w.b = append(w.b, id[:]...) })
}

func (r *decoder) logs() []txn.LogID {
	return readList(r, func(id *txn.LogID) { r.fixed(id[:]) })
}

func (w *encoder) outcome(o txn.Outcome) {
	w.byte(byte(o.State))
	w.int(int64(o.At))
}

func (r *decoder) outcome() txn.Outcome {
	return txn.Outcome{State: r.state(), At: txn.Timestamp(r.int())}
}

func (r *decoder) state() txn.State { return txn.State(r.enum(byte(txn.Aborted), "state")) }
