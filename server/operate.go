package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/server/operator"
	"github.com/pegmatitedb/pegmatite/shard"
)

// NodeOptions are the settings of `pegmatite node`: how nodes find their cluster.
var NodeOptions = nodeOptions()

func nodeOptions() (out []Option) {
	for _, o := range Options {
		switch o.Name {
		case "etcd":
			o.Help = "client URLs of the cluster's metadata store, comma-separated (SHOW pegmatite.etcd)"
		case "cluster-key", "node-tls-ca", "node-tls-cert", "node-tls-key":
		default:
			continue
		}
		out = append(out, o)
	}
	return out
}

// ValidateNode is Validate of `pegmatite node`.
func (c *Config) ValidateNode() error {
	if c.Etcd == "" {
		return errors.New("etcd: the URL of the cluster's metadata store is needed (SHOW pegmatite.etcd tells it)")
	}
	if err := c.checkEtcd(); err != nil {
		return err
	}
	return c.checkNodeTLS()
}

// Operate connects to the cluster that the settings are of, has it operated on,
// and prints to out what is done. Errors are one line.
func Operate(ctx context.Context, c Config, out io.Writer, do func(context.Context, *operator.Operator) error) error {
	secured, err := c.NodeTLS()
	if err != nil {
		return err
	}
	kv, err := dialEtcd(ctx, strings.Split(c.Etcd, ","), secured)
	if err != nil {
		return err
	}
	defer kv.Close()
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, kv, store.Options{System: pgcatalog.New().Relations(), Existing: true, Log: log})
	if err != nil {
		return fmt.Errorf("etcd at %s: %w", c.Etcd, err)
	}
	defer s.Close()
	if err := checkVersions(ctx, s); err != nil {
		return err
	}
	members, err := cluster.NewMembers(ctx, 0, s, log, dialNodes(secured)...)
	if err != nil {
		return err
	}
	defer members.Close()
	reach := func(m *placement.Map, id shard.ID) shard.Service {
		return cluster.New(cluster.Local{}, members, s, m, log).Service(catalog.HomeShards, id)
	}
	err = do(ctx, &operator.Operator{Store: s, Reach: reach, Moves: members.Moves, Pause: operator.Pause, Out: out})
	if none := (operator.NoSuchNode{}); errors.As(err, &none) {
		return WrongCall{err}
	}
	return err
}

// checkVersions refuses a cluster whose nodes are of another version.
func checkVersions(ctx context.Context, s *store.Store) error {
	nodes, err := s.Nodes(ctx)
	for _, n := range nodes {
		if n.Live && n.Version != Version {
			return errVersions(n)
		}
	}
	return err
}

func errVersions(n store.Node) error {
	return fmt.Errorf("node %q, at %s, is of version %s, this program of %s: all nodes of a cluster are of one version",
		n.Name, n.Clients, n.Version, Version)
}
