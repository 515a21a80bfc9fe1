// Command bench lets PostgreSQL 15 and Pegmatite, both durable and with their
// defaults, take turns at the same work on this machine, and prints the medians
// and ratios as a Markdown table. Pegmatite may be several nodes.
//
//	main.go       the order of turns, and the table
//	server.go     starting and stopping both, each in a fresh directory on a free port
//	cluster.go    Pegmatite as several nodes with a metadata store of their own
//	workload.go   what they do
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/postgres"
)

// parameters are the flags.
type parameters struct {
	runs, seconds, scale, clients, threads, rows, nodes int
	only, steps, postgres                               string
}

func main() {
	var p parameters
	flag.IntVar(&p.runs, "runs", 5, "interleaved runs; the median counts")
	flag.IntVar(&p.seconds, "seconds", 10, "seconds of each pgbench run")
	flag.IntVar(&p.scale, "scale", 10, "pgbench's scale factor")
	flag.IntVar(&p.clients, "clients", 8, "pgbench's clients")
	flag.IntVar(&p.threads, "threads", 2, "pgbench's threads")
	flag.IntVar(&p.rows, "rows", 1_000_000, "rows of COPY and of the aggregate")
	flag.IntVar(&p.nodes, "nodes", 0, "nodes of Pegmatite, with a metadata store of their own, each asked by its part of the clients; 0 is one that embeds it")
	flag.StringVar(&p.steps, "steps", "dtgvp", "steps of pgbench -i")
	flag.StringVar(&p.only, "only", "", "workloads, comma-separated; empty is all")
	flag.StringVar(&p.postgres, "postgres", postgres.Programs, "directory of PostgreSQL's programs")
	flag.Parse()
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, p); err != nil {
		log.Fatal(err)
	}
}

// bench starts both servers, runs all turns and prints the table.
func bench(ctx context.Context, p parameters) error {
	works, err := choose(p.only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pegmatite-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	servers, err := start(ctx, p, dir)
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	b := &turns{parameters: p, dir: dir, results: map[string][]float64{}}
	if err := b.prepare(ctx, servers); err != nil {
		return err
	}
	for run := range p.runs {
		log.Printf("run %d of %d", run+1, p.runs)
		for _, w := range works {
			for _, s := range servers {
				if err := b.turn(ctx, s, w); err != nil {
					return err
				}
			}
		}
		slices.Reverse(servers) // who comes first in this run comes second in the next
	}
	fmt.Print(b.table(works))
	return nil
}

// turns is what all runs have measured.
type turns struct {
	parameters
	dir     string
	results map[string][]float64 // by server and workload
}

// turn runs one workload on one server.
func (b *turns) turn(ctx context.Context, s *server, w workload) error {
	rate, err := w.run(ctx, b, s)
	if err != nil {
		return fmt.Errorf("%s on %s: %w", w.name, s.name, err)
	}
	log.Printf("  %-14s %-11s %12.0f %s", w.name, s.name, rate, w.unit)
	b.results[s.name+w.name] = append(b.results[s.name+w.name], rate)
	return nil
}

// table is the medians in Markdown, and the median of the runs' ratios: what was
// measured one right after the other is compared, since the machine drifts.
func (b *turns) table(works []workload) string {
	var t strings.Builder
	fmt.Fprintf(&t, "| workload | PostgreSQL | Pegmatite | unit | ratio |\n|---|---:|---:|---|---:|\n")
	for _, w := range works {
		pg, peg := b.results[postgreSQL+w.name], b.results[pegmatite+w.name]
		ratios := make([]float64, len(pg))
		for run := range pg {
			ratios[run] = peg[run] / pg[run]
		}
		fmt.Fprintf(&t, "| `%s` | %.0f | %.0f | %s | %.2f |\n", w.name, median(pg), median(peg), w.unit, median(ratios))
	}
	return t.String()
}

// median of what is not empty; of an even number, the mean of the middle two.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
