// Package compat keeps how many statements of PostgreSQL's own regression
// scripts get PostgreSQL's answers here: for each script the number may only go
// up. The scripts, their recorded answers and the tool that compares are not
// part of the repository; without them the test is skipped. They are looked for
// in ../shared/compat beside the checkout, or where PEGMATITE_COMPAT says.
package compat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// scripts are all of them but join, which has a statement that takes longer than a test may.
const scripts = "alter_table,arrays,boolean,char,comments,copy,copydml,copyselect,create_index,create_schema,create_table,create_view,date,delete,errors,expressions,float8,foreign_key,generated,groupingsets,insert,int2,int4,interval,json,jsonb,jsonpath,limit,merge,name,numeric,numerology,prepared_xacts,select,select_distinct,select_implicit,select_into,sequence,strings,text,time,timestamp,transactions,with,xid"

// report is what the tool writes.
type report struct {
	Files []agreement
}

// agreement counts a script's statements: those that succeed on PostgreSQL, and
// those that it refuses, each with how many have the same outcome here.
type agreement struct {
	Name      string
	Succeed   int `json:"succeed_on_postgres"`
	Succeeded int `json:"succeed_matched"`
	Fail      int `json:"fail_on_postgres"`
	Failed    int `json:"fail_matched"`
}

func TestAgreementOnlyGrows(t *testing.T) {
	node.Psql(t)
	dir := material(t)
	tool := build(t, dir)
	for _, recorded := range []string{"tier1", "tier1-binary"} {
		t.Run(recorded, func(t *testing.T) {
			// One shard: rows that nobody sorts come in PostgreSQL's order.
			n := node.Start(t, func(c *server.Config) { c.Shards = 1 })
			now := compare(t, dir, tool, recorded, n.Address())
			file := filepath.Join("testdata", recorded+".txt")
			if golden.Rewriting() {
				golden.Check(t, file, table(now))
			}
			hold(t, file, now)
		})
	}
}

// material is the folder with scripts and answers.
func material(t *testing.T) string {
	dir := cmp.Or(os.Getenv("PEGMATITE_COMPAT"), filepath.Join("..", "..", "..", "shared", "compat"))
	if _, err := os.Stat(filepath.Join(dir, "ref")); err != nil {
		t.Skip("PostgreSQL's regression scripts are not here:", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build makes the tool, a module of its own.
func build(t *testing.T, dir string) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "pgcompat")
	c := exec.Command("go", "build", "-o", tool, ".")
	c.Dir = filepath.Join(dir, "pgcompat")
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building the tool: %v\n%s", err, out)
	}
	return tool
}

// compare runs the scripts.
func compare(t *testing.T, dir, tool, recorded, address string) []agreement {
	t.Helper()
	host, port, _ := strings.Cut(address, ":")
	out := filepath.Join(t.TempDir(), "report.json")
	c := exec.Command(tool, "regress", "--timeout", "60s", "--ref-replay", filepath.Join("ref", recorded+".json.gz"), "--only", scripts, "--json", out,
		"--test", fmt.Sprintf("host=%s port=%s user=postgres dbname=postgres sslmode=disable", host, port))
	c.Dir = dir
	if printed, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r.Files
}

// hold compares with what agreed before: a script that agrees less is an error.
func hold(t *testing.T, file string, now []agreement) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]agreement{}
	for line := range strings.Lines(string(text)) {
		var a agreement
		if _, err := fmt.Sscanf(line, "%s %d of %d, refused %d of %d", &a.Name, &a.Succeeded, &a.Succeed, &a.Failed, &a.Fail); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		before[a.Name] = a
	}
	if len(now) != len(before) {
		t.Errorf("%d scripts were compared, %d before", len(now), len(before))
	}
	for _, a := range now {
		b := before[a.Name]
		switch {
		case a.Succeeded < b.Succeeded || a.Failed < b.Failed:
			t.Errorf("%s: %s, it was: %s", a.Name, a, b)
		case a != b:
			t.Logf("%s: %s, it was: %s; -rewrite notes it", a.Name, a, b)
		}
	}
}

func (a agreement) String() string {
	return fmt.Sprintf("%d of %d, refused %d of %d", a.Succeeded, a.Succeed, a.Failed, a.Fail)
}

func table(list []agreement) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%s %s\n", a.Name, a)
	}
	return b.String()
}
