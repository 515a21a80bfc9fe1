package etcd_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/metakvtest"
)

// TestConformanceOfAnotherEtcd: an etcd of another version, as distributions have it (3.4).
func TestConformanceOfAnotherEtcd(t *testing.T) {
	program, err := exec.LookPath("etcd")
	if err != nil {
		t.Skip("no etcd program here: Debian's and Ubuntu's etcd-server is one, which make test-setup installs where apt can; without it only the etcd of this version is tried")
	}
	dir, err := os.MkdirTemp("", "etcd") // TempDir's names are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Nobody connects to the addresses that it advertises.
	const nowhere = "http://127.0.0.1:1"
	cmd := exec.Command(program, "--data-dir", dir+"/data", "--listen-client-urls", "unix://client:0", "--advertise-client-urls", nowhere,
		"--listen-peer-urls", "unix://peer:0", "--initial-advertise-peer-urls", nowhere, "--initial-cluster", "default="+nowhere)
	// 3.4 runs on arm64 only for who insists.
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "ETCD_UNSUPPORTED_ARCH=arm64")
	log, err := os.Create(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(dir + "/log")
			t.Logf("%s", text)
		}
	})
	store, err := etcd.Dial(t.Context(), []string{"unix://" + dir + "/client:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	metakvtest.Run(t, store, func() {})
}
