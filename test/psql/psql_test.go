// Package psql asks what psql's backslash commands and drivers ask at connect
// time, over a schema with one of everything, and compares with what
// PostgreSQL 15 answered. `make sql-record` records anew.
//
//	describe.sql   \d and its like          functions.sql  what they and drivers call
//	drivers.sql    drivers' own queries     vacuum.sql     VACUUM, ANALYZE, pg_stats
package psql

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// scripts are the files of testdata that are run; schema.sql is a part of them.
var scripts = []string{"describe", "functions", "drivers", "vacuum"}

func TestScripts(t *testing.T) {
	node.Psql(t)
	alone, cluster := node.Start(t, nil), node.StartCluster(t, 3, 6, nil)
	for i, name := range scripts {
		for nodes, n := range map[int]*node.Node{1: alone, 3: cluster.Nodes[i%3]} {
			t.Run(fmt.Sprintf("%s/nodes=%d", name, nodes), func(t *testing.T) {
				want, err := os.ReadFile(filepath.Join("testdata", name+".out"))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, normal(string(want)), normal(string(output(t, n.Address(), name))))
			})
		}
	}
}

// TestRecord records the expected outputs from the PostgreSQL that
// PEGMATITE_RECORD_DSN names (a host:port).
func TestRecord(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		t.Skip("records, tests nothing: runs under make sql-record")
	}
	for _, name := range scripts {
		if err := os.WriteFile(filepath.Join("testdata", name+".out"), output(t, address, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func dsn(address, db string) string {
	host, port, _ := strings.Cut(address, ":")
	return fmt.Sprintf("host=%s port=%s user=postgres dbname=%s sslmode=disable", host, port, db)
}

// output runs a script in a database of its own, and takes away what it made
// outside of that.
func output(t *testing.T, address, name string) []byte {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := "psql_" + name
	clean := "DROP DATABASE IF EXISTS " + db + ";DROP ROLE IF EXISTS describe_owner, describe_group;"
	node.RunPsql(t, dsn(address, "postgres"), clean+"CREATE DATABASE "+db+" TEMPLATE template0;")
	out := node.RunPsql(t, dsn(address, db), string(script))
	node.RunPsql(t, dsn(address, "postgres"), clean)
	return out
}

var (
	size   = regexp.MustCompile(`\b\d+ (bytes|kB|MB|GB)\b`)
	spaces = regexp.MustCompile(` +`)
	rules  = regexp.MustCompile(`-{2,}`)
)

// normal takes out of an output what may differ: sizes, and with them the
// widths of columns.
func normal(out string) string {
	out = size.ReplaceAllString(out, "SIZE")
	return rules.ReplaceAllString(spaces.ReplaceAllString(out, " "), "--")
}

// compare shows the first lines that differ.
func compare(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	shown := 0
	for i := 0; i < max(len(w), len(g)) && shown < 12; i++ {
		if a, b := line(w, i), line(g, i); a != b {
			t.Errorf("line %d\n  want %s\n  got  %s", i+1, a, b)
			shown++
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// TestManyTables: looking at one of 1,000 tables reads what changed, not all.
func TestManyTables(t *testing.T) {
	n := node.Start(t, nil)
	var b strings.Builder
	b.WriteString("BEGIN;\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "CREATE TABLE many_%d (id int PRIMARY KEY, v text);\n", i)
	}
	b.WriteString("SELECT count(*) FROM pg_class WHERE relname LIKE 'many%' AND relkind = 'r';\nCOMMIT;\n")
	b.WriteString("CREATE TABLE many_more (id int);\nDROP TABLE many_7;\n")
	b.WriteString("SELECT count(*) FROM pg_class WHERE relname LIKE 'many%' AND relkind = 'r';\n\\d many_999\n")
	out := string(node.RunPsql(t, dsn(n.Address(), "postgres"), b.String()))
	if got := strings.Count(out, "\n  1000\n"); got != 2 {
		t.Errorf("1000 tables were counted %d times, not twice", got)
	}
	if !strings.Contains(out, `"many_999_pkey" PRIMARY KEY, btree (id)`) {
		t.Errorf("\\d of the last table: %s", out[max(0, len(out)-500):])
	}
}
