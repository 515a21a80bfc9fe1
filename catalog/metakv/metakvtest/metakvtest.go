// Package metakvtest is what every metakv.Store must do.
package metakvtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Store is what a full implementation offers.
type Store interface {
	metakv.Store
	metakv.Leaser
}

// Run runs the suite; every test works under a prefix of its own, so that one
// store serves all. expire makes an implementation's leases of one second
// that nobody keeps alive end, however long that takes.
func Run(t *testing.T, s Store, expire func()) {
	tests := []struct {
		name string
		run  func(t *testing.T, s Store, prefix string)
	}{
		{"GetPutDelete", testGetPutDelete},
		{"Range", testRange},
		{"RangeOfManyPages", testManyPages},
		{"Compare", testCompare},
		{"OneRevision", testOneRevision},
		{"Limits", testLimits},
		{"Race", testRace},
		{"WatchFromThePast", testWatchPast},
		{"WatchLive", testWatchLive},
		{"WatchCancelled", testWatchCancelled},
		{"Revoke", testRevoke},
		{"LeaseGone", testLeaseGone},
		{"Expiry", func(t *testing.T, s Store, p string) { testExpiry(t, s, p, expire) }},
		{"Compact", testCompact}, // last: it takes the others' history
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, s, "/"+test.name+"/") })
	}
}

func commit(t *testing.T, s metakv.Store, ops ...metakv.Op) metakv.Revision {
	t.Helper()
	r, err := s.Commit(t.Context(), metakv.Txn{Then: ops})
	if err != nil || !r.Done {
		t.Fatalf("commit: %+v, %v", r, err)
	}
	return r.Revision
}

func put(key, value string) metakv.Op { return metakv.Put(key, []byte(value)) }

