package types

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
)

// TestISOShortcut holds that the shortcut says what the long way says.
func TestISOShortcut(t *testing.T) {
	e := *env
	e.Location = FindZone("Europe/Berlin")
	taken := 0
	fixedseed.Check(t, func(t *rapid.T) {
		e.DateOrder = rapid.SampledFrom([]DateOrder{OrderMDY, OrderDMY, OrderYMD}).Draw(t, "order")
		s := rapid.StringMatching(`(19|20|00|99)[0-9][0-9]-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|[+-][01][0-9](:[0-6][0-9])?)?)?`).Draw(t, "s")
		c, zoned, ok := parseISO(s)
		if !ok {
			return
		}
		taken++
		if !zoned {
			c.ZoneWestS = localOffset(&c, e.Location)
		}
		p, err := decodeMoment(&e, s, "timestamp", timestampBufLen)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		p.c.Zone = ""
		if p.c != c {
			t.Fatalf("%s: %+v, the long way %+v", s, c, p.c)
		}
	})
	if taken == 0 {
		t.Error("the shortcut was never taken")
	}
}
