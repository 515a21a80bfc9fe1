package node

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
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

// The ports of FreeAddress: below those that Linux gives outgoing connections,
// which could take one before the process listens that it is for.
const lowestPort, endOfPorts = 20000, 32768

// FreeAddress is an address of a host with a port that was free a moment ago.
func FreeAddress(t testing.TB, host string) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(lowestPort+rand.IntN(endOfPorts-lowestPort))))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
}
