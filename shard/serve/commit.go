package serve

import (
	"context"

	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// A participant's work is finished whatever becomes of the caller: it has begun
// to be durable, and the caller asks again.

func (s *Server) commit(ctx context.Context, request []byte) (*codec.Frame, error) {
	log, r, err := codec.DecodeCommit(request)
	if err != nil {
		return nil, err
	}
	p, err := s.participant(log)
	if err != nil {
		return nil, err
	}
	out, err := p.Commit(context.WithoutCancel(ctx), r)
	return codec.EncodeOutcome(out), err
}

func (s *Server) prepare(ctx context.Context, request []byte) (*codec.Frame, error) {
	log, r, err := codec.DecodePrepare(request)
	if err != nil {
		return nil, err
	}
	p, err := s.participant(log)
	if err != nil {
		return nil, err
	}
	reply, err := p.Prepare(context.WithoutCancel(ctx), r)
	return codec.EncodePrepared(reply), err
}

func (s *Server) decide(ctx context.Context, request []byte) (*codec.Frame, error) {
	log, r, err := codec.DecodeDecide(request)
	if err != nil {
		return nil, err
	}
	p, err := s.participant(log)
	if err != nil {
		return nil, err
	}
	out, err := p.Decide(context.WithoutCancel(ctx), r)
	return codec.EncodeOutcome(out), err
}

func (s *Server) resolve(ctx context.Context, request []byte) (*codec.Frame, error) {
	log, r, err := codec.DecodeResolve(request)
	if err != nil {
		return nil, err
	}
	p, err := s.participant(log)
	if err != nil {
		return nil, err
	}
	return codec.EncodeDone(), p.Resolve(context.WithoutCancel(ctx), r)
}

func (s *Server) ask(ctx context.Context, request []byte) (*codec.Frame, error) {
	log, id, err := codec.DecodeAsk(request)
	if err != nil {
		return nil, err
	}
	p, err := s.participant(log)
	if err != nil {
		return nil, err
	}
	out, err := p.Ask(context.WithoutCancel(ctx), id)
	return codec.EncodeOutcome(out), err
}
