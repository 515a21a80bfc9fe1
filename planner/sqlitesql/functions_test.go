package sqlitesql

import (
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// The planner's table must say of each C function what shard/sqlite says.
func TestCalledFunctionsExist(t *testing.T) {
	for signature, r := range called {
		i := slices.IndexFunc(sqlite.Functions, func(f sqlite.Function) bool {
			return f.Field == "" && slices.Contains(f.Procs, signature)
		})
		if i < 0 {
			t.Errorf("%s: no C function computes it", signature)
			continue
		}
		if f := sqlite.Functions[i]; f.Name != r.sql || f.Fails != r.fails {
			t.Errorf("%s: %s (fails: %t) here, %s (fails: %t) there", signature, r.sql, r.fails, f.Name, f.Fails)
		}
	}
}
