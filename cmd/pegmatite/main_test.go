package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
)

// call runs the command as main does.
func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, &o, &e)
	return code, o.String(), e.String()
}

// refused expects one line on standard error, with an exit code.
func refused(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	got, out, errs := call(args...)
	if got != code || out != "" || !strings.HasPrefix(errs, "pegmatite: ") || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
		t.Errorf("%q: exit code %d, %q, %q; want %d and a line with %q", args, got, out, errs, code, want)
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pegmatite.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrongCalls: what is wrong in flags, environment and file is said in a line.
func TestWrongCalls(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--http", "0.0.0.0:5480"}, `http: 0.0.0.0:5480 is open to other machines: give --cluster-key`},
		{[]string{"--http", ":5480"}, "http: :5480 is open to other machines"},
		{[]string{"--node-listen", "192.0.2.1:5480"}, "node-listen: 192.0.2.1:5480 is open to other machines: give --cluster-key"},
		{[]string{"--node-listen", "[::]:5480", "--cluster-key", "x"}, "is every address; name the one that other nodes dial"},
		{[]string{"--node-tls-ca", "x", "--node-tls-key", "x"}, "node-tls-ca, node-tls-cert and node-tls-key: all three are needed"},
		{[]string{"--node-tls-ca", "x", "--node-tls-cert", "x", "--node-tls-key", "x", "--cluster-key", "x"}, "one excludes the other"},
		{[]string{"--etcd", "192.0.2.1:2379"}, `etcd: "192.0.2.1:2379" is no URL`},
		{[]string{"--etcd", "etcd:2379"}, `etcd: "etcd:2379" is no URL`},
		{[]string{"--etcd", "http://localhost"}, `etcd: "http://localhost" is no URL`},
		{[]string{"--etcd", "http://:2379"}, `etcd: "http://:2379" is no URL`},
		{[]string{"--etcd", "http://127.0.0.1:1,http://"}, `etcd: "http://" is no URL`},
		{[]string{"--node", "a b"}, `node: "a b" is no name`},
		{[]string{"--node", strings.Repeat("a", 64)}, "is no name: up to 63 letters, digits, dots, hyphens and underscores"},
		{[]string{"--listen", "127.0.0.1"}, `listen: "127.0.0.1" is not host:port`},
		{[]string{"--listen", "127.0.0.1:99999"}, `listen: "99999" is not a port`},
		{[]string{"--http", "x"}, `http: "x" is not host:port`},
		{[]string{"--shards", "many"}, `shards: "many" is not a whole number`},
		{[]string{"--shards", "0"}, "shards: 0 is not between 1 and 1024"},
		{[]string{"--logs", "0"}, "logs: 0 is not between 1 and 64"},
		{[]string{"--shards", "5000"}, "shards: 5000 is not between 1 and 1024"},
		{[]string{"--logs", "9", "--shards", "8"}, "logs: 9 logs for 8 shards"},
		{[]string{"--weight", "-1"}, "weight: -1 is not between 0 and 100"},
		{[]string{"--weight", "101"}, "weight: 101 is not between 0 and 100"},
		{[]string{"--weight", "1.5"}, `weight: "1.5" is not a whole number`},
		{[]string{"--max-connections", "0"}, "max-connections: 0 is not between"},
		{[]string{"--memory-mb", "1"}, "memory-mb: 1 is not between 8 and 16777216"},
		{[]string{"--memory-mb", "9999999999999"}, "memory-mb: 9999999999999 is not between"},
		{[]string{"--memory-mb", "99999999999999999999"}, "is not a whole number"},
		{[]string{"--drain-s", "-1"}, "drain-s: -1 is not between 0 and 86400"},
		{[]string{"--drain-s", "9999999999"}, "drain-s: 9999999999 is not between"},
		{[]string{"--slow-ms", "-2"}, "slow-ms: -2 is not between -1 and 2147483647"},
		{[]string{"--shards", "-1"}, "shards: -1 is not between 1 and 1024"},
		{[]string{"--listen", "127.0.0.1:65536"}, `listen: "65536" is not a port`},
		{[]string{"--listen", "127.0.0.1:"}, `listen: "" is not a port`},
		{[]string{"--listen", ""}, `listen: "" is not host:port`},
		{[]string{"--shared-files", "false"}, `unexpected argument "false": a switch takes its value as --name=false`},
		{[]string{"--log-level", "loud"}, `log-level: "loud"`},
		{[]string{"--log-format", "xml"}, `log-format: "xml"`},
		{[]string{"--shared-files=perhaps"}, `shared-files: "perhaps" is neither true nor false`},
		{[]string{"--nothing"}, "-nothing"},
		{[]string{"--data"}, "needs an argument"},
		{[]string{"--data", ""}, "data: a directory is needed"},
		{[]string{"more"}, `unexpected argument "more"`},
		{[]string{"--config", filepath.Join(t.TempDir(), "none")}, "no such file"},
		{[]string{"--config", file(t, "shards = 2.5")}, `shards: "2.5" is not a whole number`},
		{[]string{"--config", file(t, "shards = 0")}, "shards: 0 is not between 1 and 1024"},
		{[]string{"--config", file(t, "nothing = 1")}, `unknown setting "nothing"`},
		{[]string{"--config", file(t, "logs = 1\nshards = ")}, "pegmatite.toml, line 2: "},
		{[]string{"--node-listen", "nobody.invalid:1"}, "listen on nobody.invalid:1: lookup nobody.invalid"},
		{[]string{"--config", file(t, "shards = 2\nshards = 3")}, "pegmatite.toml, line 2: toml: key shards is already defined"},
		{[]string{"--config", file(t, "b = 1\nd = 1\na = 1\nc = 1")}, `unknown setting "a"`},
	} {
		refused(t, exitUsage, c.want, append([]string{"serve"}, c.args...)...)
	}
	t.Setenv("PEGMATITE_LOGS", "0")
	refused(t, exitUsage, "PEGMATITE_LOGS: logs: 0 is not between 1 and 64", "serve")
	t.Setenv("PEGMATITE_LOGS", "1")
	t.Setenv("PEGMATITE_SLOW_MS", "soon")
	refused(t, exitUsage, `PEGMATITE_SLOW_MS: slow-ms: "soon" is not a whole number`, "serve")
}

