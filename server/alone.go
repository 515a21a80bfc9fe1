package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// etcdRole is the Role of a directory whose metadata store runs alone.
const etcdRole = "etcd"

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
		if err := firstEtcd(ctx, files, c.Data); err != nil {
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

// firstEtcd makes the directory's etcd, and marks it as made, before any node can
// reach it: until then a start that was killed throws away what there is.
func firstEtcd(ctx context.Context, files vfs.FS, dir string) error {
	server, err := etcd.Embed(ctx, filepath.Join(dir, "etcd"), true, etcd.Options{})
	if err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	return writeMark(files, dir, etcdRole)
}

// unfinishedRole is the Role of a directory in which etcd has not been ready yet.
const unfinishedRole = etcdRole + " (unfinished)"

// markEtcd makes the directory one of a metadata store alone before anything
// else is in it, and reports whether it has been ready there already.
func markEtcd(files vfs.FS, dir string) (made bool, err error) {
	text, err := vfs.ReadFile(files, filepath.Join(dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		names, err := files.List(dir)
		if err != nil {
			return false, err
		}
		if slices.Contains(names, "etcd") {
			return false, fmt.Errorf("%s has an etcd and no %s: restore that file from a backup", dir, identityFile)
		}
		return false, writeMark(files, dir, unfinishedRole)
	}
	if err != nil {
		return false, err
	}
	var id Identity
	if err := json.Unmarshal(text, &id); err != nil {
		return false, fmt.Errorf("%s is damaged: %w; restore it from a backup", filepath.Join(dir, identityFile), err)
	}
	switch {
	case id.Format != FormatVersion:
		return false, fmt.Errorf("%s has format %d; this version reads format %d only", dir, id.Format, FormatVersion)
	case id.Role == etcdRole:
		return true, nil
	case id.Role == unfinishedRole:
		return false, os.RemoveAll(filepath.Join(dir, "etcd"))
	}
	return false, fmt.Errorf("%s is node %q's (pegmatite serve); a metadata store alone needs a directory of its own", dir, id.Name)
}

func writeMark(files vfs.FS, dir, role string) error {
	text, err := json.MarshalIndent(map[string]any{"format": FormatVersion, "role": role}, "", "  ")
	if err != nil {
		return err
	}
	return vfs.WriteFile(files, filepath.Join(dir, identityFile), append(text, '\n'))
}

// etcdOptions are how an embedded etcd is reached at an address: with the
// process's credentials, if it has some, by who has them too.
func (c *Config) etcdOptions(listen string) (etcd.Options, error) {
	o := etcd.Options{Listen: listen}
	if listen == "" {
		return o, nil
	}
	credentials, err := c.NodeTLS()
	if credentials == nil || err != nil {
		return o, err
	}
	dir := filepath.Join(c.Data, "tls")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, err
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return o, err
	}
	written, err := credentials.WriteFiles(dir, certificateHosts(host)...)
	o.TLS = &written
	return o, err
}

// checkPort reports a port that etcd will not get.
func checkPort(address string) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return portError(address, err)
	}
	return l.Close()
}

// certificateHosts are the names by which clients that check names reach an address.
func certificateHosts(host string) []string {
	hosts := []string{"localhost"}
	if host != "" {
		hosts = append(hosts, host)
	}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	return hosts
}
