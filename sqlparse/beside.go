package sqlparse

import (
	"context"
	"sync"
)

// LongText is from how many bytes on a text is parsed beside its caller: the C
// grammar reads some megabytes in a second and hears nothing meanwhile.
const LongText = 64 << 10

// maxBeside bounds the long texts that are parsed at a time, those included that
// nobody waits for any more.
const maxBeside = 8

// beside parses long texts in goroutines of its own, so that whoever waits for
// one can leave. What is left ends by itself.
type beside struct {
	parse   func(d Dialect, sql string) ([]*Statement, error)
	slots   chan struct{} // one for each text that is being parsed
	running sync.WaitGroup
}

func newBeside() *beside {
	return &beside{parse: Dialect.Parse, slots: make(chan struct{}, maxBeside)}
}

// parsed is what became of a text.
type parsed struct {
	out      []*Statement
	err      error
	panicked any
}

// wait is Dialect.Parse for as long as ctx goes on; then the error is ctx's.
func (b *beside) wait(ctx context.Context, d Dialect, sql string) ([]*Statement, error) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := make(chan parsed, 1)
	b.running.Go(func() {
		defer func() { <-b.slots }()
		done <- b.one(d, sql)
	})
	select {
	case p := <-done:
		if p.panicked != nil {
			panic(p.panicked) // as in the caller's goroutine, which knows what to do
		}
		return p.out, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *beside) one(d Dialect, sql string) (p parsed) {
	defer func() { p.panicked = recover() }()
	p.out, p.err = b.parse(d, sql)
	return p
}

// Close waits for what is being parsed; nobody parses any more.
func (b *beside) Close() error {
	b.running.Wait()
	return nil
}
