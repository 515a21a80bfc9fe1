package faults

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestPgbench loads pgbench's tables, runs its three scripts in each protocol
// mode, and compares the sums that its default script keeps equal.
func TestPgbench(t *testing.T) {
	for _, logs := range []int{1, 3} {
		t.Run(fmt.Sprintf("logs=%d", logs), func(t *testing.T) { pgbench(t, logs) })
	}
}

func pgbench(t *testing.T, logs int) {
	program := node.Pgbench(t)
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, dir, "--logs", fmt.Sprint(logs))
	// With fewer branches than this the share of two-phase commits is that of a few keys' places.
	runPgbench(t, program, p, "-i", "-I", "dtgp", "-s", scaled("4", "10"))
	c := p.connect(t)
	seconds := scaled("5", "30")
	for _, mode := range []string{"simple", "extended", "prepared"} {
		runPgbench(t, program, p, "-S", "-n", "-M", mode, "-c", "8", "-j", "2", "-T", seconds)
		one1, two1 := p.commits(t)
		args := []string{"-M", mode, "-c", "8", "-j", "2", "-T", seconds}
		if mode != "simple" {
			args = append(args, "-n") // without it pgbench empties the history, as well as its VACUUM
		}
		runPgbench(t, program, p, args...)
		one2, two2 := p.commits(t)
		if share := (two2 - two1) / (two2 - two1 + one2 - one1); logs == 3 && (share < 0.92 || share > 0.995) || logs == 1 && two2 > 0 {
			t.Errorf("%.1f %% of the default script's transactions went by two phases over %d logs", share*100, logs)
		}
		if err := checkStatement(context.Background(), c); err != nil {
			t.Error(err)
		}
	}
	// -N leaves tellers and branches alone, so it comes when the sums are through.
	for _, mode := range []string{"simple", "extended", "prepared"} {
		runPgbench(t, program, p, "-N", "-n", "-M", mode, "-c", "8", "-j", "2", "-T", seconds)
	}
	if spread := one[int](t, c, `SELECT count(*)::int FROM pegmatite.shards WHERE rows > 1000`); spread != 8 {
		t.Errorf("the rows lie on %d of 8 shards", spread)
	}
	a, h := one[int64](t, c, `SELECT sum(abalance) FROM pgbench_accounts`), one[int64](t, c, `SELECT sum(delta) FROM pgbench_history`)
	if a != h {
		t.Errorf("after -N: accounts %d, history %d", a, h)
	}
	p.stop(t)
	p = start(t, dir, "--logs", fmt.Sprint(logs))
	if again := one[int64](t, p.connect(t), `SELECT sum(abalance) FROM pgbench_accounts`); again != a {
		t.Errorf("after a clean restart: accounts %d, before %d", again, a)
	}
	p.stop(t)
}

// commits are the transactions committed by one and by two phases.
func (p *process) commits(t testing.TB) (onePhase, twoPhases float64) {
	t.Helper()
	return p.metric(t, "pegmatite_commits_one_log_total"), p.metric(t, "pegmatite_commits_two_phase_total")
}

// failures is pgbench's count of transactions that ended in an error.
var failures = regexp.MustCompile(`number of failed transactions: (\d+)`)

// runPgbench runs pgbench and ends the test on any error of its.
func runPgbench(t *testing.T, program string, p *process, args ...string) {
	t.Helper()
	cmd := pgbenchCommand(program, p, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	checkPgbench(t, cmd, out.String(), err)
}

func pgbenchCommand(program string, p *process, args ...string) *exec.Cmd {
	cmd := exec.Command(program, append(args, "postgres")...)
	cmd.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+p.port, "PGUSER=postgres", "PGSSLMODE=disable")
	return cmd
}

// checkPgbench ends the test when pgbench has failed, or a transaction of its.
func checkPgbench(t *testing.T, cmd *exec.Cmd, out string, err error) {
	t.Helper()
	args := strings.Join(cmd.Args[1:len(cmd.Args)-1], " ")
	failed := failures.FindStringSubmatch(out)
	if err != nil || failed != nil && failed[1] != "0" || strings.Contains(out, "error") || strings.Contains(out, "ERROR") {
		t.Fatalf("pgbench %s: %v\n%s", args, err, out)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "tps") {
			t.Logf("pgbench %s: %s", args, strings.TrimSpace(line))
		}
	}
}