// TestPrecedence: a flag wins over the environment, which wins over the file.
func TestPrecedence(t *testing.T) {
	path := file(t, "shards = 2\nlogs = 2\nslow-ms = 2\nshared-files = true\n")
	t.Setenv("PEGMATITE_CONFIG", path)
	t.Setenv("PEGMATITE_LOGS", "1")
	t.Setenv("PEGMATITE_SLOW_MS", "3")
	c, err := serve.configure([]string{"--slow-ms", "4", "--shared-files=false"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Shards != 2 || c.Logs != 1 || c.SlowMS != 4 || c.SharedFiles || c.File != path {
		t.Errorf("%+v", c)
	}
}

func TestOtherCommands(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, server.VersionLine()}, {[]string{"help"}, 0, "pegmatite serve"}, {[]string{"help", "serve"}, 0, "--max-connections"}, {[]string{"help", "serve"}, 0, "[PEGMATITE_CONFIG]"}, {nil, 0, "pegmatite serve"},
		{[]string{"help", "version"}, 0, "pegmatite serve"}, {[]string{"-help"}, 0, "pegmatite serve"}, {[]string{"-version"}, 0, server.VersionLine()},
		{[]string{"passwd", "-h"}, 0, "pegmatite passwd DIR"}, {[]string{"key", "--help"}, 0, "pegmatite key"}, {[]string{"serve", "-h"}, 0, "default 8)"},
		{[]string{"help", "key"}, 0, "pegmatite key"}, {[]string{"help", "certificate"}, 0, "pegmatite certificate"}, {[]string{"help", "passwd"}, 0, "pegmatite passwd"},
	} {
		if code, out, _ := call(c.args...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%q: %d, %q", c.args, code, out)
		}
	}
	refused(t, exitUsage, `unknown command "nothing"; `, "nothing")
	refused(t, exitUsage, `unknown command "nothing"; `, "help", "nothing")
	refused(t, exitUsage, `unexpected argument "more"`, "help", "serve", "more")
	refused(t, exitUsage, `unexpected argument "more"`, "version", "more")
}

