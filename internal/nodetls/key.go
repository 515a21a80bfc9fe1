package nodetls

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
)

// KeyBytes is how many random bytes a cluster's key has at least.
const KeyBytes = 32

// NewKey draws a cluster's key, as the line that its file holds.
func NewKey() string {
	key := make([]byte, KeyBytes)
	rand.Read(key)
	return base64.StdEncoding.EncodeToString(key)
}

// ReadKey reads a cluster's key: a file of base64 or hexadecimal digits
// (`pegmatite key`, `openssl rand -base64 32`, `openssl rand -hex 32`).
func ReadKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// parseKey takes what can be hexadecimal as that; base64 may be wrapped.
func parseKey(text []byte) ([]byte, error) {
	digits := string(bytes.Join(bytes.Fields(text), nil))
	key, err := hex.DecodeString(digits)
	if err != nil {
		key, err = base64.StdEncoding.DecodeString(digits)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("a cluster's key is %d or more random bytes in base64 or hexadecimal", KeyBytes)
	case len(key) < KeyBytes:
		return nil, fmt.Errorf("a cluster's key has %d bytes at least, this one %d", KeyBytes, len(key))
	}
	return key, nil
}
