package engine

import (
	"bytes"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// sampleCommands are one of each.
func sampleCommands() []log.Record {
	s := &shape{physical: 7, relation: 16384, version: 3, key: []int{0},
		columns: []columnShape{{storing: types.StoreInteger, oid: 23, missing: []byte{types.TagNull}}, {storing: types.StoreText, oid: 25, missing: []byte{types.TagNull}}},
		indexes: []indexShape{{id: 1, columns: []int{1, 0}, desc: []bool{true, false}}}}
	w := writer{}
	for _, c := range []change{{kind: changeInsert, row: []byte{1, 2}}, {kind: changeUpdate, row: []byte{1, 3}},
		{kind: changeDelete, key: "k"}, {kind: changeMove, key: "k", moved: "l"}} {
		c.append(&w)
	}
	set := changes{sections: []section{{shard: 2, physical: 7, rows: w.b}}}
	id := txn.ID{Node: 1, Boot: 2, Seq: 3}
	home := txn.LogID{1, 2, 3}
	return []log.Record{
		(&define{shard: 2, shape: s}).encode(),
		(&commit{id: id, at: 4097, changes: set}).encode(),
		(&commit{id: id, at: 4097, changes: changes{sides: []side{{Side: log.Side{Name: "1-1.side", Length: 9, CRC: 8}, shard: 1, large: true}}}}).encode(),
		(&prepare{id: id, at: 5, home: home, participants: []txn.LogID{home, {4}},
			shards: []txn.Enlistment{{Shard: 2, Incarnation: 9, Last: 4}},
			locks:  []heldLock{{2, lock.Holding{Key: lock.Key{Space: lock.Row, Object: 7, Bytes: "k"}, Mode: lock.Update, Statement: 3}}}, changes: set}).encode(),
		(&prepare{id: id, at: 5, home: home, changes: changes{loads: []loaded{{2, 7, 100, 900}}, reshapes: []reshaped{{2, s}}},
			fences: []txn.Fence{{Relation: 16384, Version: 4}}}).encode(),
		(&prepare{id: id, at: 5, home: home, fences: []txn.Fence{{Relation: 16384, Version: 4}}}).encode(),
		(&outcome{id: id, state: txn.Committed, at: 6, participants: []txn.LogID{home}}).encode(commandDecide),
		(&outcome{id: id, state: txn.Aborted}).encode(commandResolve),
		(&sequence{shard: 1, physical: 9, value: -3, called: true}).encode(),
		(&drop{shard: 1, physical: 9, index: 2}).encode(),
	}
}

// again decodes a record and encodes what it says.
func again(r log.Record) (log.Record, error) {
	switch r.Type {
	case commandDefine:
		c, err := decodeDefine(r.Data)
		if err != nil {
			return r, err
		}
		return c.encode(), nil
	case commandCommit:
		c, err := decodeCommit(r.Data)
		if err != nil {
			return r, err
		}
		return c.encode(), nil
	case commandPrepare:
		c, err := decodePrepare(r.Data)
		if err != nil {
			return r, err
		}
		return c.encode(), nil
	case commandSequence:
		c, err := decodeSequence(r.Data)
		if err != nil {
			return r, err
		}
		return c.encode(), nil
	case commandDrop:
		c, err := decodeDrop(r.Data)
		if err != nil {
			return r, err
		}
		return c.encode(), nil
	}
	c, err := decodeOutcome(r.Data)
	if err != nil {
		return r, err
	}
	return c.encode(r.Type), nil
}

func TestCommandsRoundTrip(t *testing.T) {
	for _, r := range sampleCommands() {
		got, err := again(r)
		if err != nil || !bytes.Equal(got.Data, r.Data) {
			t.Errorf("command %d: %x became %x: %v", r.Type, r.Data, got.Data, err)
		}
		for n := range r.Data {
			if _, err := again(log.Record{Type: r.Type, Data: r.Data[:n]}); err == nil {
				t.Errorf("command %d cut to %d of %d bytes is accepted", r.Type, n, len(r.Data))
			}
		}
	}
}

// FuzzCommands: what is not refused encodes to something that decodes to the same.
func FuzzCommands(f *testing.F) {
	for _, r := range sampleCommands() {
		f.Add(r.Type, r.Data)
	}
	f.Fuzz(func(t *testing.T, command byte, data []byte) {
		r := log.Record{Type: command%commandDrop + 1, Data: data}
		once, err := again(r)
		if err != nil {
			return
		}
		twice, err := again(once)
		if err != nil || !bytes.Equal(once.Data, twice.Data) {
			t.Fatalf("command %d: %x, then %x: %v", r.Type, once.Data, twice.Data, err)
		}
	})
}
