package engine

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/txn"
)

// pins are the moments that reads of the newest hold on to while they look at
// more than one thing: local snapshots that the oracle knows nothing of (rule 14).
type pins struct {
	mu   sync.Mutex // protects held; taken under the latch
	held map[*pin]struct{}
}

type pin struct {
	at   txn.Timestamp
	held bool
}

// pinAt registers a moment; the caller holds the latch, shared at least, so
// that the floor cannot pass meanwhile.
func (e *Engine) pinAt(p *pin, at txn.Timestamp) {
	e.pins.mu.Lock()
	defer e.pins.mu.Unlock()
	if e.pins.held == nil {
		e.pins.held = map[*pin]struct{}{}
	}
	p.at, p.held = at, true
	e.pins.held[p] = struct{}{}
}

// unpin lets a moment go, if it was pinned.
func (e *Engine) unpin(p *pin) {
	if !p.held {
		return
	}
	e.pins.mu.Lock()
	defer e.pins.mu.Unlock()
	p.held = false
	delete(e.pins.held, p)
}

// append appends the pinned moments.
func (s *pins) append(dst []txn.Timestamp) []txn.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.held {
		dst = append(dst, p.at)
	}
	return dst
}

// oldest is the lowest pinned moment, at most bound.
func (s *pins) oldest(bound txn.Timestamp) txn.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.held {
		bound = min(bound, p.at)
	}
	return bound
}
