package interrupt

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// refusing is a shard.Service whose shards refuse one write: the n-th from now
// on, when those before it have been done.
type refusing struct {
	shard.Service
	in     *atomic.Int64
	reason *atomic.Value // a shard.RefusalReason
}

// Write implements shard.Service.
func (s refusing) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	if !r.Txn.IsZero() && s.in.Add(-1) == 0 {
		return nil, shard.Refuse(s.reason.Load().(shard.RefusalReason))
	}
	return s.Service.Write(ctx, r)
}

// refusingNode has a table t of 100 rows on shards that refuse.
func refusingNode(t *testing.T) (c *pgx.Conn, in *atomic.Int64, reason *atomic.Value) {
	in, reason = &atomic.Int64{}, &atomic.Value{}
	n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards = 4 },
		server.Layers{Shards: func(s shard.Service) shard.Service { return refusing{s, in, reason} }})
	c = client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b int)", "INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g")
	return c, in, reason
}

// TestRefusedStatementsBeginAgain: what a shard refuses because of its catalog is
// taken back and planned anew, unseen, whatever other shards have done of it
// (rule 20); what the transaction did before stays, also schema changes, and
// each is made once.
func TestRefusedStatementsBeginAgain(t *testing.T) {
	c, in, reason := refusingNode(t)
	for _, why := range []shard.RefusalReason{shard.RefusedFloor, shard.RefusedMoved} {
		reason.Store(why)
		for write := int64(1); write <= 6; write++ {
			in.Store(write)
			client.Exec(t, c, "UPDATE t SET b = b + 1")
			in.Store(0)
		}
		client.Exec(t, c, "UPDATE t SET b = b - 6")
		if got := client.One(t, c, "SELECT format('%s %s %s', count(*), sum(b), max(b)) FROM t"); got != "100 0 0" {
			t.Errorf("%s: %s", why, got)
		}
	}
	reason.Store(shard.RefusedVersion)
	for _, first := range []string{"", "CREATE TABLE u (a int); ALTER TABLE t ADD c int"} {
		refused := 0
		for write := int64(1); write <= 6; write++ {
			client.Exec(t, c, "BEGIN", "INSERT INTO t VALUES (1000, 1)", first)
			in.Store(write)
			client.Exec(t, c, "UPDATE t SET b = b + 1")
			client.Exec(t, c, "INSERT INTO t SELECT g, 0 FROM generate_series(101, 200) g")
			if in.Load() <= 0 {
				refused++
			}
			in.Store(write)
			client.Exec(t, c, "ALTER TABLE t ADD n serial")
			if in.Load() <= 0 {
				refused++
			}
			in.Store(0)
			if got := client.One(t, c, "SELECT format('%s %s %s', count(*), sum(b), max(b)) FROM t"); got != "201 102 2" {
				t.Errorf("refused at write %d: %s", write, got)
			}
			if got := client.One(t, c, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'S'"); got != "t_n_seq" {
				t.Errorf("refused at write %d: %s", write, got)
			}
			client.Exec(t, c, "ROLLBACK")
		}
		if refused < 10 {
			t.Errorf("%d were refused", refused)
		}
	}
}

// TestRefusedAfterRestart: a shard that has started again has lost what a
// transaction wrote there, which ends; nothing is lost of one that wrote nothing (rule 20).
func TestRefusedAfterRestart(t *testing.T) {
	c, in, reason := refusingNode(t)
	reason.Store(shard.RefusedRestart)
	for _, wrote := range []bool{false, true} {
		client.Exec(t, c, "BEGIN")
		if wrote {
			client.Exec(t, c, "INSERT INTO t VALUES (1000, 1)")
		}
		in.Store(1)
		_, err := c.Exec(t.Context(), "UPDATE t SET b = b + 1")
		var e *pgconn.PgError
		if errors.As(err, &e) != wrote || wrote && e.Code != "40001" {
			t.Errorf("wrote %t: %v", wrote, err)
		}
		client.Exec(t, c, "ROLLBACK")
	}
}
