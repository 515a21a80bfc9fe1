package engine

import (
	"slices"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// writeProgram is the expressions of a WriteRequest compiled. Requests are
// built for each execution, but share their lists, which the plan owns.
type writeProgram struct {
	set       []assign
	checks    []check
	conflict  []assign
	where     expr.Eval // of ON CONFLICT DO UPDATE
	returning []expr.Eval
	returned  []column

	mu      sync.Mutex // protects the rest
	selects map[selectKey]string
}

type selectKey struct {
	shape   *shape
	columns int
}

type assign struct {
	column int
	eval   expr.Eval
}

type check struct {
	name string
	eval expr.Eval
}

// writeKey identifies a plan's part of a request.
type writeKey struct {
	table      *shard.Table
	set        *shard.Assign
	checks     *shard.Check
	conflict   *shard.OnConflict
	returning  *expr.Expr
	nset, nret int
}

func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// write returns the compiled expressions of a request.
func (ps *programs) write(r *shard.WriteRequest) (*writeProgram, error) {
	key := writeKey{r.Table, first(r.Set), first(r.Checks), r.OnConflict, first(r.Returning), len(r.Set), len(r.Returning)}
	ps.mu.RLock()
	p := ps.writes[key]
	ps.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := compileWrite(r)
	if err != nil {
		return nil, err
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.writes == nil || len(ps.writes) >= maxPrograms {
		ps.writes = map[writeKey]*writeProgram{}
	}
	ps.writes[key] = p
	return p, nil
}

func compileWrite(r *shard.WriteRequest) (*writeProgram, error) {
	p := &writeProgram{selects: map[selectKey]string{}}
	var err error
	if p.set, err = compileAssigns(r.Table, r.Set); err != nil {
		return nil, err
	}
	for _, c := range r.Checks {
		eval, err := expr.Compile(c.Expr, identity)
		if err != nil {
			return nil, err
		}
		p.checks = append(p.checks, check{c.Name, eval})
	}
	if r.OnConflict != nil {
		if p.conflict, err = compileAssigns(r.Table, r.OnConflict.Set); err != nil {
			return nil, err
		}
		if r.OnConflict.Where != nil {
			if p.where, err = expr.Compile(r.OnConflict.Where, identity); err != nil {
				return nil, err
			}
		}
	}
	if len(r.Returning) > 0 {
		p.returning, err = expr.CompileAll(r.Returning, identity)
		for _, e := range r.Returning {
			p.returned = append(p.returned, columnOf(e))
		}
	}
	return p, err
}

func compileAssigns(t *shard.Table, list []shard.Assign) ([]assign, error) {
	var out []assign
	for _, a := range list {
		if slices.Contains(t.Key, a.Column) {
			return nil, pgerr.Internal("an assignment to a key column of %s: the row has to move", t.Name)
		}
		eval, err := expr.Compile(a.Expr, identity)
		if err != nil {
			return nil, err
		}
		out = append(out, assign{a.Column, eval})
	}
	return out, nil
}

// selectRow is the SQL of reading one row by key.
func (p *writeProgram) selectRow(s *shape, columns int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	sql, ok := p.selects[selectKey{s, columns}]
	if !ok {
		sql = s.selectRow(columns)
		p.selects[selectKey{s, columns}] = sql
	}
	return sql
}
