package faults

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// member is a node that comes, works and goes.
type member struct {
	name string
	*process
	load *benchRun // pgbench through it
}

// TestNodesComeAndGoUnderPgbench: pgbench through all three nodes of a cluster, in each of
// its modes; meanwhile a fourth node comes and takes over its part of the
// shards, and the oldest is drained, left by its clients, stopped and removed.
// No statement fails, and readers see no half transactions. Every node of the
// first three has been replaced in the long form, three times.
func TestNodesComeAndGoUnderPgbench(t *testing.T) {
	program := node.Pgbench(t)
	c := startCluster(t)
	var members []*member
	for i := range clusterNodes {
		members = append(members, &member{name: c.name(i), process: c.process(i)})
	}
	runPgbench(t, program, members[0].process, "-i", "-I", "dtgp", "-q", "-s", scaled("1", "10"))
	rng := rand.New(rand.NewPCG(*seed, 0))
	next := clusterNodes
	for _, script := range scaled([]string{"tpcb-like"}, []string{"tpcb-like", "select-only", "simple-update"}) {
		for _, mode := range scaled([]string{"prepared"}, []string{"simple", "extended", "prepared"}) {
			args := []string{"-n", "-b", script, "-M", mode, "-c", scaled("2", "4"), "-T", "3600"}
			next++
			t.Logf("%s, %s", script, mode)
			members = c.replace(t, members, fmt.Sprintf("n%d", next), func(p *process) *benchRun { return beginPgbench(t, program, p, args...) }, rng)
			for _, m := range members {
				if err := checkSums(t.Context(), m.connect(t), script != "simple-update"); err != nil {
					t.Fatalf("through %s: %v", m.name, err)
				}
			}
		}
	}
	for _, m := range members {
		m.stop(t)
	}
}

// replace lets a node come and the oldest go, under load, and answers who is left.
func (c *clusterOf) replace(t *testing.T, members []*member, name string, begin func(*process) *benchRun, rng *rand.Rand) []*member {
	t.Helper()
	for _, m := range members {
		m.load = begin(m.process)
	}
	readers := beginReaders(members[1:])
	before := shardsOf(t, members[1].process)
	added := &member{name: name, process: start(t, filepath.Join(c.dir, name), "--etcd", c.store, "--node", name, "--node-listen", "127.0.0.1:0")}
	c.operate(t, "rebalance")
	after := shardsOf(t, members[1].process)
	t.Logf("%s came; shards %v, then %v", name, before, after)
	for n, shards := range before {
		if after[n] > shards {
			t.Errorf("%s has %d shards more, which had been others'", n, after[n]-shards)
		}
	}
	added.load = begin(added.process)

	leaving := members[0]
	c.operate(t, "drain", leaving.name)
	if n := shardsOf(t, added.process)[leaving.name]; n != 0 {
		t.Errorf("the drained node has %d shards", n)
	}
	leaving.load.end(t) // its clients go elsewhere
	elsewhere := begin(members[1+rng.IntN(len(members)-1)].process)
	leaving.stop(t)
	c.operate(t, "remove", leaving.name)

	left := append(members[1:], added)
	for _, m := range left {
		m.load.end(t)
	}
	elsewhere.end(t)
	t.Logf("%d snapshots read", readers.end(t))
	return left
}

