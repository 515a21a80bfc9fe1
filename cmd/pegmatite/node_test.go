package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestNodeWrongCalls: what `pegmatite node` cannot do is said in a line.
func TestNodeWrongCalls(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "node needs a command: list, drain, remove, rebalance"},
		{[]string{"stop"}, `unknown command "stop" of node; it has list, drain, remove, rebalance`},
		{[]string{"list"}, "etcd: the URL of the cluster's metadata store is needed"},
		{[]string{"list", "a"}, `unexpected argument "a"`},
		{[]string{"drain"}, "node drain needs the name of a node"},
		{[]string{"drain", "--no-wait"}, "node drain needs the name of a node"},
		{[]string{"drain", "a", "b"}, `unexpected argument "b"`},
		{[]string{"drain", "a", "--undo", "--no-wait"}, "no-wait and undo: --undo waits for nothing"},
		{[]string{"remove"}, "node remove needs the name of a node"},
		{[]string{"remove", "a", "--dry-run"}, "-dry-run"},
		{[]string{"rebalance", "a"}, `unexpected argument "a"`},
		{[]string{"rebalance", "--data", "x"}, "-data"},
		{[]string{"list", "--etcd", "http://127.0.0.1:1", "--node-tls-ca", "x"}, "all three are needed"},
		{[]string{"list", "--etcd", "192.0.2.1:2379"}, `etcd: "192.0.2.1:2379" is no URL`},
		{[]string{"list", "--config", file(t, "nothing = 1")}, `unknown setting "nothing"`},
	} {
		refused(t, exitUsage, c.want, append([]string{"node"}, c.args...)...)
	}
	for _, args := range [][]string{{"help", "node"}, {"node", "-h"}, {"node", "drain", "--help"}, {"node", "drain", "a", "-h"}} {
		if code, out, errs := call(args...); code != 0 || errs != "" || !strings.Contains(out, "pegmatite node drain NAME") || !strings.Contains(out, "--etcd") {
			t.Errorf("%q: %d, %q, %q", args, code, out, errs)
		}
	}
	etcd := newEtcd(t)
	refused(t, exitFailure, "no cluster has its metadata there: no node has been started with it yet", "node", "list", "--etcd", etcd.ClientURL())
	if kvs, _, err := etcd.Store().Range(t.Context(), "/"); err != nil || len(kvs) > 0 {
		t.Errorf("a look made %v, %v", kvs, err)
	}
}

