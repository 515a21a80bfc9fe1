package server

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
)

// schemaHome is the home of transactions with DDL: not a log but the metadata
// store, where the decision is taken with the descriptors in one step.
var schemaHome = txn.LogID{'m', 'e', 't', 'a', 'd', 'a', 't', 'a'}

// schemaChanges commits transactions with DDL (rule 21): every log
// prepares, the metadata store decides and publishes, the logs resolve.
type schemaChanges struct {
	node    *Node
	store   *store.Store
	cluster *cluster.Cluster

	mu       sync.Mutex      // protects underWay
	underWay map[txn.ID]bool // the transactions that may still be decided here
}

func newSchemaChanges(n *Node, c *cluster.Cluster) *schemaChanges {
	return &schemaChanges{node: n, store: n.store, cluster: c, underWay: map[txn.ID]bool{}}
}

const (
	// publishTimeout is how long the metadata store may not answer before the
	// outcome counts as unknown: an election and a restart of etcd take less.
	publishTimeout = 30 * time.Second
	// askTimeout is how long it is asked then for what became of it, and to
	// forget what everybody knows.
	askTimeout = 5 * time.Second
)

func (n *Node) askTimeout() time.Duration { return min(askTimeout, n.layers.metadataTimeout()) }

// Commit implements session.SchemaChanges. As every commit it is not
// interrupted: whoever cancels it now would not know what became of it.
func (s *schemaChanges) Commit(ctx context.Context, t *txn.Txn, c *catalog.Change) error {
	if err := s.commit(ctx, t, c); err != nil {
		return err
	}
	// Before the client hears of it: then the next statement on any node knows of it (rule 22).
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	if err := s.node.oracle.Report(ctx); err != nil {
		s.node.log.Warn("a schema change is committed, other nodes may hear of it late", "error", err)
	}
	return nil
}

func (s *schemaChanges) commit(ctx context.Context, t *txn.Txn, c *catalog.Change) error {
	defer s.node.sweeper.Wake()
	if err := s.node.checkSpaceFor(c); err != nil {
		s.Rollback(ctx, t, c)
		return err
	}
	if err := s.node.reachMetadata(context.WithoutCancel(ctx)); err != nil {
		s.Rollback(ctx, t, c)
		return err
	}
	defer t.Ended()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.node.layers.metadataTimeout())
	defer cancel()
	branches := t.Branches()
	if len(branches) == 0 {
		_, err := s.store.Publish(ctx, c, store.Decision{})
		return err
	}
	s.begin(t.ID())
	defer s.end(t.ID())
	out, err := s.decide(ctx, t.ID(), branches, c)
	if out.State == txn.Unknown {
		return err
	}
	if e := s.resolve(ctx, t.ID(), branches, out); e != nil {
		s.node.log.Warn("the end of a schema change is not everywhere yet", "transaction", t.ID().String(), "outcome", out.State.String(), "error", e)
	}
	return err
}

// decide prepares every branch and publishes the change; an error says why the
// outcome is not txn.Committed.
func (s *schemaChanges) decide(ctx context.Context, id txn.ID, branches []txn.Branch, c *catalog.Change) (txn.Outcome, error) {
	aborted := txn.Outcome{State: txn.Aborted}
	at, err := s.prepare(ctx, id, branches, fencesOf(c))
	if err != nil {
		return aborted, err // nobody else can commit it
	}
	committed := txn.Outcome{State: txn.Committed, At: at}
	_, err = s.store.Publish(ctx, c, store.Decision{Txn: id.String(), Value: encodeOutcome(committed)}, store.NotRemoved(id.Node))
	switch {
	case err == nil:
		return committed, nil
	case !pgerr.HasCode(err, pgerr.TransactionResolutionUnknown):
		return aborted, err // nothing was published, nor will be
	}
	return s.giveUp(ctx, id, err)
}

func (s *schemaChanges) begin(id txn.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay[id] = true
}

