package regex

import (
	"encoding/binary"
	"slices"
)

// dfa is a program's states, each a set of instructions at a place of a text.
// They are made when a text leads to them, and kept as long as there is room.
type dfa struct {
	re     *Regex
	prog   *program
	search bool // it begins again at every place
	known  map[string]*state
	usual  [2]*state         // where matching begins with nothing seen behind, and at the text's start
	starts map[uint64]*state // the others, by what is seen behind
	bytes  int

	// seen are marks of instructions by generation; list and key are what is being made.
	marks      []uint32
	generation uint32
	list       []int32
	stack      []int32
	key        []byte
	met        int // instructions that were followed and have not been noted as work
}

// state is where an automaton is between two characters.
type state struct {
	next   []*state // by color; none is kept for endOfText
	flags  stateFlags
	end    *state  // at the end of the text
	instrs []int32 // that read characters, or wait for what comes next
	behind uint64  // what is seen behind, where something waits
	looks  []int32 // constraints that are asked for here
	byLook map[lookKey]*state
}

type stateFlags uint8

const (
	accepts  stateFlags = 1 << iota // it has matched here
	accepted                        // it had matched in front of the last character, as that one showed
	fresh                           // of a search: nothing has begun before here
	dead                            // nothing can match any more
	waits                           // for what the next character is
)

func (st *state) is(f stateFlags) bool { return st.flags&f != 0 }

// lookKey is a character, and which constraints hold in front of it, a bit each.
type lookKey struct {
	color color
	holds uint32
}

const (
	// maxStates is how many bytes the states of an expression's automata take.
	maxStates = 2 << 20
	// stateBytes is what a state takes beside its lists.
	stateBytes = 160
	// maxLooks is how many constraints a state's successors are kept by.
	maxLooks = 8
)

func (re *Regex) newDFA(n *node, search bool) *dfa {
	prog := programOf(n)
	re.instrs += len(prog.instrs)
	return &dfa{
		re: re, prog: prog, search: search, known: map[string]*state{}, marks: make([]uint32, len(prog.instrs)),
	}
}

// seen is what a character shows to what looks behind.
func (d *dfa) seen(c color) (behind uint64) {
	for i, set := range d.prog.behinds {
		if d.re.colors.has(c, set) {
			behind |= 2 << i
		}
	}
	return behind
}

// startText is bit 0 of what is seen behind.
const startText = 1

// begin is the state at a place with so much seen behind it.
func (d *dfa) begin(behind uint64) *state {
	if behind <= startText && d.usual[behind] != nil {
		return d.usual[behind]
	}
	if st := d.starts[behind]; st != nil {
		return st
	}
	d.clear()
	d.follow(d.prog.start, behind, nil)
	st := d.intern(behind, d.freshIf(true))
	if behind <= startText {
		d.usual[behind] = st
		return st
	}
	if d.starts == nil {
		d.starts = map[uint64]*state{}
	}
	d.starts[behind] = st
	return st
}

func (d *dfa) clear() {
	d.list = d.list[:0]
	d.unmark()
}

func (d *dfa) unmark() {
	if d.generation++; d.generation == 0 {
		clear(d.marks)
		d.generation = 1
	}
}

// aheadOf is what is known of what comes next.
type aheadOf struct {
	color color
	holds func(look int32) bool
}

// follow adds an instruction and all that it leads to without a character. Without next, what looks ahead
// is added itself, to wait.
func (d *dfa) follow(pc int32, behind uint64, next *aheadOf) {
	d.stack = append(d.stack[:0], pc)
	for len(d.stack) > 0 {
		d.met++
		pc = d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.marks[pc] == d.generation {
			continue
		}
		d.marks[pc] = d.generation
		in := &d.prog.instrs[pc]
		switch in.op {
		case opSplit:
			d.stack = append(d.stack, in.other, in.out)
		case opPlace:
			switch holds, known := d.holds(in, behind, next); {
			case !known:
				d.list = append(d.list, pc)
			case holds:
				d.stack = append(d.stack, in.out)
			}
		case opLook:
			switch {
			case next == nil:
				d.list = append(d.list, pc)
			case next.holds(in.arg):
				d.stack = append(d.stack, in.out)
			}
		default:
			d.list = append(d.list, pc)
		}
	}
}

// holds decides a condition on a place, if what it asks about is known.
func (d *dfa) holds(in *instr, behindBits uint64, next *aheadOf) (holds, known bool) {
	switch in.kind {
	case atStart:
		return behindBits&startText != 0, true
	case behind:
		return behindBits&(1<<in.arg) != 0, true
	case notBehind:
		return behindBits&(1<<in.arg) == 0, true
	}
	if next == nil {
		return false, false
	}
	switch in.kind {
	case ahead:
		return next.color != endOfText && d.re.colors.has(next.color, in.arg), true
	case notAhead:
		return next.color == endOfText || !d.re.colors.has(next.color, in.arg), true
	}
	return next.color == endOfText, true
}

