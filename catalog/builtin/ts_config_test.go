package builtin

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestLanguagesHaveTheirOIDs holds the names of text search against the rows that
// pg_ts_config and pg_ts_dict have.
func TestLanguagesHaveTheirOIDs(t *testing.T) {
	for file, have := range map[string]map[string]types.OID{"pg_ts_config": TextSearchConfigs, "pg_ts_dict": TextSearchDictionaries} {
		b, err := os.ReadFile("../pgcatalog/data/" + file + ".tsv")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(b)) {
			f := strings.Split(line, "\t")
			if oid, _ := strconv.Atoi(f[0]); have[f[1]] != types.OID(oid) {
				t.Errorf("%s %s has %s, not %d", file, f[1], f[0], have[f[1]])
			}
			n++
		}
		if n != len(have) {
			t.Errorf("%s has %d rows, not %d", file, n, len(have))
		}
	}
}