func (s *schemaChanges) end(id txn.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.underWay, id)
}

func (s *schemaChanges) isUnderWay(id txn.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay[id]
}

// prepare makes every branch durable and returns the commit timestamp.
func (s *schemaChanges) prepare(ctx context.Context, id txn.ID, branches []txn.Branch, fences []txn.Fence) (txn.Timestamp, error) {
	at, err := s.node.oracle.Commit(ctx)
	if err != nil {
		return 0, err
	}
	logs := []txn.LogID{schemaHome}
	for _, b := range branches {
		logs = append(logs, b.Log)
	}
	highest := at
	for _, b := range branches {
		p, err := s.participant(b.Log)
		if err != nil {
			return 0, err
		}
		r, err := p.Prepare(ctx, &txn.PrepareRequest{
			Txn: id, At: at, Shards: b.Shards, Home: schemaHome, Participants: logs, Fences: fences,
		})
		if err != nil {
			return 0, twopc.Unprepared(id, err)
		}
		highest = max(highest, r.At)
	}
	return highest, nil
}

// participant finds a log; 58000 when its node is down.
func (s *schemaChanges) participant(log txn.LogID) (txn.Participant, error) {
	if p := s.cluster.Participant(log); p != nil {
		return p, nil
	}
	return nil, pgerr.New(pgerr.SystemError, "log %s cannot be reached", log)
}

// fencesOf are the relations whose descriptors a change replaces: of a table,
// and of its unique indexes that are relations of their own.
func fencesOf(c *catalog.Change) (fences []txn.Fence) {
	for _, op := range c.Ops() {
		old, _ := c.Base().Object(op.Key).(*catalog.Table)
		if old == nil {
			continue
		}
		now, _ := op.Object.(*catalog.Table)
		version := txn.DroppedVersion
		if now != nil {
			version = now.Version
		}
		fences = append(fences, txn.Fence{Relation: uint32(old.OID), Version: version})
		for i := range old.Indexes {
			ix := &old.Indexes[i]
			if ix.Global == 0 {
				continue
			}
			of := version
			if now == nil || !slices.ContainsFunc(now.Indexes, func(x catalog.Index) bool { return x.OID == ix.OID }) {
				of = txn.DroppedVersion
			}
			fences = append(fences, txn.Fence{Relation: uint32(ix.OID), Version: of})
		}
	}
	return fences
}

// giveUp records "aborted" unless the publication took place after all: that
// tells which it was. txn.Unknown comes with an error.
func (s *schemaChanges) giveUp(ctx context.Context, id txn.ID, cause error) (txn.Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.node.askTimeout())
	defer cancel()
	value, err := s.store.Decide(ctx, id.String(), encodeOutcome(txn.Outcome{State: txn.Aborted}))
	if err != nil {
		return txn.Outcome{}, pgerr.New(pgerr.TransactionResolutionUnknown, "the outcome of the schema change is unknown").WithCause(err)
	}
	out, err := decodeOutcome(value)
	if err != nil || out.State == txn.Committed {
		return out, err
	}
	return out, pgerr.New(pgerr.SystemError, "the schema change was rolled back: the metadata store did not answer in time").WithCause(cause)
}

