// Package ring is a consistent-hash ring with virtual nodes and weights: which
// node owns a key, so that a node that comes or goes moves only its share. It is
// pure: every node that knows the members computes the same owners.
package ring

import (
	"cmp"
	"slices"
)

// Member is a node on the ring.
type Member struct {
	Node   uint32
	Weight int // its share relative to the others'; 0 owns nothing
}

// pointsPerWeight is how many points a member of weight 1 has. Shares of equal
// members differ by about 1/sqrt of it.
const pointsPerWeight = 256

// Ring is immutable; make one with New.
type Ring struct {
	points []point // by hash
	nodes  int     // that have points
}

type point struct {
	hash uint64
	node uint32
}

// New makes the ring of the members. Their order does not matter.
func New(members []Member) *Ring {
	r := &Ring{}
	for _, m := range members {
		for i := range m.Weight * pointsPerWeight {
			r.points = append(r.points, point{scramble(uint64(m.Node)<<32 | uint64(i)), m.Node})
		}
		if m.Weight > 0 {
			r.nodes++
		}
	}
	slices.SortFunc(r.points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.node, b.node))
	})
	return r
}

// Owner returns the node that owns the key: that of the first point at or
// after the key's hash. ok is false on a ring without members.
func (r *Ring) Owner(key uint64) (node uint32, ok bool) {
	owners := r.Owners(key, 1)
	if len(owners) == 0 {
		return 0, false
	}
	return owners[0], true
}

// Owners returns the first n different nodes from the key on, the owner first,
// then its replicas; fewer when there are not as many.
func (r *Ring) Owners(key uint64, n int) []uint32 {
	n = min(n, r.nodes)
	owners := make([]uint32, 0, n)
	hash := scramble(key)
	at, _ := slices.BinarySearchFunc(r.points, hash, func(p point, h uint64) int { return cmp.Compare(p.hash, h) })
	for i := 0; len(owners) < n; i++ {
		node := r.points[(at+i)%len(r.points)].node
		if !slices.Contains(owners, node) {
			owners = append(owners, node)
		}
	}
	return owners
}

// scramble is the finalizer of splitmix64 (Steele, Lea, Flood 2014). Where
// shards lie depends on it for ever.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
