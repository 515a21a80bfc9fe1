package functions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
)

// page is the generated page, from this folder.
const page = "../../docs/functions.md"

const introduction = `# Functions and operators

Made from the tables that resolve and compute calls (` + "`go test ./test/functions -rewrite`" + `); ` + "`make functions`" + ` compares them with a PostgreSQL 15. Every row of its pg_proc, pg_operator,
pg_cast and pg_aggregate is there, so that a call means what it means in PostgreSQL; what is missing below is 0A000 when it is called.

Nothing is computed in SQLite unless it gives PostgreSQL's answer for every value, NULLs, overflow and errors included. What SQLite computes in a scan on the shard is marked: **=** by an operator of
its own, **c** by a C function beside it. All else is computed on the shard's rows by the same code as on the coordinator, before rows travel. Aggregates marked **p** are computed in
parts on the shards, others where all of a group's rows meet.
`

func TestPage(t *testing.T) {
	l := builtin.Default()
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString("\n## Functions\n\n")
	writeProcs(&b, l, func(p *builtin.Proc) bool { return p.Kind == 'f' && answered(p) })
	b.WriteString("\n## Aggregates\n\n")
	writeProcs(&b, l, func(p *builtin.Proc) bool { return p.Kind == 'a' && p.Agg != nil && p.Agg.Implemented() })
	b.WriteString("\n## Window functions\n\n")
	writeProcs(&b, l, func(p *builtin.Proc) bool { return p.Kind == 'w' })
	b.WriteString("\n## Operators\n\n")
	writeOperators(&b, l)
	b.WriteString("\n## Missing\n\n")
	writeMissing(&b, l)
	golden.Check(t, page, b.String())
}

// answered reports whether calls of a function are computed: pg_collation_for's
// value is known where a call is bound, so that nothing is left to compute.
func answered(p *builtin.Proc) bool { return p.Func.Implemented() || p.Name == "pg_collation_for" }

// writeProcs writes a line for each name.
func writeProcs(b *strings.Builder, l *builtin.Library, has func(*builtin.Proc) bool) {
	names := map[string][]string{}
	for _, p := range l.Procs() {
		if has(p) && callable(p) {
			names[p.Name] = append(names[p.Name], signature(p)+mark(p))
		}
	}
	writeNames(b, names)
}

func writeNames(b *strings.Builder, names map[string][]string) {
	for _, name := range sorted(names) {
		slices.Sort(names[name])
		fmt.Fprintf(b, "- `%s` %s\n", name, strings.Join(slices.Compact(names[name]), "; "))
	}
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// callable reports whether SQL can call p: not what only the server itself or a
// trigger does, nor a type's input and output.
func callable(p *builtin.Proc) bool {
	for _, t := range append([]*types.Type{p.Result}, p.Args...) {
		switch t.Name {
		case "internal", "cstring", "trigger", "event_trigger", "language_handler", "fdw_handler", "index_am_handler", "table_am_handler", "tsm_handler", "pg_ddl_command":
			return false
		}
	}
	return true
}

func signature(p *builtin.Proc) string {
	args := make([]string, len(p.Args))
	for i, t := range p.Args {
		args[i] = t.SQLName
	}
	if n := len(args); p.Variadic != nil && n > 0 {
		args[n-1] = "VARIADIC " + args[n-1]
	}
	result := p.Result.SQLName
	if p.ReturnsSet {
		result = "SETOF " + result
	}
	return "(" + strings.Join(args, ", ") + ") → " + result
}

func mark(p *builtin.Proc) string {
	switch {
	case p.Kind == 'f':
		return pushedMark(p.Func)
	case p.Kind == 'a' && inParts(p):
		return " **p**"
	}
	return ""
}

// example is a type in the place of a polymorphic one.
func example(t *types.Type) *types.Type {
	switch t {
	case types.TAnyArray, types.TAnyCompatibleArray:
		return types.TInt4.Array
	case types.TAnyRange, types.TAnyCompatibleRange:
		return types.ByName("int4range")
	case types.TAnyMultirange, types.TAnyCompatibleMultirange:
		return types.ByName("int4multirange")
	}
	if t.IsPolymorphic() || t == types.TAny {
		return types.TInt4
	}
	return t
}

// inParts reports whether an aggregate's state can be merged.
func inParts(p *builtin.Proc) bool {
	agg := p.Agg
	if agg.Bind != nil {
		args := make([]*types.Type, len(agg.Args))
		for i, t := range agg.Args {
			args[i] = example(t)
		}
		agg = agg.Bind(args, example(agg.Result))
	}
	return agg.State != nil
}

func pushedMark(f *expr.Function) string {
	sql, ok := sqlitesql.Pushed(f)
	switch {
	case !ok:
		return ""
	case strings.HasPrefix(sql, "pg_"):
		return " **c**"
	}
	return " **=**"
}

// writeOperators writes a line for each operator's name.
func writeOperators(b *strings.Builder, l *builtin.Library) {
	names := map[string][]string{}
	for _, op := range l.Operators() {
		if !op.Func.Implemented() {
			continue
		}
		left := ""
		if op.Left != nil {
			left = op.Left.SQLName + ", "
		}
		names[op.Name] = append(names[op.Name], "("+left+op.Right.SQLName+") → "+op.Result.SQLName+pushedMark(op.Func))
	}
	writeNames(b, names)
}
