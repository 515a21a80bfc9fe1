package builtin

import (
	"os"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// bootstrap is where Debian's postgresql-15 keeps the rows that initdb begins with.
const bootstrap = "/usr/share/postgresql/15/postgres.bki"

// TestRowsAreThoseOfPostgres compares the rows of pg_proc with PostgreSQL's own
// bootstrap file, where one is installed.
func TestRowsAreThoseOfPostgres(t *testing.T) {
	b, err := os.ReadFile(bootstrap)
	if err != nil {
		t.Skip("PostgreSQL 15 is not installed:", err)
	}
	table, compared := "", 0
	for line := range strings.Lines(string(b)) {
		f := bootstrapFields(line)
		switch {
		case len(f) > 1 && (f[0] == "create" || f[0] == "open"):
			table = f[1]
		case len(f) > 20 && f[0] == "insert" && table == "pg_proc":
			compareProc(t, f[2:])
			compared++
		}
	}
	if compared < 3000 {
		t.Errorf("only %d rows compared", compared)
	}
}

// bootstrapFields splits a line at blanks, minding quotes.
func bootstrapFields(line string) (out []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexByte(line, ' ')
		if line[0] == '\'' {
			end = strings.IndexByte(line[1:], '\'') + 2
		}
		if end < 0 {
			end = len(line)
		}
		out = append(out, strings.Trim(line[:end], "'"))
		line = line[end:]
	}
	return out
}

// compareProc takes oid name namespace owner language cost rows variadic support
// kind secdef leakproof strict retset volatile parallel nargs ndefaults result argtypes.
func compareProc(t *testing.T, f []string) {
	t.Helper()
	p := Default().Proc(parseOID(f[0]))
	if p == nil {
		if argsKnown(f[19]) && typeOf(f[18]) != nil {
			t.Errorf("%s (%s) is missing", f[1], f[0])
		}
		return
	}
	truth := map[bool]string{true: "t", false: "f"}
	var args []string
	for _, a := range p.Args {
		args = append(args, string(types.AppendInt(nil, int64(a.OID))))
	}
	got := strings.Join([]string{p.Name, string(p.Kind), truth[p.LeakProof], truth[p.Strict], truth[p.ReturnsSet], string(p.Volatility),
		string(types.AppendInt(nil, int64(p.Result.OID))), strings.Join(args, " ")}, "|")
	want := strings.Join([]string{f[1], f[9], f[11], f[12], f[13], f[14], f[18], f[19]}, "|")
	if got != want {
		t.Errorf("%s: got %s, want %s", f[0], got, want)
	}
}

func argsKnown(list string) bool {
	for _, a := range strings.Fields(list) {
		if typeOf(a) == nil {
			return false
		}
	}
	return true
}

// TestImplementationsHaveRows finds implementations that no row of pg_proc, or
// no aggregate, can reach: a misspelt key.
func TestImplementationsHaveRows(t *testing.T) {
	symbols, signatures := map[string]bool{}, map[string]bool{}
	for _, p := range Default().Procs() {
		symbols[p.Symbol] = true
		signatures[p.signature()] = true
	}
	written := []impls{
		boolImpls, quoteImpls, likeImpls, byteaImpls, trigImpls, numericImpls, randomImpls, datetimeImpls,
		extractImpls, clockImpls, overlapImpls, arrayImpls, jsonAccessImpls, numberFormatImpls, datetimeFormatImpls,
		datetimeParseImpls, textImpls, castImpls, mixedCompareImpls,
		jsonbImpls, sizeImpls, encodingImpls, identifierImpls,
	}
	usual, usualRows := ctypeImpls(ctypeUnicode)
	for _, family := range append(written, usual) {
		for key := range family {
			if !symbols[key] {
				t.Errorf("no function has the symbol %s", key)
			}
		}
	}
	for _, family := range append(rowsFamilies(), usualRows) {
		for key := range family {
			if !symbols[key] {
				t.Errorf("no set-returning function has the symbol %s", key)
			}
		}
	}
	for _, family := range bindFamilies() {
		for key := range family {
			if !symbols[key] {
				t.Errorf("no polymorphic function has the symbol %s", key)
			}
		}
	}
	for key := range allAggregates() {
		if !signatures[key] {
			t.Errorf("no aggregate has the signature %s", key)
		}
	}
	for name := range sessionNames() {
		if len(Default().ProcsNamed(name)) == 0 {
			t.Errorf("no function is named %s", name)
		}
	}
}

// TestOperatorsArePaired checks that commutators and negators point back.
func TestOperatorsArePaired(t *testing.T) {
	l := Default()
	for _, op := range l.operators {
		if c := l.Operator(op.Commutator); c != nil && l.Operator(c.Commutator) != op {
			t.Errorf("%s (%d): the commutator does not point back", op.Name, op.OID)
		}
		if n := l.Operator(op.Negator); n != nil && l.Operator(n.Negator) != op {
			t.Errorf("%s (%d): the negator does not point back", op.Name, op.OID)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load()
	}
}
