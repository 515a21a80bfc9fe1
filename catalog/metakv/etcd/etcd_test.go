package etcd_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/metakvtest"
)

func embedded(t *testing.T, dir string, fresh bool) *etcd.Server {
	t.Helper()
	server, err := etcd.Embed(t.Context(), dir, fresh, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func TestConformanceInProcess(t *testing.T) {
	server := embedded(t, filepath.Join(t.TempDir(), "etcd"), true)
	defer server.Close()
	metakvtest.Run(t, server.Store(), func() {})
}

func TestConformanceOverTheNetwork(t *testing.T) {
	server := embedded(t, filepath.Join(t.TempDir(), "etcd"), true)
	defer server.Close()
	store, err := etcd.Dial(t.Context(), []string{server.ClientURL()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	metakvtest.Run(t, store, func() {})
}

// TestRestart: a stopped server's directory starts again with all its keys, on
// whatever port is free then.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etcd")
	for i, want := range []string{"", "0", "1"} {
		server := embedded(t, dir, i == 0)
		kv, err := server.Store().Get(t.Context(), "k")
		if err != nil || string(kv.Value) != want {
			t.Fatalf("start %d: %q, %v; want %q", i, kv.Value, err, want)
		}
		if _, err := server.Store().Commit(t.Context(), metakv.Txn{Then: []metakv.Op{metakv.Put("k", []byte{'0' + byte(i)})}}); err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDialNobody(t *testing.T) {
	server := embedded(t, filepath.Join(t.TempDir(), "etcd"), true)
	url := server.ClientURL()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := etcd.Dial(ctx, []string{url}); err == nil {
		t.Fatal("dialling a server that is gone succeeds")
	}
}

// TestSilentServer: whoever asks a server that is gone learns it, though his own
// patience has no end, and is answered when it is there again.
func TestSilentServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etcd")
	server := embedded(t, dir, true)
	store, err := etcd.Dial(t.Context(), []string{server.ClientURL()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if kv, err := store.Get(t.Context(), "k"); err == nil || t.Context().Err() != nil {
		t.Errorf("%v, %v", kv, err)
	}
	server = embedded(t, dir, false)
	defer server.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, err = store.Get(t.Context(), "k"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