func get(t *testing.T, s metakv.Store, key string) metakv.KV {
	t.Helper()
	kv, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

func testGetPutDelete(t *testing.T, s Store, p string) {
	if kv := get(t, s, p+"a"); kv.Exists() || kv.Key != p+"a" {
		t.Errorf("an absent key is %+v", kv)
	}
	r1 := commit(t, s, put(p+"a", "1"))
	if kv := get(t, s, p+"a"); string(kv.Value) != "1" || kv.Modified != r1 {
		t.Errorf("got %+v, want value 1 at %d", kv, r1)
	}
	r2 := commit(t, s, put(p+"a", "2"))
	if kv := get(t, s, p+"a"); string(kv.Value) != "2" || kv.Modified != r2 || r2 != r1+1 {
		t.Errorf("got %+v, want value 2 at %d = %d + 1", kv, r2, r1)
	}
	commit(t, s, metakv.Delete(p+"a"))
	if get(t, s, p+"a").Exists() {
		t.Error("a deleted key is there")
	}
	if r3, r4 := commit(t, s, put(p+"b", "")), commit(t, s, metakv.Delete(p+"nothing")); r3 != r4 {
		t.Errorf("deleting nothing made revision %d after %d", r4, r3)
	}
	if kv := get(t, s, p+"b"); !kv.Exists() || len(kv.Value) != 0 {
		t.Errorf("an empty value is %+v", kv)
	}
}

func testRange(t *testing.T, s Store, p string) {
	r := commit(t, s, put(p+"b", "2"), put(p+"a", "1"), put(p+"a/x", "3"), put(strings.TrimSuffix(p, "/")+"0", "outside"))
	kvs, at, err := s.Range(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, kv := range kvs {
		keys = append(keys, strings.TrimPrefix(kv.Key, p)+"="+string(kv.Value))
	}
	if want := []string{"a=1", "a/x=3", "b=2"}; !slices.Equal(keys, want) || at != r {
		t.Errorf("range %v at %d, want %v at %d", keys, at, want, r)
	}
	commit(t, s, metakv.DeletePrefix(p+"a"))
	if kvs, _, _ := s.Range(t.Context(), p); len(kvs) != 1 {
		t.Errorf("%d keys are left, want 1", len(kvs))
	}
}

func testManyPages(t *testing.T, s Store, p string) {
	const n = 300
	for i := 0; i < n; i += 100 {
		var ops []metakv.Op
		for j := i; j < i+100; j++ {
			ops = append(ops, put(fmt.Sprintf("%s%04d", p, j), "x"))
		}
		commit(t, s, ops...)
	}
	kvs, _, err := s.Range(t.Context(), p)
	if err != nil || len(kvs) != n {
		t.Fatalf("%d keys, %v; want %d", len(kvs), err, n)
	}
	if !slices.IsSortedFunc(kvs, func(a, b metakv.KV) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("out of order")
	}
}

func testCompare(t *testing.T, s Store, p string) {
	absent := metakv.Txn{If: []metakv.Compare{{Key: p + "a"}}, Then: []metakv.Op{put(p+"a", "1")}}
	r, err := s.Commit(t.Context(), absent)
	if err != nil || !r.Done {
		t.Fatalf("create if absent: %+v, %v", r, err)
	}
	if r, err := s.Commit(t.Context(), absent); err != nil || r.Done {
		t.Fatalf("create again: %+v, %v", r, err)
	}
	swap := metakv.Txn{If: []metakv.Compare{{Key: p + "a", Modified: r.Revision}, {Key: p + "b"}}, Then: []metakv.Op{put(p+"a", "2"), put(p+"b", "2")}}
	if r, err := s.Commit(t.Context(), swap); err != nil || !r.Done {
		t.Fatalf("swap: %+v, %v", r, err)
	}
	if r, err := s.Commit(t.Context(), swap); err != nil || r.Done {
		t.Fatalf("swap from an old revision: %+v, %v", r, err)
	}
	if string(get(t, s, p+"a").Value) != "2" || string(get(t, s, p+"b").Value) != "2" {
		t.Error("the swap did half")
	}
}

func testOneRevision(t *testing.T, s Store, p string) {
	r := commit(t, s, put(p+"a", "1"), put(p+"b", "1"), put(p+"c", "1"))
	for _, key := range []string{"a", "b", "c"} {
		if kv := get(t, s, p+key); kv.Modified != r {
			t.Errorf("%s at %d, want %d", key, kv.Modified, r)
		}
	}
}

func testLimits(t *testing.T, s Store, p string) {
	ops := make([]metakv.Op, metakv.MaxOps+1)
	for i := range ops {
		ops[i] = put(fmt.Sprintf("%s%d", p, i), "")
	}
	if _, err := s.Commit(t.Context(), metakv.Txn{Then: ops}); !errors.Is(err, metakv.ErrTooLarge) {
		t.Errorf("%d ops: %v, want ErrTooLarge", len(ops), err)
	}
	commit(t, s, ops[1:]...)
	large := strings.Repeat("x", metakv.MaxRequestBytes)
	if _, err := s.Commit(t.Context(), metakv.Txn{Then: []metakv.Op{put(p+"x", large)}}); !errors.Is(err, metakv.ErrTooLarge) {
		t.Errorf("a value of the whole limit: %v, want ErrTooLarge", err)
	}
	// Just under what CheckSize lets through must get through etcd too.
	n := len(large) / 2
	for metakv.CheckSize(metakv.Txn{Then: []metakv.Op{put(p+"x", large[:n+1]), put(p+"y", large[:n])}}) != nil {
		n--
	}
	commit(t, s, put(p+"x", large[:n+1]), put(p+"y", large[:n]))
}

func testRace(t *testing.T, s Store, p string) {
	const writers, rounds = 4, 20
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for done := 0; done < rounds; {
				kv, err := s.Get(context.Background(), p+"n")
				if err != nil {
					t.Error(err)
					return
				}
				r, err := s.Commit(context.Background(), metakv.Txn{
					If:   []metakv.Compare{{Key: p + "n", Modified: kv.Modified}},
					Then: []metakv.Op{put(p+"n", string(kv.Value)+"x")},
				})
				if err != nil {
					t.Error(err)
					return
				}
				if r.Done {
					done++
				}
			}
		})
	}
	group.Wait()
	if n := len(get(t, s, p+"n").Value); n != writers*rounds {
		t.Errorf("%d increments, want %d", n, writers*rounds)
	}
}

// collect reads n events of a watch as "key=value@revision" or "-key@revision".
func collect(t *testing.T, w metakv.Watch, p string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	for len(got) < n {
		events, err := w.Next(ctx)
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		for _, e := range events {
			key := strings.TrimPrefix(e.Key, p)
			if e.Deleted {
				got = append(got, fmt.Sprintf("-%s@%d", key, e.Modified))
			} else {
				got = append(got, fmt.Sprintf("%s=%s@%d", key, e.Value, e.Modified))
			}
		}
	}
	return got
}

