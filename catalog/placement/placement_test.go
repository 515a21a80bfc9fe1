package placement_test

import (
	"bytes"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func newMap(t testing.TB, shards int, nodes ...uint32) *placement.Map {
	t.Helper()
	var members []ring.Member
	for _, n := range nodes {
		members = append(members, ring.Member{Node: n, Weight: 1})
	}
	m, err := placement.New(shards, members)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRowsSpread: consecutive keys, as a serial makes them, lie evenly.
func TestRowsSpread(t *testing.T) {
	const rows = 8000
	for _, shards := range []int{1, 7, 8} {
		m := newMap(t, shards, 1)
		n := make([]int, shards)
		for i := range int64(rows) {
			n[m.ShardOf(placement.Hash([]*types.Type{types.TInt8}, []types.Datum{types.Int(i)}))]++
		}
		for shard, got := range n {
			if want := rows / shards; got < want*8/10 || got > want*12/10 {
				t.Errorf("shard %d of %d has %d of %d rows", shard, shards, got, rows)
			}
		}
	}
}

func TestEqualValuesHashEqual(t *testing.T) {
	a := placement.Hash([]*types.Type{types.TInt4}, []types.Datum{types.Int(42)})
	b := placement.Hash([]*types.Type{types.TInt8}, []types.Datum{types.Int(42)})
	if a != b {
		t.Error("int4 42 and int8 42 lie on different shards")
	}
}

// TestHashIsForEver pins where rows of existing clusters lie.
func TestHashIsForEver(t *testing.T) {
	got := placement.Hash([]*types.Type{types.TInt4, types.TText}, []types.Datum{types.Int(1), types.Text("a")})
	if want := uint64(0xabe0c2ce809daa96); got != want {
		t.Errorf("hash is %#x, want %#x", got, want)
	}
}

func TestNew(t *testing.T) {
	for _, shards := range []int{-1, 0, placement.MaxShards + 1} {
		if _, err := placement.New(shards, nil); err == nil {
			t.Errorf("%d shards are accepted", shards)
		}
	}
	m := newMap(t, 8, 3)
	if m.Epoch() != 1 || m.Shards() != 8 || len(m.ShardsOf(3)) != 8 || m.Node(7) != 3 {
		t.Errorf("map %s", m.Encode())
	}
}

func TestMoved(t *testing.T) {
	m := newMap(t, 8, 1)
	moved := m.Moved(2, 9)
	if m.Node(2) != 1 || moved.Node(2) != 9 || moved.Node(3) != 1 || moved.Epoch() != 2 {
		t.Errorf("moved %s", moved.Encode())
	}
}

func TestPlan(t *testing.T) {
	m := newMap(t, 64, 1)
	plan := m.Plan([]ring.Member{{Node: 1, Weight: 1}, {Node: 2, Weight: 1}})
	two := 0
	for _, node := range plan {
		if node == 2 {
			two++
		}
	}
	if two < 16 || two > 48 {
		t.Errorf("the second node gets %d of 64 shards", two)
	}
}

// TestFourthNode: with as few shards as clusters have, a fourth equal node takes
// a quarter of them on the average, and nothing else moves. One cluster may be
// far from the average, as throws of so few dice are: fewest and most are of
// 200 clusters whose nodes have other numbers. The first of them is what three
// nodes that were started first, and a fourth, come to.
func TestFourthNode(t *testing.T) {
	const clusters = 200
	for _, c := range []struct{ shards, first, fewest, most int }{{8, 2, 0, 6}, {64, 16, 8, 31}, {1024, 270, 193, 306}} {
		fewest, most, all := c.shards, 0, 0
		for id := range uint32(clusters) {
			m := newMap(t, c.shards, id+1, id+2, id+3)
			members := []ring.Member{{Node: id + 1, Weight: 1}, {Node: id + 2, Weight: 1}, {Node: id + 3, Weight: 1}, {Node: id + 4, Weight: 1}}
			moved := 0
			for shard, node := range m.Plan(members) {
				if node == m.Node(uint32(shard)) {
					continue
				}
				if moved++; node != id+4 {
					t.Errorf("shard %d moves from %d to %d, not to the new node", shard, m.Node(uint32(shard)), node)
				}
			}
			if id == 0 && moved != c.first {
				t.Errorf("of %d shards %d move, want %d", c.shards, moved, c.first)
			}
			fewest, most, all = min(fewest, moved), max(most, moved), all+moved
		}
		if quarter := clusters * c.shards / 4; all < quarter*9/10 || all > quarter*11/10 || fewest != c.fewest || most != c.most {
			t.Errorf("of %d shards %d to %d move, %d in all; want %d to %d, about %d", c.shards, fewest, most, all, c.fewest, c.most, quarter)
		}
	}
}

// TestDrained: a node's shards go to the others, and theirs stay; those of the last stay too.
func TestDrained(t *testing.T) {
	m := newMap(t, 64, 1, 2, 3)
	for shard, node := range m.Plan([]ring.Member{{Node: 1, Weight: 1}, {Node: 2, Weight: 0}, {Node: 3, Weight: 1}}) {
		if before := m.Node(uint32(shard)); node == 2 || before != 2 && node != before {
			t.Errorf("shard %d moves from %d to %d", shard, before, node)
		}
	}
	for shard, node := range m.Plan([]ring.Member{{Node: 1}, {Node: 2}, {Node: 3}}) {
		if before := m.Node(uint32(shard)); node != before {
			t.Errorf("with all drained, shard %d moves from %d to %d", shard, before, node)
		}
	}
}

func TestShardKey(t *testing.T) {
	table := &catalog.Table{Key: []catalog.ColumnID{3, 1}}
	if got := placement.ShardKey(table); len(got) != 2 {
		t.Errorf("by default %v", got)
	}
	table.ShardKey = 1
	if got := placement.ShardKey(table); len(got) != 1 || got[0] != 3 {
		t.Errorf("shard_key of one column %v", got)
	}
}

func TestEncode(t *testing.T) {
	m := newMap(t, 7, 1, 2, 3).Moved(1, 3)
	got, err := placement.Decode(m.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Encode(), m.Encode()) || got.Epoch() != 2 {
		t.Errorf("got %s, want %s", got.Encode(), m.Encode())
	}
	for hash := uint64(0); hash < 1<<63; hash += 1 << 49 {
		if got.ShardOf(hash) != m.ShardOf(hash) {
			t.Fatalf("hash %#x", hash)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(newMap(f, 3, 1).Encode())
	f.Add([]byte(`{"epoch":1,"slots":[0,16384],"nodes":[]}`))
	f.Add([]byte(`{"slots":[0,-1,0,99999],"nodes":[1]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := placement.Decode(b)
		if err != nil {
			return
		}
		if s := m.ShardOf(1 << 63); int(s) >= m.Shards() {
			t.Errorf("shard %d of %d", s, m.Shards())
		}
	})
}
