package log_test

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

// BenchmarkReplay reads a log of 100 MB: the log's share of a start after a crash.
func BenchmarkReplay(b *testing.B) {
	where := b.TempDir()
	l, err := log.Open(vfs.OS{}, where, log.Options{})
	check(b, err)
	check(b, l.Replay(0, nil))
	data := make([]byte, 600)
	for range 100_000_000 / len(data) {
		_, _, err := l.Append(log.Record{Data: data})
		check(b, err)
		if l.Last()%100 == 0 {
			check(b, l.Flush())
		}
	}
	check(b, l.Close())
	for b.Loop() {
		l, err := log.Open(vfs.OS{}, where, log.Options{})
		check(b, err)
		n := 0
		check(b, l.Replay(0, func(log.Position, log.Record) error { n++; return nil }))
		check(b, l.Close())
	}
}
