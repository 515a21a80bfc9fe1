package planner

import (
	"encoding/binary"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Cache keeps plans for all sessions of a process, by everything that planning
// depends on beside the catalog: the text's shape, the parameter types, the
// database, the search path, the role.
//
// A plan is good for the very catalog snapshot that it was made with. Versions
// of its relations would not do: two transactions that both change a table give
// it the same version, and a new table can take a name away from another. So
// any schema change makes plans be made anew, at their next use.
type Cache struct {
	planner *Planner
	plans   *sqlparse.LRU[cached]
}

type cached struct {
	snapshot *catalog.Snapshot
	plan     *plan.Statement
	env      types.Env // what literals were read by; of plans with ReadEnv
}

// planBytes is what a cached plan is reckoned at, with its compiled expressions.
const planBytes = 16 << 10

// NewCache makes a cache of about that many bytes over a planner.
func NewCache(p *Planner, bytes int) *Cache {
	return &Cache{planner: p, plans: sqlparse.NewLRU[cached](bytes)}
}

// serves reports whether the plan is good for a session.
func (c *cached) serves(env *bind.Env) bool {
	if c.snapshot != env.Snapshot || env.Since != nil && c.plan.ThroughIndex {
		return false
	}
	if !c.plan.ReadEnv {
		return true
	}
	now := *env.Types
	now.Now = c.env.Now
	return now == c.env
}

// keys are buffers for keys, so that a hit allocates nothing.
var keys = sync.Pool{New: func() any { return new([]byte) }}

// Plan returns the plan of a statement, made or found; params as in bind.Statement.
func (c *Cache) Plan(env *bind.Env, s *sqlparse.Statement, params []*types.Type) (*plan.Statement, error) {
	buf := keys.Get().(*[]byte)
	defer keys.Put(buf)
	*buf = appendKey((*buf)[:0], env, s, params)
	if have, ok := c.plans.GetBytes(*buf); ok && have.serves(env) {
		return have.plan, nil
	}
	st, err := c.planner.Plan(env, s, params)
	if err != nil {
		return nil, err
	}
	// Binding may have pinned literals: then the key is another one now. A plan
	// for an old snapshot may do without an index that everybody else uses.
	if s.Key() != "" && !st.ReadNow && env.Since == nil {
		*buf = appendKey((*buf)[:0], env, s, params)
		c.plans.Put(string(*buf), cached{env.Snapshot, st, *env.Types}, len(*buf)+planBytes)
	}
	return st, nil
}

func appendKey(dst []byte, env *bind.Env, s *sqlparse.Statement, params []*types.Type) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(env.Database))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(env.Role))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(env.SearchPath)))
	for _, oid := range env.SearchPath {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(oid))
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(params)))
	for _, t := range params {
		var oid types.OID
		if t != nil {
			oid = t.OID
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(oid))
	}
	return append(dst, s.Key()...)
}
