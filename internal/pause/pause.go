// Package pause waits for a time that a context may cut short.
package pause

import (
	"context"
	"time"
)

// For returns nil after d, or at once with the context's error when ctx ends.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
