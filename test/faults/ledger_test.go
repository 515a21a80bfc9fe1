package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Sizes of the bank: small, so that its sums are read in a moment, and with
// few enough branches that sessions wait for each other.
const (
	branches          = 6
	tellersPerBranch  = 10
	accountsPerBranch = 2000
)

// makeBank creates pgbench's tables under their names, with a history that
// says whose each row is.
func makeBank(t testing.TB, c *pgx.Conn) {
	t.Helper()
	run(t, c,
		`CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88))`,
		`CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))`,
		`CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))`,
		`CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`,
		fmt.Sprintf(`INSERT INTO pgbench_branches SELECT i, 0, '' FROM generate_series(1, %d) i`, branches),
		fmt.Sprintf(`INSERT INTO pgbench_tellers SELECT i, (i - 1) / %d + 1, 0, '' FROM generate_series(1, %d) i`, tellersPerBranch, branches*tellersPerBranch),
		fmt.Sprintf(`INSERT INTO pgbench_accounts SELECT i, (i - 1) / %d + 1, 0, '' FROM generate_series(1, %d) i`, accountsPerBranch, branches*accountsPerBranch),
	)
}

// fate is what a client knows of a transaction.
type fate int

const (
	unsent       fate = iota // its COMMIT was never sent: it must not be there
	asked                    // COMMIT was sent, and no answer came: it may be there
	acknowledged             // it must be there
)

// ledger is what the clients of the load know, by the mark that a
// transaction's history row carries.
type ledger struct {
	mu    sync.Mutex // protects the rest
	fates map[string]fate
	delta map[string]int64
	done  int // acknowledged
}

func newLedger() *ledger { return &ledger{fates: map[string]fate{}, delta: map[string]int64{}} }

func (l *ledger) set(mark string, f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates[mark] = f
	if f == acknowledged {
		l.done++
	}
}

// acknowledgements are the marks that must be in every snapshot from now on.
func (l *ledger) acknowledgements() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var marks []string
	for m, f := range l.fates {
		if f == acknowledged {
			marks = append(marks, m)
		}
	}
	return marks
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

// transfer is pgbench's default script with a mark.
func (l *ledger) transfer(ctx context.Context, c *pgx.Conn, rng *rand.Rand, mark string) error {
	aid, delta := 1+rng.IntN(branches*accountsPerBranch), rng.IntN(10001)-5000
	tid := 1 + rng.IntN(branches*tellersPerBranch)
	bid := 1 + rng.IntN(branches)
	l.mu.Lock()
	l.fates[mark], l.delta[mark] = unsent, int64(delta)
	l.mu.Unlock()
	statements := []struct {
		sql  string
		args []any
	}{
		{`BEGIN`, nil},
		{`UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2`, []any{delta, aid}},
		{`SELECT abalance FROM pgbench_accounts WHERE aid = $1`, []any{aid}},
		{`UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2`, []any{delta, tid}},
		{`UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2`, []any{delta, bid}},
		{`INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, filler) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP, $5)`,
			[]any{tid, bid, aid, delta, mark}},
	}
	for _, s := range statements {
		if _, err := c.Exec(ctx, s.sql, s.args...); err != nil {
			return fmt.Errorf("%s: %w", s.sql, err)
		}
	}
	l.set(mark, asked)
	tag, err := c.Exec(ctx, `COMMIT`)
	if err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Severity == "ERROR" && refused.Code != "08007" {
			l.set(mark, unsent) // an answer: it is rolled back
		}
		return fmt.Errorf("COMMIT: %w", err)
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("COMMIT answered %s", tag)
	}
	l.set(mark, acknowledged)
	return nil
}

// sumsQuery reads all four sums in one statement.
const sumsQuery = `SELECT (SELECT coalesce(sum(abalance), 0) FROM pgbench_accounts), (SELECT coalesce(sum(tbalance), 0) FROM pgbench_tellers),
	(SELECT coalesce(sum(bbalance), 0) FROM pgbench_branches), (SELECT coalesce(sum(delta), 0) FROM pgbench_history)`

// checkStatement compares the sums as one READ COMMITTED statement sees them.
func checkStatement(ctx context.Context, c *pgx.Conn) error {
	var a, t, b, h int64
	if err := c.QueryRow(ctx, sumsQuery).Scan(&a, &t, &b, &h); err != nil {
		return err
	}
	return agree("in one statement", a, t, b, h)
}

func agree(where string, a, t, b, h int64) error {
	if a != t || a != b || a != h {
		return wrong("%s: sums differ: accounts %d, tellers %d, branches %d, history %d", where, a, t, b, h)
	}
	return nil
}

// errWrong is an answer that no fault excuses.
type errWrong struct{ what string }

func (e errWrong) Error() string { return e.what }

func wrong(format string, args ...any) error { return errWrong{fmt.Sprintf(format, args...)} }

// checkSnapshot reads the sums and the history in statements of their own in
// one REPEATABLE READ transaction, twice: they agree, they stay, and what was
// acknowledged before it began is there.
func (l *ledger) checkSnapshot(ctx context.Context, c *pgx.Conn) error {
	known := l.acknowledgements()
	if _, err := c.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
		return err
	}
	first, err := readBank(ctx, c)
	if err != nil {
		return err
	}
	again, err := readBank(ctx, c)
	if err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `COMMIT`); err != nil {
		return err
	}
	if first.sums != again.sums || len(first.history) != len(again.history) {
		return wrong("one snapshot read twice: sums %v and %v, %d and %d history rows", first.sums, again.sums, len(first.history), len(again.history))
	}
	if err := agree("in a snapshot", first.sums[0], first.sums[1], first.sums[2], first.sum()); err != nil {
		return err
	}
	for _, mark := range known {
		if n := len(first.history[mark]); n != 1 {
			return wrong("%s was acknowledged before the snapshot, which shows %d of it", mark, n)
		}
	}
	return nil
}

