package builtin

import (
	"context"
	"errors"
	"testing"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestValuesHaveABound has functions make more than a value can hold: they say
// what PostgreSQL 15 says, and before they make it.
func TestValuesHaveABound(t *testing.T) {
	ctx := &expr.Context{Env: types.DefaultEnv()}
	// Memory that nobody touches is none.
	b := make([]byte, 700_000_000)
	large := types.Text(unsafe.String(&b[0], len(b)))
	texts := func(n int) (out []*types.Type) {
		for range n {
			out = append(out, types.TText)
		}
		return out
	}
	format := bindFormat(texts(2), types.TText)
	for _, c := range []struct {
		name, message, detail string
		code                  pgerr.Code
		call                  func() (types.Datum, error)
	}{
		{"||", "invalid memory alloc request size 1400000004", "", pgerr.InternalError,
			func() (types.Datum, error) { return textCat(ctx, []types.Datum{large, large}) }},
		{"format", "out of memory", "Cannot enlarge string buffer containing 0 bytes by 1999999999 more bytes.", pgerr.ProgramLimitExceeded,
			func() (types.Datum, error) {
				return format(ctx, []types.Datum{types.Text("%2000000000s"), types.Text("x")})
			}},
		{"buffer", "out of memory", "Cannot enlarge string buffer containing 3 bytes by 1073741820 more bytes.", pgerr.ProgramLimitExceeded,
			func() (types.Datum, error) {
				b := buffer{ctx: ctx}
				if err := b.add("abc"); err != nil {
					return types.Null, err
				}
				return types.Null, b.room(1073741820)
			}},
	} {
		_, err := c.call()
		if e := pgerr.From(err); err == nil || e.Code != c.code || e.Message != c.message || e.Detail != c.detail {
			t.Errorf("%s: %v (%s)", c.name, err, pgerr.From(err).Detail)
		}
	}
}

// TestLoopsEndWithTheStatement has one call go on for long.
func TestLoopsEndWithTheStatement(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	text := make([]byte, 1<<17)
	for i := range text {
		text[i] = 'x'
	}
	for name, f := range map[string]impl{"replace": replaceText, "regexp_replace": regexes{}.replace} {
		args := []types.Datum{types.Text(string(text)), types.Text("x"), types.Text("y")}
		if name == "regexp_replace" {
			args = append(args, types.Text("g"))
		}
		if _, err := f(&expr.Context{Env: types.DefaultEnv(), Running: ended}, args); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if d, err := f(&expr.Context{Env: types.DefaultEnv(), Running: context.Background()}, args); err != nil || d.Text()[0] != 'y' || d.ByteLen() != len(text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
