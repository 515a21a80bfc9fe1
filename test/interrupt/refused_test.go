package interrupt

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// refusing is a shard.Service whose shards know a newer descriptor for one
// write: the n-th from now on, when those before it have been done.
type refusing struct {
	shard.Service
	in *atomic.Int64
}

// Write implements shard.Service.
func (s refusing) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	if !r.Txn.IsZero() && s.in.Add(-1) == 0 {
		return nil, shard.Refuse(shard.RefusedVersion)
	}
	return s.Service.Write(ctx, r)
}

// TestRefusedStatementsBeginAgain: what a shard refuses because of its catalog is
// taken back and planned anew, unseen, whatever other shards have done of it
// (rule 20); what the transaction did before stays.
func TestRefusedStatementsBeginAgain(t *testing.T) {
	var in atomic.Int64
	n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards = 4 },
		server.Layers{Shards: func(s shard.Service) shard.Service { return refusing{s, &in} }})
	c := dial(t, n.Address())
	exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b int)", "INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g")
	refused := 0
	for write := int64(1); write <= 6; write++ {
		exec(t, c, "BEGIN", "INSERT INTO t VALUES (1000, 1)")
		in.Store(write)
		exec(t, c, "UPDATE t SET b = b + 1")
		exec(t, c, "INSERT INTO t SELECT g, 0 FROM generate_series(101, 200) g")
		if in.Load() <= 0 {
			refused++
		}
		in.Store(0)
		if got := one(t, c, "SELECT format('%s %s %s', count(*), sum(b), max(b)) FROM t"); got != "201 102 2" {
			t.Errorf("refused at write %d: %s", write, got)
		}
		exec(t, c, "ROLLBACK")
	}
	if refused < 6 {
		t.Errorf("%d were refused", refused)
	}
}
