package session

import (
	"context"
	"errors"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/txn"
)

// keptOutcomes is of how many of a node's transactions pg_xact_status knows the
// end; of older ones it says nothing, as PostgreSQL does.
const keptOutcomes = 10_000

// outcomes are what became of the node's transactions whose numbers were asked
// for: nobody else can ask after them.
type outcomes struct {
	mu    sync.Mutex // protects the fields below
	known map[txn.ID]string
	order []txn.ID // the oldest is at next
	next  int
}

func (o *outcomes) note(id txn.ID, status string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = map[txn.ID]string{}
	}
	if len(o.order) < keptOutcomes {
		o.order = append(o.order, id)
	} else {
		delete(o.known, o.order[o.next])
		o.order[o.next] = id
		o.next = (o.next + 1) % keptOutcomes
	}
	o.known[id] = status
}

func (o *outcomes) of(id txn.ID) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[id]
}

// errRolledBack stands for an end that was no commit.
var errRolledBack = errors.New("rolled back")

// noteOutcome keeps what became of the transaction, if its number was asked for
// and it is known.
func (s *Session) noteOutcome(commit error) {
	if !s.tx.numbered || pgerr.HasCode(commit, pgerr.TransactionResolutionUnknown) {
		return
	}
	status := "committed"
	if commit != nil {
		status = "aborted"
	}
	s.node.outcomes.note(s.tx.txn.ID(), status)
}

// transactionStatus is pg_xact_status, of this node's transactions. NULL is what
// is not known: of other nodes' ones, of those before its start, and of old ones.
func transactionStatus(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	number := uint64(args[0].Int())
	if number == 1 || number == 2 { // PostgreSQL's bootstrap and frozen ones
		return types.Text("committed"), nil
	}
	own := s.tx.txn.ID()
	id := txn.ID{Node: own.Node, Boot: uint32(number >> bootBits), Seq: number & (1<<bootBits - 1)}
	switch {
	case id.Boot != own.Boot && number < uint64(transactionNumber(own.Boot, 0)):
		return types.Null, nil
	case id.Boot != own.Boot || s.node.Txns.Ahead(id):
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "transaction ID %d is in the future", number)
	}
	if len(s.node.Txns.Over([]txn.ID{id})) == 0 {
		return types.Text("in progress"), nil
	}
	if status := s.node.outcomes.of(id); status != "" {
		return types.Text(status), nil
	}
	return types.Null, nil
}
