package tso

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// ClientOptions are what a Client needs to know of its node.
type ClientOptions struct {
	Node uint32
	// Source finds the oracle of the moment: asked before every request, for it changes.
	Source func(ctx context.Context) (Source, error)
	// Revision is the newest revision of the catalog that this node knows; Behind
	// waits until it knows one that another node has published (rule 22).
	Revision func() uint64
	Behind   func(ctx context.Context, revision uint64) error
	// Every is how often a node without statements reports; 1 s.
	Every time.Duration
	// RetryFor is how long a draw looks for an oracle before it gives up
	// (57P03); 10 s: an election takes less.
	RetryFor time.Duration
}

const defaultRetryFor = 10 * time.Second

// retryPause is the time between two attempts.
const retryPause = 20 * time.Millisecond

// Client draws timestamps from the cluster's oracle for one node: all who wait
// when a request leaves share it, and nobody who came later (rule 19: what is
// drawn ahead would be older than commits acknowledged since).
type Client struct {
	opts     ClientOptions
	registry registry
	last     atomic.Int64 // the highest timestamp known here
	oldest   atomic.Int64 // the cluster's, as told last

	stop context.CancelFunc
	done sync.WaitGroup
	wake chan struct{} // of the batches' goroutine: waiting is set

	mu      sync.Mutex // protects the fields below
	waiting *batch     // not yet sent; nil when nobody waits
	closed  bool
}

var _ txn.Oracle = (*Client)(nil)

// batch is a request and those who wait for a timestamp of it.
type batch struct {
	count int
	done  chan struct{}
	first txn.Timestamp // the reply; set before done is closed
	err   error
}

// NewClient makes a client; it has reported once when it returns. Close ends it.
func NewClient(ctx context.Context, o ClientOptions) (*Client, error) {
	if o.Every == 0 {
		o.Every = time.Second
	}
	if o.RetryFor == 0 {
		o.RetryFor = defaultRetryFor
	}
	c := &Client{opts: o, wake: make(chan struct{}, 1)}
	if _, err := c.request(ctx, 0); err != nil {
		return nil, err
	}
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.done.Go(func() { c.report(ctx) })
	c.done.Go(func() { c.batches(ctx) })
	return c, nil
}

// Close ends the client; whoever waits gets an error.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.done.Wait()
}

// report tells the oracle now and then what is in use here, and learns what is elsewhere.
func (c *Client) report(ctx context.Context) {
	ticker := time.NewTicker(c.opts.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, c.opts.Every)
		_, _ = c.ask(within, 0) // the next one says the same
		cancel()
	}
}

// Snapshot implements txn.Oracle. What is not yet drawn is announced, as in Oracle.
func (c *Client) Snapshot(ctx context.Context) (txn.Timestamp, error) {
	announced := c.registry.announce(c.last.Load())
	defer announced.Store(free)
	s, err := c.draw(ctx)
	if err != nil {
		return 0, err
	}
	c.registry.add(int64(s))
	return s, nil
}

// Release implements txn.Oracle.
func (c *Client) Release(s txn.Timestamp) { c.registry.remove(int64(s)) }

// Commit implements txn.Oracle.
func (c *Client) Commit(ctx context.Context) (txn.Timestamp, error) { return c.draw(ctx) }

// Oldest implements txn.Oracle: the cluster's, as the oracle said it last.
func (c *Client) Oldest() txn.Timestamp { return txn.Timestamp(c.oldest.Load()) }

// InUse implements txn.Oracle: this node's snapshots; of the others only the oldest is known.
func (c *Client) InUse(dst []txn.Timestamp) ([]txn.Timestamp, txn.Timestamp) {
	known := c.registry.announcedBelow(c.oldest.Load())
	return c.registry.append(dst), txn.Timestamp(known)
}

// Report tells the oracle of what this node has published, and waits for what
// others have: afterwards the node's catalog is as new as any that has been
// acknowledged before the call (rule 22).
func (c *Client) Report(ctx context.Context) error {
	_, err := c.request(ctx, 0)
	return err
}

