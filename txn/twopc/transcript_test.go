package twopc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Plays are scripts of what happens to some commits; the indented lines are
// what comes of it. A letter is a log, the first one of a transaction its home.
//
//	T1 writes A B C      and its commit begins
//	give prepare A       the request arrives (lose, repeat: it does not, it will again)
//	back prepare A       its answer arrives (lose back: it does not)
//	sync A | crash A | cut A 3 | ask A (its resolver asks around)
//	timeout T1 A         its coordinator waits no longer for A's answer
//	dies T1              its coordinator is gone
//	end                  all goes well from here on
func TestPlays(t *testing.T) { golden.Files(t, "testdata/play_*.txt", perform) }

func perform(t *testing.T, script string) string {
	var out strings.Builder
	c := newCluster(3)
	for _, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			c = newCluster(3)
			continue
		}
		c.trace = nil
		act(t, c, strings.Fields(line))
		for _, said := range c.trace {
			if strings.HasPrefix(said, "  ") {
				out.WriteString(said + "\n")
			}
		}
		for _, p := range c.problems {
			t.Errorf("%s: %s", line, p)
		}
		if line == "end" {
			out.WriteString(c.outcomes())
		}
	}
	return out.String()
}

func act(t *testing.T, c *cluster, words []string) {
	log := func(i int) *simLog { return c.logs[words[i][0]-'A'] }
	switch words[0] {
	case "give", "back", "lose", "repeat":
		i := find(c, words)
		if i < 0 {
			t.Fatalf("nothing to %v among %v", words, c.flight)
		}
		switch words[0] {
		case "lose":
			c.flight = slices.Delete(c.flight, i, i+1)
		case "repeat":
			c.flight = append(c.flight, c.flight[i])
			c.deliver(i)
		default:
			c.deliver(i)
		}
	case "sync":
		log(1).sync(len(log(1).records))
	case "crash":
		log(1).crash()
	case "cut":
		n, _ := strconv.Atoi(words[2])
		log(1).cut(Position(n))
		c.say("  the log begins with record %d", log(1).base+1)
	case "ask":
		log(1).resolve()
	case "timeout":
		c.timeout(transaction(words[1]), log(2).number)
	case "dies":
		c.commits[transaction(words[1])].machine = nil
	case "end":
		c.settle()
		c.verify()
		c.trace = nil
	default: // T1 writes A B
		var logs []int
		for i := range words[2:] {
			logs = append(logs, log(i+2).number)
		}
		c.begin(transaction(words[0]), logs...)
	}
}

func transaction(name string) txn.ID {
	seq, _ := strconv.ParseUint(name[1:], 10, 64)
	return txn.ID{Node: 1, Boot: 1, Seq: seq}
}

// find looks for "give prepare A", "back prepare A" or "lose back prepare A".
func find(c *cluster, words []string) int {
	back := slices.Contains(words, "back")
	return slices.IndexFunc(c.flight, func(e envelope) bool {
		return (e.reply != nil) == back && e.kind.String() == words[len(words)-2] && 'A'+e.log == int(words[len(words)-1][0])
	})
}

// outcomes says what became of everything.
func (c *cluster) outcomes() string {
	var out strings.Builder
	for seq := 1; seq <= len(c.commits); seq++ {
		id := txn.ID{Node: 1, Boot: 1, Seq: uint64(seq)}
		fmt.Fprintf(&out, "  T%d: %s\n", seq, c.outcome(id))
	}
	return out.String()
}

func (c *cluster) outcome(id txn.ID) string {
	s := c.commits[id]
	var parts []string
	for _, i := range s.logs {
		text := "aborted"
		if out, ok := c.logs[i].applied[id]; ok {
			text = outcomeText(out)
		}
		parts = append(parts, fmt.Sprintf("%s in %c", text, 'A'+i))
	}
	client := "nobody is there to be told"
	if s.machine != nil {
		out, err, _ := s.machine.Answer()
		client = "the client is told " + outcomeText(out)
		if err != nil {
			client += ": " + err.Error()
		}
	}
	return strings.Join(parts, ", ") + "; " + client
}

// A commit over two logs, and one in one log, with a crash of each part after
// each of its events: the golden file says what becomes of it.
func TestCrashPoints(t *testing.T) {
	var out strings.Builder
	for _, logs := range [][]int{{0}, {0, 1}} {
		for point := 0; ; point++ {
			if !crashAt(t, &out, logs, point) {
				break
			}
		}
	}
	golden.Check(t, "testdata/crash_points.txt", out.String())
}

// crashAt runs a commit up to an event and then crashes things, one after the
// other, each in a world of its own.
func crashAt(t *testing.T, out *strings.Builder, logs []int, point int) bool {
	id := txn.ID{Node: 1, Boot: 1, Seq: 1}
	crashes := []struct {
		name        string
		logs        []int
		coordinator bool
	}{
		{"A", []int{0}, false}, {"B", []int{1}, false}, {"A and B", []int{0, 1}, false},
		{"the coordinator", nil, true}, {"everything", []int{0, 1}, true},
	}
	for i, crash := range crashes {
		if len(logs) == 1 && strings.Contains(crash.name, "B") {
			continue
		}
		c := newCluster(2)
		c.begin(id, logs...)
		event, ok := "the commit has begun", true
		for range point {
			if event, ok = c.next(); !ok {
				return false
			}
		}
		if i == 0 {
			fmt.Fprintf(out, "%s\n", event)
		}
		for _, l := range crash.logs {
			c.logs[l].crash()
		}
		if crash.coordinator {
			c.commits[id].machine = nil
		}
		c.settle()
		c.verify()
		fmt.Fprintf(out, "  %s: %s\n", crash.name, c.outcome(id))
		for _, p := range c.problems {
			t.Errorf("%s, crash of %s: %s", event, crash.name, p)
		}
	}
	return true
}

// next lets the next thing happen when all goes well: a message arrives, or a
// log syncs one record.
func (c *cluster) next() (string, bool) {
	if len(c.flight) > 0 {
		event := c.flight[0].String()
		c.deliver(0)
		return event, true
	}
	for _, l := range c.logs {
		if at := int(l.synced - l.base); at < len(l.records) {
			event := fmt.Sprintf("%c syncs %s", 'A'+l.number, recordText(l.records[at]))
			l.sync(1)
			return event, true
		}
	}
	return "", false
}
