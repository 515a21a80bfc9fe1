package recent

import "github.com/pegmatitedb/pegmatite/txn"

// Kind says what a version is.
type Kind uint8

// The kinds of versions.
const (
	Absent  Kind = iota // no row: deleted, or not there yet
	Present             // Row is the packed row
	Unknown             // a base after replay: what SQLite has, which lies below the floor and is never asked for
)

// Version is what a key held from At on. A base has At 0.
type Version struct {
	At   txn.Timestamp
	Kind Kind
	// Row is the packed row of a Present version, nil when it is spilled. Of an
	// Absent version that is half of a move it is the ordered key that the row has now.
	Row []byte

	place Place // of a spilled row
}

// Spilled reports whether the row lies in the scratch file, and where.
func (v *Version) Spilled() (Place, bool) { return v.place, v.place.Length > 0 }

// Chain is one key's versions. Its key never changes; who holds a Chain
// outside the latch may read Key only.
type Chain struct {
	Key string

	table    *Table
	versions []Version     // [0] is the base or an older version that SQLite may still have; ascending
	entries  []entry       // where the indexes hold the chain
	settled  txn.Timestamp // SQLite has this version, or a newer one; 0 is the base
	settling txn.Timestamp // on its way to SQLite; 0 is none
	dirty    bool          // in table.dirty
	blind    bool          // the base is Unknown
}

// Newest is the last committed version; valid under the latch.
func (c *Chain) Newest() *Version { return &c.versions[len(c.versions)-1] }

// Visible is the version that a snapshot sees; valid under the latch.
func (c *Chain) Visible(s txn.Timestamp) *Version {
	for i := len(c.versions) - 1; i > 0; i-- {
		if c.versions[i].At <= s {
			return &c.versions[i]
		}
	}
	return &c.versions[0]
}

// Versions returns all of them, the base first; valid under the latch.
func (c *Chain) Versions() []Version { return c.versions }

// The estimates of what a chain and a version cost beside their bytes: the
// structs, their slots in slices and B-tree nodes.
const (
	chainBytes   = 176
	versionBytes = 72
	entryBytes   = 56
)

func (v *Version) bytes() int64 { return versionBytes + int64(len(v.Row)) }

// insertAt is where a version of time at belongs: commits of different keys
// may be applied in any order, those of one key come ascending because of its
// lock, but replay may repeat one.
func (c *Chain) insertAt(at txn.Timestamp) (i int, found bool) {
	i = len(c.versions)
	for i > 1 && c.versions[i-1].At >= at {
		i--
	}
	return i, i < len(c.versions) && c.versions[i].At == at
}

// trim removes versions that no snapshot in use at or above the floor can see
// and that SQLite cannot have.
func (c *Chain) trim() {
	s := c.table.shard
	keep := 0
	n := len(c.versions)
	for i := range c.versions {
		v := &c.versions[i]
		if i < n-1 && (c.versions[i+1].At <= s.floor || !s.seen(v.At, c.versions[i+1].At)) && !c.anchored(i) {
			c.forget(v)
			continue
		}
		if keep != i {
			c.versions[keep] = *v
		}
		keep++
	}
	if keep == n {
		return
	}
	clear(c.versions[keep:])
	c.versions = c.versions[:keep]
	c.reindex()
}

// forget takes a version out of the counts.
func (c *Chain) forget(v *Version) {
	c.table.account(v, -1)
	if v.At > c.settled {
		c.table.shard.usage.Unsettled -= v.bytes()
	}
}

// anchored reports whether SQLite may have version i: the settled one, the one
// on its way there, or with none settled the first.
func (c *Chain) anchored(i int) bool {
	at := c.versions[i].At
	if at == c.settling && at != 0 {
		return true
	}
	if c.settled == 0 {
		return i == 0
	}
	return at == c.settled
}
