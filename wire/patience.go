package wire

import (
	"net"
	"time"
)

// stuckAfter is how long a client that is sent away may take nothing before it
// is taken for one that does not read.
const stuckAfter = 2 * time.Second

// maxExtensions bounds how often a client that reads slowly is waited for.
const maxExtensions = 5

// patient is a socket on which a deadline alone does not end a write: it may have
// passed while this process, not the client, was slow, and what the client is told
// last must not be lost by that. Past it, a write is tried for another while
// (stuckAfter), and again as long as the client takes something.
//
// Its connection's goroutine alone writes.
type patient struct {
	net.Conn
	stuckAfter time.Duration
	extensions int // deadlines that were passed so far
}

// Write implements net.Conn.
func (p *patient) Write(b []byte) (n int, err error) {
	for tried := false; ; tried = true {
		var taken int
		taken, err = p.Conn.Write(b[n:])
		n += taken
		if err == nil || !isTimeout(err) || p.extensions == maxExtensions || tried && taken == 0 {
			return n, err
		}
		p.extensions++
		p.Conn.SetWriteDeadline(time.Now().Add(p.stuckAfter))
	}
}
