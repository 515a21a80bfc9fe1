package planner

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Cache keeps plans for all sessions. A plan is found by the shape of the
// statement, the types of its parameters, and what names in it mean; it is good
// as long as the relations that it reads are as they were. Privileges are not
// part of a plan: the session asks for them at every execution.
type Cache struct {
	lru *sqlparse.LRU[*plan.Statement]
}

// planBytes is what a cached plan is reckoned at, with its compiled expressions.
const planBytes = 16 << 10

// NewCache makes a cache of about that many bytes.
func NewCache(bytes int) *Cache { return &Cache{lru: sqlparse.NewLRU[*plan.Statement](bytes)} }

// Key names what a plan depends on beside the relations: take it after binding,
// which can change the statement's own key.
func Key(env *bind.Env, s *sqlparse.Statement, params []*types.Type) string {
	var b strings.Builder
	b.WriteString(strconv.FormatUint(uint64(env.Database), 36))
	for _, oid := range env.SearchPath {
		b.WriteByte(' ')
		b.WriteString(strconv.FormatUint(uint64(oid), 36))
	}
	b.WriteByte(';')
	for _, t := range params {
		if t != nil {
			b.WriteString(strconv.FormatUint(uint64(t.OID), 36))
		}
		b.WriteByte(' ')
	}
	b.WriteByte(';')
	b.WriteString(s.Key())
	return b.String()
}

// Get returns the plan under a key if it is still good.
func (c *Cache) Get(snapshot *catalog.Snapshot, key string) *plan.Statement {
	st, ok := c.lru.Get(key)
	if !ok {
		return nil
	}
	if !Valid(snapshot, st) {
		c.lru.Delete(key)
		return nil
	}
	return st
}

// Put keeps a plan.
func (c *Cache) Put(key string, st *plan.Statement) {
	c.lru.Put(key, st, planBytes+len(key))
}

// Valid reports whether the relations that a plan was made for are as they were.
func Valid(snapshot *catalog.Snapshot, st *plan.Statement) bool {
	for _, d := range st.Reads {
		if version(snapshot.RelationByOID(d.Relation)) != d.Version {
			return false
		}
	}
	return true
}

// version is a relation's; 0 when there is none.
func version(r catalog.Relation) uint64 {
	switch r := r.(type) {
	case *catalog.Table:
		return r.Version
	case *catalog.View:
		return r.Version
	case *catalog.Sequence:
		return r.Version
	}
	return 0
}
