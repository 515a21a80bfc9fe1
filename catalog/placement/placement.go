// Package placement says which row is where: a row's shard key hashes to a
// slot, slots belong to shards, shards lie on nodes. The Map is immutable and
// has an epoch, which requests carry and shards check.
package placement

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const (
	// Slots is the number of slots of every cluster, for ever: a row's slot is
	// the high bits of its hash.
	Slots = 1 << SlotBits
	// SlotBits is how many high bits of a hash are its slot.
	SlotBits = 14
	// MaxShards leaves every shard some slots to give away.
	MaxShards = Slots / 16
)

// Map is which shard has a slot, and which node a shard.
type Map struct {
	epoch uint64
	slots []uint16 // shard by slot
	nodes []uint32 // node by shard
	// moves counts, by shard, what has become of it: who wants to take it over
	// says how often it had moved when its node gave it up.
	moves []uint32
}

// New makes the map of a new cluster: shards have equal ranges of slots, and
// lie where the ring of the nodes says.
func New(shards int, members []ring.Member) (*Map, error) {
	if shards < 1 || shards > MaxShards {
		return nil, fmt.Errorf("the number of shards must be between 1 and %d, not %d", MaxShards, shards)
	}
	m := &Map{epoch: 1, slots: make([]uint16, Slots), nodes: make([]uint32, shards), moves: make([]uint32, shards)}
	for slot := range m.slots {
		m.slots[slot] = uint16(slot * shards / Slots)
	}
	place(m.nodes, members)
	return m, nil
}

func place(nodes []uint32, members []ring.Member) {
	r := ring.New(members)
	for shard := range nodes {
		if node, ok := r.Owner(uint64(shard)); ok {
			nodes[shard] = node
		}
	}
}

// Epoch is raised by every change of the map.
func (m *Map) Epoch() uint64 { return m.epoch }

// Shards is the number of shards, which are numbered from 0.
func (m *Map) Shards() int { return len(m.nodes) }

// ShardOf returns the shard of a shard key's hash.
func (m *Map) ShardOf(hash uint64) uint32 { return uint32(m.slots[Slot(hash)]) }

// Node returns the node that has the shard.
func (m *Map) Node(shard uint32) uint32 { return m.nodes[shard] }

// ShardsOf returns the shards of a node, in order.
func (m *Map) ShardsOf(node uint32) []uint32 {
	var shards []uint32
	for shard, n := range m.nodes {
		if n == node {
			shards = append(shards, uint32(shard))
		}
	}
	return shards
}

// SlotsOf is how many slots a shard has.
func (m *Map) SlotsOf(shard uint32) int {
	n := 0
	for _, s := range m.slots {
		if uint32(s) == shard {
			n++
		}
	}
	return n
}

// Moves is how often a shard has moved, or a move of it was given up.
func (m *Map) Moves(shard uint32) uint32 { return m.moves[shard] }

// Moved returns the map after one shard went to another node, or after a move
// of it was given up (the node is the same): one epoch on.
func (m *Map) Moved(shard, node uint32) *Map {
	nodes, moves := slices.Clone(m.nodes), slices.Clone(m.moves)
	nodes[shard] = node
	moves[shard]++
	return &Map{m.epoch + 1, m.slots, nodes, moves}
}

// Plan returns the node that each shard should be on with these members: what
// rebalancing works towards, one Moved at a time.
func (m *Map) Plan(members []ring.Member) []uint32 {
	nodes := append([]uint32(nil), m.nodes...)
	place(nodes, members)
	return nodes
}

// Slot is the slot of a hash.
func Slot(hash uint64) int { return int(hash >> (64 - SlotBits)) }

// hashSeed begins every shard key's hash. Where rows lie depends on it for ever.
const hashSeed = 0x517cc1b727220a95

// Hash is the hash of a shard key, given by its columns' types and values.
// Equal values hash equal, also those of different integer and numeric types.
func Hash(columns []*types.Type, values []types.Datum) uint64 {
	h := uint64(hashSeed)
	for i, t := range columns {
		h = t.Hash(h, values[i])
	}
	return h
}

// ShardKey returns the columns that choose a row's shard: the leading columns
// of the key.
func ShardKey(t *catalog.Table) []catalog.ColumnID {
	if t.ShardKey > 0 && t.ShardKey < len(t.Key) {
		return t.Key[:t.ShardKey]
	}
	return t.Key
}

// mapRecord is a Map's encoding. Slots are run-length encoded: shard, number
// of slots, shard, number of slots …
type mapRecord struct {
	Epoch uint64   `json:"epoch"`
	Runs  []int    `json:"slots"`
	Nodes []uint32 `json:"nodes"`
	Moves []uint32 `json:"moves"`
}

// Encode makes what Decode reads.
func (m *Map) Encode() []byte {
	r := mapRecord{Epoch: m.epoch, Nodes: m.nodes, Moves: m.moves}
	for slot := 0; slot < Slots; {
		end := slot
		for end < Slots && m.slots[end] == m.slots[slot] {
			end++
		}
		r.Runs = append(r.Runs, int(m.slots[slot]), end-slot)
		slot = end
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic("catalog/placement: " + err.Error())
	}
	return b
}

// Decode reads a Map.
func Decode(b []byte) (*Map, error) {
	var r mapRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("shard map: %w", err)
	}
	m := &Map{epoch: r.Epoch, nodes: r.Nodes, moves: r.Moves}
	if m.moves == nil {
		m.moves = make([]uint32, len(m.nodes)) // of before shards could move
	}
	for i := 0; i+1 < len(r.Runs); i += 2 {
		shard, n := r.Runs[i], r.Runs[i+1]
		if shard < 0 || shard >= len(r.Nodes) || n < 0 || n > Slots-len(m.slots) {
			return nil, fmt.Errorf("shard map: %d slots of shard %d", n, shard)
		}
		for range n {
			m.slots = append(m.slots, uint16(shard))
		}
	}
	if len(m.slots) != Slots || len(m.nodes) > MaxShards || len(m.moves) != len(m.nodes) {
		return nil, fmt.Errorf("shard map: %d slots, %d shards, moves of %d", len(m.slots), len(m.nodes), len(m.moves))
	}
	return m, nil
}
