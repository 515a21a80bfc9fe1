package remote

import (
	"context"
	"errors"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// call is a request that its caller may cancel, but whose answer is waited
// for all the same: the node is told to stop it, and answers promptly.
type call struct {
	client *Client
	number uint64 // for Cancel, and by which the node knows a copy of the request
	finish context.CancelFunc
	stop   func() bool
	told   chan struct{} // closed when nobody tells the node any more
}

// stopWithin is how long a node has to stop a request and say so.
const stopWithin = 10 * time.Second

// begin makes a call, which the caller ends. The request runs under the context
// that it returns: it ends with the call, or when the node has not answered for
// stopWithin after it was told to stop.
func (c *Client) begin(ctx context.Context) (context.Context, *call, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, pgerr.From(err)
	}
	l := &call{client: c}
	for l.number == 0 {
		l.number = c.calls.Add(1)
	}
	if ctx.Done() == nil {
		return ctx, l, nil
	}
	l.told = make(chan struct{})
	under, finish := context.WithCancel(context.WithoutCancel(ctx))
	l.finish = finish
	l.stop = context.AfterFunc(ctx, func() { l.cancel(under) })
	return under, l, nil
}

// cancel runs, on a goroutine that end waits for, when the caller has cancelled.
func (l *call) cancel(under context.Context) {
	defer close(l.told)
	ctx, cancel := context.WithTimeout(under, stopWithin)
	defer cancel()
	l.tell(ctx)
	<-ctx.Done()
	l.finish()
}

// firstPause doubles with each time that the node does not know the call: the
// request that is to be stopped may still be on its way.
const firstPause = time.Millisecond

// tell sends Cancel until the node has found the call.
func (l *call) tell(ctx context.Context) {
	for pause := firstPause; ; pause *= 2 {
		b, err := l.client.invoke(ctx, codec.Cancel, codec.EncodeCancel(l.number))
		if err != nil {
			return
		}
		if found, err := codec.DecodeNumber(b); found != 0 || err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// end ends the call, and the goroutine that tells the node to stop it.
func (l *call) end() {
	if l.finish == nil {
		return
	}
	l.finish()
	if !l.stop() {
		<-l.told
	}
}

// why is what the caller of a call that failed learns; under is what the
// request ran under. It comes before end.
func (l *call) why(ctx, under context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil || !pgerr.HasCode(err, pgerr.QueryCanceled):
		return err
	case l.finish != nil && under.Err() != nil:
		return l.client.lost(errors.New("the node has not stopped a cancelled statement"))
	}
	return pgerr.From(err).WithCause(ctx.Err())
}