// tree is a directory's files with their sizes and times, but for the lock, which is taken and given back.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "lock" || path == dir {
			return err
		}
		i, err := d.Info()
		if err == nil {
			fmt.Fprintln(&b, path, i.Mode(), i.Size(), i.ModTime().UnixNano())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDirectories: a directory that cannot be served is refused in a line, and nothing in it is touched.
func TestDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := server.Default()
	c.Data, c.Listen, c.Shards = dir, "127.0.0.1:0", 2
	n, err := server.Start(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, exitFailure, "is in use by another process", "serve", "--data", dir, "--listen", "127.0.0.1:0")
	fresh := filepath.Join(t.TempDir(), "fresh")
	refused(t, exitFailure, n.Address()+" is in use by another process", "serve", "--data", fresh, "--listen", n.Address())
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a directory was made for a server that cannot listen")
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(dir, "pegmatite.json")
	good, err := os.ReadFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	untouched := func(code int, want string, args ...string) {
		t.Helper()
		before := tree(t, dir)
		refused(t, code, want, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
		if after := tree(t, dir); after != before {
			t.Errorf("%q: touched:\n%s\n%s", args, before, after)
		}
	}
	untouched(exitUsage, "was made with --shards 2, not 3; the number cannot change", "--shards", "3")
	untouched(exitUsage, "was made with --logs 1, not 2; the number cannot change", "--logs", "2")
	untouched(exitUsage, `is node "one"'s, not "two"'s; the name cannot change`, "--node", "two")
	refused(t, exitUsage, "logs: 9 logs for 8 shards: a log without shards is of no use", "serve", "--data", fresh, "--listen", "127.0.0.1:0", "--logs", "9")
	replace := func(old, with string) {
		t.Helper()
		if err := os.WriteFile(identity, bytes.Replace(good, []byte(old), []byte(with), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []int{server.FormatVersion - 1, server.FormatVersion + 1} {
		replace(fmt.Sprintf(`"format": %d`, server.FormatVersion), fmt.Sprintf(`"format": %d`, other))
		untouched(exitFailure, fmt.Sprintf("has format %d; this version reads format %d only", other, server.FormatVersion))
	}
	replace(`{`, `[`)
	untouched(exitFailure, "pegmatite.json is damaged")
	if err := os.Remove(identity); err != nil {
		t.Fatal(err)
	}
	untouched(exitFailure, "has shards or logs, and no pegmatite.json: restore that file from a backup")
}

// TestOtherPlaces: a file, another's directory, a port for HTTP in use.
func TestOtherPlaces(t *testing.T) {
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, other)
	refused(t, exitFailure, "is not empty and not a data directory", "serve", "--data", other, "--listen", "127.0.0.1:0")
	refused(t, exitFailure, "not a directory", "serve", "--data", filepath.Join(other, "letter"), "--listen", "127.0.0.1:0")
	if after := tree(t, other); after != before {
		t.Errorf("touched:\n%s\n%s", before, after)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fresh := filepath.Join(t.TempDir(), "fresh")
	refused(t, exitFailure, "is in use by another process", "serve", "--data", fresh, "--listen", "127.0.0.1:0", "--http", l.Addr().String())
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a directory was made for a server that cannot listen")
	}
}
