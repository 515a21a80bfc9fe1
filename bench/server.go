package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/postgres"
)

// The servers' names.
const (
	postgreSQL = "PostgreSQL"
	pegmatite  = "Pegmatite"
)

// startTimeout bounds how long a server may take until it answers.
const startTimeout = time.Minute

// server is a running server, or the nodes of a cluster.
type server struct {
	name      string
	ports     []int          // of its nodes
	bin       string         // directory of psql and pgbench; "" is PATH
	processes []*exec.Cmd    // in the order of their start
	end       syscall.Signal // asks them to stop
}

// start starts PostgreSQL and Pegmatite. What it has started it returns, also with an error.
func start(ctx context.Context, p parameters, dir string) ([]*server, error) {
	if err := os.Chmod(dir, 0o755); err != nil { // the user postgres goes through it
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	pg, err := postgres.Start(p.postgres, filepath.Join(dir, "postgres"), port)
	if err != nil {
		return nil, err
	}
	servers := []*server{{name: postgreSQL, ports: []int{port}, bin: p.postgres, processes: []*exec.Cmd{pg}, end: syscall.SIGINT}}
	peg, err := startPegmatite(ctx, p, dir)
	if peg != nil {
		servers = append(servers, peg)
	}
	if err != nil {
		return servers, err
	}
	for _, s := range servers {
		if err := s.wait(ctx); err != nil {
			return servers, err
		}
	}
	return servers, nil
}

// startPegmatite builds this checkout's server and starts it with its defaults.
// What it has started it returns, also with an error.
func startPegmatite(ctx context.Context, p parameters, dir string) (*server, error) {
	program := filepath.Join(dir, "pegmatite")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/pegmatite")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	s := &server{name: pegmatite, bin: p.postgres, end: syscall.SIGTERM}
	if p.nodes > 0 {
		return s, s.startCluster(ctx, program, dir, p.nodes)
	}
	return s, s.startNode(program, filepath.Join(dir, "data"))
}

// startNode starts a node on a free port.
func (s *server) startNode(program, data string, args ...string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	err = s.run(program, append([]string{"serve", "--data", data, "--listen", local(port)}, args...)...)
	s.ports = append(s.ports, port)
	return err
}

// run starts one of the server's processes.
func (s *server) run(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.processes = append(s.processes, cmd)
	return nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// wait returns when the node that was started last answers.
func (s *server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		out, err := s.clientOf(ctx, s.ports[len(s.ports)-1], "psql", "-X", "-c", "SELECT 1", "postgres").CombinedOutput()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s does not answer: %w\n%s", s.name, err, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stop asks the processes to stop, the newest first, and waits until they have.
func (s *server) stop() {
	for _, p := range slices.Backward(s.processes) {
		p.Process.Signal(s.end)
		p.Wait()
	}
}

// client is one of PostgreSQL's programs, connected to the server, or to a cluster's first node.
func (s *server) client(ctx context.Context, program string, args ...string) *exec.Cmd {
	return s.clientOf(ctx, s.ports[0], program, args...)
}

// clientOf is one of PostgreSQL's programs, connected to the node at a port.
func (s *server) clientOf(ctx context.Context, port int, program string, args ...string) *exec.Cmd {
	if path := filepath.Join(s.bin, program); exists(path) {
		program = path
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(port), "PGUSER=postgres", "PGDATABASE=postgres")
	return cmd
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// sql runs statements, one after the other, and returns what psql printed.
func (s *server) sql(ctx context.Context, script string) (string, error) {
	cmd := s.client(ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return string(out), nil
}
