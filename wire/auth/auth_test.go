package auth

import (
	"net"
	"testing"
)

func TestTrusted(t *testing.T) {
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip)} }
	for _, c := range []struct {
		address       net.Addr
		with, without bool
	}{
		{&net.UnixAddr{}, true, true},
		{tcp("127.0.0.1"), true, false}, {tcp("127.8.9.1"), true, false}, {tcp("::1"), true, false}, {tcp("::ffff:127.0.0.1"), true, false},
		{tcp("192.0.2.2"), false, false}, {tcp("::"), false, false}, {tcp("fe80::1"), false, false}, {&net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, false, false},
	} {
		if with, without := Trusted(c.address, true), Trusted(c.address, false); with != c.with || without != c.without {
			t.Errorf("%v: %v, %v", c.address, with, without)
		}
	}
}
