package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/nodetls"
)

// checkNodeTLS refuses settings of which some are missing or too many.
func (c *Config) checkNodeTLS() error {
	given := 0
	for _, file := range []string{c.NodeTLSCA, c.NodeTLSCert, c.NodeTLSKey} {
		if file != "" {
			given++
		}
	}
	switch {
	case given != 0 && given != 3:
		return fmt.Errorf("node-tls-ca, node-tls-cert and node-tls-key: all three are needed")
	case given != 0 && c.ClusterKey != "":
		return fmt.Errorf("cluster-key and node-tls-…: one excludes the other")
	}
	return nil
}

// NodeTLS reads how the cluster's processes know each other; nil when they do not.
func (c *Config) NodeTLS() (*nodetls.Credentials, error) {
	switch {
	case c.ClusterKey != "":
		key, err := nodetls.ReadKey(c.ClusterKey)
		if err != nil {
			return nil, fmt.Errorf("cluster-key: %w", err)
		}
		return nodetls.FromKey(key)
	case c.NodeTLSCA != "":
		operators, err := nodetls.FromFiles(nodetls.Files{CA: c.NodeTLSCA, Cert: c.NodeTLSCert, Key: c.NodeTLSKey})
		if err != nil {
			return nil, fmt.Errorf("node-tls: %w", err)
		}
		return operators, nil
	}
	return nil, nil
}

// shown is NodeTLS of a process that listens for others at an address ("" is
// nowhere), and has what they would believe there.
func (c *Config) shown(address string) (*nodetls.Credentials, error) {
	credentials, err := c.NodeTLS()
	if credentials == nil || err != nil {
		return nil, err
	}
	host := ""
	if address != "" && !everywhere(address) {
		if host, _, err = net.SplitHostPort(address); err != nil {
			return nil, err
		}
	}
	if err := credentials.Check(host); err != nil {
		return nil, fmt.Errorf("node-tls: %w", err)
	}
	return credentials, nil
}

// checkPrivate refuses an address that other machines reach for what only the
// cluster's processes may ask, unless they can be known.
func (c *Config) checkPrivate(name, address string) error {
	if address == "" {
		return nil
	}
	if err := checkAddress(name, address); err != nil {
		return err
	}
	if isLoopback(address) || c.ClusterKey != "" || c.NodeTLSCA != "" {
		return nil
	}
	if err := checkHost(context.Background(), address); err != nil {
		return err
	}
	return fmt.Errorf("%s: %s is open to other machines: give --cluster-key, or --node-tls-ca, --node-tls-cert and --node-tls-key", name, address)
}

// dialNodes and serveNodes are how nodes meet: who has credentials, with those
// that have them too alone, wherever they are.
func dialNodes(secured *nodetls.Credentials) []grpc.DialOption {
	if secured == nil {
		return nil
	}
	return []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(secured.ClientTLS()))}
}

func (n *Node) serveNodes() []grpc.ServerOption {
	if n.nodeTLS == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.Creds(credentials.NewTLS(n.nodeTLS.ServerTLS()))}
}

// checkKnown refuses a cluster whose other nodes this one could not talk to: the
// metadata store alone may let it in. Who does not answer at all is passed over.
func (n *Node) checkKnown(ctx context.Context, nodes []store.Node) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	errs := make([]error, len(nodes))
	var asking sync.WaitGroup
	for i, other := range nodes {
		if other.Live && other.ID != n.record.ID && other.Address != "" {
			asking.Go(func() { errs[i] = n.checkMeets(ctx, other) })
		}
	}
	asking.Wait()
	return cmp.Or(errs...)
}

// checkMeets is checkKnown of one of them.
func (n *Node) checkMeets(ctx context.Context, other store.Node) error {
	var credentials *tls.Config
	if n.nodeTLS != nil {
		credentials = n.nodeTLS.ClientTLS()
		if host, _, err := net.SplitHostPort(other.Address); err == nil && credentials.ServerName == "" {
			credentials.ServerName = host
		}
	}
	switch err := nodetls.Look(ctx, other.Address, credentials); {
	case errors.Is(err, nodetls.ErrWantsTLS):
		return fmt.Errorf("node %q, at %s, has TLS between nodes: give --cluster-key, or --node-tls-ca, --node-tls-cert and --node-tls-key", other.Name, other.Address)
	case errors.Is(err, nodetls.ErrHasNoTLS):
		return fmt.Errorf("node %q, at %s, has no TLS between nodes: all of a cluster have it or none", other.Name, other.Address)
	case errors.Is(err, nodetls.ErrStrangers):
		return fmt.Errorf("node %q, at %s: %w", other.Name, other.Address, err)
	}
	return nil
}

// dialEtcd connects to the metadata store: over https with the process's
// credentials, if it has some.
func dialEtcd(ctx context.Context, urls []string, secured *nodetls.Credentials) (*etcd.Store, error) {
	for _, u := range urls {
		if at, err := url.Parse(u); err == nil && at.Scheme == "http" && !isLoopback(net.JoinHostPort(at.Hostname(), "0")) {
			return nil, fmt.Errorf("etcd: %s is on another machine, and passwords would travel there in the clear: use https", u)
		}
	}
	encrypted := slices.ContainsFunc(urls, func(u string) bool { return strings.HasPrefix(u, "https:") })
	if secured == nil || !encrypted {
		return etcd.Dial(ctx, urls)
	}
	return etcd.DialTLS(ctx, urls, secured.ClientTLS())
}

// secureHTTP lets nobody in at an HTTP port that other machines reach but those
// who have a certificate.
func (n *Node) secureHTTP(l net.Listener) net.Listener {
	if isLoopback(n.config.HTTP) {
		return l
	}
	return tls.NewListener(l, n.nodeTLS.HTTPTLS())
}
