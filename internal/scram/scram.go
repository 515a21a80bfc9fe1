// Package scram makes SCRAM-SHA-256 verifiers as PostgreSQL keeps them
// (src/common/scram-common.c; RFC 5802, RFC 7677), and takes them apart (keys.go).
// Plain passwords are never kept.
package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"

	"github.com/xdg-go/stringprep"
)

// iterations is SCRAM_DEFAULT_ITERATIONS; saltBytes is SCRAM_DEFAULT_SALT_LEN.
const (
	iterations = 4096
	saltBytes  = 16
)

var verifier = regexp.MustCompile(`^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$`)

// IsVerifier reports whether s is a verifier already.
func IsVerifier(s string) bool { return verifier.MatchString(s) }

// NewVerifier makes the verifier of a password, with a fresh salt.
func NewVerifier(password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	return build(password, salt)
}

// build is NewVerifier with a given salt.
func build(password string, salt []byte) (string, error) {
	stored, server, err := derive(password, salt, iterations)
	if err != nil {
		return "", err
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored), b64(server)), nil
}

// derive makes the two keys that a server keeps.
func derive(password string, salt []byte, iterations int) (stored, server []byte, err error) {
	// A password that SASLprep refuses is used as it is, as PostgreSQL does.
	if prepared, err := stringprep.SASLprep.Prepare(password); err == nil {
		password = prepared
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return nil, nil, err
	}
	client := sha256.Sum256(mac(salted, "Client Key"))
	return client[:], mac(salted, "Server Key"), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
