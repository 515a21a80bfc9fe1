package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.uber.org/zap"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// Server is an etcd of one member inside this process.
type Server struct {
	etcd    *embed.Etcd
	failure *failure
	url     string
	address string // of the TCP port; "" is none
	store   *Store
}

// Options are who may ask an embedded etcd beside processes of this machine's user.
type Options struct {
	Listen string // host:port for the cluster's processes; "" is none
	// TLS are the files that it is known by and knows them by; nil: by nothing,
	// which is for loopback alone.
	TLS *nodetls.Files
}

const (
	// memberName is in the data directory for ever.
	memberName = "pegmatite"
	// clusterToken is part of the cluster's ID in the data directory.
	clusterToken = "pegmatite"
	// A single member elects itself after one election timeout; etcd wants it
	// to be at least five ticks. A tick of 2 ms costs a timer, nothing else: there
	// is nobody to send heartbeats to.
	tickMS     = 2
	electionMS = 10
	// snapshotEntries is how many entries come between snapshots: etcd's default
	// of 10,000 entries of up to 1.5 MiB would be all of our memory.
	snapshotEntries = 100
	// snapshotKeepEntries is how many stay in memory. All that a start applies
	// must be among them, those since the snapshot before the last even: applying
	// drops the older ones before Raft has noted that they are applied, and an
	// election in between, which reads them, ends the process.
	snapshotKeepEntries = 4 * snapshotEntries
	// quotaBytes is etcd's hard limit for its database; a cluster's whole
	// metadata is some tens of MB.
	quotaBytes = 2 << 30
	// historyRevisions is how many revisions a watcher can be behind before it has to read anew.
	historyRevisions = "2000"
	readyTimeout     = 30 * time.Second
)

// reservedBytes of etcd's file have their place on the disk from the start: the
// file is sparse, and etcd ends the process when a page of it finds no space.
const reservedBytes = 32 << 20

// Embed starts an etcd of one member with its data in dir, which is made if
// this is a fresh one; otherwise its files have to be there, and whole. It
// listens on a Unix socket beside dir, for clients of the same user, and
// where o says: no TCP port of its own choice, which could be another's. It is
// ready when Embed returns;
// ctx bounds the wait. After an error what has begun is not cleaned up: the
// process is to end.
func Embed(ctx context.Context, dir string, fresh bool, o Options) (*Server, error) {
	if !fresh {
		if err := inspect(dir); err != nil {
			return nil, err
		}
	}
	if err := vfs.ClearSocket(socket(dir)); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(socket(dir))
	if err != nil {
		return nil, err
	}
	f := newFailure()
	e, err := start(ctx, dir, f, o)
	if err != nil {
		return nil, fmt.Errorf("starting etcd in %s: %w", dir, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	// A disk that is full already has nothing to give: then what the file has is
	// used, as every start before has left it.
	_ = reserve(filepath.Join(dir, "member", "snap", "db"), reservedBytes)
	s := &Server{etcd: e, failure: f, url: (&url.URL{Scheme: "unix", Path: path}).String(), store: &Store{v3client.New(e.Server)}}
	s.findAddress(o)
	return s, nil
}

// findAddress learns the port that was chosen for port 0.
func (s *Server) findAddress(o Options) {
	for _, l := range s.etcd.Clients {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			at := o.url()
			at.Host = net.JoinHostPort(at.Hostname(), strconv.Itoa(tcp.Port))
			s.address = at.String()
		}
	}
}

// start waits until etcd is ready, has failed, or has taken too long.
func start(ctx context.Context, dir string, f *failure, o Options) (*embed.Etcd, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("it is not ready after %v", readyTimeout))
	defer cancel()
	started := make(chan *embed.Etcd, 1)
	go func() {
		// The end of a failed start is one of this goroutine.
		defer func() {
			if r := recover(); r != nil {
				f.tell(fmt.Errorf("%v", r))
			}
		}()
		e, err := embed.StartEtcd(embedConfig(dir, f.logger(), o))
		if err != nil {
			f.tell(err)
			return
		}
		select {
		case <-e.Server.ReadyNotify():
			started <- e
		case err := <-e.Err():
			f.tell(err)
		case <-e.Server.StopNotify():
			f.tell(errors.New("it has stopped"))
		}
	}()
	select {
	case e := <-started:
		return e, nil
	case <-f.told:
		return nil, f.reason
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func embedConfig(dir string, logger *zap.Logger, o Options) *embed.Config {
	// The path is not made absolute: it has to be short.
	clients := url.URL{Scheme: "unix", Path: socket(dir)}
	// A member has an address for peers, of which there are none.
	peers := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	c := embed.NewConfig()
	c.Name, c.Dir = memberName, dir
	c.ListenClientUrls = []url.URL{clients}
	c.AdvertiseClientUrls = []url.URL{clients}
	c.ListenPeerUrls = nil
	c.AdvertisePeerUrls = []url.URL{peers}
	c.InitialCluster = memberName + "=" + peers.String()
	c.InitialClusterToken = clusterToken
	c.TickMs, c.ElectionMs = tickMS, electionMS
	c.SnapshotCount, c.SnapshotCatchUpEntries = snapshotEntries, snapshotKeepEntries
	c.MaxSnapFiles, c.MaxWalFiles = 2, 2
	c.QuotaBackendBytes = quotaBytes
	c.AutoCompactionMode, c.AutoCompactionRetention = embed.CompactorModeRevision, historyRevisions
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger)
	c.EnableGRPCGateway = false
	if o.Listen != "" {
		c.ListenClientUrls = append(c.ListenClientUrls, o.url())
	}
	if o.TLS != nil {
		c.ClientTLSInfo = transport.TLSInfo{CertFile: o.TLS.Cert, KeyFile: o.TLS.Key, TrustedCAFile: o.TLS.CA, ClientCertAuth: true}
	}
	return c
}

func (o *Options) url() url.URL {
	if o.TLS != nil {
		return url.URL{Scheme: "https", Host: o.Listen}
	}
	return url.URL{Scheme: "http", Host: o.Listen}
}

// Store returns the server as a store, without a network in between. It ends
// with the server.
func (s *Server) Store() *Store { return s.store }

// socket is where the etcd in dir listens.
func socket(dir string) string { return dir + ".sock" }

// ClientURL is where other processes of this machine (etcdctl) reach it.
func (s *Server) ClientURL() string { return s.url }

// ListenURL is where the cluster's processes reach it; "" when they do not.
func (s *Server) ListenURL() string { return s.address }

// Wait waits until the server cannot go on, and says why; nil when it was
// closed. What is asked of a server that has failed may not be answered.
func (s *Server) Wait() error {
	select {
	case err := <-s.etcd.Err():
		return err
	case <-s.failure.told:
		return s.failure.reason
	}
}

// Close stops the server and waits for it, unless it has failed: then some of
// its goroutines are gone that the others would wait for.
func (s *Server) Close() error {
	select {
	case <-s.failure.told:
		return nil
	default:
	}
	err := s.store.Close()
	s.etcd.Close()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