// bank is what one snapshot shows.
type bank struct {
	sums    [3]int64           // accounts, tellers, branches
	history map[string][]int64 // deltas by mark
}

func (b *bank) sum() (sum int64) {
	for _, deltas := range b.history {
		for _, d := range deltas {
			sum += d
		}
	}
	return sum
}

func readBank(ctx context.Context, c *pgx.Conn) (*bank, error) {
	b := &bank{history: map[string][]int64{}}
	for i, q := range []string{`SELECT sum(abalance) FROM pgbench_accounts`, `SELECT sum(tbalance) FROM pgbench_tellers`, `SELECT sum(bbalance) FROM pgbench_branches`} {
		if err := c.QueryRow(ctx, q).Scan(&b.sums[i]); err != nil {
			return nil, err
		}
	}
	rows, err := c.Query(ctx, `SELECT filler, delta FROM pgbench_history`)
	if err != nil {
		return nil, err
	}
	var mark string
	var delta int64
	_, err = pgx.ForEachRow(rows, []any{&mark, &delta}, func() error {
		mark := strings.TrimRight(mark, " ")
		b.history[mark] = append(b.history[mark], delta)
		return nil
	})
	return b, err
}

// audit compares everything with what the clients know, and turns what was
// open into what the server says: from then on it must stay so.
func (l *ledger) audit(t testing.TB, c *pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	run(t, c, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	b, err := readBank(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	run(t, c, `COMMIT`)
	l.mu.Lock()
	defer l.mu.Unlock()
	for mark, deltas := range b.history {
		f, known := l.fates[mark]
		switch {
		case !known:
			t.Errorf("history row %q was never written", mark)
		case len(deltas) != 1 || deltas[0] != l.delta[mark]:
			t.Errorf("history of %s is %v, not %d", mark, deltas, l.delta[mark])
		case f == unsent:
			t.Errorf("%s is there, and was not committed", mark)
		}
	}
	for mark, f := range l.fates {
		present := len(b.history[mark]) > 0
		switch {
		case f == acknowledged && !present:
			t.Errorf("%s was acknowledged and is missing", mark)
		case f == asked && present:
			l.fates[mark] = acknowledged
			l.done++
		case f == asked:
			l.fates[mark] = unsent
		}
	}
	if err := agree("after a restart", b.sums[0], b.sums[1], b.sums[2], b.sum()); err != nil {
		t.Error(err)
	}
	if err := checkStatement(ctx, c); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// load is clients and readers that work until they are told to stop or the
// server goes away.
type load struct {
	ledger *ledger
	name   string // makes marks distinct between loads
	stop   context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex // protects errs
	errs   []error
	reads  int // snapshots that were checked
}

// begin starts so many writers and one reader against dsn.
func (l *ledger) begin(dsn, name string, writers int, seed uint64) *load {
	ctx, stop := context.WithCancel(context.Background())
	w := &load{ledger: l, name: name, stop: stop}
	for i := range writers {
		w.wg.Go(func() {
			w.session(ctx, dsn, func(c *pgx.Conn) error { return w.write(ctx, c, i, rand.New(rand.NewPCG(seed, uint64(i)))) })
		})
	}
	w.wg.Go(func() { w.session(ctx, dsn, func(c *pgx.Conn) error { return w.read(ctx, c) }) })
	return w
}

// session runs work on a connection of its own; what a dying server answers is
// no error, a wrong answer is.
func (w *load) session(ctx context.Context, dsn string, work func(*pgx.Conn) error) {
	c, err := pgx.Connect(ctx, dsn)
	if err == nil {
		err = work(c)
		c.Close(context.Background())
	}
	var refused *pgconn.PgError
	var mistake errWrong
	if errors.As(err, &mistake) || errors.As(err, &refused) && !leaving(refused) {
		w.mu.Lock()
		w.errs = append(w.errs, err)
		w.mu.Unlock()
	}
}

// leaving are the answers of a server that ends, or that was asked to cancel
// because the load ends.
func leaving(e *pgconn.PgError) bool {
	return strings.HasPrefix(e.Code, "57") || e.Code == "08007" || e.Code == "08006"
}

func (w *load) write(ctx context.Context, c *pgx.Conn, worker int, rng *rand.Rand) error {
	for n := 0; ctx.Err() == nil; n++ {
		// A stop lets the transaction under way end.
		if err := w.ledger.transfer(context.Background(), c, rng, fmt.Sprintf("%s-%d-%d", w.name, worker, n)); err != nil {
			return err
		}
	}
	return nil
}

func (w *load) read(ctx context.Context, c *pgx.Conn) error {
	for ctx.Err() == nil {
		if err := w.ledger.checkSnapshot(context.Background(), c); err != nil {
			return err
		}
		if err := checkStatement(context.Background(), c); err != nil {
			return err
		}
		w.mu.Lock()
		w.reads++
		w.mu.Unlock()
	}
	return nil
}

// end stops the load and reports wrong answers.
func (w *load) end(t testing.TB) {
	t.Helper()
	w.stop()
	w.wg.Wait()
	for _, err := range w.errs {
		t.Errorf("load %s: %v", w.name, err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// until waits for the ledger to have grown by n acknowledgements, or for d.
func (l *ledger) until(p *process, n int, d time.Duration) {
	deadline := time.Now().Add(d)
	for start := l.count(); l.count() < start+n && time.Now().Before(deadline) && !p.dead(); {
		time.Sleep(time.Millisecond)
	}
}
