package etcd

import (
	"os"
	"syscall"
)

// keepSize is FALLOC_FL_KEEP_SIZE.
const keepSize = 1

// reserve gives a file its space on the disk, as far as it goes and up to bytes
// at least, without changing what it says of its size.
func reserve(path string, bytes int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return syscall.Fallocate(int(f.Fd()), keepSize, 0, max(info.Size(), bytes))
}