// resolve tells every log, and then has the decision forgotten.
func (s *schemaChanges) resolve(ctx context.Context, id txn.ID, branches []txn.Branch, out txn.Outcome) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, b := range branches {
		p, err := s.participant(b.Log)
		if err == nil {
			err = p.Resolve(ctx, &txn.ResolveRequest{Txn: id, Outcome: out})
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil || out.State != txn.Committed {
		return err // what is left of the decision, if there is one, Forget finds
	}
	logs := make([]txn.LogID, len(branches))
	for i, b := range branches {
		logs[i] = b.Log
	}
	return s.forget(ctx, id, nil, logs)
}

// Forget deletes the decisions that commits have left behind: those that were
// asked for, and those that could not be forgotten in time. Every log of the
// cluster follows them first, durably; those that a node may need that is down are kept, and counted.
func (s *schemaChanges) Forget(ctx context.Context) (kept int, err error) {
	left, err := s.store.Decisions(ctx)
	if err != nil || len(left) == 0 {
		return 0, err
	}
	nodes, err := s.store.Nodes(ctx)
	if err != nil {
		return 0, err
	}
	for text, value := range left {
		id, err := txn.ParseID(text)
		if err != nil {
			return kept, err
		}
		if !s.forgets(id, nodes) {
			continue
		}
		out, err := decodeOutcome(value)
		if err == nil {
			err = s.forget(ctx, id, &out, nil)
		}
		switch {
		case err == nil:
		case pgerr.HasCode(err, pgerr.ConnectionFailure, pgerr.QueryCanceled) && ctx.Err() == nil:
			kept++ // a node is down, or says nothing in time
		default:
			return kept, err
		}
	}
	return kept, nil
}

// forgets reports whether a transaction's decision is this node's to forget:
// its own, but not what it may still decide, and removed nodes'. What is under way
// on another node nobody else knows.
func (s *schemaChanges) forgets(id txn.ID, nodes []store.Node) bool {
	if id.Node == s.node.dir.Identity.Node {
		return !s.isUnderWay(id)
	}
	return !slices.ContainsFunc(nodes, func(n store.Node) bool { return n.ID == id.Node })
}

// forget deletes a decision that nobody will ask for: logs follow it (nil: they
// do already), and none of them is asking, of all nodes or of those that have
// one of these.
func (s *schemaChanges) forget(ctx context.Context, id txn.ID, out *txn.Outcome, logs []txn.LogID) error {
	ctx, cancel := context.WithTimeout(ctx, s.node.askTimeout())
	defer cancel()
	if err := s.node.gate.Settle(ctx, id, out); err != nil {
		return err
	}
	if err := s.node.members.Settle(ctx, id, out, logs); err != nil {
		return err
	}
	return s.store.Forget(ctx, id.String())
}

// Rollback implements session.SchemaChanges: the data is the transaction's own
// affair, and descriptors that were never published need no undoing.
func (s *schemaChanges) Rollback(ctx context.Context, t *txn.Txn, _ *catalog.Change) {
	t.Rollback(ctx)
}

// encodeOutcome is an outcome as the metadata store keeps it.
func encodeOutcome(o txn.Outcome) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(o.State)}, uint64(o.At))
}

func decodeOutcome(b []byte) (txn.Outcome, error) {
	if len(b) != 9 {
		return txn.Outcome{}, pgerr.New(pgerr.DataCorrupted, "a transaction's decision in the metadata store has %d bytes, not 9", len(b))
	}
	return txn.Outcome{State: txn.State(b[0]), At: txn.Timestamp(binary.BigEndian.Uint64(b[1:]))}, nil
}

// resolve tells a log of another node what one of this node's has decided.
func (n *Node) resolve(ctx context.Context, log txn.LogID, r *txn.ResolveRequest) error {
	if c := n.view.Load(); c != nil {
		return c.Resolve(ctx, log, r)
	}
	return pgerr.New(pgerr.CannotConnectNow, "the node is starting")
}

// ask answers a log that was left in doubt by a transaction whose home is the
// metadata store: undecided ones are aborted first.
func (n *Node) ask(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error) {
	if home != schemaHome {
		if c := n.view.Load(); c != nil {
			return c.Ask(ctx, home, id)
		}
		return txn.Outcome{}, pgerr.New(pgerr.CannotConnectNow, "the node is starting")
	}
	ctx, cancel := context.WithTimeout(ctx, n.askTimeout())
	defer cancel()
	value, err := n.store.Decide(ctx, id.String(), encodeOutcome(txn.Outcome{State: txn.Aborted}))
	if err != nil {
		return txn.Outcome{}, err
	}
	return decodeOutcome(value)
}
