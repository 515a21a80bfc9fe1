package remote

import (
	"context"

	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Participant is a log on the node. One that is not there, or not there any
// more, answers as a lost connection does.
func (c *Client) Participant(id txn.LogID) txn.Participant { return &participant{c, id} }

type participant struct {
	client *Client
	log    txn.LogID
}

var _ txn.Participant = (*participant)(nil)

// ask sends a request and decodes the reply.
func ask[T any](ctx context.Context, p *participant, method string, request []byte, decode func([]byte) (T, error)) (T, error) {
	reply, err := p.client.invoke(ctx, method, request)
	if err != nil {
		var none T
		return none, err
	}
	return decode(reply)
}

// Commit implements txn.Participant.
func (p *participant) Commit(ctx context.Context, r *txn.CommitRequest) (txn.Outcome, error) {
	return ask(ctx, p, codec.Commit, codec.EncodeCommit(p.log, r), codec.DecodeOutcome)
}

// Prepare implements txn.Participant.
func (p *participant) Prepare(ctx context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	return ask(ctx, p, codec.Prepare, codec.EncodePrepare(p.log, r), codec.DecodePrepared)
}

// Decide implements txn.Participant.
func (p *participant) Decide(ctx context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	return ask(ctx, p, codec.Decide, codec.EncodeDecide(p.log, r), codec.DecodeOutcome)
}

// Resolve implements txn.Participant.
func (p *participant) Resolve(ctx context.Context, r *txn.ResolveRequest) error {
	reply, err := p.client.invoke(ctx, codec.Resolve, codec.EncodeResolve(p.log, r))
	if err != nil {
		return err
	}
	return codec.DecodeDone(reply)
}

// Ask implements txn.Participant.
func (p *participant) Ask(ctx context.Context, id txn.ID) (txn.Outcome, error) {
	return ask(ctx, p, codec.Ask, codec.EncodeAsk(p.log, id), codec.DecodeOutcome)
}
