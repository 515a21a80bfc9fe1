package node

import (
	"net"
	"testing"
)

// Outside is an address of this machine that is not loopback. The test is
// skipped where there is none: nobody could be let in or refused from there.
func Outside(t testing.TB) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no IPv4 address but loopback, so nobody can come from beyond it")
	return ""
}

// FreeAddress is an address like address, whose port may be 0, with a port that
// was free a moment ago.
func FreeAddress(t testing.TB, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
