package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// PowerCut ends m and returns what a disk could show after the power came
// back: every unsynced name change was done or not, every unsynced sector
// holds its old bytes or those of one of the writes that touched it, and
// every unsynced length is one that the file has had since. The seed decides;
// equal histories and seeds give equal results.
func (m *Mem) PowerCut(seed uint64) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	after := NewMem()
	after.capacity = m.capacity
	after.root = m.root.survive(rng, map[*node]*node{})
	after.used = after.root.bytes()
	m.dead = true
	return after
}

// Kill ends m as kill -9 ends a process: its handles and locks are gone, all
// that it wrote is there for the next one, and what was unsynced still is.
func (m *Mem) Kill() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMem()
	after.capacity, after.used, after.root = m.capacity, m.used, m.root
	m.dead = true
	return after
}

// fate says how much of a set of unsynced changes a power cut keeps: at the
// extremes often, else each by the toss of a coin.
func fate(rng *rand.Rand) func() bool {
	switch rng.IntN(4) {
	case 0:
		return func() bool { return false }
	case 1:
		return func() bool { return true }
	}
	return func() bool { return rng.IntN(2) == 0 }
}

// survive copies a node as it is after the cut. One node can have two names
// then (a rename half undone is a link), so copies are remembered.
func (n *node) survive(rng *rand.Rand, done map[*node]*node) *node {
	if c, ok := done[n]; ok {
		return c
	}
	c := &node{}
	done[n] = c
	if n.entries == nil {
		c.data = n.surviveData(rng)
		return c
	}
	c.entries = map[string]*node{}
	entries := n.surviveNames(rng)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		c.entries[name] = entries[name].survive(rng, done)
	}
	c.synced = maps.Clone(c.entries)
	return c
}

// surviveNames starts from the synced names and redoes the changes that made
// it to the disk.
func (n *node) surviveNames(rng *rand.Rand) map[string]*node {
	entries := maps.Clone(n.synced)
	kept := fate(rng)
	for _, c := range n.renames {
		if kept() {
			apply(entries, c)
		}
	}
	return entries
}

// surviveData rebuilds the synced bytes and lets each sector follow the
// writes up to a moment of its own.
func (n *node) surviveData(rng *rand.Rand) []byte {
	if len(n.writes) == 0 {
		return clone(n.data)
	}
	image := newImage(n)
	moment := func() int { return rng.IntN(len(n.writes) + 1) }
	switch rng.IntN(4) {
	case 0:
		moment = func() int { return 0 }
	case 1:
		moment = func() int { return len(n.writes) }
	}
	until := make([]int, len(image.bytes)/SectorBytes)
	for i := range until {
		until[i] = moment()
	}
	for i, w := range n.writes {
		image.redo(w, func(sector int64) bool { return i < until[sector] })
	}
	size := n.writes[0].sizeOld
	if k := moment(); k > 0 {
		size = n.writes[k-1].sizeNew
	}
	return image.bytes[:size:size]
}

// image is a file's bytes in whole sectors, as long as the file ever was
// since its last sync.
type image struct{ bytes []byte }

// newImage returns the bytes as of the last sync.
func newImage(n *node) image {
	longest := int64(len(n.data))
	for _, w := range n.writes {
		longest = max(longest, w.sizeOld, w.sizeNew)
	}
	sectors := (longest + SectorBytes - 1) / SectorBytes
	im := image{make([]byte, sectors*SectorBytes)}
	copy(im.bytes, n.data)
	for i := len(n.writes) - 1; i >= 0; i-- {
		w := n.writes[i]
		copy(im.bytes[w.off:], w.old)
		if w.sizeNew > w.sizeOld {
			clear(im.bytes[w.sizeOld:w.sizeNew])
		}
	}
	return im
}

// redo does w again in the sectors that keep it.
func (im image) redo(w dataChange, keeps func(sector int64) bool) {
	im.each(w.off, w.new, keeps)
	if w.sizeNew < w.sizeOld {
		im.each(w.sizeNew, make([]byte, w.sizeOld-w.sizeNew), keeps)
	}
}

func (im image) each(off int64, p []byte, keeps func(sector int64) bool) {
	for len(p) > 0 {
		sector := off / SectorBytes
		n := min(int64(len(p)), (sector+1)*SectorBytes-off)
		if keeps(sector) {
			copy(im.bytes[off:], p[:n])
		}
		off, p = off+n, p[n:]
	}
}

func (n *node) bytes() int64 {
	total := int64(len(n.data))
	for _, child := range n.entries {
		total += child.bytes()
	}
	return total
}
