package engine

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

// must checks an invariant of transactions (docs/rules.md, "What is asserted")
// where that costs nothing. A broken one ends the node: what it would answer
// from then on cannot be trusted.
func (c *Config) must(holds bool, format string, args ...any) {
	if !holds {
		err := pgerr.Internal(format, args...)
		c.Logger.Error("broken invariant", "error", err)
		c.Fatal(err)
	}
}

// mustBeSynced checks that what is to be seen from now on is durable (invariant 4).
func (p *Participant) mustBeSynced(pos log.Position) {
	if p.log != nil && p.log.Synced() < pos {
		p.cfg.must(false, "record %d is applied, the log is synced up to %d", pos, p.log.Synced())
	}
}
