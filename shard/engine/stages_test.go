package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/ending"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// page is one page of rows.
type page struct {
	rows []byte
	n    int
}

func (p *page) next(context.Context) ([]byte, int, error) {
	rows, n := p.rows, p.n
	p.rows, p.n = nil, 0
	return rows, n, nil
}

// TestComparingIsAsked: sorting and grouping values that are long asks on the
// way whether the read goes on, and ends when it does not.
func TestComparingIsAsked(t *testing.T) {
	columns := []column{{types.TJSONB, -1}}
	document := &expr.Column{Typed: expr.Typed{T: types.TJSONB, Mod: -1}}
	for name, f := range map[string]*shard.Fragment{
		"sort":  {Order: []expr.SortKey{{Expr: document}}, Filter: expr.NewConst(types.TBool, types.Bool(true))},
		"group": {Group: &shard.Group{Keys: []expr.Expr{document}}},
	} {
		s, err := compileStages(f, columns)
		if err != nil {
			t.Fatal(err)
		}
		for end := 1; end < 60; end += 5 {
			in := &page{n: 4}
			for i := range in.n {
				text := "[" + strings.Repeat("1, ", 20000) + fmt.Sprint(-i) + "]"
				in.rows = appendRow(in.rows, appendDatum(nil, columns[0], types.Text(text)))
			}
			running := &ending.Request{At: end}
			out := s.run(in, &expr.Context{Env: types.DefaultEnv(), Running: running}, -1, &sortFiles{engine: &Engine{cfg: &Config{groupBytes: 1 << 30}}})
			if _, _, err := out.next(t.Context()); !errors.Is(err, ending.Err) {
				t.Errorf("%s: asked %d times, to end at %d: %v", name, running.Times, end, err)
			}
		}
	}
}
