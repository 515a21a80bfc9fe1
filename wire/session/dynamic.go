package session

import (
	"context"
	"fmt"
	"sort"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// Topology is what is known of nodes and where shards lie.
type Topology interface {
	// Nodes are the cluster's nodes.
	Nodes(ctx context.Context) ([]NodeInfo, error)
	// NodeOf is the node that has a shard; Slots how many slots the shard has.
	NodeOf(id shard.ID) uint32
	Slots(id shard.ID) int
}

// NodeInfo is a row of pegmatite.nodes and pegmatite.ring.
type NodeInfo struct {
	Node    uint32
	Address string
	State   string
	Boot    uint32
	Version string
	Weight  int
}

// row is a row of a dynamic relation by column name.
type row = map[string]types.Datum

// DynamicRows makes the rows of a relation that no descriptor knows: settings,
// sessions, nodes, shards, transactions. A relation that nothing here fills is empty.
func (s *Session) DynamicRows(ctx context.Context, relation string, emit func(map[string]types.Datum)) error {
	switch relation {
	case "pg_settings":
		s.settingRows(emit)
	case "pg_stat_activity":
		s.activityRows(emit)
	case "pg_prepared_statements":
		s.preparedRows(emit)
	case "pg_sequences":
		return s.sequenceRows(emit)
	case "nodes":
		return s.nodeRows(ctx, emit)
	case "ring":
		return s.ringRows(ctx, emit)
	case "shards":
		return s.shardRows(ctx, emit)
	case "transactions":
		return s.transactionRows(ctx, emit)
	}
	return nil
}

func (s *Session) settingRows(emit func(row)) {
	names := make([]string, 0, 400)
	for name := range setting.Definitions() {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		d := setting.Definitions()[name]
		if d.Category == "Ungrouped" {
			continue
		}
		enum := types.Null
		if d.Enum != nil {
			var elems []types.Datum
			for _, e := range d.Enum {
				elems = append(elems, types.Text(e))
			}
			enum = vector(types.TText, elems)
		}
		bounds := func(f float64) types.Datum {
			if d.Type != "integer" && d.Type != "real" {
				return types.Null
			}
			return types.Text(fmt.Sprint(f))
		}
		emit(row{
			"name": types.Text(d.Name), "setting": types.Text(s.settings.Get(d.Name)), "unit": textOrNull(d.Unit),
			"category": types.Text(d.Category), "short_desc": types.Text(d.Short), "context": types.Text(d.Context),
			"vartype": types.Text(d.Type), "source": types.Text("default"), "min_val": bounds(d.Min), "max_val": bounds(d.Max),
			"enumvals": enum, "boot_val": types.Text(d.Boot), "reset_val": types.Text(s.settings.ResetValue(d.Name)),
			"pending_restart": types.False,
		})
	}
}

func (s *Session) activityRows(emit func(row)) {
	snap := s.node.Catalog.Snapshot()
	for _, o := range s.node.sessions.list() {
		state := "idle"
		if o.activity.active.Load() {
			state = "active"
		}
		r := row{
			"pid": types.Int(int64(o.pid())), "datid": types.Int(int64(o.database)), "usesysid": types.Int(int64(o.user)),
			"backend_start": types.Int(micros(o.backendStart)), "state": types.Text(state), "query": types.Text(o.activity.text()),
			"application_name": types.Text(o.activity.application()), "backend_type": types.Text("client backend"),
		}
		if db := snap.DatabaseByOID(o.database); db != nil {
			r["datname"] = types.Text(db.Name)
		}
		if u := snap.RoleByOID(o.user); u != nil {
			r["usename"] = types.Text(u.Name)
		}
		emit(r)
	}
}

func (s *Session) preparedRows(emit func(row)) {
	for name, p := range s.prepared {
		if name == "" || p.stmt == nil {
			continue
		}
		var oids []types.Datum
		for _, t := range p.params {
			oids = append(oids, types.Int(int64(t.OID)))
		}
		emit(row{
			"name": types.Text(name), "statement": types.Text(p.stmt.Text), "from_sql": types.Bool(p.fromSQL),
			"parameter_types": vector(types.TRegtype, oids),
		})
	}
}

func (s *Session) sequenceRows(emit func(row)) error {
	for r := range s.snapshot().Relations(s.database) {
		q, ok := r.(*catalog.Sequence)
		if !ok {
			continue
		}
		reply, err := s.sequenceControl(q, shard.ControlSequenceRead, shard.SequenceStep{})
		if err != nil {
			return err
		}
		last := types.Null
		if reply.Called {
			last = types.Int(reply.Value)
		}
		emit(row{
			"schemaname": types.Text(s.snapshot().SchemaByOID(s.database, q.Schema).Name), "sequencename": types.Text(q.Name),
			"sequenceowner": types.Text(s.snapshot().RoleByOID(q.Owner).Name), "data_type": types.Int(int64(q.Type.OID)),
			"start_value": types.Int(q.Start), "min_value": types.Int(q.Min), "max_value": types.Int(q.Max),
			"increment_by": types.Int(q.Increment), "cycle": types.Bool(q.Cycle), "cache_size": types.Int(q.Cache), "last_value": last,
		})
	}
	return nil
}

func (s *Session) nodeRows(ctx context.Context, emit func(row)) error {
	nodes, err := s.node.Topology.Nodes(ctx)
	for _, n := range nodes {
		emit(row{
			"node": types.Int(int64(n.Node)), "address": types.Text(n.Address), "state": types.Text(n.State),
			"boot": types.Int(int64(n.Boot)), "version": types.Text(n.Version),
		})
	}
	return err
}

func (s *Session) ringRows(ctx context.Context, emit func(row)) error {
	nodes, err := s.node.Topology.Nodes(ctx)
	for _, n := range nodes {
		shards, slots := 0, 0
		for _, id := range s.node.Cluster.Shards(catalog.HomeShards) {
			if s.node.Topology.NodeOf(id) == n.Node {
				shards++
				slots += s.node.Topology.Slots(id)
			}
		}
		emit(row{
			"node": types.Int(int64(n.Node)), "weight": types.Int(int64(n.Weight)),
			"shards": types.Int(int64(shards)), "slots": types.Int(int64(slots)),
		})
	}
	return err
}

func (s *Session) shardRows(ctx context.Context, emit func(row)) error {
	for _, id := range s.node.Cluster.Shards(catalog.HomeShards) {
		reply, err := s.askShard(ctx, id, shard.ControlStats)
		if err != nil {
			return err
		}
		emit(row{
			"shard": types.Int(int64(id)), "node": types.Int(int64(s.node.Topology.NodeOf(id))), "state": types.Text(reply.State),
			"rows": types.Int(reply.Rows), "bytes": types.Int(reply.Bytes),
		})
	}
	return nil
}

func (s *Session) askShard(ctx context.Context, id shard.ID, op shard.ControlOp) (*shard.ControlReply, error) {
	return s.node.Cluster.Service(catalog.HomeShards, id).Control(ctx, &shard.ControlRequest{
		Header: shard.Header{Shard: id, Epoch: s.node.Cluster.Epoch()}, Op: op,
	})
}

// transactionRows shows what shards have open and in doubt: one row for each
// transaction and shard, with whom it waits for.
func (s *Session) transactionRows(ctx context.Context, emit func(row)) error {
	for _, id := range s.node.Cluster.Shards(catalog.HomeShards) {
		reply, err := s.askShard(ctx, id, shard.ControlTransactions)
		if err != nil {
			return err
		}
		for _, t := range reply.Transactions {
			emit(row{
				"txn": types.Text(t.Txn.String()), "node": types.Int(int64(t.Txn.Node)), "state": types.Text(t.State.String()),
				"participants": types.Text(fmt.Sprint(t.Participants)), "reason": types.Text(transactionReason(id, &t)),
			})
		}
	}
	return nil
}

func transactionReason(id shard.ID, t *shard.TransactionInfo) string {
	text := fmt.Sprintf("shard %d: %d locks, %d bytes", id, t.Locks, t.Bytes)
	if len(t.Waiting) > 0 {
		text += fmt.Sprintf(", waits for %v", t.Waiting)
	}
	return text
}
