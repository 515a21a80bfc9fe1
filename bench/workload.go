package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// workload is something that both servers do; run answers its rate in units.
type workload struct {
	name, unit string
	run        func(ctx context.Context, b *turns, s *server) (float64, error)
}

var workloads = []workload{
	{"select", "transactions/s", pgbench("-S")},
	{"tpcb", "transactions/s", pgbench()},
	{"simple-update", "transactions/s", pgbench("-N")},
	{"copy", "rows/s", copyRows},
	{"group", "rows/s", groupRows},
}

// choose finds the named workloads.
func choose(only string) ([]workload, error) {
	if only == "" {
		return workloads, nil
	}
	var chosen []workload
	for _, name := range strings.Split(only, ",") {
		found := false
		for _, w := range workloads {
			if w.name == name {
				chosen, found = append(chosen, w), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no workload %q", name)
		}
	}
	return chosen, nil
}

// prepare makes pgbench's tables, and the rows that are copied.
func (b *turns) prepare(ctx context.Context, servers []*server) error {
	for _, s := range servers {
		out, err := s.client(ctx, "pgbench", "-i", "-I", b.steps, "-q", "-s", strconv.Itoa(b.scale)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("pgbench -i on %s: %w\n%s", s.name, err, out)
		}
		if _, err := s.sql(ctx, emptyCopy); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.writeRows()
}

// pgbench runs a built-in script with prepared statements, through all nodes at once.
func pgbench(script ...string) func(context.Context, *turns, *server) (float64, error) {
	return func(ctx context.Context, b *turns, s *server) (float64, error) {
		rates, errs := make([]float64, len(s.ports)), make([]error, len(s.ports))
		var all sync.WaitGroup
		for i, port := range s.ports {
			all.Go(func() { rates[i], errs[i] = b.pgbenchOf(ctx, s, port, share(b.clients, len(s.ports), i), script) })
		}
		all.Wait()
		sum := 0.0
		for _, rate := range rates {
			sum += rate
		}
		return sum, errors.Join(errs...)
	}
}

// share is the i-th of n parts of clients, the first of which are the larger ones.
func share(clients, n, i int) int { return (clients + n - 1 - i) / n }

// pgbenchOf runs a built-in script through one node, and answers its rate.
func (b *turns) pgbenchOf(ctx context.Context, s *server, port, clients int, script []string) (float64, error) {
	if clients == 0 {
		return 0, nil
	}
	args := append([]string{"-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(b.threads, clients)),
		"-T", strconv.Itoa(b.seconds)}, script...)
	out, err := s.clientOf(ctx, port, "pgbench", args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench printed no tps:\n%s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

var (
	tps    = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	timing = regexp.MustCompile(`(?m)^Time: ([0-9.]+) ms`)
)

// emptyCopy makes the table that COPY loads: pgbench_accounts in other words.
const emptyCopy = `DROP TABLE IF EXISTS bench_copy;
CREATE TABLE bench_copy (aid int PRIMARY KEY, bid int NOT NULL, abalance int NOT NULL, filler char(84) NOT NULL);
`

// groups is how many groups the aggregate makes.
const groups = 1000

func (b *turns) rowsFile() string { return filepath.Join(b.dir, "rows.txt") }

// writeRows generates COPY's input.
func (b *turns) writeRows() error {
	f, err := os.Create(b.rowsFile())
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range b.rows {
		fmt.Fprintf(w, "%d\t%d\t%d\trow\n", i+1, i%groups, i*7919%100_000)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// copyRows loads the rows into an empty table; psql's own time is in it.
func copyRows(ctx context.Context, b *turns, s *server) (float64, error) {
	if _, err := s.sql(ctx, emptyCopy); err != nil {
		return 0, err
	}
	return b.load(ctx, s)
}

// load copies the rows and answers rows a second.
func (b *turns) load(ctx context.Context, s *server) (float64, error) {
	f, err := os.Open(b.rowsFile())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	cmd := s.client(ctx, "psql", "-X", "-q", "-c", "COPY bench_copy FROM STDIN")
	cmd.Stdin = f
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	return float64(b.rows) / time.Since(began).Seconds(), nil
}

// groupRows aggregates the copied rows three times; the median is the run's.
func groupRows(ctx context.Context, b *turns, s *server) (float64, error) {
	if out, err := s.sql(ctx, "SELECT count(*) AS n FROM bench_copy \\gset\n\\echo :n\n"); err != nil {
		return 0, err
	} else if strings.TrimSpace(out) != strconv.Itoa(b.rows) {
		if _, err := copyRows(ctx, b, s); err != nil {
			return 0, err
		}
	}
	query := "SELECT bid, count(*), sum(abalance) FROM bench_copy GROUP BY bid \\g /dev/null\n"
	out, err := s.sql(ctx, "\\timing on\n"+strings.Repeat(query, 3))
	if err != nil {
		return 0, err
	}
	var ms []float64
	for _, m := range timing.FindAllStringSubmatch(out, -1) {
		t, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		ms = append(ms, t)
	}
	if len(ms) != 3 {
		return 0, fmt.Errorf("psql printed no times:\n%s", out)
	}
	return float64(b.rows) / (median(ms) / 1000), nil
}
