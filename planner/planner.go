// Package planner is the way from a statement's tree to a plan that can run.
//
//	planner/plan       the nodes of plans; EXPLAIN's text
//	planner/bind       names, types and operators of a statement: a logical plan
//	planner/rewrite    an equivalent one that is cheaper to run
//	planner/distribute what the shards do of it, as fragments; how the rest runs
//	planner/sqlitesql  the fragments' SQL
//	planner/exec       runs it
//
// Plans are immutable and shared by sessions (Cache).
package planner

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/rewrite"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Planner plans statements. It is safe for concurrent use.
type Planner struct {
	relations *distribute.Relations
}

// New makes a Planner.
func New() *Planner { return &Planner{relations: distribute.NewRelations()} }

// Plan plans a SELECT, VALUES, INSERT, UPDATE or DELETE; params as in bind.Statement.
func (p *Planner) Plan(env *bind.Env, s *sqlparse.Statement, params []*types.Type) (*plan.Statement, error) {
	st, err := bind.Statement(env, s, params)
	if err != nil {
		return nil, err
	}
	return p.finish(env, st)
}

// finish plans what has been bound, or was put together by hand.
func (p *Planner) finish(env *bind.Env, st *plan.Statement) (*plan.Statement, error) {
	st, reasons, err := rewrite.Rewrite(env.Types, st, env.Interrupted)
	if err != nil {
		return nil, err
	}
	schemaOf := func(t *catalog.Table) string { return schemaName(env, t) }
	st, err = distribute.Distribute(st, p.relations, env.Since, schemaOf, env.Interrupted)
	if err != nil {
		return nil, err
	}
	st.Reasons = reasons
	return st, nil
}

func schemaName(env *bind.Env, t *catalog.Table) string {
	if s := env.Snapshot.SchemaByOID(t.Database, t.Schema); s != nil {
		return s.Name
	}
	return ""
}
