package etcd

import (
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/zap"
)

// TestFailure: what etcd would end the process for is the server's end, with
// its reason; neither the goroutine nor Close goes on from there.
func TestFailure(t *testing.T) {
	for _, end := range []func(l *zap.Logger){
		func(l *zap.Logger) { l.Fatal("cannot write", zap.Error(syscall.ENOSPC)) },
		func(l *zap.Logger) { l.Panic("cannot write", zap.Error(syscall.ENOSPC)) },
		func(l *zap.Logger) { l.Sugar().Panicf("cannot write: %v", syscall.ENOSPC) },
	} {
		s, err := Embed(t.Context(), filepath.Join(t.TempDir(), "etcd"), true, Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := s.etcd
		t.Cleanup(e.Close)
		done := make(chan bool)
		go func() {
			wentOn := false
			defer func() { done <- wentOn }()
			end(e.Server.Logger())
			wentOn = true
		}()
		if <-done {
			t.Error("the goroutine goes on")
		}
		if err := s.Wait(); err == nil || err.Error() != "cannot write: no space left on device" {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStartKeepsWhatItApplies: no start applies more entries than stay in
// memory, though the newest snapshot cannot be read.
func TestStartKeepsWhatItApplies(t *testing.T) {
	c := embedConfig(t.TempDir(), zap.NewNop(), Options{})
	if c.SnapshotCatchUpEntries < 2*c.SnapshotCount {
		t.Errorf("%d entries are kept, a start applies %d", c.SnapshotCatchUpEntries, 2*c.SnapshotCount)
	}
}
