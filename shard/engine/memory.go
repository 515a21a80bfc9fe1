package engine

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// budget bounds the memory of a node's recent layers. Only new statements wait
// for it; commits, decisions and replay never do (rule 27).
type budget struct {
	limit int64

	mu     sync.Mutex // protects the rest
	used   int64
	room   chan struct{}      // closed when there is room again; nil when nobody waits
	press  chan struct{}      // closed when memory becomes tight
	rounds int                // settling rounds since it became tight
	stuck  map[shard.ID]error // why a shard cannot settle: its memory stays used
}

func newBudget(limit int64) *budget {
	return &budget{limit: limit, press: make(chan struct{}), stuck: map[shard.ID]error{}}
}

// add changes what is used.
func (b *budget) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.used
	b.used += n
	half := b.limit / 2
	if was <= half && b.used > half {
		close(b.press)
		b.rounds = 0
	}
	if was > half && b.used <= half {
		b.press = make(chan struct{})
	}
	if b.used <= b.limit {
		b.open()
	}
}

func (b *budget) open() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// tight reports whether half of the memory is used: settling does not wait then.
func (b *budget) tight() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used > b.limit/2
}

// pressed is closed while memory is tight.
func (b *budget) pressed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.press
}

// patience is how many settling rounds a writer waits for memory: what they do
// not free, a snapshot holds, and then waiting longer helps nobody.
const patience = 2

// settledOne counts a settling round.
func (b *budget) settledOne() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rounds++
	if b.rounds >= patience {
		b.open()
	}
}

// total is what is used.
func (b *budget) total() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// excess is by how much the memory is over its limit.
func (b *budget) excess() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used - b.limit
}

// settling notes how a shard's settling went. A full disk is waited out; what
// else keeps a shard from settling is told to writers once memory is full.
func (b *budget) settling(id shard.ID, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil || pgerr.HasCode(err, pgerr.DiskFull) {
		delete(b.stuck, id)
		return
	}
	b.stuck[id] = err
	b.open()
}

// wait holds a new writing statement up while memory is full.
func (b *budget) wait(ctx context.Context) error {
	if err := b.stuckError(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.used <= b.limit {
		b.mu.Unlock()
		return nil
	}
	if b.room == nil {
		b.room = make(chan struct{})
		b.rounds = 0
	}
	room := b.room
	b.mu.Unlock()
	select {
	case <-room:
		return b.stuckError()
	case <-ctx.Done():
		return pgerr.From(ctx.Err())
	}
}

// stuckError is a reason why memory may stay full, if it is full.
func (b *budget) stuckError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used > b.limit {
		for _, err := range b.stuck {
			return err
		}
	}
	return nil
}

// noteMemory tells the budget what the recent layer holds, and the settler
// that there is something to do; the caller holds the latch.
func (e *Engine) noteMemory() {
	now := e.recent.Usage().Bytes
	if now != e.used {
		e.memory.add(now - e.used)
		e.used = now
	}
	if e.recent.Usage().Chains > 0 {
		e.wake()
	}
}
