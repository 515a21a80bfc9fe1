package twopc

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Messages are lost, repeated, late and out of order; logs and coordinators
// crash at any moment, keeping any part of what was not synced; logs are cut.
// In the end each transaction has one outcome, everywhere, and nobody was told
// another.
func TestRandomWorld(t *testing.T) {
	fixedseed.Check(t, func(t *rapid.T) {
		c := newCluster(3)
		for i := range rapid.IntRange(1, 3).Draw(t, "transactions") {
			logs := rapid.Permutation([]int{0, 1, 2}).Draw(t, "logs")
			c.begin(txn.ID{Node: 1, Boot: 1, Seq: uint64(i + 1)}, logs[:rapid.IntRange(1, 3).Draw(t, "count")]...)
		}
		steps := rapid.IntRange(10, 150).Draw(t, "steps")
		for range steps {
			randomStep(t, c)
			if len(c.problems) > 0 {
				t.Fatal(c.problems, "\n"+strings.Join(c.trace, "\n"))
			}
		}
		c.settle()
		c.verify()
		if len(c.problems) > 0 {
			t.Fatal(c.problems, "\n"+strings.Join(c.trace, "\n"))
		}
	})
}

func randomStep(t *rapid.T, c *cluster) {
	l := c.logs[rapid.IntRange(0, 2).Draw(t, "log")]
	id := txn.ID{Node: 1, Boot: 1, Seq: uint64(rapid.IntRange(1, len(c.commits)).Draw(t, "txn"))}
	if message := rapid.IntRange(0, 99).Draw(t, "message"); message < 60 {
		if len(c.flight) == 0 {
			return
		}
		i := rapid.IntRange(0, len(c.flight)-1).Draw(t, "which")
		switch {
		case message < 2: // lost
			c.flight = append(c.flight[:i:i], c.flight[i+1:]...)
			return
		case message < 5: // twice
			c.flight = append(c.flight, c.flight[i])
		}
		c.deliver(i)
		return
	}
	switch what := rapid.IntRange(0, 39).Draw(t, "what"); {
	case what < 4:
		l.sync(rapid.IntRange(0, 1).Draw(t, "torn")) // what a crash leaves of the unsynced
		l.crash()
	case what < 5:
		c.commits[id].machine = nil // the coordinator dies
	case what < 8:
		c.timeout(id, l.number)
	case what < 11:
		l.resolve()
	case what < 14:
		l.cut(Position(rapid.Int64Range(1, int64(l.synced)+1).Draw(t, "cut")))
	default:
		for _, l := range c.logs {
			if rapid.IntRange(0, 2).Draw(t, "sync") > 0 {
				l.sync(len(l.records))
			}
		}
	}
}
