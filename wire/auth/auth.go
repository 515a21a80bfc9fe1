// Package auth decides who a client is: which clients have to prove it, what of
// a role they have to prove it with, and the SCRAM exchange that does (RFC 5802,
// 7677; PostgreSQL's auth-scram.c). It reads and writes nothing: wire carries
// the messages.
//
//	auth.go      who has to authenticate, and a role's keys (this file)
//	exchange.go  the exchange
//	certificate.go  what clients with TLS are shown
package auth

import (
	"net"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/scram"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Trusted reports whether a client at an address is believed without proof: one
// of the directory's Unix socket, whose file's mode keeps others out, and one of
// this machine if loopback is trusted. A proxy on this machine makes others'
// clients look like such.
func Trusted(client net.Addr, loopback bool) bool {
	switch a := client.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return loopback && a.IP.IsLoopback()
	}
	return false
}

// Role is what an exchange needs of the role that a client names.
type Role struct {
	Name string
	Keys scram.Keys
	// Refused says, for the log alone, why no password will do; "" if one does.
	Refused string
}

// FindRole looks a role up. One that is not there or cannot be authenticated has
// mock keys, so that the exchange says nothing about it; secret is the cluster's.
func FindRole(s *catalog.Snapshot, name string, secret []byte, now time.Time) Role {
	r := Role{Name: name, Keys: scram.Mock(secret, name)}
	role := s.Role(name)
	switch {
	case role == nil:
		r.Refused = "the role does not exist"
		return r
	case role.Verifier == "":
		r.Refused = "the role has no password"
		return r
	}
	keys, err := scram.Parse(role.Verifier)
	if err != nil {
		r.Refused = "the role's password is " + err.Error()
		return r
	}
	r.Keys = keys
	if expired(role.ValidUntil, now) {
		r.Refused = "the role's password has expired"
	}
	return r
}

// expired reports whether VALID UNTIL has passed. What cannot be read has.
func expired(until string, now time.Time) bool {
	if until == "" {
		return false
	}
	moment, err := types.TTimestamptz.Parse(types.DefaultEnv(), until, -1)
	return err != nil || moment.Int() < types.TimestampFromTime(now)
}
