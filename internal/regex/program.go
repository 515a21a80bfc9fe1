package regex

// Opcodes of a program.
type opcode uint8

const (
	opChar   opcode = iota // reads a character of the set
	opSplit                // goes on at both
	opPlace                // goes on if the place is of the kind
	opLook                 // goes on if the constraint holds
	opAccept               // has matched
)

// instr is an instruction of an automaton without memory.
type instr struct {
	op         opcode
	kind       lookKind // of a place
	arg        int32    // the set, or the constraint's number
	out, other int32
}

// program is a node as an automaton. Its states are sets of instructions.
type program struct {
	instrs  []instr
	start   int32
	behinds []int32 // sets that are looked for behind a place: bit i+1 of what is seen there
}

// programOf compiles a node.
func programOf(n *node) *program {
	p := &program{}
	p.start = p.emit(n, p.add(instr{op: opAccept}))
	return p
}

func (p *program) add(i instr) int32 {
	p.instrs = append(p.instrs, i)
	return int32(len(p.instrs) - 1)
}

// emit compiles a node that next comes after, and returns where it begins.
func (p *program) emit(n *node, next int32) int32 {
	switch n.op {
	case opSet:
		return p.add(instr{op: opChar, arg: int32(n.set), out: next})
	case opAssert:
		return p.place(n.assert, next)
	case opAround:
		return p.add(instr{op: opLook, arg: int32(n.around), out: next})
	case opCat:
		for i := len(n.subs) - 1; i >= 0; i-- {
			next = p.emit(n.subs[i], next)
		}
		return next
	case opAlt:
		at := p.emit(n.subs[len(n.subs)-1], next)
		for i := len(n.subs) - 2; i >= 0; i-- {
			at = p.add(instr{op: opSplit, out: p.emit(n.subs[i], next), other: at})
		}
		return at
	case opRepeat:
		return p.repeat(n, next)
	}
	return next
}

func (p *program) repeat(n *node, next int32) int32 {
	at, copies := next, n.min
	if n.max == unbounded {
		at = p.add(instr{op: opSplit, other: next})
		body := p.emit(n.subs[0], at)
		p.instrs[at].out = body
		if copies > 0 {
			at = body
			copies--
		}
	} else {
		for range n.max - n.min {
			at = p.add(instr{op: opSplit, out: p.emit(n.subs[0], at), other: next})
		}
	}
	for range copies {
		at = p.emit(n.subs[0], at)
	}
	return at
}

// place compiles an assertion. What is looked for behind gets a bit.
func (p *program) place(a assert, next int32) int32 {
	arg := int32(a.set)
	if a.kind == behind || a.kind == notBehind {
		bit := 0
		for bit < len(p.behinds) && p.behinds[bit] != arg {
			bit++
		}
		if bit == len(p.behinds) {
			p.behinds = append(p.behinds, arg)
		}
		arg = int32(bit + 1)
	}
	return p.add(instr{op: opPlace, kind: a.kind, arg: arg, out: next})
}

// arcs is how many transitions by a character there are, each from where
// another one ends; or any number above most, as when there is too much to look at.
func (p *program) arcs(most int) int {
	total, left := 0, stepsAnArc*most
	marks := make([]int32, len(p.instrs))
	done := make([]bool, len(p.instrs))
	var stack []int32
	for from := range p.instrs {
		to := p.instrs[from].out
		if p.instrs[from].op != opChar || done[to] {
			continue
		}
		done[to] = true
		stack = append(stack[:0], to)
		for len(stack) > 0 {
			if left--; left < 0 {
				return most + 1
			}
			pc := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if marks[pc] == int32(from)+1 {
				continue
			}
			marks[pc] = int32(from) + 1
			switch in := p.instrs[pc]; in.op {
			case opChar:
				if total++; total > most {
					return total
				}
			case opSplit:
				stack = append(stack, in.out, in.other)
			case opPlace, opLook:
				stack = append(stack, in.out)
			}
		}
	}
	return total
}

// stepsAnArc is how many instructions are looked at for an arc at most: all of it takes some tenths of a second.
const stepsAnArc = 40
