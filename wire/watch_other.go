//go:build !linux

package wire

import "golang.org/x/sys/unix"

// hangup is the event of a peer that has closed its socket; elsewhere than on
// Linux a half closed one does not show.
const hangup = unix.POLLHUP
