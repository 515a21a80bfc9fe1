package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// explain is EXPLAIN [ANALYZE]: the plan as text, with what it did when it ran.
func (s *Session) explain(ctx context.Context, x *execution, n *pg.ExplainStmt) (*result, error) {
	o, err := explainOptions(n.Options)
	if err != nil {
		return nil, err
	}
	inner := &execution{stmt: x.stmt.Inner(n.Query), text: x.text, params: x.params}
	if x.prepared != nil {
		inner.declared = x.prepared.params
	}
	if e := n.Query.GetExecuteStmt(); e != nil {
		if inner, err = s.explainExecute(ctx, x.stmt, e); err != nil {
			return nil, err
		}
		if inner == nil {
			return textRows("QUERY PLAN", "EXPLAIN"), nil
		}
	}
	if c := inner.stmt.Node; !o.analyze && (c.GetCreateTableAsStmt() != nil || sqlparse.Into(c.GetSelectStmt()) != nil) {
		if inner, err = s.queryOf(ctx, inner, tableAs(c)); err != nil {
			return nil, err
		}
	}
	if !plannable(inner.stmt.Node) {
		return nil, pgerr.Unsupported("EXPLAIN of a command")
	}
	begun := time.Now()
	st, err := s.planExecution(ctx, inner)
	if err != nil {
		return nil, err
	}
	planning := time.Since(begun)
	var analysis *plan.Analysis
	if o.analyze {
		if analysis, err = s.analyzeRun(ctx, inner, st); err != nil {
			return nil, err
		}
	}
	shown := plan.ExplainOptions{Verbose: o.verbose, Analysis: analysis, Timing: o.timing}
	if lifted, err := s.literals(ctx, inner.stmt, st); err == nil {
		env := &exec.Env{Cluster: s.cluster(), Types: s.env.types(), Session: s}
		shown.Shards = exec.RouteShards(ctx, env, st, inner.params, lifted)
	}
	lines := strings.Split(strings.TrimRight(plan.Explain(st, shown), "\n"), "\n")
	if sent := analysis.Sent(); sent.Trips > 0 {
		lines = append(lines, "Shipped In All: "+sent.String())
	}
	if o.summary || o.analyze {
		lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", milliseconds(planning)))
	}
	if o.analyze {
		lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", milliseconds(analysis.Total)))
	}
	return textRows("QUERY PLAN", "EXPLAIN", lines...), nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// analyzeRun executes the plan and throws its rows away.
func (s *Session) analyzeRun(ctx context.Context, x *execution, st *plan.Statement) (*plan.Analysis, error) {
	analysis := plan.NewAnalysis()
	begun := time.Now()
	r, err := s.runPlan(ctx, x, st, analysis)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		row, err := r.next(ctx)
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	analysis.Total = time.Since(begun)
	return analysis, nil
}

// explainExecute is EXPLAIN EXECUTE; nil of an empty statement.
func (s *Session) explainExecute(ctx context.Context, outer *sqlparse.Statement, n *pg.ExecuteStmt) (*execution, error) {
	p, params, err := s.executeParams(ctx, outer, n)
	if err != nil || p.stmt == nil {
		return nil, err
	}
	return &execution{stmt: p.stmt, text: p.stmt.Text, prepared: p, params: params}, nil
}

// explaining are EXPLAIN's options (manual, EXPLAIN).
type explaining struct {
	analyze, verbose, timing, summary bool
}

// explainOptions reads them. COSTS, BUFFERS, WAL and SETTINGS have nothing to show here and are accepted.
func explainOptions(list []*pg.Node) (explaining, error) {
	o := explaining{timing: true}
	for _, n := range list {
		d := n.GetDefElem()
		on := d.Arg == nil || truth(defText(d))
		switch d.Defname {
		case "analyze":
			o.analyze = on
		case "verbose":
			o.verbose = on
		case "timing":
			o.timing = on
		case "summary":
			o.summary = on
		case "costs", "buffers", "wal", "settings":
		case "format":
			if f := strings.ToLower(defText(d)); f != "text" {
				return o, pgerr.Unsupported("EXPLAIN (FORMAT %s)", strings.ToUpper(f))
			}
		default:
			return o, pgerr.New(pgerr.SyntaxError, "unrecognized EXPLAIN option %q", d.Defname)
		}
	}
	return o, nil
}
