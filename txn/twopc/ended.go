package twopc

import "github.com/pegmatitedb/pegmatite/txn"

// keptEndings is how many transactions' ends a ledger remembers, for
// duplicates and for who asks late: some seconds of a busy log.
const keptEndings = 1 << 14

// ending is how a transaction ended, and the record that says so (0: none is needed).
type ending struct {
	txn.Outcome
	at Position
}

// ended remembers the ends of the last keptEndings transactions.
type ended struct {
	byID  map[txn.ID]ending
	order []txn.ID // a ring
	next  int
}

func newEnded() ended { return ended{byID: map[txn.ID]ending{}} }

func (s *ended) get(id txn.ID) (ending, bool) {
	e, ok := s.byID[id]
	return e, ok
}

func (s *ended) put(id txn.ID, e ending) {
	if _, again := s.byID[id]; !again {
		if len(s.order) < keptEndings {
			s.order = append(s.order, id)
		} else {
			delete(s.byID, s.order[s.next])
			s.order[s.next] = id
			s.next = (s.next + 1) % keptEndings
		}
	}
	s.byID[id] = e
}
