package faults

import (
	"net"
	"sync"
	"testing"
)

// valve is a way to an address that can be shut: connections stay, and nothing
// passes until it is opened.
type valve struct {
	net.Listener
	to   string
	shut sync.RWMutex // locked while it is shut
}

func newValve(t *testing.T, to string) *valve {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &valve{Listener: l, to: to}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			running.Go(func() { v.carry(near, far) })
			running.Go(func() { v.carry(far, near) })
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return v
}

func (v *valve) carry(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		v.shut.RLock()
		if _, werr := to.Write(buf[:n]); err == nil {
			err = werr
		}
		v.shut.RUnlock()
		if err != nil {
			return
		}
	}
}
