// Package etcd is a metakv.Store in etcd: a cluster's, through Dial, or one
// embedded in this process, through Embed.
package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Store is a client of etcd.
type Store struct {
	client *clientv3.Client
}

var (
	_ metakv.Store  = (*Store)(nil)
	_ metakv.Leaser = (*Store)(nil)
)

const (
	// dialTimeout bounds the first connection to a cluster.
	dialTimeout = 5 * time.Second
	// readWithin and writeWithin bound the wait for an answer: an etcd that has
	// lost its disk, its other members or its network says nothing at all, and
	// the client waits for one that is not there. An election of its members, and
	// the sync of a busy disk, take less.
	readWithin  = 3 * time.Second
	writeWithin = 5 * time.Second
	// A connection without a sign of life for pingEvery is asked for one, and is
	// lost without it: else nobody would notice who waits for changes. etcd ends
	// connections that ask more often than every five seconds.
	pingEvery  = 10 * time.Second
	pingAnswer = 5 * time.Second
)

// Dial connects to a cluster by its client URLs and waits until it answers.
func Dial(ctx context.Context, endpoints []string) (*Store, error) {
	return DialTLS(ctx, endpoints, nil)
}

// DialTLS is Dial of a cluster whose URLs begin with https, by a configuration.
func DialTLS(ctx context.Context, endpoints []string, encrypted *tls.Config) (*Store, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, DialTimeout: dialTimeout, Logger: zap.NewNop(), TLS: encrypted,
		DialKeepAliveTime: pingEvery, DialKeepAliveTimeout: pingAnswer,
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(connecting())},
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to etcd at %s: %w", strings.Join(endpoints, ", "), err)
	}
	s := &Store{client}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if _, err := s.Get(ctx, "\x00"); err != nil {
		client.Close()
		if reason := whySilent(context.WithoutCancel(ctx), endpoints, encrypted); reason != nil {
			err = reason
		}
		return nil, fmt.Errorf("connecting to etcd at %s: %w", strings.Join(endpoints, ", "), err)
	}
	return s, nil
}

// connecting is how often a connection that was lost is tried: gRPC's own way
// would be to wait up to two minutes for an etcd that has long been back.
func connecting() grpc.ConnectParams {
	retry := backoff.DefaultConfig
	retry.BaseDelay, retry.MaxDelay = 50*time.Millisecond, time.Second
	return grpc.ConnectParams{Backoff: retry, MinConnectTimeout: dialTimeout}
}

// Close ends the connection; watches end with an error.
func (s *Store) Close() error { return s.client.Close() }

// answered makes a request, bounded also where the caller's patience is not.
func answered[R any](ctx context.Context, patience time.Duration, request func(context.Context) (R, error)) (R, error) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := request(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return r, fmt.Errorf("etcd: no answer within %v", patience)
	}
	return r, translate(err)
}

// get reads one key, or some.
func (s *Store) get(ctx context.Context, key string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	return answered(ctx, readWithin, func(ctx context.Context) (*clientv3.GetResponse, error) { return s.client.Get(ctx, key, options...) })
}

// Get implements metakv.Store.
func (s *Store) Get(ctx context.Context, key string) (metakv.KV, error) {
	reply, err := s.get(ctx, key)
	if err != nil {
		return metakv.KV{}, err
	}
	if len(reply.Kvs) == 0 {
		return metakv.KV{Key: key}, nil
	}
	kv := reply.Kvs[0]
	return metakv.KV{Key: key, Value: kv.Value, Modified: metakv.Revision(kv.ModRevision), Lease: metakv.LeaseID(kv.Lease)}, nil
}

// pageKeys is how many keys a Range reads in one request: values are bounded
// by MaxRequestBytes each, and neither side should hold many of them twice.
const pageKeys = 64

// Range implements metakv.Store.
func (s *Store) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	var found []metakv.KV
	var at int64
	from, end := prefix, clientv3.GetPrefixRangeEnd(prefix)
	for {
		reply, err := s.get(ctx, from, clientv3.WithRange(end), clientv3.WithRev(at), clientv3.WithLimit(pageKeys))
		if err != nil {
			return nil, 0, err
		}
		if at == 0 {
			at = reply.Header.Revision
		}
		for _, kv := range reply.Kvs {
			found = append(found, metakv.KV{
				Key: string(kv.Key), Value: kv.Value,
				Modified: metakv.Revision(kv.ModRevision), Lease: metakv.LeaseID(kv.Lease),
			})
		}
		if !reply.More {
			return found, metakv.Revision(at), nil
		}
		from = found[len(found)-1].Key + "\x00"
	}
}

