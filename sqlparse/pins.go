package sqlparse

import "sync"

// pinSet is a set of literal numbers; maxLifted bounds them.
type pinSet [maxLifted / 64]uint64

func (p pinSet) has(i int) bool { return p[i/64]&(1<<(i%64)) != 0 }
func (p pinSet) empty() bool    { return p == pinSet{} }

func (p pinSet) with(i int) pinSet {
	p[i/64] |= 1 << (i % 64)
	return p
}

// pins is a shared pinSet that grows.
type pins struct {
	mu  sync.RWMutex
	set pinSet // mu protects it
}

func (p *pins) add(i int) {
	p.mu.Lock()
	p.set = p.set.with(i)
	p.mu.Unlock()
}

func (p *pins) current() pinSet {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.set
}
