package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Topology is what is known of nodes and where shards lie.
type Topology interface {
	// Nodes are the cluster's nodes.
	Nodes(ctx context.Context) ([]NodeInfo, error)
	// NodeOf is the node that has a shard; Slots how many slots the shard has.
	NodeOf(id shard.ID) uint32
	Slots(id shard.ID) int
	// Coordinated are the transactions that sessions of other nodes run, of those
	// that answer.
	Coordinated(ctx context.Context) []Coordinated
}

// NodeInfo is a row of pegmatite.nodes and pegmatite.ring.
type NodeInfo struct {
	Node    uint32
	Name    string
	Address string
	State   string
	Boot    uint32
	Version string
	Weight  int
	Oracle  bool // it gives the cluster's timestamps
}

// row is a row of a dynamic relation by column name.
type row = map[string]types.Datum

// DynamicRows makes the rows of a relation that no descriptor knows: settings,
// sessions, locks, nodes, shards, transactions, how views are defined. Those that are always empty
// here have no case; what we cannot know is refused.
func (s *Session) DynamicRows(ctx context.Context, relation string, emit func(map[string]types.Datum)) error {
	switch relation {
	case "pg_settings":
		s.settingRows(emit)
	case "pg_stat_activity":
		s.activityRows(ctx, emit)
	case "pg_stat_database":
		s.databaseRows(ctx, emit)
	case "pg_stat_ssl", "pg_stat_gssapi":
		s.encryptionRows(ctx, relation, emit)
	case "pg_locks":
		return s.lockRows(ctx, emit)
	case "pg_prepared_statements":
		s.preparedRows(emit)
	case "pg_sequences":
		return s.sequenceRows(ctx, emit)
	case "pg_views":
		s.viewRows("pg_views", emit)
	case "pg_matviews":
		s.viewRows("pg_matviews", emit)
	case "views":
		s.viewRows("information_schema.views", emit)
	case "nodes":
		return s.nodeRows(ctx, emit)
	case "ring":
		return s.ringRows(ctx, emit)
	case "shards":
		return s.shardRows(ctx, emit)
	case "transactions":
		return s.transactionRows(ctx, emit)
	case "pg_timezone_names":
		emitNamed(builtin.ZoneNames(s.tx.started), emit)
	case "pg_timezone_abbrevs":
		emitNamed(builtin.ZoneAbbreviations(s.tx.started), emit)
	case "pg_config", "pg_hba_file_rules", "pg_file_settings":
		return pgerr.Unsupported("reading %s", relation)
	}
	return nil
}

// emitNamed emits rows that know their columns' names.
func emitNamed(rows []*types.Row, emit func(row)) {
	for _, r := range rows {
		named := row{}
		for i, name := range r.Names {
			named[name] = r.Fields[i]
		}
		emit(named)
	}
}

// tellsOfSessions reports whether a relation shows what sessions do. That is
// looked at when something is amiss: it is shown, with names that may be old, also
// where nobody can tell what has been published.
func (s *Session) tellsOfSessions(relation catalog.OID) bool {
	if !s.node.System.Dynamic(relation) {
		return false
	}
	switch s.node.Catalog.Snapshot().Table(relation).Name {
	case "pg_stat_activity", "pg_stat_ssl", "pg_stat_gssapi", "pg_locks", "transactions":
		return true
	}
	return false
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

// sequenceRows asks the shards for the values.
func (s *Session) sequenceRows(ctx context.Context, emit func(row)) error {
	var failed error
	s.emitRows("pg_sequences", s.node.System.Sequences(s.database, s.temporarySchema(), s.snapshot(), func(q *catalog.Sequence) (int64, bool) {
		reply, err := s.sequenceControl(ctx, q, shard.ControlSequenceRead, shard.SequenceStep{})
		if err != nil {
			failed = err
			return 0, false
		}
		return reply.Value, reply.Called
	}), emit)
	return failed
}

// viewRows shows each view as pg_get_viewdef does.
func (s *Session) viewRows(relation string, emit func(row)) {
	s.emitRows(relation, s.node.System.Views(relation, s.database, s.snapshot(), func(v *catalog.View) string {
		return s.viewDefinition(v, false)
	}), emit)
}

// emitRows emits rows of a system relation that have all of its columns.
func (s *Session) emitRows(relation string, rows [][]types.Datum, emit func(row)) {
	t := s.node.System.Relation(relation)
	for _, values := range rows {
		r := row{}
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Hidden {
				r[c.Name] = values[i]
			}
		}
		emit(r)
	}
}

func (s *Session) nodeRows(ctx context.Context, emit func(row)) error {
	nodes, err := s.node.Topology.Nodes(ctx)
	for _, n := range nodes {
		emit(row{
			"node": types.Int(int64(n.Node)), "name": types.Text(n.Name), "address": types.Text(n.Address), "state": types.Text(n.State),
			"boot": types.Int(int64(n.Boot)), "version": types.Text(n.Version), "oracle": types.Bool(n.Oracle),
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
		r := row{"shard": types.Int(int64(id)), "node": types.Int(int64(s.node.Topology.NodeOf(id)))}
		reply, err := s.askShard(ctx, id, shard.ControlStats)
		switch {
		case err == nil:
			r["state"], r["rows"], r["bytes"] = types.Text(reply.State), types.Int(reply.Rows), types.Int(reply.Bytes)
		case pgerr.HasCode(err, pgerr.SystemError):
			r["state"] = types.Text("unreachable")
		default:
			return err
		}
		emit(r)
	}
	return nil
}

func (s *Session) askShard(ctx context.Context, id shard.ID, op shard.ControlOp) (*shard.ControlReply, error) {
	return s.node.Cluster.Service(catalog.HomeShards, id).Control(ctx, &shard.ControlRequest{
		Header: shard.Header{Shard: id, Epoch: s.node.Cluster.Epoch()}, Op: op,
	})
}
