package session

import (
	"context"
	"slices"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Objects are locked as in PostgreSQL: statements lock the relations they use,
// schema changes what they change, what they depend on, and the names they give,
// all to the end of the transaction. So one waits for the other, where the
// comparison of descriptors at the publication could only refuse it.

// errMoved is of a statement whose objects are not what it was planned with,
// since it had to wait for their locks. It is planned again and never seen by clients.
var errMoved = pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update")

// acquire takes a lock for the transaction's present statement.
func (s *Session) acquire(ctx context.Context, k lock.Key, m lock.Mode) error {
	return s.acquireWithin(ctx, k, m, duration(s.derived().lockTimeoutMS))
}

// acquireWithin waits that long at most; 0 is for ever.
func (s *Session) acquireWithin(ctx context.Context, k lock.Key, m lock.Mode, wait time.Duration) error {
	waited, err := s.locks.Acquire(ctx, s.request(k, m), wait)
	if waited && err == nil {
		s.catchUp(ctx)
	}
	return err
}

// acquireAll takes locks in their order.
func (s *Session) acquireAll(ctx context.Context, rs []lock.Request) error {
	waited, err := s.locks.AcquireAll(ctx, rs, duration(s.derived().lockTimeoutMS))
	if waited && err == nil {
		s.catchUp(ctx)
	}
	return err
}

// request asks for a lock for the transaction's present statement.
func (s *Session) request(k lock.Key, m lock.Mode) lock.Request {
	return lock.Request{Owner: s.tx.txn.ID(), Statement: txn.Statement(s.tx.txn.Mark()), Key: k, Mode: m}
}

// catchUp has the node know what was published before: before a lock was there,
// the one who had it may be another node's. Where that cannot be known, shards
// and the publication refuse what is old.
func (s *Session) catchUp(ctx context.Context) { s.node.catchUp(ctx) }

// relationKey names the lock of who uses or changes a relation.
func relationKey(oid catalog.OID) lock.Key {
	return lock.Key{Space: lock.Relation, Object: uint64(oid)}
}

// claimKey names the lock of a claim. Descriptors have one of their own beside
// the relation's: a view needs its tables to stay what they are, and keeps
// nobody from using them.
func claimKey(c *catalog.Claim) lock.Key {
	at := uint64(c.Key.Database) << 32
	if c.Name == "" {
		return lock.Key{Space: lock.Descriptor, Object: at | uint64(c.Key.OID), Bytes: catalogOf[c.Key.Class]}
	}
	return lock.Key{Space: lock.Name, Object: at | uint64(c.Schema), Bytes: catalogOf[c.Key.Class] + c.Name}
}

// catalogOf are the catalogs that list objects, as PostgreSQL's messages name them.
var catalogOf = map[catalog.Class]string{
	catalog.ClassRelation: "1259", catalog.ClassRole: "1260", catalog.ClassDatabase: "1262", catalog.ClassSchema: "2615",
	catalog.ClassType: "1247",
}

// holdRelations locks what a plan uses. System catalogs do not change.
func (s *Session) holdRelations(ctx context.Context, st *plan.Statement) error {
	mode := lock.TableAccessShare
	if st.Writes {
		mode = lock.TableRowExclusive
	}
	for i := range st.Reads {
		if oid := st.Reads[i].Relation; oid >= catalog.FirstNormalOID {
			if err := s.acquire(ctx, relationKey(oid), mode); err != nil {
				return err
			}
		}
	}
	s.follow()
	if s.snapshot() == s.planned {
		return nil
	}
	return s.current(st.Reads)
}

// current checks that relations are what a plan was made for.
func (s *Session) current(reads []plan.Dependency) error {
	snap := s.snapshot()
	for _, d := range reads {
		if r := snap.RelationByOID(d.Relation); r == nil || r.Ref().Version != d.Version {
			return errMoved
		}
	}
	return nil
}

// checkMoved refuses relations whose rows others have moved to where the
// transaction's snapshot does not see them, and PostgreSQL would show them.
func (s *Session) checkMoved(reads []plan.Dependency) error {
	head := s.node.Catalog.Snapshot()
	if s.tx.published == nil || s.tx.published == head {
		return nil
	}
	for _, d := range reads {
		before, now := s.tx.published.Table(d.Relation), head.Table(d.Relation)
		if before != nil && now != nil && before.Version <= now.Moved {
			return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent schema change").
				WithDetail("The rows of table \"%s\" were moved by a change of its primary key.", now.Name)
		}
	}
	return nil
}

// follow brings a transaction with DDL up to what others have published. What
// contradicts it is told at the commit, if it still does then.
func (s *Session) follow() {
	if s.tx != nil && s.tx.change != nil {
		_ = s.tx.change.Rebase(s.node.Catalog.Snapshot())
	}
}

// definitionLock is how strongly a schema change locks its tables (manual 13.3.1).
// One of a type's labels or constraints keeps off who writes values of the type.
// CREATE INDEX is a bit stronger than PostgreSQL's: two would both replace the
// table's descriptor, and a unique index, which may be a relation of its own,
// has no entries for what snapshots before it see.
func definitionLock(n *pg.Node) lock.Mode {
	switch n := n.GetNode().(type) {
	case *pg.Node_IndexStmt:
		computed := slices.ContainsFunc(n.IndexStmt.IndexParams, func(p *pg.Node) bool { return p.GetIndexElem().Expr != nil })
		if !n.IndexStmt.Unique && !computed { // rows move for what is computed with them
			return lock.TableShareRowExclusive
		}
	case *pg.Node_AlterEnumStmt, *pg.Node_AlterDomainStmt:
		return lock.TableShareRowExclusive
	case *pg.Node_CreateStmt: // nobody else has the table yet: it is about those that it refers to
		return lock.TableShareRowExclusive
	case *pg.Node_AlterTableStmt:
		if ddl.Validates(n.AlterTableStmt) {
			return lock.TableShareUpdateExclusive
		}
		if !slices.ContainsFunc(n.AlterTableStmt.Cmds, func(c *pg.Node) bool { return !sparesReaders(c.GetAlterTableCmd()) }) {
			return lock.TableShareRowExclusive
		}
	case *pg.Node_CommentStmt:
		return lock.TableShareUpdateExclusive
	}
	return lock.TableAccessExclusive
}

// sparesReaders reports whether a part of ALTER TABLE changes nothing for who
// reads: what it does is about foreign keys (AlterTableGetLockLevel in tablecmds.c).
func sparesReaders(c *pg.AlterTableCmd) bool {
	switch c.Subtype {
	case pg.AlterTableType_AT_AddConstraint:
		return c.Def.GetConstraint().GetContype() == pg.ConstrType_CONSTR_FOREIGN
	case pg.AlterTableType_AT_ValidateConstraint, pg.AlterTableType_AT_AlterConstraint:
		return true
	}
	return false
}

// seize locks a table before a schema change looks at its rows.
func (s *Session) seize(ctx context.Context, t *catalog.Table, m lock.Mode) error {
	own := catalog.Claim{Key: t.ObjectKey(), Written: true}
	err := s.acquireAll(ctx, []lock.Request{s.request(relationKey(t.OID), m), s.request(claimKey(&own), lock.TableAccessExclusive)})
	if err != nil {
		return err
	}
	if s.tx.change.Base() != s.node.Catalog.Snapshot() {
		return errMoved // something may depend on the table that did not when it was looked for
	}
	return nil
}

// claim locks what a schema change has to do with, now that this is known, and
// sees whether it is still right. What has not looked at rows yet is
// cheap to do again; else the tables are seized, so nobody has come to depend on them.
func (r *schemaRows) claim(ctx context.Context, c *catalog.Change, since catalog.Mark) error {
	s, m := r.session, r.mode
	var rs []lock.Request
	for _, x := range c.Claims(since) {
		mode := lock.TableShare
		if x.Written {
			mode = lock.TableAccessExclusive
		}
		if x.Written && x.Name == "" && x.Key.Class == catalog.ClassRelation {
			rs = append(rs, s.request(relationKey(x.Key.OID), m))
		}
		rs = append(rs, s.request(claimKey(&x), mode))
	}
	if err := s.acquireAll(ctx, rs); err != nil {
		return err
	}
	if head := s.node.Catalog.Snapshot(); head != c.Base() && (!r.worked || c.Rebase(head) != nil) {
		return errMoved
	}
	return nil
}
