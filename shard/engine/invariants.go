package engine

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

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
