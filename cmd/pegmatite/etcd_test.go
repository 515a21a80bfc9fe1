package main

import (
	"bufio"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
)

// launchEtcd starts a metadata store in a process of its own, and returns its URL.
func launchEtcd(t *testing.T, dir, address, key string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "etcd", "--data", dir, "--listen", address, "--cluster-key", key)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(pipe).ReadString('\n')
	m := regexp.MustCompile(`^pegmatite etcd is ready: pegmatite serve --etcd (https://127\.0\.0\.1:\d+) --node NAME --node-listen HOST:PORT\n$`).FindStringSubmatch(line)
	if err != nil || m == nil {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd, m[1]
}

// TestEtcdAlone: a metadata store in a process of its own lets in who has the
// cluster's key, comes back after kill -9, and its directory is no node's.
func TestEtcdAlone(t *testing.T) {
	ctx := context.Background()
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(nodetls.NewKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	store, node := filepath.Join(dir, "store"), filepath.Join(dir, "node")
	cmd, at := launchEtcd(t, store, "127.0.0.1:0", key)
	p := launch(t, node, "--etcd", at, "--cluster-key", key).ready()
	conn := p.connect()
	if _, err := conn.Exec(ctx, "CREATE TABLE t (a int PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other")
	refused(t, exitFailure, "connecting to etcd at "+at, "serve", "--data", other, "--listen", "127.0.0.1:0", "--etcd", at)
	refused(t, exitFailure, node+" is in use by another process", "etcd", "--data", node, "--listen", "127.0.0.1:0")
	refused(t, exitFailure, "is in use by another process", "etcd", "--data", other, "--listen", strings.TrimPrefix(at, "https://"))
	if _, err := os.Stat(other); err == nil {
		t.Error("what was refused left a directory")
	}
	refused(t, exitUsage, `listen: "" is not host:port`, "etcd", "--data", other, "--listen", "")
	refused(t, exitFailure, "etcd: http://192.0.2.1:2379 is on another machine, and passwords would travel there in the clear", "serve", "--data", other, "--listen", "127.0.0.1:0", "--etcd", "http://192.0.2.1:2379")
	cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	refused(t, exitFailure, store+" is a cluster's metadata store alone (pegmatite etcd), no node's", "serve", "--data", store, "--listen", "127.0.0.1:0")
	u, _ := url.Parse(at)
	launchEtcd(t, store, u.Host, key)
	if _, err := conn.Exec(ctx, "ALTER TABLE t ADD COLUMN b int; INSERT INTO t VALUES (1, 2)"); err != nil {
		t.Errorf("after the metadata store was away: %v", err)
	}
	p.signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	refused(t, exitFailure, "a metadata store alone needs a directory of its own", "etcd", "--data", node, "--listen", "127.0.0.1:0")
}

// TestEtcdFirstStartKilled: a first start that was killed is begun anew.
func TestEtcdFirstStartKilled(t *testing.T) {
	dir, key := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(nodetls.NewKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "new", "member"), 0o700); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(dir, "pegmatite.json")
	if err := os.WriteFile(mark, []byte(`{"format": 2, "role": "etcd (unfinished)"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	launchEtcd(t, dir, "127.0.0.1:0", key)
	if text, err := os.ReadFile(mark); err != nil || !strings.Contains(string(text), `"etcd"`) {
		t.Errorf("%s, %v", text, err)
	}
}
