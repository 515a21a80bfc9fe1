package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// DefaultEtcdListen is etcd's port for clients.
const DefaultEtcdListen = "127.0.0.1:2379"

// EtcdOptions are the settings of `pegmatite etcd`: those of Options that say
// the same there, and where it listens.
var EtcdOptions = etcdOptions()

func etcdOptions() (out []Option) {
	for _, o := range Options {
		switch o.Name {
		case "listen":
			o.Help = "host:port for the cluster's nodes"
		case "data", "cluster-key", "node-tls-ca", "node-tls-cert", "node-tls-key", "log-level", "log-format":
		default:
			continue
		}
		out = append(out, o)
	}
	return out
}

// DefaultEtcd is the configuration of `pegmatite etcd` without flags.
func DefaultEtcd() Config {
	c := Default()
	c.Listen = DefaultEtcdListen
	return c
}

// ValidateEtcd is Validate of `pegmatite etcd`.
func (c *Config) ValidateEtcd() error {
	if err := c.validateProcess(); err != nil {
		return err
	}
	if err := checkAddress("listen", c.Listen); err != nil {
		return err
	}
	return c.checkPrivate("listen", c.Listen)
}

// RunEtcd serves a cluster's metadata store until SIGTERM or SIGINT. Errors
// are one line that says what to do about it.
func RunEtcd(c Config) error {
	if err := c.ValidateEtcd(); err != nil {
		return err
	}
	logger, err := newLogger(c)
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	s, err := startEtcd(stop, c, logger)
	if err != nil {
		return err
	}
	fmt.Printf("pegmatite etcd is ready: pegmatite serve --etcd %s --node NAME --node-listen HOST:PORT\n", s.server.ListenURL())
	failed := make(chan error, 1)
	go func() { failed <- s.server.Wait() }()
	select {
	case <-stop.Done():
	case failure := <-failed:
		logger.Error("stopping", "error", failure)
		return fmt.Errorf("stopped: etcd: %w", failure)
	}
	cancel() // a second signal kills
	return errors.Join(s.server.Close(), s.lock.Close())
}

// alone is a metadata store in a directory of its own.
type alone struct {
	server *etcd.Server
	lock   io.Closer
}

// startEtcd opens the directory; on an error it is given back.
func startEtcd(ctx context.Context, c Config, log *slog.Logger) (_ *alone, err error) {
	files := vfs.OS{}
	if err := checkPort(c.Listen); err != nil {
		return nil, err
	}
	if _, err := c.shown(c.Listen); err != nil {
		return nil, err // before anything is made
	}
	if _, err := usable(files, c.Data); err != nil {
		return nil, err
	}
	lock, err := lockDir(files, c.Data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	made, err := markEtcd(files, c.Data)
	if err != nil {
		return nil, err
	}
	options, err := c.etcdOptions(c.Listen)
	if err != nil {
		return nil, err
	}
	if err := releaseReserve(files, c.Data, log); err != nil {
		return nil, err
	}
	if !made {
		if err := etcd.Make(ctx, filepath.Join(c.Data, "etcd")); err != nil {
			return nil, err
		}
		if err := writeMark(files, c.Data, etcdRole); err != nil {
			return nil, err
		}
	}
	server, err := etcd.Embed(ctx, filepath.Join(c.Data, "etcd"), false, options)
	if err != nil {
		return nil, err
	}
	if err := makeReserve(files, c.Data); err != nil {
		log.Warn("no reserve for a full disk", "error", err)
	}
	return &alone{server, lock}, nil
}