func testWatchPast(t *testing.T, s Store, p string) {
	first := commit(t, s, put(p+"a", "1"), put("/elsewhere", "1"))
	second := commit(t, s, put(p+"b", "2"))
	third := commit(t, s, metakv.Delete(p+"a"))
	w := s.Watch(p, first)
	defer w.Close()
	want := []string{fmt.Sprintf("a=1@%d", first), fmt.Sprintf("b=2@%d", second), fmt.Sprintf("-a@%d", third)}
	if got := collect(t, w, p, 3); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testWatchLive(t *testing.T, s Store, p string) {
	start := commit(t, s, put(p+"a", "0"))
	w := s.Watch(p, start+1)
	defer w.Close()
	got := make(chan []string)
	go func() { got <- collect(t, w, p, 2) }()
	first := commit(t, s, put(p+"a", "1"))
	second := commit(t, s, put(p+"a", "2"))
	want := []string{fmt.Sprintf("a=1@%d", first), fmt.Sprintf("a=2@%d", second)}
	if got := <-got; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testWatchCancelled(t *testing.T, s Store, p string) {
	w := s.Watch(p, 0)
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Next: %v, want context.Canceled", err)
	}
}

func testRevoke(t *testing.T, s Store, p string) {
	id, err := s.Grant(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	leased := put(p+"a", "1")
	leased.Lease = id
	commit(t, s, leased, put(p+"b", "1"))
	if kv := get(t, s, p+"a"); kv.Lease != id {
		t.Errorf("lease %d, want %d", kv.Lease, id)
	}
	if err := s.KeepAlive(t.Context(), id); err != nil {
		t.Error(err)
	}
	if err := s.Revoke(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if get(t, s, p+"a").Exists() || !get(t, s, p+"b").Exists() {
		t.Error("revoking a lease took the wrong keys")
	}
}

func testLeaseGone(t *testing.T, s Store, p string) {
	const none = metakv.LeaseID(987654321)
	if err := s.KeepAlive(t.Context(), none); !errors.Is(err, metakv.ErrLeaseGone) {
		t.Errorf("KeepAlive: %v", err)
	}
	if err := s.Revoke(t.Context(), none); !errors.Is(err, metakv.ErrLeaseGone) {
		t.Errorf("Revoke: %v", err)
	}
	leased := put(p+"a", "1")
	leased.Lease = none
	if _, err := s.Commit(t.Context(), metakv.Txn{Then: []metakv.Op{leased}}); !errors.Is(err, metakv.ErrLeaseGone) {
		t.Errorf("put: %v", err)
	}
}

func testExpiry(t *testing.T, s Store, p string, expire func()) {
	id, err := s.Grant(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	leased := put(p+"a", "1")
	leased.Lease = id
	from := commit(t, s, leased)
	w := s.Watch(p, from+1)
	defer w.Close()
	expire()
	if got := collect(t, w, p, 1); !strings.HasPrefix(got[0], "-a@") {
		t.Errorf("got %v, want the key's end", got)
	}
	if err := s.KeepAlive(t.Context(), id); !errors.Is(err, metakv.ErrLeaseGone) {
		t.Errorf("KeepAlive: %v, want ErrLeaseGone", err)
	}
}

func testCompact(t *testing.T, s Store, p string) {
	first := commit(t, s, put(p+"a", "1"))
	second := commit(t, s, put(p+"a", "2"))
	commit(t, s, put(p+"b", "3"))
	if err := s.Compact(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context(), second); err != nil {
		t.Errorf("compacting twice: %v", err)
	}
	if string(get(t, s, p+"a").Value) != "2" {
		t.Error("the present is gone")
	}
	w := s.Watch(p, first)
	defer w.Close()
	if _, err := w.Next(t.Context()); !errors.Is(err, metakv.ErrCompacted) {
		t.Errorf("Next: %v, want ErrCompacted", err)
	}
	again := s.Watch(p, second)
	defer again.Close()
	if got := collect(t, again, p, 2); !strings.HasPrefix(got[0], "a=2@") {
		t.Errorf("got %v", got)
	}
}
