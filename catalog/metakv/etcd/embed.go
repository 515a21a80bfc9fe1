package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// Server is an etcd of one member inside this process.
type Server struct {
	etcd  *embed.Etcd
	store *Store
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
	// snapshotEntries is how many entries stay in memory between snapshots;
	// etcd's default of 10,000 entries of up to 1.5 MiB would be all of our memory.
	snapshotEntries     = 200
	snapshotKeepEntries = 20
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

// Embed starts an etcd of one member with its data in dir (made if absent). It
// listens on a free port of 127.0.0.1 for clients, and for no peers. It is
// ready when Embed returns; ctx bounds the wait.
func Embed(ctx context.Context, dir string) (*Server, error) {
	e, err := embed.StartEtcd(embedConfig(dir))
	if err != nil {
		return nil, fmt.Errorf("starting etcd in %s: %w", dir, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case <-e.Server.ReadyNotify():
	case err = <-e.Err():
	case <-e.Server.StopNotify():
		err = errors.New("it has stopped")
	case <-ctx.Done():
		// It is not closed: that would wait for it to become ready as well.
		return nil, fmt.Errorf("starting etcd in %s: it is not ready after %v: %w", dir, readyTimeout, context.Cause(ctx))
	}
	if err != nil {
		e.Close()
		return nil, fmt.Errorf("starting etcd in %s: %w", dir, err)
	}
	// A disk that is full already has nothing to give: then what the file has is
	// used, as every start before has left it.
	_ = reserve(filepath.Join(dir, "member", "snap", "db"), reservedBytes)
	return &Server{etcd: e, store: &Store{v3client.New(e.Server)}}, nil
}

func embedConfig(dir string) *embed.Config {
	anyPort := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	c := embed.NewConfig()
	c.Name, c.Dir = memberName, dir
	c.ListenClientUrls = []url.URL{anyPort}
	c.AdvertiseClientUrls = []url.URL{anyPort}
	c.ListenPeerUrls = nil
	c.AdvertisePeerUrls = []url.URL{anyPort}
	c.InitialCluster = memberName + "=" + anyPort.String()
	c.InitialClusterToken = clusterToken
	c.TickMs, c.ElectionMs = tickMS, electionMS
	c.SnapshotCount, c.SnapshotCatchUpEntries = snapshotEntries, snapshotKeepEntries
	c.MaxSnapFiles, c.MaxWalFiles = 2, 2
	c.QuotaBackendBytes = quotaBytes
	c.AutoCompactionMode, c.AutoCompactionRetention = embed.CompactorModeRevision, historyRevisions
	// etcd logs an orderly stop as errors. What ends the process is still said.
	c.Logger, c.LogLevel = "zap", "dpanic"
	c.EnableGRPCGateway = false
	return c
}

// Store returns the server as a store, without a network in between. It ends
// with the server.
func (s *Server) Store() *Store { return s.store }

// ClientURL is where other processes (etcdctl, further nodes) reach it.
func (s *Server) ClientURL() string { return "http://" + s.etcd.Clients[0].Addr().String() }

// Failed yields an error when the server cannot go on.
func (s *Server) Failed() <-chan error { return s.etcd.Err() }

// Close stops the server and waits for it.
func (s *Server) Close() error {
	err := s.store.Close()
	s.etcd.Close()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
