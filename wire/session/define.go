package session

import (
	"context"
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// define runs a statement that changes the catalog, and what else is part of it.
func (s *Session) define(ctx context.Context, x *execution) (*result, error) {
	if err := s.checkReadOnly(ddl.Command(x.stmt.Node)); err != nil {
		return nil, err
	}
	if err := s.checkKept(keptSetting(x.stmt.Node)); err != nil {
		return nil, err
	}
	r, err := s.defineWhole(ctx, x)
	for _, then := range x.stmt.Then {
		if err != nil {
			return nil, err
		}
		part := *x
		part.stmt = then
		_, err = s.defineWhole(ctx, &part)
	}
	return r, err
}

// defineWhole runs one schema change, as often as others come in between.
func (s *Session) defineWhole(ctx context.Context, x *execution) (*result, error) {
	for {
		r, err := s.defineOnce(ctx, x)
		if !errors.Is(err, errMoved) {
			return r, err
		}
	}
}

// keptSetting is the SET of ALTER ROLE and ALTER DATABASE; nil in other statements.
func keptSetting(n *pg.Node) *pg.VariableSetStmt {
	if set := n.GetAlterRoleSetStmt(); set != nil {
		return set.Setstmt
	}
	return n.GetAlterDatabaseSetStmt().GetSetstmt()
}

// defineOnce runs it on the catalog as it is known now. When an object that it
// has to do with turns out to have changed, it is taken back, and the error is
// errMoved; the locks, which were waited for, stay.
func (s *Session) defineOnce(ctx context.Context, x *execution) (*result, error) {
	s.tx.txn.Run().Close() // a number for its locks
	before := s.point()
	change := s.schemaChange()
	mark := change.Mark()
	var notices []*pgerr.E
	rows := &schemaRows{session: s, mode: definitionLock(x.stmt.Node)}
	env := &ddl.Env{
		Change: change, Database: s.database, SearchPath: s.env.searchPath(), Role: s.currentUser(),
		Temporary: s.temporarySchema, SetTemporary: s.setTemporarySchema, LastTemporary: catalog.OID(s.temporary.Load()), Backend: s.pid(),
		CreateTemporary: s.env.makesTemporary(), As: x.as,
		Allocate: s.node.Allocate, Rows: rows, Bind: func() *bind.Env { return s.env.bind() },
		Session: s, Notice: func(n *pgerr.E) { notices = append(notices, n) }, Alone: s.alone, InUse: s.inUse, Pending: s.pending,
		TransactionTime: s.tx.started, StatementTime: s.statementStart,
		CheckBodies: func() bool { return s.settings.Get("check_function_bodies") == "on" }, Setting: s.settingToKeep,
	}
	if x.own {
		env.Role = s.snapshot().RoleByOID(catalog.SuperuserOID)
		env.Notice = func(*pgerr.E) {}
	}
	seen := s.node.Catalog.Snapshot()
	tag, err := ddl.Execute(ctx, env, x.stmt)
	err = s.settleDefinition(ctx, x.stmt.Node, seen, env, err)
	if err == nil {
		err = rows.claim(ctx, change, mark)
	}
	if errors.Is(err, errMoved) {
		if e := s.takeBack(ctx, before); e != nil {
			return nil, e
		}
		if before.hadDDL {
			if e := change.Rebase(s.node.Catalog.Snapshot()); e != nil {
				return nil, e
			}
		}
		return nil, err
	}
	for _, n := range notices {
		s.Notice(n)
	}
	if err != nil {
		return nil, err
	}
	return done(tag), nil
}

// schemaRows is how DDL reaches rows: as statements of the session's transaction.
type schemaRows struct {
	session *Session
	mode    lock.Mode // of the tables whose schema changes
	worked  bool      // rows were looked at
}

// Run implements ddl.Rows.
func (r *schemaRows) Run(ctx context.Context, sql string) ([][]types.Datum, error) {
	r.worked = true
	return r.session.internal(ctx, sql)
}

// Lock implements ddl.Rows.
func (r *schemaRows) Lock(ctx context.Context, t *catalog.Table) error {
	if err := r.session.seize(ctx, t, r.mode); err != nil {
		return err
	}
	return r.control(ctx, t, func(h shard.Header, p *shard.Table) *shard.ControlRequest {
		return &shard.ControlRequest{Header: h, Op: shard.ControlLockTable, Table: p}
	})
}

// BuildIndex implements ddl.Rows: a local index on every shard, a global one
// by filling its relation.
func (r *schemaRows) BuildIndex(ctx context.Context, t *catalog.Table, ix *catalog.Index) error {
	r.worked = true
	if ix.Global != 0 {
		return r.session.fillGlobal(ctx, t, ix)
	}
	return r.control(ctx, t, func(h shard.Header, p *shard.Table) *shard.ControlRequest {
		return &shard.ControlRequest{Header: h, Op: shard.ControlBuildIndex, Table: p, Index: ix.ID}
	})
}

// control sends a request about a table to every shard of it, as part of the transaction.
func (r *schemaRows) control(ctx context.Context, t *catalog.Table, make func(shard.Header, *shard.Table) *shard.ControlRequest) (err error) {
	s := r.session
	if ms := s.derived().lockTimeoutMS; ms > 0 {
		bounded, cancel := context.WithTimeoutCause(ctx, duration(ms), lock.ErrTimeout())
		defer cancel()
		defer func() {
			if err != nil && bounded.Err() != nil && ctx.Err() == nil {
				err = lock.ErrTimeout()
			}
		}()
		return r.each(bounded, t, make)
	}
	return r.each(ctx, t, make)
}

// each sends the requests: those for locks one shard after the other, so that
// two transactions never wait for each other, others to all shards at a time.
func (r *schemaRows) each(ctx context.Context, t *catalog.Table, request func(shard.Header, *shard.Table) *shard.ControlRequest) error {
	s := r.session
	run := s.tx.txn.Run()
	defer run.Close()
	p := distribute.Physical(t, s.schemaName(t))
	send := func(ctx context.Context, id shard.ID) error {
		q := request(s.shardHeader(run, id), p)
		reply, err := s.cluster().Service(t.Home, id).Control(ctx, q)
		if err == nil && q.Op == shard.ControlLockTable {
			// The shard counts statements that lock or write, and no others.
			run.Touched(uint32(id), reply.Incarnation)
		}
		return err
	}
	shards := s.cluster().Shards(t.Home)
	if q := request(shard.Header{}, p); q.Op == shard.ControlLockTable {
		for _, id := range shards {
			if err := send(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, len(shards))
	for _, id := range shards {
		go func() { ended <- send(ctx, id) }()
	}
	var first error
	for range shards {
		if err := <-ended; err != nil && first == nil {
			first = err
			cancel() // the others need not go on
		}
	}
	cancel()
	return first
}

// shardHeader is what a request of a statement to one shard carries.
func (s *Session) shardHeader(run *txn.Run, id shard.ID) shard.Header {
	return shard.Header{
		Shard: id, Epoch: s.cluster().Epoch(), Txn: run.ID(), Statement: run.Statement(),
		Incarnation: run.Incarnation(uint32(id)), Isolation: run.Isolation(),
	}
}

// SetSequence implements ddl.Rows.
func (r *schemaRows) SetSequence(ctx context.Context, seq *catalog.Sequence, value int64, called bool) error {
	return r.session.setSequence(ctx, seq, value, called)
}

// Sessions implements ddl.Rows.
func (r *schemaRows) Sessions(ctx context.Context, db catalog.OID) int {
	return r.session.node.InDatabase(db) + r.session.node.Others.InDatabase(ctx, db)
}

// schemaName is the name of a table's schema.
func (s *Session) schemaName(t *catalog.Table) string {
	if sc := s.snapshot().SchemaByOID(s.database, t.Schema); sc != nil {
		return sc.Name
	}
	return ""
}

// sqlName is a table's qualified name in SQL of our own.
func (s *Session) sqlName(t *catalog.Table) string {
	return expr.QuoteIdent(s.schemaName(t)) + "." + expr.QuoteIdent(t.Name)
}

// typeNames resolves PREPARE's parameter types.
func (s *Session) typeNames(st *sqlparse.Statement, names []*pg.Node) ([]*types.Type, error) {
	var out []*types.Type
	for _, n := range names {
		t, err := s.typeOf(n.GetTypeName())
		if err != nil {
			e := *pgerr.From(err) // it may be shared
			return nil, e.WithPosition(st.Position(n.GetTypeName().Location))
		}
		out = append(out, t)
	}
	return out, nil
}

func (s *Session) typeOf(n *pg.TypeName) (*types.Type, error) {
	t, _, err := bind.TypeName(s.env.bind(), n)
	return t, err
}