// Registered is how many snapshots are in use here.
func (c *Client) Registered() int { return c.registry.count() }

// Epoch is the epoch of the newest timestamp known here.
func (c *Client) Epoch() uint32 { return Epoch(txn.Timestamp(c.last.Load())) }

// draw takes a timestamp from the request that leaves next.
func (c *Client) draw(ctx context.Context) (txn.Timestamp, error) {
	b, i, err := c.join()
	if err != nil {
		return 0, err
	}
	select {
	case <-b.done:
		return b.first + txn.Timestamp(i)*txn.TimestampStep, b.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// join enters the batch that leaves next.
func (c *Client) join() (b *batch, i int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, 0, errStopping()
	}
	if c.waiting == nil {
		c.waiting = &batch{done: make(chan struct{})}
		c.wake <- struct{}{} // there is room: the goroutine has taken the last one before it took waiting
	}
	b = c.waiting
	b.count++
	return b, b.count - 1, nil
}

// batches sends batch after batch; when the client is closed, in vain.
func (c *Client) batches(ctx context.Context) {
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			c.failWaiting()
			return
		}
		b := c.takeWaiting()
		b.first, b.err = c.request(ctx, b.count)
		close(b.done)
	}
}

func (c *Client) takeWaiting() *batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.waiting
	c.waiting = nil
	return b
}

// failWaiting answers those who had joined when the client was closed.
func (c *Client) failWaiting() {
	if b := c.takeWaiting(); b != nil {
		b.err = errStopping()
		close(b.done)
	}
}

func errStopping() error { return pgerr.New(pgerr.AdminShutdown, "the node is stopping") }

// request asks until an oracle answers, for as long as an election may take.
func (c *Client) request(ctx context.Context, count int) (txn.Timestamp, error) {
	within, cancel := context.WithTimeout(ctx, c.opts.RetryFor)
	defer cancel()
	missing := errNoLeader()
	for {
		first, err := c.ask(within, count)
		if pgerr.HasCode(err, pgerr.CannotConnectNow) {
			missing = pgerr.From(err) // it says why
		}
		switch {
		case err == nil:
			return first, nil
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case within.Err() != nil:
			return 0, missing.WithCause(err)
		case !retryable(err):
			return 0, err
		}
		pause.For(within, retryPause)
	}
}

// retryable reports whether another oracle may answer: nothing of a request
// that failed is used, so it can be made again. What was cancelled, or took too
// long, was so by the oracle's own affairs: the caller has not.
func retryable(err error) bool {
	return pgerr.HasCode(err, pgerr.CannotConnectNow, pgerr.ConnectionFailure, pgerr.ConnectionDoesNotExist,
		pgerr.TRSerializationFailure, pgerr.QueryCanceled)
}

// ask makes one request.
func (c *Client) ask(ctx context.Context, count int) (txn.Timestamp, error) {
	source, err := c.opts.Source(ctx)
	if err != nil {
		return 0, err
	}
	r := DrawRequest{Node: c.opts.Node, Count: count, Revision: c.opts.Revision()}
	r.Oldest = txn.Timestamp(c.registry.oldest(c.last.Load()))
	reply, err := source.Draw(ctx, r)
	if err != nil {
		return 0, err
	}
	raise(&c.last, int64(reply.First)+int64(max(count-1, 0))*int64(txn.TimestampStep))
	raise(&c.oldest, int64(reply.Oldest))
	if reply.Revision > r.Revision {
		if err := c.opts.Behind(ctx, reply.Revision); err != nil {
			return 0, err
		}
	}
	return reply.First, nil
}

// raise sets v to at least to.
func raise(v *atomic.Int64, to int64) {
	for have := v.Load(); have < to; have = v.Load() {
		if v.CompareAndSwap(have, to) {
			return
		}
	}
}
