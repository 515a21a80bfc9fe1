package engine

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TestStuckShard: writers are not held up for memory that a damaged shard
// cannot free; they are told, until it can. A full disk is waited out.
func TestStuckShard(t *testing.T) {
	damaged := pgerr.New(pgerr.DataCorrupted, "damaged")
	b := newBudget(100)
	b.settling(1, damaged)
	if err := b.wait(context.Background()); err != nil {
		t.Errorf("with memory left: %v", err)
	}
	b.add(200)
	if err := b.wait(context.Background()); err != damaged {
		t.Errorf("with memory full: %v", err)
	}
	b.settling(1, pgerr.New(pgerr.DiskFull, "full"))
	waiting := make(chan error)
	go func() { waiting <- b.wait(context.Background()) }()
	for waits := false; !waits; {
		b.mu.Lock()
		waits = b.room != nil
		b.mu.Unlock()
	}
	b.settling(2, damaged)
	if err := <-waiting; err != damaged {
		t.Errorf("who waits already: %v", err)
	}
	b.settling(2, nil)
	b.add(-150)
	if err := b.wait(context.Background()); err != nil {
		t.Errorf("mended: %v", err)
	}
}
