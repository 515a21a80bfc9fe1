package wire

import "golang.org/x/sys/unix"

// hangup is the event of a peer that has closed or half closed its socket.
const hangup = unix.POLLRDHUP