// TestNode steers a cluster whose processes know each other by a key: what is
// wanted of a node is shown by all, the directory of one that was removed is
// refused, and its name another's.
func TestNode(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(nodetls.NewKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	_, url := launchEtcd(t, filepath.Join(dir, "etcd"), "127.0.0.1:0", key)
	t.Setenv("PEGMATITE_ETCD", url)
	t.Setenv("PEGMATITE_CONFIG", file(t, `cluster-key = "`+key+`"`))
	start := func(name, data string, more ...string) *process {
		t.Helper()
		return launch(t, filepath.Join(dir, data), append(more, "--node", name, "--node-listen", "127.0.0.1:0")...).ready()
	}
	a, b := start("a", "a"), start("b", "b", "--weight", "0")
	addresses := strings.NewReplacer(a.address, "A", b.address, "B")
	bytes, columns := regexp.MustCompile(`\d{4,}\n`), regexp.MustCompile(` +`)
	says := func(want string, args ...string) {
		t.Helper()
		code, out, errs := call(append([]string{"node"}, args...)...)
		out = columns.ReplaceAllString(bytes.ReplaceAllString(addresses.Replace(out), "N\n"), " ")
		if code != 0 || out != want || errs != "" {
			t.Errorf("%q: %d, %q\n%s\nwant\n%s", args, code, errs, out, want)
		}
	}
	conn := a.connect()
	states := func(want ...string) {
		t.Helper()
		rows, _ := conn.Query(ctx, "SELECT n.node || ' ' || state || ' ' || weight || ' ' || shards FROM pegmatite.nodes n JOIN pegmatite.ring r ON n.node = r.node ORDER BY n.node")
		if got, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	says(`NAME NUMBER STATE CLIENTS WEIGHT SHARDS BYTES
a 1 serving A 1 8 N
b 2 serving B 0 0 0
`, "list")
	states("1 serving 1 8", "2 serving 0 0")
	refused(t, exitFailure, "connecting to etcd at "+url, "node", "list", "--cluster-key", "")
	says("every shard is where the ring wants it\n", "rebalance", "--dry-run")
	says("every shard is where the ring wants it\n", "rebalance")
	refused(t, exitFailure, `node "a" cannot be drained: no other node takes shards`, "node", "drain", "a")
	says("node \"b\" has no shards; once it is stopped, `pegmatite node remove b` takes it out of the cluster\n", "drain", "b")
	states("1 serving 1 8", "2 draining 0 0")
	says("node \"b\" is not drained any more; 0 shards to move to it\n", "drain", "--undo", "b")
	says("node \"b\" is not drained\n", "drain", "--undo", "b")
	states("1 serving 1 8", "2 serving 0 0")
	says("node \"b\" has no shards; once it is stopped, `pegmatite node remove b` takes it out of the cluster\n", "drain", "--no-wait", "b")
	refused(t, exitFailure, `node "b" is alive: stop it before it is removed`, "node", "remove", "b")
	refused(t, exitUsage, `the cluster has no node "c"; it has "a", "b"`, "node", "remove", "c")
	b.stop()
	states("1 serving 1 8", "2 down, draining 0 0")
	says("node \"b\" is removed; nothing of the cluster's is in its data directory any more\n", "remove", "b")
	states("1 serving 1 8")
	old := filepath.Join(dir, "b")
	before := tree(t, old)
	refused(t, exitFailure, old+` is node "b"'s, which has been removed from the cluster: start a node with another, empty --data`,
		"serve", "--data", old, "--listen", "127.0.0.1:0")
	if after := tree(t, old); after != before {
		t.Errorf("it touched the directory:\n%s\nwas\n%s", after, before)
	}
	b = start("b", "c", "--weight", "0")
	states("1 serving 1 8", "3 serving 0 0")
	b.stop()
	a.stop()
	says(`NAME NUMBER STATE CLIENTS WEIGHT SHARDS BYTES
a 1 down A 1 8 ?
b 3 down `+b.address+` 0 0 0
`, "list")
	refused(t, exitFailure, `node "a" cannot be removed: it has 8 shards, and no other node takes shards (one with --node-listen, a weight above 0, and not drained itself)`,
		"node", "remove", "a")
	says(`NAME NUMBER STATE CLIENTS WEIGHT SHARDS BYTES
a 1 down A 1 8 ?
b 3 down `+b.address+` 0 0 0
`, "list")
	start("a", "a").stop()
}

// Rule 11: what a node that is gone had begun holds no locks on others' shards:
// when it is back, when its lease has run out, and when it is removed.
func TestLocksOfNodesThatAreGone(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PEGMATITE_ETCD", newEtcd(t).ClientURL())
	start := func(name string, more ...string) *process {
		t.Helper()
		return launch(t, filepath.Join(dir, name), append(more, "--node", name, "--node-listen", "127.0.0.1:0")...).ready()
	}
	a, b := start("a"), start("b", "--weight", "0")
	conn := a.connect()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0); SET statement_timeout = '60s'"); err != nil {
		t.Fatal(err)
	}
	lockAndDie := func() {
		t.Helper()
		if _, err := b.connect().Exec(t.Context(), "BEGIN; UPDATE t SET b = 9 WHERE a = 1"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT * FROM t FOR UPDATE NOWAIT"); client.Code(err) != "55P03" {
			t.Fatalf("the row is locked: %v", err)
		}
		b.kill()
	}
	update := func(want int) {
		t.Helper()
		var got int
		if err := conn.QueryRow(t.Context(), "UPDATE t SET b = b + 1 WHERE a = 1 RETURNING b").Scan(&got); err != nil || got != want {
			t.Errorf("%d, %v; want %d", got, err, want)
		}
	}
	lockAndDie()
	b = start("b", "--weight", "0")
	update(1)
	lockAndDie()
	update(2) // it waits until b's lease has run out
	a.stop()
}

