package main

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
)

// listening are the TCP ports that a process listens on, as 127.0.0.1:5432.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	sockets := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if name, err := os.Readlink(fd); err == nil {
			sockets[strings.TrimSuffix(strings.TrimPrefix(name, "socket:["), "]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		for line := range strings.Lines(string(read(t, fmt.Sprintf("/proc/%d/net/%s", pid, table)))) {
			// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && sockets[f[9]] {
				host, port, _ := strings.Cut(f[1], ":")
				n, err := strconv.ParseUint(port, 16, 16)
				if err != nil {
					t.Fatal(err)
				}
				if host == "0100007F" {
					host = "127.0.0.1"
				}
				addresses = append(addresses, fmt.Sprintf("%s:%d", host, n))
			}
		}
	}
	slices.Sort(addresses)
	return addresses
}

// TestPorts: a server listens where it was told to and nowhere else; its
// metadata store is reached by the URL that it shows.
func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	http := l.Addr().String()
	l.Close()
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, dir, "--http", http).ready()
	want := []string{p.address, http}
	slices.Sort(want)
	if got := listening(t, p.cmd.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("it listens on %q, not %q", got, want)
	}
	var url string
	if err := p.connect().QueryRow(context.Background(), "SHOW pegmatite.etcd").Scan(&url); err != nil {
		t.Fatal(err)
	}
	if url != "unix://"+filepath.Join(dir, "etcd.sock") {
		t.Errorf("pegmatite.etcd is %q", url)
	}
	if i, err := os.Stat(filepath.Join(dir, "etcd.sock")); err != nil || i.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", i, err)
	}
	store, err := etcd.Dial(context.Background(), []string{url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if kvs, _, err := store.Range(context.Background(), "/pegmatite/"); err != nil || len(kvs) == 0 {
		t.Errorf("%d keys, %v", len(kvs), err)
	}
}
