package scram

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Keys are a verifier taken apart: what the server's side of an exchange needs.
type Keys struct {
	Iterations           int
	Salt, Stored, Server []byte
}

// Parse takes a verifier apart.
func Parse(verifier string) (Keys, error) {
	malformed := fmt.Errorf("not a SCRAM-SHA-256 verifier")
	if !IsVerifier(verifier) {
		return Keys{}, malformed
	}
	parts := strings.FieldsFunc(verifier, func(r rune) bool { return r == '$' || r == ':' })
	iterations, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil || iterations < 1 {
		return Keys{}, malformed
	}
	k := Keys{Iterations: int(iterations)}
	for i, to := range []*[]byte{&k.Salt, &k.Stored, &k.Server} {
		if *to, err = base64.StdEncoding.DecodeString(parts[2+i]); err != nil {
			return Keys{}, malformed
		}
	}
	if len(k.Stored) != sha256.Size || len(k.Server) != sha256.Size {
		return Keys{}, malformed
	}
	return k, nil
}

// Mock makes keys for a role that has none, so that its name looks like any
// other's: the same name has the same salt whenever and wherever in the cluster it
// is asked for, and no password fits. The secret is the cluster's (scram_mock_salt in
// PostgreSQL's auth-scram.c).
func Mock(secret []byte, role string) Keys {
	return Keys{
		Iterations: iterations, Salt: mac(secret, "salt:"+role)[:saltBytes],
		Stored: mac(secret, "stored:"+role), Server: mac(secret, "server:"+role),
	}
}

// Fits reports whether the password is the verifier's.
func (k Keys) Fits(password string) bool {
	stored, _, err := derive(password, k.Salt, k.Iterations)
	return err == nil && hmac.Equal(stored, k.Stored)
}
