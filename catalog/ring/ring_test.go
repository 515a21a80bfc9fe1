package ring

import (
	"slices"
	"testing"
)

const keys = 20000

func shares(r *Ring) map[uint32]int {
	n := make(map[uint32]int)
	for k := range uint64(keys) {
		node, _ := r.Owner(k)
		n[node]++
	}
	return n
}

func between(t *testing.T, what string, got, low, high int) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %d of %d keys, want %d to %d", what, got, keys, low, high)
	}
}

func equal(n int) []Member {
	members := make([]Member, n)
	for i := range members {
		members[i] = Member{Node: uint32(i + 1), Weight: 1}
	}
	return members
}

// TestFourthNodeTakesAQuarter: what moves goes to the newcomer, and is its share.
func TestFourthNodeTakesAQuarter(t *testing.T) {
	before, after := New(equal(3)), New(equal(4))
	moved := 0
	for k := range uint64(keys) {
		a, _ := before.Owner(k)
		b, _ := after.Owner(k)
		if a == b {
			continue
		}
		moved++
		if b != 4 {
			t.Fatalf("key %d moved from %d to %d, not to the new node", k, a, b)
		}
	}
	between(t, "moved", moved, keys/5, keys*3/10)
}

func TestSharesFollowWeights(t *testing.T) {
	n := shares(New([]Member{{1, 1}, {2, 2}, {3, 1}, {4, 0}}))
	between(t, "weight 1", n[1], keys/5, keys*3/10)
	between(t, "weight 2", n[2], keys*2/5, keys*3/5)
	between(t, "weight 1", n[3], keys/5, keys*3/10)
	between(t, "weight 0", n[4], 0, 0)
}

func TestOrderOfMembersDoesNotMatter(t *testing.T) {
	members := equal(5)
	a := New(members)
	slices.Reverse(members)
	b := New(members)
	for k := range uint64(1000) {
		if !slices.Equal(a.Owners(k, 3), b.Owners(k, 3)) {
			t.Fatalf("key %d: %v and %v", k, a.Owners(k, 3), b.Owners(k, 3))
		}
	}
}

func TestOwnersAreDifferent(t *testing.T) {
	r := New(equal(3))
	for k := range uint64(1000) {
		owners := r.Owners(k, 5)
		slices.Sort(owners)
		if !slices.Equal(owners, []uint32{1, 2, 3}) {
			t.Fatalf("key %d: %v", k, owners)
		}
	}
}

func TestEmpty(t *testing.T) {
	if node, ok := New(nil).Owner(1); ok {
		t.Errorf("node %d owns a key of an empty ring", node)
	}
}

// TestOwnersAreForEver pins the hash: a cluster's shards lie by it.
func TestOwnersAreForEver(t *testing.T) {
	var got []uint32
	r := New(equal(3))
	for k := range uint64(12) {
		node, _ := r.Owner(k)
		got = append(got, node)
	}
	if want := []uint32{2, 3, 3, 3, 1, 1, 2, 3, 3, 2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("owners %v, want %v", got, want)
	}
}
