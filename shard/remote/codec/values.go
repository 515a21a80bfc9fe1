package codec

import (
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

func (w *encoder) header(h *shard.Header) {
	w.uint(uint64(h.Shard))
	w.uint(h.Epoch)
	w.txn(h.Txn)
	w.uint(uint64(h.Statement))
	w.uint(uint64(h.Incarnation))
	w.byte(byte(h.Isolation))
	w.int(int64(h.Snapshot))
}

func (r *decoder) header() shard.Header {
	return shard.Header{
		Shard: shard.ID(r.uint32()), Epoch: r.uint(), Txn: r.txn(),
		Statement: txn.Statement(r.uint32()), Incarnation: txn.Incarnation(r.uint()),
		Isolation: txn.Isolation(r.enum(byte(txn.Serializable), "isolation level")), Snapshot: txn.Timestamp(r.int()),
	}
}

func (w *encoder) txn(id txn.ID) {
	w.uint(uint64(id.Node))
	w.uint(uint64(id.Boot))
	w.uint(id.Seq)
}

func (r *decoder) txn() txn.ID {
	return txn.ID{Node: r.uint32(), Boot: r.uint32(), Seq: r.uint()}
}

func (w *encoder) values(v *shard.Values) {
	w.datums(v.Params)
	writeList(w, v.Types, func(t **types.Type) { w.typ(*t) })
	w.env(v.Env)
	w.int(v.NowMicros)
	w.int(v.StatementMicros)
}

func (r *decoder) values() shard.Values {
	return shard.Values{
		Params:    r.datums(),
		Types:     readList(r, func(t **types.Type) { *t = r.typ() }),
		Env:       r.env(),
		NowMicros: r.int(), StatementMicros: r.int(),
	}
}

// env writes the settings; a zone travels by its name, which every node can
// find. Names stays behind: only what is printed for a client needs it.
func (w *encoder) env(e *types.Env) {
	w.bool(e != nil)
	if e == nil {
		return
	}
	if e.Location == nil || e.Location != time.UTC && types.FindZone(e.Location.String()) == nil {
		w.fail(pgerr.Internal("time zone \"%s\" cannot travel to a shard", e.Location))
		return
	}
	w.string(e.Location.String())
	w.byte(byte(e.DateStyle))
	w.byte(byte(e.DateOrder))
	w.byte(byte(e.IntervalStyle))
	w.int(int64(e.ExtraFloatDigits))
	w.bool(e.ByteaEscape)
	w.int(int64(e.MaxStackKB))
	w.uint(uint64(e.TextSearchConfig))
	w.int(e.Now.Unix())
	w.uint(uint64(e.Now.Nanosecond()))
}

func (r *decoder) env() *types.Env {
	if !r.bool() {
		return nil
	}
	e := &types.Env{}
	if zone := r.string(); r.err == nil {
		if e.Location = types.FindZone(zone); e.Location == nil {
			r.fail("time zone %q", zone)
		}
	}
	e.DateStyle = types.DateStyle(r.enum(byte(types.DateGerman), "date style"))
	e.DateOrder = types.DateOrder(r.enum(byte(types.OrderYMD), "date order"))
	e.IntervalStyle = types.IntervalStyle(r.enum(byte(types.IntervalISO8601), "interval style"))
	e.ExtraFloatDigits = int(r.int32())
	e.ByteaEscape = r.bool()
	if e.MaxStackKB = int(r.int32()); e.MaxStackKB < 0 {
		r.fail("a stack of %d kB", e.MaxStackKB)
	}
	e.TextSearchConfig = types.OID(r.uint32())
	e.Now = time.Unix(r.int(), int64(r.uint32())).UTC()
	return e
}

func (w *encoder) batch(b *shard.Batch) {
	w.bool(b != nil)
	if b != nil {
		w.uint(uint64(b.Count))
		w.bytes(b.Data)
	}
}

// batch shares the message's memory.
func (r *decoder) batch() *shard.Batch {
	if !r.bool() {
		return nil
	}
	return &shard.Batch{Count: int(r.uint32()), Data: r.bytes()}
}