// intern finds or makes the state of the list; flags are what the list does not say.
func (d *dfa) intern(behind uint64, flags stateFlags) *state {
	slices.Sort(d.list)
	for _, pc := range d.list {
		switch d.prog.instrs[pc].op {
		case opAccept:
			flags |= accepts
		case opPlace, opLook:
			flags |= waits
		}
	}
	// What may begin at the text's start alone does not begin again.
	if len(d.list) == 0 && (!d.search || len(d.prog.behinds) == 0) {
		flags |= dead
	}
	d.key = appendInts(append(d.key[:0], byte(flags)), d.list)
	if flags&waits == 0 {
		behind = 0
	}
	d.key = binary.LittleEndian.AppendUint64(d.key, behind)
	if found := d.known[string(d.key)]; found != nil {
		return found
	}
	st := &state{flags: flags, instrs: slices.Clone(d.list), behind: behind, next: make([]*state, len(d.re.colors.members)+4)}
	if flags&waits != 0 {
		st.looks = d.looksOf(st.instrs)
	}
	d.room(stateBytes + len(d.key) + 4*len(st.instrs) + 8*len(st.next))
	d.known[string(d.key)] = st
	return st
}

// room notes what a state takes; when all states take too much, those of this automaton go.
func (d *dfa) room(bytes int) {
	if d.re.states += bytes; d.re.states > maxStates {
		d.re.states -= d.bytes
		d.bytes = 0
		d.known, d.starts, d.usual = map[string]*state{}, nil, [2]*state{}
	}
	d.bytes += bytes
}

// looksOf are the constraints that may be asked for from a state on before the next character.
func (d *dfa) looksOf(instrs []int32) []int32 {
	if len(d.re.arounds) == 0 {
		return nil
	}
	d.unmark()
	var out []int32
	stack := slices.Clone(instrs)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if d.marks[pc] == d.generation {
			continue
		}
		d.marks[pc] = d.generation
		in := &d.prog.instrs[pc]
		switch in.op {
		case opSplit:
			stack = append(stack, in.other, in.out)
		case opPlace, opLook:
			stack = append(stack, in.out)
			if in.op == opLook && !slices.Contains(out, in.arg) {
				out = append(out, in.arg)
			}
		}
	}
	return out
}

// step is the state behind a character, whose place in the text matters where
// constraints are asked for. At the end of the text, its accepted is the answer.
func (d *dfa) step(s *Search, st *state, c color, at int) (*state, error) {
	if len(st.looks) > 0 {
		return d.stepLooking(s, st, c, at)
	}
	if err := d.worked(s, st); err != nil {
		return nil, err
	}
	next := d.make(st, &aheadOf{color: c})
	if c == endOfText {
		st.end = next
		return next, nil
	}
	if int(c) >= len(st.next) {
		st.next = append(st.next, make([]*state, int(c)+1+4-len(st.next))...)
	}
	st.next[c] = next
	return next, nil
}

// worked notes the work of making the state before, and of looking at this one.
func (d *dfa) worked(s *Search, st *state) error {
	n := d.met + len(st.instrs) + 1
	d.met = 0
	return s.spend(missWork * n)
}

// missWork is about what an instruction costs when a state is made, in bytes read.
const missWork = 16

// stepLooking is step where constraints are asked for.
func (d *dfa) stepLooking(s *Search, st *state, c color, at int) (*state, error) {
	key := lookKey{color: c}
	for i, look := range st.looks {
		holds, err := s.look(look, at)
		if err != nil {
			return nil, err
		}
		if holds && i < maxLooks {
			key.holds |= 1 << i
		}
	}
	if next := st.byLook[key]; next != nil && len(st.looks) <= maxLooks {
		return next, nil
	}
	if err := d.worked(s, st); err != nil {
		return nil, err
	}
	next := d.make(st, &aheadOf{color: c, holds: func(look int32) bool { return s.looked(look, at) }})
	if len(st.looks) <= maxLooks {
		if st.byLook == nil {
			st.byLook = map[lookKey]*state{}
		}
		st.byLook[key] = next
		d.room(64)
	}
	return next, nil
}

// make makes the state behind a character.
func (d *dfa) make(st *state, next *aheadOf) *state {
	from, flags := st.instrs, stateFlags(0)
	if st.is(waits) {
		d.clear()
		for _, pc := range st.instrs {
			d.follow(pc, st.behind, next)
		}
		from = slices.Clone(d.list)
		if !st.is(accepts) && slices.ContainsFunc(from, func(pc int32) bool { return d.prog.instrs[pc].op == opAccept }) {
			flags |= accepted
		}
	}
	d.clear()
	if next.color == endOfText {
		return d.intern(0, flags)
	}
	behind := d.seen(next.color)
	for _, pc := range from {
		if in := &d.prog.instrs[pc]; in.op == opChar && d.re.colors.has(next.color, in.arg) {
			d.follow(in.out, behind, nil)
		}
	}
	flags |= d.freshIf(len(d.list) == 0)
	if d.search {
		d.follow(d.prog.start, behind, nil)
	}
	return d.intern(behind, flags)
}

// freshIf is the flag of a state where nothing has begun, which only a search has.
func (d *dfa) freshIf(nothing bool) stateFlags {
	if nothing && d.search {
		return fresh
	}
	return 0
}
