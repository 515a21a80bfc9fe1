package wire

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often clients of long statements are looked for. A
// statement is stopped, and its locks go, within two of them after its client
// went; PostgreSQL's client_connection_check_interval, which it has off.
const watchEvery = time.Second

// watch stops statements whose clients are gone, until the server drains.
func (s *Server) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.closing:
			return
		case now := <-tick.C:
			for _, c := range s.conns.all() {
				c.vanished(now.Add(-watchEvery))
			}
		}
	}
}

// hungUp reports whether the other side has closed its end. What it sent
// before may still lie unread in front of the end.
func hungUp(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: hangup}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 && fds[0].Revents&(hangup|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone || err != nil
}

// discardInput reads over what the client has sent already. To close a socket
// with unread input resets the connection, and the client may lose what it was told last.
func discardInput(nc net.Conn) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, 8<<10)
	nc.SetReadDeadline(time.Time{}) // a deadline that has passed would keep Read from looking
	raw.Read(func(fd uintptr) bool {
		for total := 0; total < maxDiscardBytes; {
			n, err := syscall.Read(int(fd), buf)
			if n <= 0 || err != nil {
				break
			}
			total += n
		}
		return true
	})
}

// maxDiscardBytes bounds what is read for nothing.
const maxDiscardBytes = 1 << 20
