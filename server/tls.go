package server

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/pegmatitedb/pegmatite/wire/auth"
)

// certificate is what clients are shown that ask for TLS; it can be read anew.
type certificate struct {
	cert, key string
	current   atomic.Pointer[auth.Certificate]
}

// openCertificate reads the files; without any there is no TLS.
func openCertificate(c Config) (*certificate, error) {
	k := &certificate{cert: c.TLSCert, key: c.TLSKey}
	return k, k.load()
}

// load reads the files; on an error what was there stays.
func (k *certificate) load() error {
	if k.cert == "" {
		return nil
	}
	read, err := auth.LoadCertificate(k.cert, k.key)
	if err == nil {
		k.current.Store(read)
	}
	return err
}

// Reload reads the certificate's files anew, for the clients that come from now on.
func (n *Node) Reload() {
	if err := n.certificate.load(); err != nil {
		n.log.Error("the certificate stays as it was", "error", err)
		return
	}
	n.log.Info("the certificate was read anew", "file", n.config.TLSCert)
}

// reloads yields a value for each SIGHUP, until stop. Without TLS there is
// nothing to be read anew, and the signal ends the process as it does others.
func (n *Node) reloads() (signals <-chan os.Signal, stop func()) {
	hangups := make(chan os.Signal, 1)
	if n.config.TLSCert != "" {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	return hangups, func() { signal.Stop(hangups) }
}