// TestNodeMoves: nodes come and go by `pegmatite node`, with what they have, while
// a client works.
func TestNodeMoves(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PEGMATITE_ETCD", newEtcd(t).ClientURL())
	start := func(name string, more ...string) *process {
		t.Helper()
		return launch(t, filepath.Join(dir, name), append(more, "--node", name, "--node-listen", "127.0.0.1:0")...).ready()
	}
	a := start("a")
	conn := a.connect()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 500) i"); err != nil {
		t.Fatal(err)
	}
	updates := 0
	update := func() {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "UPDATE t SET b = b + 1"); err != nil {
			t.Fatal(err)
		}
		updates++
	}
	// during has the client work while the command runs, and expects the last line.
	during := func(want string, args ...string) {
		t.Helper()
		ended := make(chan string, 1)
		go func() {
			code, out, errs := call(append([]string{"node"}, args...)...)
			if code != 0 || errs != "" {
				out += errs
			}
			ended <- out
		}()
		for {
			select {
			case out := <-ended:
				if !strings.HasSuffix(out, want+"\n") {
					t.Fatalf("%q: %s\nwant %s", args, out, want)
				}
				return
			default:
				update()
			}
		}
	}
	shards := func(want ...int32) {
		t.Helper()
		var got []int32
		if err := conn.QueryRow(t.Context(), "SELECT array_agg(shards ORDER BY node) FROM pegmatite.ring").Scan(&got); err != nil || !slices.Equal(got, want) {
			t.Errorf("shards %v, %v; want %v", got, err, want)
		}
	}
	b := start("b")
	during("every shard is where the ring wants it", "rebalance")
	shards(5, 3)
	during("every shard is where the ring wants it", "rebalance", "--dry-run")
	during("node \"a\" has no shards; once it is stopped, `pegmatite node remove a` takes it out of the cluster", "drain", "a")
	shards(0, 8)
	during("to move to it", "drain", "--undo", "a")
	during("every shard is where the ring wants it", "rebalance")
	shards(5, 3)
	during("node \"a\" has no shards; once it is stopped, `pegmatite node remove a` takes it out of the cluster", "drain", "a")
	update()
	a.stop()
	conn = b.connect()
	if code, out, errs := call("node", "remove", "a"); code != 0 {
		t.Fatalf("%s, %s", out, errs)
	}
	shards(8)
	update()
	var sum int
	if err := conn.QueryRow(t.Context(), "SELECT sum(b) FROM t").Scan(&sum); err != nil || sum != updates*500 {
		t.Errorf("sum %d, %v after %d updates of 500 rows", sum, err, updates)
	}
	b.stop()
}

// told passes on what a command prints, line by line.
type told chan string

func (c told) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		c <- line
	}
	return len(b), nil
}

// TestNodeDrainSaysWhy: who waits for a drain is told how far it is, and which
// transactions it waits for.
func TestNodeDrainSaysWhy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PEGMATITE_ETCD", newEtcd(t).ClientURL())
	a := launch(t, filepath.Join(dir, "a"), "--node", "a", "--node-listen", "127.0.0.1:0", "--shards", "1", "--move-rate-mb", "3").ready()
	conn := a.connect()
	for _, sql := range []string{"CREATE TABLE t (a int PRIMARY KEY, b text)", "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 10000) i", "CHECKPOINT",
		"BEGIN", "UPDATE t SET b = '' WHERE a = 1"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	b := launch(t, filepath.Join(dir, "b"), "--node", "b", "--node-listen", "127.0.0.1:0", "--weight", "0").ready()
	refused(t, exitFailure, `node "a" cannot be drained: no other node takes shards`, "node", "drain", "a")
	refused(t, exitFailure, `node "a" is alive: stop it before it is removed`, "node", "remove", "a")
	b.stop()
	b = launch(t, filepath.Join(dir, "b"), "--node-listen", "127.0.0.1:0").ready() // of weight 1
	out, errs := make(told), make(told)
	code := make(chan int)
	go func() { code <- run([]string{"node", "drain", "a"}, out, errs) }()
	var said []string
	for _, want := range []*regexp.Regexp{
		regexp.MustCompile(`^node "a" gives away 1 shard\n`),
		regexp.MustCompile(`^shard 0: \d+ of \d+ bytes sent to b, \d+\.\d MB/s\n`),
		regexp.MustCompile(`^shard 0 waits for what stays open on it, up to a minute: 1\.1\.\d+ of pegmatite\.transactions\n`),
	} {
		for found := false; !found; {
			select {
			case line := <-out:
				said, found = append(said, line), want.MatchString(line)
			case line := <-errs:
				t.Fatalf("%q after %q", line, said)
			case <-time.After(client.Patience):
				t.Fatalf("no line like %s; it says %q", want, said)
			}
		}
	}
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		t.Error(err)
	}
	for ended := false; !ended; {
		select {
		case line := <-out:
			said = append(said, line)
		case line := <-errs:
			t.Fatalf("%q after %q", line, said)
		case c := <-code:
			if ended = true; c != 0 || !strings.HasPrefix(said[len(said)-1], `node "a" has no shards`) {
				t.Errorf("exit code %d after %q", c, said)
			}
		}
	}
	a.stop()
	b.stop()
}