// operate runs `pegmatite node`.
func (c *clusterOf) operate(t *testing.T, args ...string) {
	t.Helper()
	began := time.Now()
	out, err := exec.Command(binary(t), append(append([]string{"node"}, args...), "--etcd", c.store)...).CombinedOutput()
	if err != nil {
		t.Fatalf("pegmatite node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	t.Logf("pegmatite node %s took %s", strings.Join(args, " "), time.Since(began).Round(time.Millisecond))
}

// shardsOf is how many shards each node has, by name: nodes are numbered as they come.
func shardsOf(t *testing.T, p *process) map[string]int {
	t.Helper()
	c := p.connect(t)
	defer c.Close(context.Background())
	rows, err := c.Query(context.Background(), `SELECT 'n' || node, shards FROM pegmatite.ring`)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	var name string
	var shards int
	if _, err := pgx.ForEachRow(rows, []any{&name, &shards}, func() error { have[name] = shards; return nil }); err != nil {
		t.Fatal(err)
	}
	return have
}

// benchRun is a pgbench that goes on until it is told to stop.
type benchRun struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

// beginPgbench starts pgbench with -T: what ends it is end, or that time.
func beginPgbench(t *testing.T, program string, p *process, args ...string) *benchRun {
	t.Helper()
	b := &benchRun{cmd: pgbenchCommand(program, p, args...)}
	b.cmd.Stdout, b.cmd.Stderr = &b.out, &b.out
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.cmd.Process.Kill(); b.cmd.Wait() })
	return b
}

// end has pgbench finish its transactions, as when its time is over (SIGALRM),
// and ends the test on any error of its.
func (b *benchRun) end(t *testing.T) {
	t.Helper()
	client.Eventually(t, "pgbench takes its alarm", b.takesAlarm)
	b.cmd.Process.Signal(syscall.SIGALRM)
	err := b.cmd.Wait()
	checkPgbench(t, b.cmd, b.out.String(), err)
}

// takesAlarm reports whether pgbench has got as far as to handle SIGALRM, which
// ends it roughly before. Where there is no /proc nobody can tell.
func (b *benchRun) takesAlarm() bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		return true
	}
	_, caught, _ := strings.Cut(string(status), "SigCgt:")
	caught, _, _ = strings.Cut(caught, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(caught), 16, 64)
	return err != nil || mask&(1<<(uint(syscall.SIGALRM)-1)) != 0 || strings.Contains(string(status), "State:\tZ")
}

// bankReaders read pgbench's sums in snapshots of their own.
type bankReaders struct {
	stop context.CancelFunc
	wg   sync.WaitGroup
	read atomic.Int64
	mu   sync.Mutex // protects errs
	errs []error
}

// beginReaders starts a reader on each node.
func beginReaders(members []*member) *bankReaders {
	ctx, stop := context.WithCancel(context.Background())
	r := &bankReaders{stop: stop}
	for _, m := range members {
		r.wg.Go(func() {
			if err := r.run(ctx, m.dsn()); err != nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.errs = append(r.errs, fmt.Errorf("reader through %s: %w", m.name, err))
			}
		})
	}
	return r
}

func (r *bankReaders) run(ctx context.Context, dsn string) error {
	c, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	for ctx.Err() == nil {
		if err := checkSums(context.Background(), c, false); err != nil {
			return err
		}
		r.read.Add(1)
	}
	return nil
}

// end stops the readers, and answers how many snapshots they have read.
func (r *bankReaders) end(t *testing.T) int64 {
	t.Helper()
	r.stop()
	r.wg.Wait()
	for _, err := range r.errs {
		t.Error(err)
	}
	if r.read.Load() == 0 {
		t.Error("no snapshot was read")
	}
	return r.read.Load()
}

// checkSums compares pgbench's sums in one snapshot, each read by a statement
// of its own: accounts with history and tellers with branches, and all four,
// as long as there was no -N, which leaves tellers and branches alone.
func checkSums(ctx context.Context, c *pgx.Conn, all bool) error {
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		var sums [4]int64
		for i, q := range []string{`sum(abalance) FROM pgbench_accounts`, `sum(tbalance) FROM pgbench_tellers`, `sum(bbalance) FROM pgbench_branches`, `coalesce(sum(delta), 0) FROM pgbench_history`} {
			if err := tx.QueryRow(ctx, "SELECT "+q).Scan(&sums[i]); err != nil {
				return err
			}
		}
		if a, t, b, h := sums[0], sums[1], sums[2], sums[3]; a != h || t != b || all && a != t {
			return agree("in a snapshot", a, t, b, h)
		}
		return nil
	})
}
