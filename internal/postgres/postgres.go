// Package postgres starts PostgreSQL servers that nobody else uses: what tests
// compare with and what benchmarks measure against.
package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Programs is where Debian keeps those of PostgreSQL 15, the version that answers are recorded from.
const Programs = "/usr/lib/postgresql/15/bin"

// Start makes a cluster in dir, which must not exist, and starts a server on it
// with PostgreSQL's defaults, the C collation and C.UTF-8's classes; the user is
// postgres. bin is the directory of its programs, port one of 127.0.0.1 that is
// free, settings are "name=value". SIGINT ends it at once.
func Start(bin, dir string, port int, settings ...string) (*exec.Cmd, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", dir, "-U", "postgres", "-A", "trust",
		"--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-D", dir}
	for _, s := range append([]string{"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories="}, settings...) {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.SysProcAttr = dir, as
	return cmd, cmd.Start()
}

// unprivileged gives dir to the user postgres when this is root, whom PostgreSQL refuses.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}
