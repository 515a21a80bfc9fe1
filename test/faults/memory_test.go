package faults

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// peak watches a server's memory until it is asked what the most was.
func (p *process) peak() (mostMB func() int64) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var most int64
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			if mb, err := p.rssAnonMB(); err == nil {
				most = max(most, mb)
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	return func() int64 { close(stop); wg.Wait(); return most }
}

// needRSS skips where the system does not say how much memory a process has.
func needRSS(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("not Linux: no /proc/self/status to read RssAnon from")
	}
}

// TestOldSnapshot holds a REPEATABLE READ snapshot open through many updates:
// what it reads stays, and its images do not gather in memory.
func TestOldSnapshot(t *testing.T) {
	needRSS(t)
	p := start(t, filepath.Join(t.TempDir(), "data"), "--memory-mb", "16")
	c, old := p.connect(t), p.connect(t)
	makeBank(t, c)
	run(t, c, `UPDATE pgbench_accounts SET abalance = aid % 97, filler = repeat('x', 84)`)
	const fingerprint = `SELECT count(*) || ' ' || sum(abalance) || ' ' || sum(abalance::bigint * aid) || ' ' || min(length(filler)) FROM pgbench_accounts`
	run(t, old, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	want := one[string](t, old, fingerprint)
	most := p.peak()
	updates := 0
	for round := 0; updates < scaled(100_000, 1_000_000); round++ {
		run(t, c, fmt.Sprintf(`UPDATE pgbench_accounts SET abalance = abalance + 1, filler = '%d'`, round))
		updates += branches * accountsPerBranch
		if got := one[string](t, old, fingerprint); got != want {
			t.Fatalf("after %d updates the snapshot shows %s, it showed %s", updates, got, want)
		}
		aid := 1 + round*37%(branches*accountsPerBranch)
		if got := one[int](t, old, `SELECT abalance FROM pgbench_accounts WHERE aid = $1`, aid); got != aid%97 {
			t.Fatalf("after %d updates account %d has %d in the snapshot, it had %d", updates, aid, got, aid%97)
		}
	}
	mb := most()
	t.Logf("%d updates: RssAnon up to %d MB, %.0f bytes spilled", updates, mb, p.metric(t, "pegmatite_spilled_bytes_total"))
	if limit := int64(400); mb > limit {
		t.Errorf("RssAnon reached %d MB, more than %d", mb, limit)
	}
	run(t, old, `COMMIT`)
	p.stop(t)
}

// TestLargeStatements loads many rows by one COPY and changes them all by one
// UPDATE, in bounded memory.
func TestLargeStatements(t *testing.T) {
	needRSS(t)
	rows, limit := scaled(200_000, 10_000_000), scaled(int64(600), 1000)
	p := start(t, filepath.Join(t.TempDir(), "data"))
	c := p.connect(t)
	run(t, c, `CREATE TABLE big (id bigint PRIMARY KEY, n int, note text)`)
	most := p.peak()
	began := time.Now()
	tag, err := c.PgConn().CopyFrom(context.Background(), &lines{rows: rows}, `COPY big FROM STDIN`)
	if err != nil || tag.RowsAffected() != int64(rows) {
		t.Fatalf("COPY: %s %v", tag, err)
	}
	copied, copyTime := most(), time.Since(began)
	most, began = p.peak(), time.Now()
	update, err := c.Exec(context.Background(), `UPDATE big SET n = n + 1`)
	if err != nil || update.RowsAffected() != int64(rows) {
		t.Fatalf("UPDATE: %s %v", update, err)
	}
	updated := most()
	t.Logf("%d rows: COPY %s, RssAnon up to %d MB; UPDATE %s, up to %d MB", rows, copyTime, copied, time.Since(began), updated)
	if copied > limit || updated > limit {
		t.Errorf("RssAnon reached %d MB by COPY and %d MB by UPDATE; at most %d", copied, updated, limit)
	}
	check := func(c *pgx.Conn) {
		t.Helper()
		if got, want := one[string](t, c, `SELECT count(*) || ' ' || sum(n) FROM big`), fmt.Sprintf("%d %d", rows, lineSum(rows)+int64(rows)); got != want {
			t.Errorf("count and sum are %s, want %s", got, want)
		}
	}
	check(c)
	p.kill()
	p = start(t, filepath.Join(filepath.Dir(p.stderr), "data"))
	t.Logf("ready after %s", p.ready)
	check(p.connect(t))
	p.stop(t)
}

// lines are COPY's text of so many rows: id, id % 1000, a note.
type lines struct {
	rows, next int
	rest       []byte
}

func (l *lines) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.next == l.rows {
			return 0, io.EOF
		}
		for n := 0; n < 1000 && l.next < l.rows; n++ {
			l.rest = fmt.Appendf(l.rest, "%d\t%d\tnote of row %d\n", l.next, l.next%1000, l.next)
			l.next++
		}
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func lineSum(rows int) (sum int64) {
	for i := range rows {
		sum += int64(i % 1000)
	}
	return sum
}

// TestRecoveryTime kills a server whose log has 100 MB and times the next start.
func TestRecoveryTime(t *testing.T) {
	if !*long {
		t.Skip("takes a minute and times a start, so it runs with -long (make faults); TestKill covers the recovery itself")
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, dir)
	c := p.connect(t)
	run(t, c, `CREATE TABLE filled (id bigint PRIMARY KEY, note text)`)
	before := p.metric(t, "pegmatite_log_bytes_total")
	for id := 0; logBytes(t, dir) < 100<<20 && p.metric(t, "pegmatite_log_bytes_total")-before < 200<<20; id += 1000 {
		run(t, c, fmt.Sprintf(`INSERT INTO filled SELECT i, '%s' FROM generate_series(%d, %d) i`, strings.Repeat("x", 200), id, id+999))
	}
	want := one[int64](t, c, `SELECT count(*) FROM filled`)
	size := logBytes(t, dir)
	p.kill()
	p = start(t, dir)
	t.Logf("a log of %d MB: ready after %s", size>>20, p.ready)
	if p.ready > 2*time.Second {
		t.Errorf("ready after %s", p.ready)
	}
	if got := one[int64](t, p.connect(t), `SELECT count(*) FROM filled`); got != want {
		t.Errorf("%d rows, %d were acknowledged", got, want)
	}
	p.stop(t)
}

// logBytes is the size of the log's files, spare ones included.
func logBytes(t *testing.T, dir string) (sum int64) {
	files, err := filepath.Glob(filepath.Join(dir, "log", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			sum += info.Size()
		}
	}
	return sum
}
