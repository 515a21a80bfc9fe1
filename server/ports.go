package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// listeners opens the ports before anything in DIR is touched.
func listeners(c Config, dir string) (clients []net.Listener, http net.Listener, err error) {
	tcp, err := listen(c.Listen)
	if err != nil {
		return nil, nil, err
	}
	clients = append(clients, tcp)
	unix, err := listenUnix(dir, tcp.Addr().(*net.TCPAddr).Port)
	if err != nil {
		closeListeners(clients)
		return nil, nil, err
	}
	clients = append(clients, unix)
	if c.HTTP == "" {
		return clients, nil, nil
	}
	if http, err = listen(c.HTTP); err != nil {
		closeListeners(clients)
		return nil, nil, err
	}
	return clients, http, nil
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, portError(address, err)
	}
	return l, nil
}

// portError is what became of listening, in words for who started the process.
func portError(address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another process", address)
	}
	return fmt.Errorf("listen on %s: %w", address, err)
}

// checkHost reports a name that is no machine's.
func checkHost(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return err
	}
	if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
		return portError(address, err)
	}
	return nil
}

// listenUnix listens on DIR's socket, under the name that libpq looks for. DIR
// is locked, so a socket that is there is a dead one's.
func listenUnix(dir string, port int) (net.Listener, error) {
	path := filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", port))
	if err := vfs.ClearSocket(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return l, os.Chmod(path, 0o700)
}

// listenNodes opens the port for other nodes.
func listenNodes(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return listen(address)
}

func closeListeners(ls []net.Listener) {
	for _, l := range ls {
		l.Close()
	}
}

// checkPort reports a port that etcd will not get.
func checkPort(address string) error {
	if address == "" {
		return nil
	}
	l, err := listen(address)
	if err != nil {
		return err
	}
	return l.Close()
}
