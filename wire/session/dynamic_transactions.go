package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// openOnShards calls f for every transaction that a shard has something of. A
// shard whose node does not answer is left out with a warning: those of others
// are what an operator looks for then.
func (s *Session) openOnShards(ctx context.Context, f func(id shard.ID, t *shard.TransactionInfo)) error {
	for _, a := range s.askShards(ctx, shard.ControlTransactions) {
		if pgerr.HasCode(a.err, pgerr.SystemError) {
			s.Notice(pgerr.New(pgerr.Warning, "what shard %d has of transactions is not known", a.shard).WithDetail("%s", pgerr.From(a.err).Message).WithSeverity(pgerr.SeverityWarning))
			continue
		}
		if a.err != nil {
			return a.err
		}
		for i := range a.reply.Transactions {
			f(a.shard, &a.reply.Transactions[i])
		}
	}
	return nil
}

// shardsWithin bounds how long shards are asked what they have: a node that
// has lost its network gives no error.
const shardsWithin = 2 * time.Second

// shardAnswer is what a shard says of itself, or why it does not (58000).
type shardAnswer struct {
	shard shard.ID
	reply *shard.ControlReply
	err   error
}

// askShards asks all shards at once.
func (s *Session) askShards(ctx context.Context, op shard.ControlOp) []shardAnswer {
	within, cancel := context.WithTimeout(ctx, shardsWithin)
	defer cancel()
	var asking sync.WaitGroup
	ids := s.node.Cluster.Shards(catalog.HomeShards)
	answers := make([]shardAnswer, len(ids))
	for i, id := range ids {
		asking.Go(func() {
			a := &answers[i]
			a.shard = id
			a.reply, a.err = s.askShard(within, id, op)
			if a.err != nil && within.Err() != nil && ctx.Err() == nil {
				a.err = pgerr.New(pgerr.SystemError, "shard %d is not available: node %d does not answer", id, s.node.Topology.NodeOf(id))
			}
		})
	}
	asking.Wait()
	return answers
}

// transactionRows shows the transactions that are open on the cluster's nodes,
// and what shards have open and in doubt: one row for each transaction and shard
// that has something of it, or one row when none has.
func (s *Session) transactionRows(ctx context.Context, emit func(row)) error {
	open := s.coordinated(ctx)
	shown := map[txn.ID]bool{}
	err := s.openOnShards(ctx, func(id shard.ID, t *shard.TransactionInfo) {
		r := row{
			"txn": types.Text(t.Txn.String()), "node": types.Int(int64(t.Txn.Node)), "state": types.Text(t.State.String()),
			"reason": types.Text(transactionReason(id, t)),
		}
		s.coordinatedColumns(r, open[t.Txn])
		if len(t.Participants) > 0 {
			r["participants"] = types.Text(fmt.Sprint(t.Participants)) // the logs, as it is prepared
		}
		if w := t.Wait; w != nil {
			s.waitColumns(r, w.Key, w.Mode, w.Since, t.Waiting)
		}
		shown[t.Txn] = true
		emit(r)
	})
	if err != nil {
		return err
	}
	for id, o := range open {
		if shown[id] {
			continue
		}
		r := row{
			"txn": types.Text(id.String()), "node": types.Int(int64(id.Node)), "state": types.Text(txn.Active.String()),
			"reason": types.Text("has nothing on a shard"),
		}
		s.coordinatedColumns(r, o)
		emit(r)
	}
	return nil
}

// Coordinated is a transaction as the node knows it whose session runs it.
type Coordinated struct {
	Txn       txn.ID
	Process   int32 // the session's process id
	Isolation txn.Isolation
	Started   time.Time
	Snapshot  txn.Timestamp // 0: none
	Shards    []uint32      // that have something of it
	// Wait is for a lock on a relation or another catalog object, without a name's
	// bytes, and Blockers are in its way; nil: it does not wait for any.
	Wait     *shard.Wait
	Blockers []txn.ID
}

