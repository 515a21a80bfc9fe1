package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
)

// startBound is how long a start may take to say that it cannot be.
const startBound = 20 * time.Second

// outcome starts a server in a process of its own and waits until it is ready
// or has ended: with what exit code, and what it said.
func outcome(t *testing.T, dir string, more ...string) (ready bool, code int, errs string) {
	t.Helper()
	p := prepare(t, dir, more...)
	var b bytes.Buffer
	p.cmd.Stderr = &b
	p.start()
	timer := time.AfterFunc(startBound, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	line, _ := p.out.ReadString('\n')
	if ready = line != ""; ready {
		p.signal(syscall.SIGTERM)
	}
	p.cmd.Wait()
	return ready, p.cmd.ProcessState.ExitCode(), b.String()
}

// refusedStart expects that a start ends in one line with want, and touches
// nothing; etcd, once it is started, writes its own files.
func refusedStart(t *testing.T, dir, want string, more ...string) {
	t.Helper()
	before := rows(t, dir)
	ready, code, errs := outcome(t, dir, more...)
	if ready || code != exitFailure || !strings.HasPrefix(errs, "pegmatite: ") || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, want) {
		t.Errorf("ready %v, exit code %d, %q; want a line with %q", ready, code, errs, want)
	}
	if after := rows(t, dir); after != before {
		t.Errorf("%s: touched:\n%s\n%s", want, before, after)
	}
}

