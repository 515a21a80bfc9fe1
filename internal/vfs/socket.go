package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// maxSocketPath is what fits into a socket's address with the zero after it.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// ClearSocket makes way for a Unix socket in a directory that is the caller's
// alone: a socket that is there is a dead process's and is removed, anything
// else is refused and left as it is.
func ClearSocket(path string) error {
	if len(path) > maxSocketPath {
		return fmt.Errorf("Unix-domain socket path %q is too long (maximum %d bytes): choose a directory with a shorter name", path, maxSocketPath)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is in the way of a socket and not one: move it elsewhere", path)
	}
	return os.Remove(path)
}
