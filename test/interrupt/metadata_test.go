package interrupt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// outage is a metadata store that cannot be reached at times.
type outage struct {
	metakv.Store
	mu sync.Mutex // protects the rest
	// down is closed when the store can be reached again; nil while it can.
	down chan struct{}
	// hang: calls are not answered, where they would fail otherwise.
	hang bool
	// meets says what becomes of a transaction: whether it is done, and whether that is answered. nil: both.
	meets func(metakv.Txn) (done, answered bool)
}

func (o *outage) layer(kv metakv.Store) metakv.Store {
	o.Store = kv
	return o
}

// goDown makes the store unreachable, unless it is.
func (o *outage) goDown(hang bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down == nil {
		o.down, o.hang = make(chan struct{}), hang
	}
}

// comeBack makes the store reachable, and forgets how transactions fare.
func (o *outage) comeBack() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.meets = nil
	if o.down != nil {
		close(o.down)
		o.down = nil
	}
}

func (o *outage) faring(meets func(metakv.Txn) (done, answered bool)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.meets = meets
}

var errUnreachable = errors.New("cannot be reached")

// reach is every call's way to the store.
func (o *outage) reach(ctx context.Context) error {
	o.mu.Lock()
	down, hang := o.down, o.hang
	o.mu.Unlock()
	if down == nil {
		return ctx.Err()
	}
	if !hang {
		return errUnreachable
	}
	select {
	case <-down:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *outage) Get(ctx context.Context, key string) (metakv.KV, error) {
	if err := o.reach(ctx); err != nil {
		return metakv.KV{}, err
	}
	return o.Store.Get(ctx, key)
}

func (o *outage) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	if err := o.reach(ctx); err != nil {
		return nil, 0, err
	}
	return o.Store.Range(ctx, prefix)
}

func (o *outage) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if err := o.reach(ctx); err != nil {
		return metakv.Result{}, err
	}
	o.mu.Lock()
	meets := o.meets
	o.mu.Unlock()
	done, answered := true, true
	if meets != nil {
		done, answered = meets(t)
	}
	if !done {
		return metakv.Result{}, errUnreachable
	}
	r, err := o.Store.Commit(ctx, t)
	if err == nil && !answered {
		err = errUnreachable
	}
	return r, err
}

func (o *outage) Watch(prefix string, from metakv.Revision) metakv.Watch {
	return &outageWatch{o.Store.Watch(prefix, from), o}
}

// outageWatch tells of nothing as long as the store is down.
type outageWatch struct {
	metakv.Watch
	outage *outage
}

func (w *outageWatch) Next(ctx context.Context) ([]metakv.Event, error) {
	events, err := w.Watch.Next(ctx)
	w.outage.mu.Lock()
	down := w.outage.down
	w.outage.mu.Unlock()
	if down != nil {
		select {
		case <-down:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return events, err
}

// outageAt is what becomes of the metadata store at a schema change's commit.
type outageAt struct {
	name  string
	begin func(*outage)
	code  string // of COMMIT; "" is none
	says  string // in its message
	made  bool   // in the end
}

// publications is for outage.faring: publications fare so, the first one only or each; all else is well.
func publications(once bool, done, answered bool) func(*outage) {
	return func(o *outage) {
		met := false
		o.faring(func(t metakv.Txn) (bool, bool) {
			if !isPublication(t) || once && met {
				return true, true
			}
			met = true
			return done, answered
		})
	}
}

// endsWith makes the store unreachable from the publication on, which is done or not.
func endsWith(done, answered, hang bool) func(*outage) {
	return func(o *outage) {
		o.faring(func(t metakv.Txn) (bool, bool) {
			if !isPublication(t) {
				return true, true
			}
			o.goDown(hang)
			return done, answered
		})
	}
}

const unknown = "the outcome of the schema change is unknown"

var outages = []outageAt{
	{"gone before", func(o *outage) { o.goDown(false) }, "58000", "the metadata store does not answer", false},
	{"silent before", func(o *outage) { o.goDown(true) }, "58000", "the metadata store does not answer", false},
	{"one request lost", publications(true, false, false), "", "", true},
	{"one answer lost", publications(true, true, false), "", "", true},
	{"no request comes through", publications(false, false, false), "58000", "the schema change was rolled back", false},
	{"gone with the request", endsWith(false, false, false), "08007", unknown, false},
	{"gone with the answer", endsWith(true, false, false), "08007", unknown, true},
	{"silent with the answer", endsWith(true, false, true), "08007", unknown, true},
	{"gone after", endsWith(true, true, false), "", "", true},
	{"silent after", endsWith(true, true, true), "", "", true},
}

// startWithOutages starts a server whose metadata store can be made unreachable.
func startWithOutages(t *testing.T) (*outage, *node.Node) {
	o := &outage{}
	n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards, c.Logs, c.SharedFiles = 4, 3, true },
		server.Layers{Metadata: o.layer, MetadataTimeout: 500 * time.Millisecond})
	t.Cleanup(o.comeBack) // before the stop
	return o, n
}

