package etcd

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// failure is the first reason why etcd cannot go on. etcd tells it to its
// logger, which is to end the process by a panic or at once; ours keeps the
// reason and ends the goroutine, so that the node can say it and stop in order.
type failure struct {
	once sync.Once
	// told is closed when reason is set.
	told   chan struct{}
	reason error
}

func newFailure() *failure { return &failure{told: make(chan struct{})} }

// logger is what etcd logs to: nothing but its end is of interest, not even an
// orderly stop, which it logs as errors.
func (f *failure) logger() *zap.Logger {
	return zap.New(zapcore.NewNopCore(), zap.WithFatalHook(f), zap.WithPanicHook(f))
}

// OnWrite implements zapcore.CheckWriteHook. It does not return: what follows
// in etcd's code relies on that.
func (f *failure) OnWrite(entry *zapcore.CheckedEntry, fields []zapcore.Field) {
	f.tell(entryError(entry.Message, fields))
	runtime.Goexit()
}

func (f *failure) tell(err error) {
	f.once.Do(func() {
		f.reason = err
		close(f.told)
	})
}

// entryError is a log entry as an error: its text, and the error among its fields.
func entryError(message string, fields []zapcore.Field) error {
	for _, field := range fields {
		if err, ok := field.Interface.(error); ok && field.Type == zapcore.ErrorType {
			return fmt.Errorf("%s: %w", message, err)
		}
	}
	return errors.New(message)
}
