package store

import (
	"cmp"
	"context"
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// A node's record is its own, written anew at every start. What an operator
// wants of the node is kept beside it.

// Drain records that a node is to give its shards away, or (wanted false) that
// it may have some again. 42704 for a number that is no node's.
func (s *Store) Drain(ctx context.Context, node uint32, wanted bool) error {
	id := nodeText(node)
	op := metakv.Delete(drainRoot + id)
	if wanted {
		op = metakv.Put(drainRoot+id, nil)
	}
	kv, err := s.kv.Get(ctx, nodeRoot+id)
	if err != nil {
		return unavailable(err)
	}
	if !kv.Exists() {
		return errNoNode(node)
	}
	r, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{{Key: removedRoot + id}}, Then: []metakv.Op{op}})
	if err != nil {
		return unavailable(err)
	}
	if !r.Done {
		return errNoNode(node)
	}
	return nil
}

// RemoveNode takes a node out of the cluster for good. 42704 for a number that
// is no node's; 55006 while the node is live, 55000 while the map gives it
// shards: one transaction compares both.
//
// The name is free again, for a node with another number. What stays:
//
//   - boot/<node>, raised: its last process, should it be alive, ends no move of
//     a shard to it any more, for that compares the boot; and no transaction's
//     ID is used again (rule 9), though the number could only come back by a mistake.
//   - removed/<node>, its record with its logs: a process that was cut off, or is
//     started from its old directory, is refused; a log that asks for a
//     transaction's outcome finds whose log its home was.
//   - decision/<txn> of its schema changes, until no log needs them: participants in doubt find their outcome there.
//
// HAZARD: outcomes that only the node's own logs know go with it (rule 8). The
// caller makes sure that no log is in doubt about a transaction whose home is one of them.
func (s *Store) RemoveNode(ctx context.Context, node uint32) error {
	for {
		done, err := s.tryRemove(ctx, node)
		if err != nil || done {
			return err
		}
	}
}

// tryRemove reports false when what it had looked at has changed meanwhile.
func (s *Store) tryRemove(ctx context.Context, node uint32) (bool, error) {
	id := nodeText(node)
	record, err := s.kv.Get(ctx, nodeRoot+id)
	if err != nil {
		return false, unavailable(err)
	}
	if !record.Exists() {
		return false, errNoNode(node)
	}
	var n Node
	if err := unmarshal(record, &n); err != nil {
		return false, err
	}
	m, unchanged, err := s.Placement(ctx)
	if err != nil {
		return false, err
	}
	live, err := s.kv.Get(ctx, liveRoot+id)
	if err != nil {
		return false, unavailable(err)
	}
	if live.Exists() {
		return false, pgerr.New(pgerr.ObjectInUse, "node %q is alive: stop it before it is removed", n.Name)
	}
	if m != nil && len(m.ShardsOf(node)) > 0 {
		return false, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "node %q has %d shards: start it and drain it before it is removed", n.Name, len(m.ShardsOf(node)))
	}
	sameBoot, nextBoot, err := s.raiseBoot(ctx, id)
	if err != nil {
		return false, err
	}
	r, err := s.kv.Commit(ctx, metakv.Txn{
		If: []metakv.Compare{{Key: nodeRoot + id, Modified: record.Modified}, {Key: liveRoot + id}, sameBoot, unchanged},
		Then: []metakv.Op{
			metakv.Delete(nodeRoot + id), metakv.Delete(nameRoot + n.Name), metakv.Delete(drainRoot + id),
			metakv.Put(removedRoot+id, record.Value), nextBoot,
		},
	})
	if err != nil {
		return false, unavailable(err)
	}
	return r.Done, nil
}

// raiseBoot is a step that makes a node's last boot an earlier one, and the
// compare that holds as long as it is the last.
func (s *Store) raiseBoot(ctx context.Context, id string) (last metakv.Compare, next metakv.Op, err error) {
	kv, err := s.kv.Get(ctx, bootRoot+id)
	if err != nil {
		return last, next, unavailable(err)
	}
	boot, err := strconv.ParseUint(cmp.Or(string(kv.Value), "1"), 10, 32)
	if err != nil {
		return last, next, errBadRecord("%s is %q", bootRoot+id, kv.Value)
	}
	return metakv.Compare{Key: bootRoot + id, Modified: kv.Modified}, metakv.Put(bootRoot+id, strconv.AppendUint(nil, boot+1, 10)), nil
}

// NotRemoved is what a node's publications compare: from its removal on, other
// nodes may forget what its transactions have decided, so it decides nothing more.
func NotRemoved(node uint32) metakv.Compare { return metakv.Compare{Key: removedRoot + nodeText(node)} }

// Removed returns the record of a node that was removed; ok is false for others.
func (s *Store) Removed(ctx context.Context, node uint32) (n Node, ok bool, err error) {
	kv, err := s.kv.Get(ctx, removedRoot+nodeText(node))
	if err != nil {
		return Node{}, false, unavailable(err)
	}
	if !kv.Exists() {
		return Node{}, false, nil
	}
	n.ID = node
	return n, true, unmarshal(kv, &n)
}

// RingMembers returns who is to have shards, and all nodes, in order of their
// numbers' text. On the ring are those that others reach, live or not: a shard
// cannot leave a node that is down. A node that is drained has weight 0 there.
func (s *Store) RingMembers(ctx context.Context) ([]ring.Member, []Node, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return nil, nil, err
	}
	var members []ring.Member
	for _, n := range nodes {
		weight := n.Weight
		if n.Draining {
			weight = 0
		}
		if n.Address != "" {
			members = append(members, ring.Member{Node: n.ID, Weight: weight})
		}
	}
	return members, nodes, nil
}

func nodeText(node uint32) string { return strconv.FormatUint(uint64(node), 10) }

func errNoNode(node uint32) error {
	return pgerr.New(pgerr.UndefinedObject, "node %d does not exist", node)
}
