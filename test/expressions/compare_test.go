package expressions

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// answer is what a server says to a statement.
type answer struct {
	params []uint32 // types of the parameters
	types  []uint32 // and of the columns
	rows   string
	code   string // SQLSTATE
	text   string // of the error, with its detail and hint
}

func (a answer) String() string {
	if a.code != "" {
		return "ERROR " + a.code + " " + a.text
	}
	return fmt.Sprintf("types %d of %d: %s", a.types, a.params, a.rows)
}

// unequal says in what two answers differ; "" is in nothing that counts.
func unequal(s *statement, want, got answer) string {
	switch {
	case undecided[want.code] || undecided[got.code]:
		return ""
	case got.code == "0A000" && want.code != "0A000":
		return "refusals"
	case want.code == "" && got.code == "" && fmt.Sprint(want.types, want.params) != fmt.Sprint(got.types, got.params):
		return "types"
	case s.anyOf && (want.code != "" && got.code != "" || want.code == "2201B"): // PostgreSQL's planner reads patterns
		return ""
	case want.code != got.code:
		return "codes"
	case want.code != "" && want.text != got.text:
		return "messages"
	case want.rows != got.rows:
		return "values"
	}
	return ""
}

// undecided are errors that say nothing: of time and memory.
var undecided = map[string]bool{"57014": true, "53200": true, "53400": true, "54000": true, "54001": true}

// patience bounds a statement; the servers' own timeouts are shorter.
const patience = 20 * time.Second

// ask runs a statement; only what is no answer, such as a lost connection, is an error.
func ask(c *pgconn.PgConn, s *statement) (a answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	described, err := c.Prepare(ctx, "", s.sql, nil)
	if err != nil {
		return refusal(err)
	}
	a.params = described.ParamOIDs
	for _, f := range described.Fields {
		a.types = append(a.types, f.DataTypeOID)
	}
	var formats []int16
	if s.binary {
		formats = []int16{1}
	}
	result := c.ExecPrepared(ctx, "", s.sent, nil, formats).Read()
	if result.Err != nil {
		return refusal(result.Err)
	}
	var b strings.Builder
	for _, row := range result.Rows {
		for _, v := range row {
			switch {
			case v == nil:
				b.WriteString("NULL\n")
			case s.binary:
				fmt.Fprintf(&b, "%x\n", normal(described.Fields[0].DataTypeOID, v))
			default:
				fmt.Fprintf(&b, "%s\n", v)
			}
		}
	}
	a.rows = b.String()
	return a, nil
}

// normal is a binary value without what is not part of it: the sign of NaNs, and
// an array's flag that there may be NULLs.
func normal(oid uint32, v []byte) []byte {
	switch t := types.ByOID(types.OID(oid)); {
	case t == types.TFloat8 && math.IsNaN(math.Float64frombits(binary.BigEndian.Uint64(v))),
		t == types.TFloat4 && math.IsNaN(float64(math.Float32frombits(binary.BigEndian.Uint32(v)))):
		return []byte("NaN")
	case t != nil && t.Category == types.CategoryGeometric:
		v = slices.Clone(v)
		for i := len(v) % 8; i+8 <= len(v); i += 8 {
			if w := v[i : i+8]; math.IsNaN(math.Float64frombits(binary.BigEndian.Uint64(w))) {
				copy(w, "\x7f\xf8\x00\x00\x00\x00\x00\x00")
			}
		}
	case t != nil && t.Elem != nil && t.Elem.Array == t && len(v) > 8:
		return append(append(slices.Clone(v[:4]), 0, 0, 0, 0), v[8:]...)
	}
	return v
}

func refusal(err error) (answer, error) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return answer{}, err
	}
	text := e.Message
	if e.Detail != "" {
		text += " DETAIL " + e.Detail
	}
	if e.Hint != "" {
		text += " HINT " + e.Hint
	}
	return answer{code: e.Code, text: text}, nil
}

// pair are sessions on both servers with the same settings.
type pair struct {
	t                   *testing.T
	postgres, pegmatite *pgconn.PgConn
}

// compare asks both, and forgives an order of errors.
func (p *pair) compare(s *statement) (difference string, want, got answer) {
	difference, want, got = p.both(s)
	if difference != "" && (want.code != "" && p.ofPart(s, want, got) || p.spared(s, want, got)) {
		return "", want, got
	}
	return difference, want, got
}

// ofPart reports whether PostgreSQL's error is that of a part of the expression,
// for both servers, where which part is computed first, or at all, is not said:
// PostgreSQL computes what is constant before it knows that it needs it
// (manual, 4.2.14), and of two errors either may be told.
func (p *pair) ofPart(s *statement, want, got answer) bool {
	if got.code == "" && !s.root.lazy() {
		return false
	}
	alone := *s
	if s.anyOf {
		alone.around = func(e string) string { return "SELECT " + e + " FROM edges" }
	}
	for _, part := range s.root.parts(nil) {
		difference, mine, _ := p.both(alone.of(part))
		if difference == "" && mine.code == want.code && mine.text == want.text {
			return true
		}
	}
	return false
}

// spared reports whether Pegmatite's error is that of a part, for both servers,
// which PostgreSQL had no need of: a strict function is NULL if one argument is.
func (p *pair) spared(s *statement, want, got answer) bool {
	return want.code == "" && (want.rows == "NULL\n" || s.anyOf || s.root.lazy()) && got.code != "" && p.ofPart(s, got, got)
}

// lazy reports whether the tree has a form that need not compute all of its parts,
// or a function that PostgreSQL knows to be immutable only for these arguments.
func (t *tree) lazy() bool {
	for _, form := range []string{"CASE", "COALESCE", "_ IN", "BETWEEN", "(_)[_", "anycat", "anynonarray", "quote_"} {
		if strings.Contains(t.name, form) {
			return true
		}
	}
	return slices.ContainsFunc(t.args, (*tree).lazy)
}

// parts are the calls below a tree's root.
func (t *tree) parts(out []*tree) []*tree {
	for _, a := range t.args {
		if a.name != "" {
			out = a.parts(append(out, a))
		}
	}
	return out
}

// both asks both.
func (p *pair) both(s *statement) (difference string, want, got answer) {
	want, err := ask(p.postgres, s)
	if err != nil {
		p.t.Fatalf("PostgreSQL: %v\n%s", err, s.sql)
	}
	got, err = ask(p.pegmatite, s)
	if err != nil {
		p.t.Fatalf("Pegmatite: %v\n%s", err, s.sql)
	}
	return unequal(s, want, got), want, got
}

// set gives both sessions a setting.
func (p *pair) set(name, value string) {
	for _, c := range []*pgconn.PgConn{p.postgres, p.pegmatite} {
		if err := c.Exec(context.Background(), "SET "+name+" = '"+value+"'").Close(); err != nil {
			p.t.Fatal(err)
		}
	}
}
