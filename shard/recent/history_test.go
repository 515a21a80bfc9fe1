package recent_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// model is a shard as the engine drives it: SQLite is a map, and every version
// that ever was is kept beside it to compare with (invariant 7).
type model struct {
	shard   *recent.Shard
	table   *recent.Table
	sqlite  map[string][]byte // nil: no row
	history map[string][]recent.Version
	clock   txn.Timestamp
	inUse   map[txn.Timestamp]int // snapshots
	batch   []recent.Settling     // on its way to SQLite
	scratch []byte
}

// keyOf is the ordered key of columns of a row of integers.
func keyOf(dst, row []byte, columns []int) []byte {
	for i := 0; len(row) > 0; i++ {
		v, rest, _ := types.NextPacked(row)
		for _, c := range columns {
			if c == i {
				dst = recent.AppendKey(dst, v)
			}
		}
		row = rest
	}
	return dst
}

func row(key, value int64) []byte {
	return types.IntValue(value).AppendPacked(types.IntValue(key).AppendPacked(nil))
}

func key(k int64) string { return string(recent.AppendKey(nil, types.IntValue(k))) }

func newModel() *model {
	m := &model{shard: recent.New(0), sqlite: map[string][]byte{}, history: map[string][]recent.Version{}, inUse: map[txn.Timestamp]int{}}
	m.table = m.shard.Open(1, keyOf)
	m.table.AddIndex(1, []int{1})
	return m
}

const keys, values = 5, 3

func (m *model) commit(k int64, v recent.Version) {
	m.clock++
	v.At = m.clock
	base := recent.Version{Kind: recent.Absent}
	if have := m.sqlite[key(k)]; have != nil {
		base = recent.Version{Kind: recent.Present, Row: have}
	}
	m.table.Add(key(k), base, v)
	m.table.Add(key(k), base, v) // again: replay is idempotent
	m.history[key(k)] = append(m.history[key(k)], v)
}

// restart replays everything since nothing was settled: what SQLite has is
// unknown, and no older snapshot is left.
func (m *model) restart() {
	old := m.shard
	m.shard = recent.New(m.clock)
	m.table = m.shard.Open(1, keyOf)
	m.table.AddIndex(1, []int{1})
	m.inUse, m.batch = map[txn.Timestamp]int{}, nil
	for _, t := range old.Tables() {
		t.Ascend(recent.Range{}, func(c *recent.Chain) bool {
			v := *c.Newest()
			if v.At == 0 {
				return true
			}
			m.table.Add(c.Key, recent.Version{Kind: recent.Unknown}, v)
			return true
		})
	}
}

// visible is what the naive history says.
func (m *model) visible(k string, s txn.Timestamp) []byte {
	var out []byte
	for _, v := range m.history[k] {
		if v.At <= s {
			out = v.Row
			if v.Kind == recent.Absent {
				out = nil
			}
		}
	}
	return out
}

// read is what a read at s answers: the chain, or else SQLite.
func (m *model) read(k string, s txn.Timestamp) []byte {
	c := m.table.Get(k)
	if c == nil {
		return m.sqlite[k]
	}
	v := c.Visible(s)
	if v.Kind != recent.Present {
		return nil
	}
	return m.image(v)
}

func (m *model) image(v *recent.Version) []byte {
	if p, ok := v.Spilled(); ok {
		return m.scratch[p.Offset : p.Offset+int64(p.Length)]
	}
	return v.Row
}

func (m *model) oldest() txn.Timestamp {
	oldest := m.clock
	for s := range m.inUse {
		oldest = min(oldest, s)
	}
	return oldest
}

// write puts into SQLite what was taken for it.
func (m *model) write() {
	for _, s := range m.batch {
		m.sqlite[s.Chain.Key] = nil
		if s.New.Kind == recent.Present {
			m.sqlite[s.Chain.Key] = s.New.Row
		}
	}
	m.table.Settled(m.batch)
	m.batch = nil
}

