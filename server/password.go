package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/scram"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// firstPasswordFile holds the superuser's first password, as a verifier, until
// the first start has put it on the role: DIR/first-password.
const firstPasswordFile = "first-password"

// SetFirstPassword keeps a password for the superuser of a directory that was
// not started yet; one that was kept before is replaced. What is written is a
// SCRAM verifier.
func SetFirstPassword(dir, password string) error {
	if password == "" {
		return errors.New("the password is empty")
	}
	if err := CheckFirstPassword(dir); err != nil {
		return err
	}
	files := vfs.OS{}
	d, err := OpenDataDir(files, dir, Wanted{})
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.Fresh {
		return errStarted(dir)
	}
	verifier, err := scram.NewVerifier(password)
	if err != nil {
		return err
	}
	return vfs.WriteFile(files, filepath.Join(dir, firstPasswordFile), []byte(verifier+"\n"))
}

// CheckFirstPassword refuses a directory that was started already.
func CheckFirstPassword(dir string) error {
	if _, err := vfs.ReadFile(vfs.OS{}, filepath.Join(dir, identityFile)); !errors.Is(err, fs.ErrNotExist) {
		return errStarted(dir)
	}
	return nil
}

func errStarted(dir string) error {
	return fmt.Errorf("%s has been started already: its roles have passwords by ALTER ROLE … PASSWORD (psql's \\password)", dir)
}

// firstVerifier is the verifier of the superuser's first password: of DIR's
// file, or of what the setting's names; "" without either.
func (n *Node) firstVerifier() (string, error) {
	text, err := vfs.ReadFile(vfs.OS{}, filepath.Join(n.dir.Path, firstPasswordFile))
	if err == nil {
		verifier := strings.TrimSpace(string(text))
		if !scram.IsVerifier(verifier) {
			return "", fmt.Errorf("%s is damaged: remove it", filepath.Join(n.dir.Path, firstPasswordFile))
		}
		return verifier, nil
	}
	if !errors.Is(err, fs.ErrNotExist) || n.config.PasswordFile == "" {
		return "", ignoreAbsent(err)
	}
	if text, err = os.ReadFile(n.config.PasswordFile); err != nil {
		return "", fmt.Errorf("password-file: %w", err)
	}
	password, _, _ := strings.Cut(string(text), "\n")
	if password = strings.TrimSuffix(password, "\r"); password == "" {
		return "", fmt.Errorf("password-file: the first line of %s is empty", n.config.PasswordFile)
	}
	return scram.NewVerifier(password)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// checkExposed refuses to let clients of other machines in as long as no
// superuser has a password, or gets one by this start. It is asked before
// anything of a new cluster is made, and when the metadata is known.
func (n *Node) checkExposed(ctx context.Context) error {
	if isLoopback(n.config.Listen) {
		return nil
	}
	if n.store != nil && superuserHasPassword(n.store.Snapshot()) {
		return nil
	}
	if n.store == nil && (!n.dir.Fresh || n.config.Etcd != "") {
		return nil // the metadata will tell
	}
	verifier, err := n.firstVerifier()
	if err != nil || verifier != "" {
		return err
	}
	if err := checkHost(ctx, n.config.Listen); err != nil {
		return err
	}
	return fmt.Errorf("listen: %s is open to other machines and no superuser has a password: give --password-file, or set one "+
		"(pegmatite passwd DIR before the first start, ALTER ROLE … PASSWORD after it)", n.config.Listen)
}

// setFirstPassword puts the first password on the bootstrap superuser, unless a
// superuser has one. The directory is the cluster's by now: what fails or is
// killed here is made up for by the next start.
func (n *Node) setFirstPassword(ctx context.Context) error {
	file := filepath.Join(n.dir.Path, firstPasswordFile)
	if superuserHasPassword(n.store.Snapshot()) {
		n.tellUnused(file)
		return ignoreAbsent(vfs.OS{}.Remove(file))
	}
	verifier, err := n.firstVerifier()
	if err != nil || verifier == "" {
		return err
	}
	c := catalog.NewChange(n.store.Snapshot())
	role := n.store.Snapshot().RoleByOID(catalog.SuperuserOID)
	if role == nil {
		return nil // it was dropped: whoever did it has another
	}
	changed := *role
	changed.Verifier = verifier
	c.Put(&changed)
	if _, err := n.store.Publish(ctx, c, store.Decision{}); err != nil {
		// Another node of the cluster may have been faster.
		if s, e := n.store.Confirm(ctx); e != nil || !superuserHasPassword(s) {
			return err
		}
	}
	return ignoreAbsent(vfs.OS{}.Remove(file))
}

// tellUnused logs that nobody has the password that was kept for this start: the
// cluster that the node joins has a superuser with another.
func (n *Node) tellUnused(file string) {
	kept, err := vfs.ReadFile(vfs.OS{}, file)
	if err != nil {
		return
	}
	for r := range n.store.Snapshot().Roles() {
		if r.Verifier == strings.TrimSpace(string(kept)) {
			return // by a start that ended before it removed the file
		}
	}
	n.log.Warn("the password of `pegmatite passwd` is given to nobody: a superuser of the cluster has one already", "file", file)
}

// superuserHasPassword reports whether somebody can come from another machine to set others' passwords.
func superuserHasPassword(s *catalog.Snapshot) bool {
	for r := range s.Roles() {
		if r.Super && r.Login && r.Verifier != "" {
			return true
		}
	}
	return false
}

// isLoopback reports whether an address is one that other machines cannot reach.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
