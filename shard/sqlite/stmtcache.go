package sqlite

// stmtCache keeps a connection's prepared statements by their text. Statements
// that are taken stay in it; a second one of the same text is a stray, which
// lives until it is given back.
type stmtCache struct {
	byText map[string]*Stmt
	limit  int
	taken  int  // statements taken, strays included
	ring   Stmt // cached statements, the most recently given back behind it
	strays Stmt // taken statements that are not cached
}

func (s *stmtCache) init(limit int) {
	s.byText = make(map[string]*Stmt)
	s.limit = limit
	s.ring.prev, s.ring.next = &s.ring, &s.ring
	s.strays.prev, s.strays.next = &s.strays, &s.strays
}

func (st *Stmt) unlink() { st.prev.next, st.next.prev = st.next, st.prev }

func (st *Stmt) linkAfter(at *Stmt) {
	st.prev, st.next = at, at.next
	at.next.prev, at.next = st, st
}

// take returns the cached statement for sql unless somebody has it.
func (s *stmtCache) take(sql string) *Stmt {
	st := s.byText[sql]
	if st == nil || st.taken {
		return nil
	}
	st.taken = true
	s.taken++
	return st
}

// add enters a statement just prepared, which its caller holds.
func (s *stmtCache) add(st *Stmt) {
	s.taken++
	if s.byText[st.sql] != nil {
		st.linkAfter(&s.strays)
		return
	}
	st.cached = true
	s.byText[st.sql] = st
	st.linkAfter(&s.ring)
	s.evict()
}

// put gives st back.
func (s *stmtCache) put(st *Stmt) {
	s.taken--
	if !st.cached {
		st.unlink()
		st.finalize()
		return
	}
	st.taken = false
	if s.ring.next != st {
		st.unlink()
		st.linkAfter(&s.ring)
	}
}

// evict finalizes the statements unused for longest while there are too many.
func (s *stmtCache) evict() {
	for st := s.ring.prev; len(s.byText) > s.limit && st != &s.ring; {
		older := st
		st = st.prev
		if !older.taken {
			s.drop(older)
		}
	}
}

func (s *stmtCache) drop(st *Stmt) {
	delete(s.byText, st.sql)
	st.unlink()
	st.finalize()
}

// doneAll gives back every statement that is still taken.
func (s *stmtCache) doneAll() {
	if s.taken == 0 {
		return
	}
	for st := s.ring.next; st != &s.ring; st = st.next {
		if st.taken {
			st.Reset()
			st.taken = false
			s.taken--
		}
	}
	for s.strays.next != &s.strays {
		s.strays.next.Done()
	}
}

// clear finalizes all.
func (s *stmtCache) clear() {
	s.doneAll()
	for s.ring.next != &s.ring {
		s.drop(s.ring.next)
	}
}