// rows is tree without what a start touches before it looks at the shards and
// logs, and without the times of directories: a shard's WAL comes and goes.
func rows(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(tree(t, dir)) {
		if !strings.HasPrefix(line, filepath.Join(dir, "etcd/")) && !strings.Contains(line, " d") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// used is a directory that a server has worked in and left.
func used(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, dir, "--shards", "2").ready()
	if _, err := p.connect().Exec(context.Background(), `CREATE TABLE t (a int PRIMARY KEY, b text);
		INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i`); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// damaged does something to a file or directory, lets look at that, and brings it back.
func damaged(t *testing.T, path string, damage func(path string), look func()) {
	t.Helper()
	kept := filepath.Join(t.TempDir(), "kept")
	if info, err := os.Stat(path); err != nil {
		t.Fatal(err)
	} else if info.IsDir() {
		err = os.Rename(path, kept)
		defer os.Rename(kept, path)
		if err != nil {
			t.Fatal(err)
		}
	} else {
		write(t, kept, read(t, path))
		defer os.Rename(kept, path)
	}
	damage(path)
	look()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// Kinds of damage.
func gone(path string)   { os.RemoveAll(path) }
func emptied(p string)   { os.Truncate(p, 0) }
func halved(path string) { i, _ := os.Stat(path); os.Truncate(path, i.Size()/2) }
func asFile(path string) { os.RemoveAll(path); os.WriteFile(path, []byte("a letter"), 0o600) }
func asDir(path string)  { os.RemoveAll(path); os.Mkdir(path, 0o700) }
func garbled(from, to int) func(string) {
	return func(path string) {
		b, _ := os.ReadFile(path)
		r := rand.New(rand.NewPCG(1, 1))
		for i := from; i < min(to, len(b)); i++ {
			b[i] = byte(r.Uint32())
		}
		os.WriteFile(path, b, 0o600)
	}
}

// TestDamagedMetadata: whatever is wrong with the embedded etcd's files is said in a line.
func TestDamagedMetadata(t *testing.T) {
	dir := used(t)
	logs, _ := filepath.Glob(filepath.Join(dir, "etcd/member/wal/*.wal"))
	if len(logs) == 0 {
		t.Fatal("etcd has no log")
	}
	log, err := filepath.Rel(dir, logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	const db = "etcd/member/snap/db"
	for _, c := range []struct {
		path   string
		damage func(string)
		says   string // its name is part of the line
		want   string
	}{
		{"etcd", asFile, "etcd", "it is not a directory"},
		{"etcd", asDir, "etcd/member", "it is missing"},
		{"etcd/member", asFile, "etcd/member", "it is not a directory"},
		{"etcd/member/wal", gone, "etcd/member/wal", "it is missing"},
		{"etcd/member/wal", asDir, "etcd/member/wal", "there is no file in it"},
		{"etcd/member/snap", gone, "etcd/member/snap", "it is missing"},
		{"etcd/member/snap", asDir, db, "it is missing"},
		{db, gone, db, "it is missing"},
		{db, asDir, db, "it is not a file"},
		{db, asFile, db, "neither of its first two pages is valid"},
		{db, emptied, db, "neither of its first two pages is valid"},
		{db, func(p string) { os.Truncate(p, 3*4096) }, db, "it is cut off"},
		{db, garbled(0, 8192), db, "neither of its first two pages is valid"},
		{db, garbled(8192, 1<<20), db, "page "},
		{log, gone, "etcd/member/wal", "there is no file in it"},
		{log, emptied, "etcd/member/wal", ""},
		{log, func(p string) { os.Truncate(p, 1000) }, "etcd/member/wal", "it ends at entry"},
		{log, garbled(0, 64), "etcd/member/wal", ""},
		{log, garbled(1000, 1010), "etcd/member/wal", "walpb: crc mismatch"},
		{log, asDir, "etcd/member/wal", ""},
	} {
		damaged(t, filepath.Join(dir, c.path), c.damage, func() {
			refusedStart(t, dir, "the metadata store's "+filepath.Join(dir, c.says)+" is damaged: "+c.want)
		})
	}
	damaged(t, filepath.Join(dir, "etcd"), gone, func() {
		refusedStart(t, dir, filepath.Join(dir, "etcd")+" is missing: a node whose cluster has its metadata elsewhere needs --etcd")
	})
	if ready, code, errs := outcome(t, dir); !ready || code != 0 {
		t.Errorf("brought back: exit code %d, %s", code, errs)
	}
}

// TestDamagedRecords: so is what is wrong in an etcd whose files are well, the
// embedded one or another.
func TestDamagedRecords(t *testing.T) {
	dir := used(t)
	serve := func() *etcd.Server {
		t.Helper()
		s, err := etcd.Embed(t.Context(), filepath.Join(dir, "etcd"), false, etcd.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	commit := func(s *etcd.Server, op metakv.Op) {
		t.Helper()
		if _, err := s.Store().Commit(t.Context(), metakv.Txn{Then: []metakv.Op{op}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ key, value, want string }{
		{"/pegmatite/node/x", "{}", `key "/pegmatite/node/x" does not end with a node's number`},
		{"/pegmatite/node/7", "{", "/pegmatite/node/7: unexpected end of JSON input"},
	} {
		s := serve()
		commit(s, metakv.Put(c.key, []byte(c.value)))
		elsewhere := "etcd at " + s.ClientURL() + ": metadata store is damaged: " + c.want + "; restore it and the data directories"
		_, _, errs := outcome(t, filepath.Join(t.TempDir(), "other"), "--etcd", s.ClientURL(), "--node", "other", "--node-listen", "127.0.0.1:0")
		if !strings.Contains(errs, elsewhere) {
			t.Errorf("%q, want %q", errs, elsewhere)
		}
		s.Close()
		refusedStart(t, dir, filepath.Join(dir, "etcd")+": metadata store is damaged: "+c.want+"; restore the whole data directory from a backup")
		s = serve()
		commit(s, metakv.Delete(c.key))
		s.Close()
	}
	if ready, code, errs := outcome(t, dir); !ready || code != 0 {
		t.Errorf("with the records as they were: exit code %d, %s", code, errs)
	}
}

// garbleSeeds is how many random kinds of damage are tried.
const garbleSeeds = 6

// TestGarbledMetadata: bytes changed at random never end in more than a line.
func TestGarbledMetadata(t *testing.T) {
	dir := used(t)
	for seed := range uint64(garbleSeeds) {
		r := rand.New(rand.NewPCG(seed, 0))
		one := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(one, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(one, "etcd/member/snap/db")
		if logs, _ := filepath.Glob(filepath.Join(one, "etcd/member/wal/*.wal")); len(logs) > 0 && seed%2 == 0 {
			path = logs[r.IntN(len(logs))]
		}
		b := read(t, path)
		for n := 1 + r.IntN(8); n > 0; {
			// What is zero is space that is not in use, mostly.
			if i := r.IntN(min(len(b), 96<<10)); b[i] != 0 {
				b[i] = byte(r.Uint32())
				n--
			}
		}
		write(t, path, b)
		ready, code, errs := outcome(t, one)
		if !ready && (code != exitFailure || !strings.HasPrefix(errs, "pegmatite: ") || strings.Count(errs, "\n") != 1) {
			t.Errorf("seed %d, %s: exit code %d, %q", seed, filepath.Base(path), code, errs)
		}
		os.RemoveAll(one)
	}
}

// TestMetadataFails: an etcd that can write no more ends the process with a
// line; what was acknowledged is there at the next start.
func TestMetadataFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := prepare(t, dir)
	var errs bytes.Buffer
	p.cmd.Stderr = &errs
	p.start()
	c := p.ready().connect()
	if _, err := c.Exec(context.Background(), "CREATE ROLE before"); err != nil {
		t.Fatal(err)
	}
	limitFiles(t, p.cmd.Process.Pid, 0)
	if _, err := c.Exec(context.Background(), "CREATE ROLE after"); err == nil {
		t.Error("a role was made")
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "pegmatite: stopped: embedded etcd: ") || !strings.Contains(last, "file too large") {
		t.Errorf("%q", lines)
	}
	again := launch(t, dir).ready()
	if _, err := again.connect().Exec(context.Background(), "DROP ROLE before"); err != nil {
		t.Error(err)
	}
	again.signal(syscall.SIGTERM)
	if err := again.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSocketsInTheWay: sockets of a process that was killed are taken over,
// anything else under their names stays.
func TestSocketsInTheWay(t *testing.T) {
	dir, err := os.MkdirTemp("", "pegmatite") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := launch(t, dir, "--shards", "1").ready()
	_, port, _ := strings.Cut(p.address, ":")
	address := p.address
	p.signal(syscall.SIGKILL)
	p.cmd.Wait()
	sockets := []string{".s.PGSQL." + port, "etcd.sock"}
	for _, s := range sockets {
		if i, err := os.Lstat(filepath.Join(dir, s)); err != nil || i.Mode().Type() != os.ModeSocket {
			t.Fatalf("%s: %v, %v", s, i, err)
		}
	}
	if ready, code, errs := outcome(t, dir, "--listen", address); !ready || code != 0 {
		t.Errorf("after a kill: exit code %d, %s", code, errs)
	}
	for _, s := range sockets {
		path := filepath.Join(dir, s)
		write(t, path, []byte("a letter"))
		refusedStart(t, dir, path+" is in the way of a socket and not one: move it elsewhere", "--listen", address)
		os.Remove(path)
	}
	deep := filepath.Join(dir, strings.Repeat("d", 90))
	ready, code, errs := outcome(t, deep)
	if ready || code != exitFailure || !strings.Contains(errs, "is too long (maximum ") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a long path: exit code %d, %s", code, errs)
	}
	if _, err := os.Stat(deep); err == nil {
		t.Error("a directory was made for a server that cannot listen")
	}
}

// TestDamagedFiles: a log, a shard's file or the identity that is not as it
// was written is said in a line.
func TestDamagedFiles(t *testing.T) {
	dir := used(t)
	for _, c := range []struct {
		path   string
		damage func(string)
		want   string
	}{
		{"log", gone, `log "` + dir + `/log/0" is missing`},
		{"log", asDir, `log "` + dir + `/log/0" is missing`},
		{"log", asFile, `could not list file "` + dir + `/log/0": not a directory`},
		{"log/0", asFile, `could not list file "` + dir + `/log/0": not a directory`},
		{"log/0/000001.log", gone, `log "` + dir + `/log/0" is missing`},
		{"log/0/000001.log", asFile, `log "` + dir + `/log/0" is missing`},
		{"log/0/000001.log", asDir, `could not open file "` + dir + `/log/0/000001.log": is a directory`},
		{"log/0/000001.log", garbled(0, 64), `log file "` + dir + `/log/0/000001.log" is damaged at offset 0`},
		{"shards", asFile, "shards: not a directory"},
		{"shards/0000.db", asFile, `shard "` + dir + `/shards/0000.db" is damaged: file is not a database`},
		{"shards/0000.db", asDir, `could not access shard "` + dir + `/shards/0000.db": unable to open database file`},
		{"shards/0000.db", halved, `shard "` + dir + `/shards/0000.db" is damaged: database disk image is malformed`},
		{"shards/0000.db", garbled(0, 100), `shard "` + dir + `/shards/0000.db" is damaged: file is not a database`},
		{"shards/0000.db", garbled(100, 4096), `shard "` + dir + `/shards/0000.db" is damaged: database disk image is malformed`},
		{"pegmatite.json", emptied, "pegmatite.json is damaged: unexpected end of JSON input; restore it from a backup"},
		{"pegmatite.json", asDir, "pegmatite.json: is a directory"},
		{"pegmatite.json", func(p string) { write(t, p, bytes.Replace(read(t, p), []byte(`"cluster"`), []byte(`"clusher"`), 1)) },
			`pegmatite.json is damaged: cluster ""`},
	} {
		damaged(t, filepath.Join(dir, c.path), c.damage, func() { refusedStart(t, dir, c.want) })
	}
	if ready, code, errs := outcome(t, dir); !ready || code != 0 {
		t.Errorf("brought back: exit code %d, %s", code, errs)
	}
}

// TestDamagedPages: a page that has become unreadable is the error of the
// statements that need it, and of nothing else.
func TestDamagedPages(t *testing.T) {
	dir := used(t)
	garbled(8192, 1<<30)(filepath.Join(dir, "shards/0000.db"))
	c := launch(t, dir).ready().connect()
	ctx := context.Background()
	fine, bad := 0, 0
	note := func(err error) {
		var e *pgconn.PgError
		switch {
		case err == nil:
			fine++
		case errors.As(err, &e) && e.Code == "XX001" && strings.Contains(e.Message, "0000.db"):
			bad++
		default:
			t.Fatal(err)
		}
	}
	for i := range 50 {
		_, err := c.Exec(ctx, fmt.Sprintf("SELECT b FROM t WHERE a = %d", 1+i*20))
		note(err)
	}
	if fine == 0 || bad == 0 {
		t.Errorf("%d rows can be read, %d cannot", fine, bad)
	}
	for _, s := range []string{"SELECT sum(a) FROM t", "UPDATE t SET b = 'x'", "BEGIN; SELECT sum(a) FROM t"} {
		_, err := c.Exec(ctx, s)
		if bad = 0; err != nil {
			note(err)
		}
		if bad == 0 {
			t.Errorf("%s reads what is damaged", s)
		}
	}
}