func (m *model) spill(t rapid.TB) {
	_, err := m.shard.Spill(1<<20, func(r []byte) (recent.Place, error) {
		p := recent.Place{Offset: int64(len(m.scratch)), Length: int32(len(r))}
		m.scratch = append(m.scratch, r...)
		return p, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (m *model) check(t rapid.TB) {
	snapshots := []txn.Timestamp{m.clock}
	for s := range m.inUse {
		snapshots = append(snapshots, s)
	}
	for _, s := range snapshots {
		byValue := map[string]map[string]bool{}
		for k := range int64(keys) {
			want := m.visible(key(k), s)
			if got := m.read(key(k), s); !bytes.Equal(got, want) {
				t.Fatalf("key %d at %d: %x, want %x", k, s, got, want)
			}
			if want != nil {
				v := string(keyOf(nil, want, []int{1}))
				if byValue[v] == nil {
					byValue[v] = map[string]bool{}
				}
				byValue[v][key(k)] = true
			}
		}
		for v := range int64(values) {
			m.checkIndex(t, s, string(recent.AppendKey(nil, types.IntValue(v))), byValue)
		}
	}
	if u := m.shard.Usage(); u.Bytes < 0 || u.Unsettled < 0 || u.Chains != m.table.Len() {
		t.Fatalf("usage %+v with %d chains", u, m.table.Len())
	}
}

// checkIndex looks a value up as a read does: what the index meets, and what
// SQLite has but the index did not meet.
func (m *model) checkIndex(t rapid.TB, s txn.Timestamp, value string, want map[string]map[string]bool) {
	got, met := map[string]bool{}, map[string]bool{}
	m.table.AscendIndex(1, recent.Prefix(value), func(c *recent.Chain) bool {
		met[c.Key] = true
		if !mayHave(c, value) {
			t.Fatalf("value %x meets key %x, which has no image of it", value, c.Key)
		}
		v := c.Visible(s)
		if v.Kind == recent.Present && string(keyOf(nil, m.image(v), []int{1})) == value {
			got[c.Key] = true
		}
		return true
	})
	for k, r := range m.sqlite {
		if r != nil && !met[k] && string(keyOf(nil, r, []int{1})) == value {
			got[k] = true
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want[value]) && len(got)+len(want[value]) > 0 {
		t.Fatalf("value %x at %d: keys %v, want %v", value, s, got, want[value])
	}
}

// mayHave reports whether a chain has an image with a value, or one that is not at hand.
func mayHave(c *recent.Chain, value string) bool {
	return slices.ContainsFunc(c.Versions(), func(v recent.Version) bool {
		_, spilled := v.Spilled()
		return spilled || v.Kind == recent.Unknown || v.Kind == recent.Present && string(keyOf(nil, v.Row, []int{1})) == value
	})
}

// TestSpilledImagesStayIndexed: an old snapshot finds an image by its value that
// was spilled, also when others of its chain have gone since.
func TestSpilledImagesStayIndexed(t *testing.T) {
	m := newModel()
	for v := range int64(values) {
		m.commit(1, recent.Version{Kind: recent.Present, Row: row(1, v)})
		if v == 0 {
			m.inUse[m.clock]++
		}
	}
	m.spill(t)
	m.shard.Keep(slices.Collect(maps.Keys(m.inUse)), m.clock)
	m.batch = m.table.TakeDirty(keys)
	m.write()
	if n := len(m.table.Get(key(1)).Versions()); n > values {
		t.Fatalf("%d versions are left", n)
	}
	m.check(t)
	m.table.AddIndex(2, []int{0, 1}) // made when its values are not at hand
	met := false
	m.table.AscendIndex(2, recent.Prefix(string(keyOf(nil, row(1, 0), []int{0, 1}))), func(*recent.Chain) bool { met = true; return true })
	if !met {
		t.Error("a later index does not meet it")
	}
}

// TestSpilledImagesOfUnknownBases: after a restart too, where chains come into
// the indexes only when they have settled.
func TestSpilledImagesOfUnknownBases(t *testing.T) {
	m := newModel()
	m.commit(1, recent.Version{Kind: recent.Present, Row: row(1, 0)})
	m.restart()
	m.inUse[m.clock]++
	m.commit(1, recent.Version{Kind: recent.Present, Row: row(1, 1)})
	m.spill(t)
	m.shard.Keep(slices.Collect(maps.Keys(m.inUse)), m.clock)
	m.batch = m.table.TakeDirty(keys)
	m.write()
	m.check(t)
}

// TestHistory interleaves commits, snapshots, settling in its three steps and
// spilling, and compares every read with the full history.
func TestHistory(t *testing.T) {
	fixedseed.Check(t, func(t *rapid.T) {
		m := newModel()
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := rapid.Int64Range(0, keys-1).Draw(t, "key"), rapid.Int64Range(0, values-1).Draw(t, "value")
				m.commit(k, recent.Version{Kind: recent.Present, Row: row(k, v)})
			},
			"delete": func(t *rapid.T) {
				m.commit(rapid.Int64Range(0, keys-1).Draw(t, "key"), recent.Version{Kind: recent.Absent})
			},
			"snapshot": func(t *rapid.T) { m.inUse[m.clock]++ },
			"release": func(t *rapid.T) {
				for s := range m.inUse {
					delete(m.inUse, s)
					return
				}
			},
			"take": func(t *rapid.T) {
				if m.batch == nil {
					m.batch = m.table.TakeDirty(rapid.IntRange(1, keys).Draw(t, "n"))
				}
			},
			"write": func(*rapid.T) { m.write() },
			"fail": func(t *rapid.T) {
				m.table.Unsettled(m.batch)
				m.batch = nil
			},
			"index": func(*rapid.T) {
				m.table.RemoveIndex(1)
				m.table.AddIndex(1, []int{1})
			},
			"restart": func(t *rapid.T) { m.restart() },
			"drop": func(t *rapid.T) {
				m.shard.Raise(m.oldest())
				m.table.Drop(rapid.IntRange(1, keys).Draw(t, "n"))
			},
			"keep":  func(t *rapid.T) { m.shard.Keep(slices.Collect(maps.Keys(m.inUse)), m.clock) },
			"spill": func(t *rapid.T) { m.spill(t) },
			"":      func(t *rapid.T) { m.check(t) },
		})
	})
}

// TestEverythingGoes: when all is settled and nobody reads, nothing is left,
// of what was spilled either.
func TestEverythingGoes(t *testing.T) {
	for _, spilled := range []bool{false, true} {
		m := newModel()
		for i := range int64(40) {
			m.commit(i%keys, recent.Version{Kind: recent.Present, Row: row(i%keys, i%values)})
		}
		if spilled {
			m.spill(t)
		}
		m.table.Settled(m.table.TakeDirty(100))
		m.shard.Raise(m.clock)
		m.table.Drop(100)
		if u := m.shard.Usage(); u != (recent.Usage{}) {
			t.Fatalf("left, spilled %t: %+v", spilled, u)
		}
	}
}

// TestCut takes statements of a write set back.
func TestCut(t *testing.T) {
	s := recent.New(0)
	set := s.Open(1, keyOf)
	set.AddIndex(1, []int{1})
	absent := recent.Version{Kind: recent.Absent}
	for statement := range int64(4) {
		set.Put(key(1), absent, recent.Version{At: txn.Timestamp(statement + 1), Kind: recent.Present, Row: row(1, statement)})
	}
	set.Put(key(2), absent, recent.Version{At: 3, Kind: recent.Present, Row: row(2, 1)})
	set.Cut(3, 3)
	if got := set.Get(key(1)).Versions(); len(got) != 4 || got[3].At != 4 || set.Get(key(2)) != nil {
		t.Fatalf("statement 3 alone was to go: %v", got)
	}
	set.Cut(3, 9)
	if got := set.Get(key(1)).Newest().At; got != 2 || set.Get(key(2)) != nil {
		t.Fatalf("newest is of statement %d", got)
	}
	set.Cut(1, 9)
	if u := s.Usage(); u != (recent.Usage{}) {
		t.Fatalf("left: %+v", u)
	}
}

// TestVersionsBetweenSnapshots: however often a row changes, its chain holds
// what the snapshots in use can see, the newest, and what SQLite may have.
func TestVersionsBetweenSnapshots(t *testing.T) {
	m := newModel()
	var snapshots []txn.Timestamp
	for i := range int64(1000) {
		m.commit(1, recent.Version{Kind: recent.Present, Row: row(1, i%values)})
		if i == 300 || i == 301 || i == 700 {
			snapshots = append(snapshots, m.clock)
		}
		m.shard.Raise(1)
		m.shard.Keep(slices.Clone(snapshots), m.clock)
		batch := m.table.TakeDirty(1)
		m.sqlite[key(1)] = batch[0].New.Row
		m.table.Settled(batch)
	}
	if n := m.shard.Usage().Versions; n != len(snapshots)+1 {
		t.Errorf("%d versions for %d snapshots", n, len(snapshots))
	}
	for _, s := range snapshots {
		if got, want := m.read(key(1), s), m.visible(key(1), s); !bytes.Equal(got, want) {
			t.Errorf("at %d: %x, want %x", s, got, want)
		}
	}
}
