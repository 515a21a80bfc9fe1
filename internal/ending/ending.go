// Package ending gives tests a request that ends while something long is under way.
package ending

import (
	"context"
	"errors"
	"time"
)

// Err is why a Request has ended.
var Err = errors.New("ended")

// Request is a context that counts how often it is asked whether it goes on, by
// one goroutine, and has ended from the At-th time on; 0 is never.
type Request struct {
	At    int
	Times int
}

var _ context.Context = (*Request)(nil)

// Err implements context.Context.
func (r *Request) Err() error {
	if r.Times++; r.At > 0 && r.Times >= r.At {
		return Err
	}
	return nil
}

// Done implements context.Context: who waits is not told.
func (*Request) Done() <-chan struct{} { return nil }

// Deadline implements context.Context: there is none.
func (*Request) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context: there are none.
func (*Request) Value(any) any { return nil }
