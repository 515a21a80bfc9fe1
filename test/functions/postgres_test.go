package functions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// data is where the tables lie, from this folder, and the script that reads them from PostgreSQL.
const data = "../../catalog/builtin/data"

// TestAgainstPostgres reads the rows of the PostgreSQL that PEGMATITE_RECORD_DSN
// names (a host:port) and compares them with the embedded ones.
func TestAgainstPostgres(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		t.Skip("wants a PostgreSQL 15: runs under make functions")
	}
	host, port, _ := strings.Cut(address, ":")
	script, err := filepath.Abs(filepath.Join(data, "extract.sql"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(node.Psql(t), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, "-d", "host="+host+" port="+port+" user=postgres dbname=postgres")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, table := range []string{"pg_proc", "pg_operator", "pg_cast", "pg_aggregate"} {
		compare(t, table, lines(t, filepath.Join(data, table+".tsv")), lines(t, filepath.Join(dir, table+".tsv")))
	}
}

func lines(t *testing.T, file string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		out[line] = true
	}
	return out
}

func compare(t *testing.T, table string, have, want map[string]bool) {
	for line := range want {
		if !have[line] {
			t.Errorf("%s: PostgreSQL has %s", table, line)
		}
	}
	for line := range have {
		if !want[line] {
			t.Errorf("%s: PostgreSQL lacks %s", table, line)
		}
	}
	t.Logf("%s: %d rows", table, len(have))
}
