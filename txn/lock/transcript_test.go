package lock_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Transcripts read like plays: a line without indentation is something that a
// transaction does, the indented lines under it are what comes of it.
//
//	T1 locks row a for update            takes it or waits
//	T1 locks row a for update nowait     nowait, skip, try
//	T1 locks table 5 AccessShareLock
//	T1 begins statement 3                what it locks from now on is statement 3's
//	T1 prepares | ends | cuts 3 | gives up | holds
//	T1 looks for a deadlock
//	restart                              only prepared transactions survive
//	edges
func TestTranscripts(t *testing.T) { golden.Files(t, "testdata/*.txt", perform) }

// stage is a table and who acts on it.
type stage struct {
	t         *testing.T
	table     *lock.Table
	statement map[string]txn.Statement
	waiters   []*lock.Waiter
	out       strings.Builder
}

func perform(t *testing.T, script string) string {
	s := &stage{t: t, table: lock.New(), statement: map[string]txn.Statement{}}
	for _, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		s.out.WriteString(line + "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			s.act(strings.Fields(line))
		}
	}
	return s.out.String()
}

func (s *stage) say(format string, args ...any) { fmt.Fprintf(&s.out, "  "+format+"\n", args...) }

func actor(name string) txn.ID {
	seq, _ := strconv.ParseUint(strings.TrimPrefix(name, "T"), 10, 64)
	return txn.ID{Node: 1, Boot: 1, Seq: seq}
}

func nameOf(id txn.ID) string { return fmt.Sprintf("T%d", id.Seq) }

func (s *stage) act(words []string) {
	who := actor(words[0])
	switch {
	case words[0] == "restart":
		s.restart()
	case words[0] == "edges":
		s.edges()
	case words[1] == "locks":
		s.locks(words[0], words[2:])
	case words[1] == "begins":
		n, _ := strconv.Atoi(words[3])
		s.statement[words[0]] = txn.Statement(n)
	case words[1] == "prepares":
		s.table.Prepare(who)
	case words[1] == "ends":
		s.left(s.table.Release(who))
	case words[1] == "cuts":
		n, _ := strconv.Atoi(words[2])
		s.left(s.table.Cut(who, txn.Statement(n), ^txn.Statement(0)))
	case words[1] == "gives":
		for _, w := range slices.Clone(s.waiters) {
			if w.Owner == who && w.Result() == lock.Waiting {
				s.left(append([]*lock.Waiter{w}, s.table.Cancel(w)...))
			}
		}
	case words[1] == "holds":
		for _, h := range s.table.Holdings(who) {
			s.say("%s %s, statement %d", keyName(h.Key), h.Mode, h.Statement)
		}
	case words[1] == "looks":
		s.looks(who)
	default:
		s.t.Fatalf("what is %q?", words)
	}
	checkTable(s.t, s.table, s.waiters)
}

func keyName(k lock.Key) string {
	if k.Space == lock.Relation {
		return fmt.Sprintf("table %d", k.Object)
	}
	return "row " + k.Bytes
}

// locks understands "row a for update nowait" and "table 5 ShareLock nowait".
func (s *stage) locks(name string, words []string) {
	r := lock.Request{Owner: actor(name), Statement: max(1, s.statement[name])}
	policies := []string{"", "nowait", "skip", "try", "norows"}
	if i := slices.Index(policies, words[len(words)-1]); i > 0 {
		r.Policy, words = lock.Policy(i), words[:len(words)-1]
	}
	mode := words[2]
	if words[0] == "table" {
		n, _ := strconv.ParseUint(words[1], 10, 64)
		r.Key = lock.Key{Space: lock.Relation, Object: n}
	} else {
		r.Key = lock.Key{Space: lock.Row, Object: 1, Bytes: words[1]}
		mode = strings.Join(words[3:], " ")
	}
	for r.Mode = lock.KeyShare; r.Mode.String() != mode; r.Mode++ {
		if r.Mode == lock.TableAccessExclusive {
			s.t.Fatalf("what mode is %q?", mode)
		}
	}
	result, w := s.table.Acquire(r)
	if w != nil {
		s.waiters = append(s.waiters, w)
	}
	s.say("%s", result)
}

// left reports whose waiting is over.
func (s *stage) left(list []*lock.Waiter) {
	for _, w := range list {
		select {
		case <-w.Done():
		default:
			s.t.Errorf("%s has left its queue and was not told", nameOf(w.Owner))
		}
		s.say("%s: %s for %s is %s", nameOf(w.Owner), keyName(w.Key), w.Mode, w.Result())
	}
}

func (s *stage) edges() {
	for _, e := range s.table.Edges() {
		soft := ""
		if e.Soft {
			soft = ", which only came first"
		}
		s.say("%s waits for %s (%s for %s)%s", nameOf(e.Waiter), nameOf(e.Blocker), keyName(e.Key), e.Mode, soft)
	}
}

func (s *stage) looks(who txn.ID) {
	cycle := lock.FindCycle(s.table.Edges(), who)
	if cycle == nil {
		s.say("none")
		return
	}
	if e, ok := lock.SoftEdge(cycle); ok {
		for _, w := range s.waiters {
			if w.Owner == e.Waiter && w.Key == e.Key && s.table.Jump(w) {
				s.say("%s jumps the queue for %s", nameOf(e.Waiter), keyName(e.Key))
				return
			}
		}
		s.t.Errorf("nobody could jump")
	}
	err := lock.Deadlock(cycle, func(id txn.ID) lock.Party {
		return lock.Party{Process: int32(100 + id.Seq), Number: 700 + id.Seq}
	}, func(uint32) uint32 { return 5 })
	s.say("%s: %s", err.Code, err.Message)
	for _, line := range strings.Split(err.Detail, "\n") {
		s.say("%s", line)
	}
}

// restart is what a crash does: a new table with the prepared transactions'
// locks in it.
func (s *stage) restart() {
	before := s.table
	s.table, s.waiters = lock.New(), nil
	for seq := uint64(1); seq < 10; seq++ {
		id := txn.ID{Node: 1, Boot: 1, Seq: seq}
		if before.IsPrepared(id) {
			s.table.Restore(id, before.Holdings(id))
			s.say("%s holds %d keys", nameOf(id), s.table.Count(id))
		}
	}
}