// commit ends the block with the COMMIT that an outage meets.
func (at *outageAt) commit(t *testing.T, c *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), client.Patience)
	defer cancel()
	_, err := c.Exec(ctx, "COMMIT")
	if at.code == "" && err != nil || at.code != "" && (client.Code(err) != at.code || !strings.Contains(err.Error(), at.says)) {
		t.Errorf("COMMIT: %v, want %q, %q", err, at.code, at.says)
	}
}

// TestMetadataUnreachable: whenever the metadata store goes, a schema change
// with rows is there as a whole or not at all, the client is told as much as is
// known, and everything goes on when the store is back.
func TestMetadataUnreachable(t *testing.T) {
	for _, at := range outages {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			o, n := startWithOutages(t)
			c, other := client.Connect(t, n.Address()), client.Connect(t, n.Address())
			client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b int)", "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g", "CREATE TABLE u (a int PRIMARY KEY)",
				"BEGIN", "ALTER TABLE t ADD c int DEFAULT 7", "CREATE UNIQUE INDEX made ON t (b)", "INSERT INTO t VALUES (101, 101, 8)", "CREATE TABLE new (a int)", "INSERT INTO new SELECT a FROM t")
			at.begin(o)
			at.commit(t, c)
			client.Exec(t, other, "INSERT INTO u VALUES (1)") // has nothing to do with it
			o.comeBack()
			want := "100 b"
			if at.made {
				want = "101 b c"
			}
			const have = `SELECT (SELECT count(*) FROM t) || ' ' || string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 1`
			client.Eventually(t, want, func() bool { return client.One(t, other, have) == want })
			client.Exec(t, other, "SET lock_timeout = '10s'", "UPDATE t SET b = b + 1000")
			if !at.made {
				client.Exec(t, c, "BEGIN", "ALTER TABLE t ADD c int DEFAULT 7", "CREATE UNIQUE INDEX made ON t (b)", "INSERT INTO t VALUES (101, 101, 8)", "CREATE TABLE new (a int)", "INSERT INTO new SELECT a FROM t", "COMMIT")
			}
			for _, s := range []*pgx.Conn{c, other} {
				if got := client.One(t, s, "SELECT sum(c) || ' ' || (SELECT count(*) FROM new) FROM t"); got != "708 101" {
					t.Errorf("c and new have %s", got)
				}
			}
			nothingLeft(t, c, n.Dir)
		})
	}
}

// TestMetadataUnreachableWithoutRows: the same of a schema change that has no part on any shard.
func TestMetadataUnreachableWithoutRows(t *testing.T) {
	o, n := startWithOutages(t)
	c := client.Connect(t, n.Address())
	for i, at := range outages {
		table := fmt.Sprintf("t%d", i)
		client.Exec(t, c, "BEGIN", "CREATE TABLE "+table+" (a int PRIMARY KEY)", "CREATE VIEW v"+table+" AS SELECT a FROM "+table)
		at.begin(o)
		if at.says == "the schema change was rolled back" {
			at.code, at.says = "08007", unknown // no log is in doubt, so nobody asks which it was
		}
		at.commit(t, c)
		o.comeBack()
		if !at.made {
			client.Exec(t, c, "CREATE TABLE "+table+" (a int PRIMARY KEY)", "CREATE VIEW v"+table+" AS SELECT a FROM "+table)
		}
		client.Eventually(t, at.name, func() bool {
			return client.One(t, c, "SELECT count(*) FROM pg_class WHERE relname LIKE '%"+table+"'") == "2"
		})
		client.Exec(t, c, "INSERT INTO "+table+" VALUES (1)")
	}
	nothingLeft(t, c, n.Dir)
}

// TestMetadataUnreachableForChunks: a change that is too large for one request
// and does not get there is rolled back for certain, and can be made at once.
func TestMetadataUnreachableForChunks(t *testing.T) {
	o, n := startWithOutages(t)
	c := client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b int)", "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g")
	large := []string{"BEGIN", "ALTER TABLE t ADD c int DEFAULT 7", "UPDATE t SET c = 8", "COMMENT ON TABLE t IS '" + strings.Repeat("long ", 80_000) + "'"}
	client.Exec(t, c, large...)
	o.goDown(false)
	if _, err := c.Exec(context.Background(), "COMMIT"); client.Code(err) != "58000" || !strings.Contains(err.Error(), "the metadata store does not answer") {
		t.Errorf("COMMIT: %v", err)
	}
	client.Exec(t, c, "SET lock_timeout = '1s'", "UPDATE t SET b = b + 1")
	o.comeBack()
	client.Exec(t, c, append(large, "COMMIT")...)
	if got := client.One(t, c, "SELECT sum(c) || ' ' || length(obj_description('t'::regclass)) FROM t"); got != "800 400000" {
		t.Errorf("c and the comment have %s", got)
	}
	nothingLeft(t, c, n.Dir)
}
