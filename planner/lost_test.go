package planner_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// losing is a cluster whose connections break after a request was done: the
// shard has written or locked, and the caller gets an error.
type losing struct {
	*world
	on atomic.Bool
}

func (l *losing) Service(home catalog.Home, id shard.ID) shard.Service {
	return &losingService{l.world.Service(home, id), l}
}

type losingService struct {
	shard.Service
	of *losing
}

func errLost() error { return pgerr.New(pgerr.ConnectionFailure, "connection to the node failed") }

func (s *losingService) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	reply, err := s.Service.Write(ctx, r)
	if err == nil && s.of.on.Load() {
		return nil, errLost()
	}
	return reply, err
}

func (s *losingService) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	rows, err := s.Service.Read(ctx, r)
	if err != nil || r.Lock == nil || !s.of.on.Load() {
		return rows, err
	}
	for {
		if b, err := rows.Next(ctx); b == nil || err != nil {
			break
		}
	}
	rows.Close()
	return nil, errLost()
}

// run runs a statement of a transaction, whose answers are lost or not.
func (l *losing) run(tx *txn.Txn, sql string, lost bool) error {
	l.t.Helper()
	l.on.Store(lost)
	defer l.on.Store(false)
	st, lifted, err := l.plan(sql)
	if err != nil {
		l.t.Fatal(err)
	}
	run := tx.Run()
	defer run.Close()
	env := l.execEnv(run)
	env.Cluster = l
	cursor, err := exec.Run(context.Background(), env, st, nil, lifted)
	if err != nil {
		return err
	}
	defer cursor.Close()
	for {
		row, err := cursor.Next(context.Background())
		if err != nil || row == nil {
			return err
		}
	}
}

// open is how many transactions the shards know.
func (l *losing) open() int {
	n := 0
	for _, id := range l.Shards(catalog.HomeShards) {
		reply, err := l.node.Control(context.Background(), &shard.ControlRequest{Header: shard.Header{Shard: id}, Op: shard.ControlTransactions})
		if err != nil {
			l.t.Fatal(err)
		}
		n += len(reply.Transactions)
	}
	return n
}

// What a shard has done although its answer was lost is taken back with the
// statement or the transaction: nothing of it is seen, and nobody waits for it.
func TestLostAnswersAreTakenBack(t *testing.T) {
	for _, sql := range []string{
		"INSERT INTO t VALUES (2, 20)",
		"UPDATE t SET v = 11 WHERE id = 1",
		"DELETE FROM t WHERE id = 1",
		"UPDATE t SET v = 11",
		"SELECT v FROM t WHERE id = 1 FOR UPDATE",
		"SELECT v FROM t FOR UPDATE",
	} {
		for _, c := range []struct {
			name    string
			before  string // the shard has answered to the transaction before
			restore bool   // the statement alone is taken back, the transaction commits
		}{{name: "rollback"}, {name: "rollback of a known shard", before: "UPDATE t SET v = v WHERE id = 1"}, {name: "savepoint", restore: true}} {
			t.Run(sql+", "+c.name, func(t *testing.T) {
				l := &losing{world: newWorld(t, 2, 1)}
				l.table("t", "id int4 key", "v int4")
				l.must("INSERT INTO t VALUES (1, 10)")
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				tx := l.manager.Begin(txn.ReadCommitted)
				if c.before != "" {
					if err := l.run(tx, c.before, false); err != nil {
						t.Fatal(err)
					}
				}
				mark := tx.Mark()
				if err := l.run(tx, sql, true); !pgerr.HasCode(err, pgerr.ConnectionFailure) {
					t.Fatalf("got %v", err)
				}
				if c.restore {
					if err := tx.RollbackTo(ctx, mark); err != nil {
						t.Fatal(err)
					}
					if err := tx.Commit(ctx); err != nil {
						t.Fatal(err)
					}
				} else {
					tx.Rollback(ctx)
				}
				if n := l.open(); n != 0 {
					t.Fatalf("%d transactions are left on the shards", n)
				}
				if got := strings.TrimSpace(l.must("SELECT id, v FROM t")); got != "1|10" {
					t.Errorf("the table has %q", got)
				}
				l.must("UPDATE t SET v = 12")
			})
		}
	}
}

// A commit that comes before a lost statement was taken back is refused.
func TestLostAnswersDoNotCommit(t *testing.T) {
	l := &losing{world: newWorld(t, 2, 1)}
	l.table("t", "id int4 key", "v int4")
	tx := l.manager.Begin(txn.ReadCommitted)
	if err := l.run(tx, "INSERT INTO t VALUES (1, 10)", true); err == nil {
		t.Fatal("no error")
	}
	if err := tx.Commit(context.Background()); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Fatalf("got %v", err)
	}
	if got := l.must("SELECT id FROM t"); got != "" {
		t.Errorf("the table has %q", got)
	}
}
