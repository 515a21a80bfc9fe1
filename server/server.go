package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
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
