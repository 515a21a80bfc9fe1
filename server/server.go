package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// Run serves until SIGTERM or SIGINT, then stops cleanly. Errors are one line
// that says what to do about it.
func Run(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	logger, err := newLogger(c)
	if err != nil {
		return err
	}
	limitMemory(&c)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	n, err := Start(stop, c, logger)
	if err != nil {
		return err
	}
	reload, ignore := n.reloads()
	defer ignore()
	fmt.Printf("pegmatite is ready: psql -h %s -p %s -U postgres postgres\n", reachable(n.host()), n.port())
	for running := true; running; {
		select {
		case <-reload:
			n.Reload()
		case <-stop.Done():
			running = false
		case failure := <-n.fatal:
			// What failed may not be trusted again: nothing is settled, the log has it all.
			logger.Error("stopping", "error", failure)
			return fmt.Errorf("stopped: %w", failure)
		}
	}
	cancel() // a second signal kills
	return n.Stop()
}

// reachable is an address of this machine that a client can name.
func reachable(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// newLogger makes the node's logger on standard error.
func newLogger(c Config) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, fmt.Errorf("log-level: %q is not debug, info, warn or error", c.LogLevel)
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o)), nil
}

// listeners opens the ports before anything in DIR is touched.
func listeners(c Config, dir string) (clients []net.Listener, http net.Listener, err error) {
	close := func() {
		for _, l := range clients {
			l.Close()
		}
	}
	tcp, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, nil, portError(c.Listen, err)
	}
	clients = append(clients, tcp)
	unix, err := listenUnix(dir, tcp.Addr().(*net.TCPAddr).Port)
	if err != nil {
		close()
		return nil, nil, err
	}
	clients = append(clients, unix)
	if c.HTTP == "" {
		return clients, nil, nil
	}
	http, err = net.Listen("tcp", c.HTTP)
	if err != nil {
		close()
		return nil, nil, portError(c.HTTP, err)
	}
	return clients, http, nil
}

func portError(address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another process", address)
	}
	return fmt.Errorf("listen on %s: %w", address, err)
}

// listenUnix listens on DIR's socket, under the name that libpq looks for. DIR is locked, so a socket that is there is a dead one's.
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
