package planner_test

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// gated is a cluster as one transaction sees it: its first write on each shard
// begins when before lets it, and ends with after.
type gated struct {
	*world
	before, after func(shard.ID)
}

func (g *gated) Service(home catalog.Home, id shard.ID) shard.Service {
	return &gatedService{g.world.Service(home, id), g}
}

type gatedService struct {
	shard.Service
	gate *gated
}

func (s *gatedService) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	s.gate.before(r.Shard)
	defer s.gate.after(r.Shard)
	return s.Service.Write(ctx, r)
}

// TestWritesOverManyShardsDoNotDeadlock has two statements that change the same
// rows come to half of the shards first each, and then to the other's half.
func TestWritesOverManyShardsDoNotDeadlock(t *testing.T) {
	const shards = 8
	for _, c := range []struct{ name, first, second, want string }{
		{"updates", "UPDATE accounts SET abalance = abalance + 1", "UPDATE accounts SET abalance = abalance + 10", "1100\n"},
		{"update and delete", "UPDATE accounts SET abalance = abalance + 1", "DELETE FROM accounts WHERE abalance < 0", "100\n"},
		{"rows that were read", "UPDATE accounts a SET abalance = abalance + bbalance FROM branches b WHERE a.bid = b.bid",
			"UPDATE accounts a SET abalance = abalance + bbalance * 10 FROM branches b WHERE a.bid = b.bid", "1100\n"},
		{"inserts", "INSERT INTO accounts SELECT g, 1, 1, '' FROM generate_series(1001, 1100) g ON CONFLICT DO NOTHING",
			"INSERT INTO accounts SELECT g, 1, 1, '' FROM generate_series(1100, 1001, -1) g ON CONFLICT DO NOTHING", "100\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, shards, 2)
			schema(w)
			w.must("INSERT INTO branches VALUES (1, 1)")
			w.must("INSERT INTO accounts SELECT g, 1, 0, '' FROM generate_series(1, 100) g")
			var done [2][shards]chan struct{}
			for i := range done {
				for k := range done[i] {
					done[i][k] = make(chan struct{})
				}
			}
			answers := make(chan error, 2)
			for i, sql := range []string{c.first, c.second} {
				var met [shards]bool // each shard's own, and written by one request at a time
				own := func(id shard.ID) bool { return int(id)%2 == i }
				g := &gated{w, func(id shard.ID) {
					if !met[id] && !own(id) {
						<-done[1-i][id]
					}
				}, func(id shard.ID) {
					if !met[id] && own(id) {
						close(done[i][id])
					}
					met[id] = true
				}}
				go func() { answers <- w.commit(g, sql) }()
			}
			for range 2 {
				if err := <-answers; err != nil {
					t.Error(err)
				}
			}
			if out := w.must("SELECT sum(abalance) FROM accounts"); out != c.want {
				t.Errorf("sum %q, want %q", out, c.want)
			}
		})
	}
}

// commit runs a statement on a cluster in a transaction of its own.
func (w *world) commit(on exec.Cluster, sql string) error {
	ctx := context.Background()
	st, lifted, err := w.plan(sql)
	if err != nil {
		return err
	}
	tx := w.manager.Begin(txn.ReadCommitted)
	run := tx.Run()
	defer run.Close()
	env := w.execEnv(run)
	env.Cluster = on
	c, err := exec.Run(ctx, env, st, nil, lifted)
	if err != nil {
		return err
	}
	_, err = c.Next(ctx)
	if e := c.Close(); err == nil {
		err = e
	}
	if err != nil {
		tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}
