package wire

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// pair is a connection over the loopback.
func pair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return server, client
}

// TestLastWordsOutliveADeadline: what is written when its deadline has passed
// already, or passes in the middle, reaches a client that reads.
func TestLastWordsOutliveADeadline(t *testing.T) {
	server, client := pair(t)
	p := &patient{Conn: server, stuckAfter: time.Minute}
	server.SetWriteDeadline(time.Now().Add(-time.Second))
	said := bytes.Repeat([]byte("goodbye "), 4<<20) // more than buffers between the two hold
	heard := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(client)
		heard <- b
	}()
	if n, err := p.Write(said); n != len(said) || err != nil {
		t.Errorf("%d of %d bytes: %v", n, len(said), err)
	}
	server.Close()
	if b := <-heard; !bytes.Equal(b, said) {
		t.Errorf("%d bytes came of %d", len(b), len(said))
	}
}

// TestStuckClient: a client that reads nothing is not waited for.
func TestStuckClient(t *testing.T) {
	server, _ := pair(t)
	p := &patient{Conn: server, stuckAfter: time.Millisecond}
	server.SetWriteDeadline(time.Now().Add(-time.Second))
	if _, err := p.Write(make([]byte, 64<<20)); err == nil || !isTimeout(err) {
		t.Errorf("a client that reads nothing: %v", err)
	}
}

// TestSlowClient: nor for ever is one that reads a little at a time.
func TestSlowClient(t *testing.T) {
	p := &patient{Conn: sips{}, stuckAfter: time.Millisecond}
	if n, err := p.Write(make([]byte, 100)); err == nil || !isTimeout(err) || n != maxExtensions+1 {
		t.Errorf("a client that reads a byte at a time: %d bytes, %v", n, err)
	}
}

// sips takes a byte in each deadline's time.
type sips struct{ net.Conn }

func (sips) Write(b []byte) (int, error)        { return 1, timedOut{} }
func (sips) SetWriteDeadline(t time.Time) error { return nil }

type timedOut struct{}

func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }
func (timedOut) Error() string   { return "i/o timeout" }