// Coordinated are the transactions that this node's sessions run.
func (n *Node) Coordinated() []Coordinated {
	waits := objectWaits(n)
	var out []Coordinated
	for _, o := range n.sessions.list() {
		open := o.activity.transaction.Load()
		if open == nil {
			continue
		}
		c := Coordinated{
			Txn: open.txn.ID(), Process: o.pid(), Isolation: open.isolation, Started: open.started,
			Snapshot: open.txn.Drawn(), Shards: open.txn.Shards(),
		}
		if e := waits[c.Txn]; e != nil {
			c.Wait = &shard.Wait{Key: lock.Key{Space: e.Key.Space, Object: e.Key.Object}, Mode: e.Mode, Since: e.Since}
			c.Blockers = e.Blockers
		}
		out = append(out, c)
	}
	return out
}

// coordinated are the transactions of all nodes that answer.
func (s *Session) coordinated(ctx context.Context) map[txn.ID]*Coordinated {
	out := map[txn.ID]*Coordinated{}
	for _, c := range slices.Concat(s.node.Coordinated(), s.node.Topology.Coordinated(ctx)) {
		out[c.Txn] = &c
	}
	return out
}

// coordinatedColumns adds what the session that runs a transaction knows of it.
func (s *Session) coordinatedColumns(r row, c *Coordinated) {
	if c == nil {
		return
	}
	r["pid"], r["started"] = types.Int(int64(c.Process)), types.Int(types.TimestampFromTime(c.Started))
	r["isolation"], r["participants"] = types.Text(c.Isolation.String()), types.Text(shardList(c.Shards))
	if c.Snapshot != 0 {
		r["snapshot"] = types.Int(int64(c.Snapshot))
	}
	if w := c.Wait; w != nil {
		s.waitColumns(r, w.Key, w.Mode, w.Since, c.Blockers)
	}
}

// processOf is the process id of the session that runs a transaction; NULL when
// none is known.
func processOf(c *Coordinated) types.Datum {
	if c == nil {
		return types.Null
	}
	return types.Int(int64(c.Process))
}

// shardList names the shards that hold something of a transaction.
func shardList(ids []uint32) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Trim(strings.Replace(fmt.Sprint("shards ", ids), "[", "", 1), "]")
}

// objectWaits are the waits for locks on relations and other catalog objects, by transaction.
func objectWaits(n *Node) map[txn.ID]*objectlock.Entry {
	out := map[txn.ID]*objectlock.Entry{}
	for _, e := range n.Locks.List() {
		if !e.Granted {
			out[e.Waiter] = &e
		}
	}
	return out
}

// waitColumns say what a transaction waits for, and for whom.
func (s *Session) waitColumns(r row, key lock.Key, mode lock.Mode, since time.Time, blockers []txn.ID) {
	var ids []string
	for _, b := range blockers {
		ids = append(ids, b.String())
	}
	r["waits_for"], r["wait_mode"] = types.Text(lockedObject(s.snapshot(), key)), types.Text(mode.String())
	r["waiting_since"], r["blocked_by"] = types.Int(types.TimestampFromTime(since)), types.Text(strings.Join(ids, " "))
}

// lockedObject names what a lock is on.
func lockedObject(snap *catalog.Snapshot, key lock.Key) string {
	oid := uint32(key.Object)
	if key.Space == lock.Unique {
		oid = uint32(key.Object >> 32) // over the index's number
	}
	name := fmt.Sprint("object ", oid)
	if rel := snap.RelationByOID(catalog.OID(oid)); rel != nil {
		name = rel.Ref().Name
	}
	switch key.Space {
	case lock.Advisory:
		return fmt.Sprintf("advisory lock %d", int64(key.Object))
	case lock.Row:
		return "row of " + name
	case lock.Unique:
		return "unique value of " + name
	case lock.Relation:
		return "relation " + name
	case lock.Name:
		return "name"
	}
	return name
}

// transactionReason says what a shard has of a transaction and why it has not ended there.
func transactionReason(id shard.ID, t *shard.TransactionInfo) string {
	text := fmt.Sprintf("shard %d: %d locks, %d bytes", id, t.Locks, t.Bytes)
	if len(t.Waiting) > 0 {
		text += fmt.Sprintf(", waits for %v", t.Waiting)
	}
	switch {
	case t.State == txn.Prepared && len(t.Participants) > 0:
		text += fmt.Sprintf(", in doubt: prepared, and log %s, the first of its participants, has the decision", t.Participants[0])
	case t.State == txn.Committed:
		return fmt.Sprintf("log %s keeps the decision until all of its participants have it", t.Participants[0])
	}
	return text
}