// Commit implements metakv.Store.
func (s *Store) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if err := metakv.CheckSize(t); err != nil {
		return metakv.Result{}, err
	}
	conditions := make([]clientv3.Cmp, len(t.If))
	for i, c := range t.If {
		conditions[i] = clientv3.Compare(clientv3.ModRevision(c.Key), "=", int64(c.Modified))
	}
	ops := make([]clientv3.Op, len(t.Then))
	for i, op := range t.Then {
		ops[i] = operation(op)
	}
	reply, err := answered(ctx, writeWithin, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return s.client.Txn(ctx).If(conditions...).Then(ops...).Commit()
	})
	if err != nil {
		return metakv.Result{}, err
	}
	return metakv.Result{Done: reply.Succeeded, Revision: metakv.Revision(reply.Header.Revision)}, nil
}

func operation(op metakv.Op) clientv3.Op {
	switch {
	case op.Prefix:
		return clientv3.OpDelete(op.Key, clientv3.WithPrefix())
	case op.Delete:
		return clientv3.OpDelete(op.Key)
	case op.Lease != 0:
		return clientv3.OpPut(op.Key, string(op.Value), clientv3.WithLease(clientv3.LeaseID(op.Lease)))
	}
	return clientv3.OpPut(op.Key, string(op.Value))
}

// Compact implements metakv.Store.
func (s *Store) Compact(ctx context.Context, r metakv.Revision) error {
	_, err := answered(ctx, writeWithin, func(ctx context.Context) (*clientv3.CompactResponse, error) { return s.client.Compact(ctx, int64(r)) })
	if errors.Is(err, metakv.ErrCompacted) {
		return nil
	}
	return err
}

// Watch implements metakv.Store.
func (s *Store) Watch(prefix string, from metakv.Revision) metakv.Watch {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(context.Background()))
	return &watch{
		cancel:  cancel,
		replies: s.client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(int64(from))),
	}
}

type watch struct {
	cancel  context.CancelFunc
	replies clientv3.WatchChan
}

// errWatchEnded is the end of a watch whose client was closed.
var errWatchEnded = errors.New("metadata watch has ended")

// Next implements metakv.Watch.
func (w *watch) Next(ctx context.Context) ([]metakv.Event, error) {
	for {
		select {
		case reply, open := <-w.replies:
			if !open {
				return nil, errWatchEnded
			}
			if err := reply.Err(); err != nil {
				return nil, translate(err)
			}
			if len(reply.Events) > 0 {
				return events(reply.Events), nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func events(from []*clientv3.Event) []metakv.Event {
	out := make([]metakv.Event, len(from))
	for i, e := range from {
		out[i] = metakv.Event{KV: metakv.KV{
			Key: string(e.Kv.Key), Value: e.Kv.Value,
			Modified: metakv.Revision(e.Kv.ModRevision), Lease: metakv.LeaseID(e.Kv.Lease),
		}, Deleted: e.Type == clientv3.EventTypeDelete}
	}
	return out
}

// Close implements metakv.Watch.
func (w *watch) Close() {
	w.cancel()
	// The client closes the channel once its stream is done with it.
	for range w.replies {
	}
}

// Grant implements metakv.Leaser.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (metakv.LeaseID, error) {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	reply, err := answered(ctx, writeWithin, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) { return s.client.Grant(ctx, seconds) })
	if err != nil {
		return 0, err
	}
	return metakv.LeaseID(reply.ID), nil
}

// KeepAlive implements metakv.Leaser.
func (s *Store) KeepAlive(ctx context.Context, id metakv.LeaseID) error {
	_, err := answered(ctx, writeWithin, func(ctx context.Context) (*clientv3.LeaseKeepAliveResponse, error) {
		return s.client.KeepAliveOnce(ctx, clientv3.LeaseID(id))
	})
	return err
}

// Revoke implements metakv.Leaser.
func (s *Store) Revoke(ctx context.Context, id metakv.LeaseID) error {
	_, err := answered(ctx, writeWithin, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		return s.client.Revoke(ctx, clientv3.LeaseID(id))
	})
	return err
}

// translate turns etcd's errors into the contract's.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rpctypes.ErrCompacted):
		return metakv.ErrCompacted
	case errors.Is(err, rpctypes.ErrLeaseNotFound):
		return metakv.ErrLeaseGone
	case errors.Is(err, rpctypes.ErrTooManyOps), errors.Is(err, rpctypes.ErrRequestTooLarge):
		return metakv.ErrTooLarge
	}
	return fmt.Errorf("etcd: %w", err)
}
