package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// PostgreSQL locks the relations that a statement names before it looks at
// them. Here they are locked when a plan, or a change, is made of what was seen;
// an error makes none, and is about what somebody may be changing. So it
// counts only with the locks held.

// named is a relation of a statement, and how the statement locks it.
type named struct {
	oid    catalog.OID
	mode   lock.Mode
	isType bool
}

// key names the lock that it is held by.
func (n *named) key() lock.Key {
	if n.isType {
		return claimKey(&catalog.Claim{Key: catalog.Key{Class: catalog.ClassType, OID: n.oid}})
	}
	return relationKey(n.oid)
}

// certain does what looks at the relations that n names before they are held:
// once more when it fails, and they turn out to be others by then.
func (s *Session) certain(ctx context.Context, n *pg.Node, do func() error) error {
	for {
		seen := s.node.Catalog.Snapshot()
		err := do()
		if !ofRelations(err) {
			return err
		}
		again, e := s.settle(ctx, seen, s.named(n))
		if e != nil {
			return e
		}
		if !again {
			return err
		}
	}
}

// ofRelations reports whether an error may be about what a relation is like. A
// name without a relation is waited for by nobody, and no relation becomes one of another kind.
func ofRelations(err error) bool {
	if err == nil || pgerr.HasCode(err, pgerr.UndefinedTable, pgerr.WrongObjectType) {
		return false
	}
	switch e := pgerr.From(err); e.Code[:2] {
	case "0A", "22", "23", "2B", "42", "54":
		return true
	default:
		return e.Code == pgerr.ObjectNotInPrerequisiteState
	}
}

// named are the relations that a query names.
func (s *Session) named(n *pg.Node) (list []named) {
	mode := lock.TableAccessShare
	if sqlparse.Writes(n) {
		mode = lock.TableRowExclusive
	}
	for _, v := range sqlparse.RangeVars(n) {
		if r, _ := s.findRelation(v); r != nil {
			list = append(list, named{oid: r.Ref().OID, mode: mode})
		}
	}
	return list
}

// settle locks relations and reports whether one is another now than in seen.
// System catalogs do not change.
func (s *Session) settle(ctx context.Context, seen *catalog.Snapshot, list []named) (again bool, err error) {
	if s.tx == nil {
		return false, nil
	}
	for _, r := range list {
		if r.oid < catalog.FirstNormalOID {
			continue
		}
		if err := s.acquire(ctx, r.key(), r.mode); err != nil {
			return false, err
		}
	}
	s.follow()
	now := s.node.Catalog.Snapshot()
	for _, r := range list {
		again = again || versionOf(seen, r.oid) != versionOf(now, r.oid)
	}
	return again, nil
}

// versionOf is a relation's or type's version; 0 is of none.
func versionOf(c *catalog.Snapshot, oid catalog.OID) uint64 {
	if r := c.RelationByOID(oid); r != nil {
		return r.Ref().Version
	}
	if t := c.UserTypeByOID(oid); t != nil {
		return t.Header().Version
	}
	return 0
}

// settleDefinition is settle for a schema change that has ended with err, and
// has looked at relations and types: also when it found nothing to do to them. Who
// may not change them does not wait for them.
func (s *Session) settleDefinition(ctx context.Context, n *pg.Node, seen *catalog.Snapshot, looked *ddl.Env, err error) error {
	if err != nil && (!ofRelations(err) || pgerr.HasCode(err, pgerr.InsufficientPrivilege)) {
		return err
	}
	var list []named
	for _, r := range looked.Named {
		list = append(list, named{oid: r.Ref().OID, mode: definitionLockOf(n, r)})
	}
	for _, oid := range looked.NamedTypes {
		list = append(list, named{oid: oid, mode: lock.TableAccessExclusive, isType: true})
	}
	if err != nil {
		list = append(list, s.named(n.GetViewStmt().GetQuery())...)
	}
	again, e := s.settle(ctx, seen, list)
	switch {
	case e != nil:
		return e
	case again:
		return errMoved
	}
	return err
}

// definitionLockOf is how strongly a schema change locks a relation that it
// names: the table that is to own a sequence stays as it is.
func definitionLockOf(n *pg.Node, r catalog.Relation) lock.Mode {
	if _, isTable := r.(*catalog.Table); isTable && (n.GetCreateSeqStmt() != nil || n.GetAlterSeqStmt() != nil) {
		return lock.TableAccessShare
	}
	return definitionLock(n)
}
