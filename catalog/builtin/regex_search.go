package builtin

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
)

// compiledRegex is a compiled regular expression. Short texts are searched by package
// regexp. Long ones, where nothing would interrupt it, and searches that begin
// within a text are our own machine's: Thompson's simulation with captures, over
// the program that regexp/syntax compiles.
type compiledRegex struct {
	*regexp.Regexp
	longest bool

	compile sync.Once
	prog    *syntax.Prog
}

// regexKey is what a compiled regular expression is remembered by.
type regexKey struct {
	pattern string
	o       regex.Options
}

// compileRegex is the compiled form of a pattern, remembered in ctx.
func compileRegex(ctx *expr.Context, pattern string, o regex.Options) (*compiledRegex, error) {
	o.Global = false
	re, err := ctx.Memo(regexKey{pattern, o}, func() (any, error) {
		re, longest, err := regex.Translate(pattern, o)
		return &compiledRegex{Regexp: re, longest: longest}, err
	})
	if err != nil {
		return nil, err
	}
	return re.(*compiledRegex), nil
}

// longText is from how many bytes on a text is long: a search through a shorter
// one takes some milliseconds.
const longText = 1 << 16

// match reports whether there is a match in s.
func (re *compiledRegex) match(ctx *expr.Context, s string) (bool, error) {
	if len(s) < longText {
		return re.MatchString(s), nil
	}
	m, err := re.search(ctx, s, 0, true)
	return m != nil, err
}

// first is the first match in s: its place and those of its groups, or nil.
func (re *compiledRegex) first(ctx *expr.Context, s string) ([]int, error) {
	if len(s) < longText {
		return re.FindStringSubmatchIndex(s), nil
	}
	return re.search(ctx, s, 0, false)
}

// each yields the matches that begin at character start (from 1) or later, from
// left to right (setup_regexp_matches). A match is the place of the whole and of
// each group.
func (re *compiledRegex) each(ctx *expr.Context, s string, start int64, yield func(m []int) bool) error {
	if start <= 1 && len(s) < longText {
		for _, m := range findAll(re.Regexp, s) {
			if !yield(m) {
				break
			}
		}
		return nil
	}
	from, err := offset(ctx, s, start-1)
	if err != nil {
		return err
	}
	if from == len(s) {
		if n, err := runes(ctx, s); err != nil || start > n+1 {
			return err
		}
	}
	for {
		m, err := re.search(ctx, s, from, false)
		if m == nil || err != nil || !yield(m) {
			return err
		}
		if from = m[1]; m[0] == m[1] {
			if from == len(s) {
				return nil
			}
			_, width := utf8.DecodeRuneInString(s[from:])
			from += width
		}
	}
}

// search finds the first match that begins at byte from or later; with only,
// some match is enough.
func (re *compiledRegex) search(ctx *expr.Context, s string, from int, only bool) ([]int, error) {
	prefix, complete := re.LiteralPrefix()
	if complete && re.NumSubexp() == 0 {
		i, err := index(ctx, s[from:], prefix)
		if i < 0 || err != nil {
			return nil, err
		}
		return []int{from + i, from + i + len(prefix)}, ctx.Spend(i + 1)
	}
	re.compile.Do(func() {
		// What package regexp has compiled compiles again.
		tree, _ := syntax.Parse(re.String(), syntax.Perl)
		re.prog, _ = syntax.Compile(tree.Simplify())
	})
	m := machine{
		prog: re.prog, longest: re.longest, only: only, s: s, prefix: prefix,
		caps: make([]int, 2*re.NumSubexp()+2),
	}
	m.now.seen, m.next.seen = make([]int, len(re.prog.Inst)), make([]int, len(re.prog.Inst))
	return m.run(ctx, from)
}

// machine runs a program over a text, all of its threads abreast.
type machine struct {
	prog      *syntax.Prog
	longest   bool // of matches that begin together the longest; else that of the first thread
	only      bool // whether there is a match is all that counts
	s, prefix string
	now, next threads
	caps      []int // of the thread that is being added
	best      []int // the match so far
	free      [][]int
}

// threads are the program counters at one place of the text, in the order of
// their priority.
type threads struct {
	list []thread
	seen []int // by program counter: 1 + the place where it was added last
}

type thread struct {
	pc   uint32
	caps []int
}

// threadWork is about what it costs to move a thread by a character, in bytes read.
const threadWork = 16

func (m *machine) run(ctx *expr.Context, pos int) ([]int, error) {
	before := rune(-1)
	if pos > 0 {
		before, _ = utf8.DecodeLastRuneInString(m.s[:pos])
	}
	for {
		if len(m.now.list) == 0 && m.prefix != "" {
			i, err := index(ctx, m.s[pos:], m.prefix)
			if i < 0 || err != nil {
				return nil, err
			}
			if pos += i; i > 0 {
				before, _ = utf8.DecodeLastRuneInString(m.s[:pos])
			}
		}
		here, width := m.rune(pos)
		if m.best == nil {
			for i := range m.caps {
				m.caps[i] = -1
			}
			m.caps[0] = pos
			m.add(&m.now, uint32(m.prog.Start), pos, syntax.EmptyOpContext(before, here))
		}
		if err := ctx.Spend(threadWork * (len(m.now.list) + 1)); err != nil {
			return nil, err
		}
		m.step(here, pos, width)
		if m.best != nil && (m.only || len(m.next.list) == 0) || width == 0 {
			return m.best, nil
		}
		m.now, m.next = m.next, m.now
		m.next.list = m.next.list[:0]
		before, pos = here, pos+width
	}
}

// rune is the character at a place; -1 at the end, as EmptyOpContext has it.
func (m *machine) rune(pos int) (r rune, width int) {
	if pos == len(m.s) {
		return -1, 0
	}
	return utf8.DecodeRuneInString(m.s[pos:])
}

// step moves all threads over a character.
func (m *machine) step(here rune, pos, width int) {
	after, _ := m.rune(pos + width)
	flags := syntax.EmptyOpContext(here, after)
	cut := false
	for _, t := range m.now.list {
		inst := &m.prog.Inst[t.pc]
		switch {
		case cut || m.longest && m.best != nil && m.best[0] < t.caps[0]:
		case inst.Op == syntax.InstMatch:
			if m.best == nil || !m.longest || m.best[1] < pos {
				m.best = append(m.best[:0], t.caps...)
				m.best[1] = pos
			}
			cut = !m.longest
		case width > 0 && inst.MatchRune(here):
			copy(m.caps, t.caps)
			m.add(&m.next, inst.Out, pos+width, flags)
		}
		m.free = append(m.free, t.caps)
	}
}

// add adds a thread, with m.caps, and those that it becomes without a character.
func (m *machine) add(to *threads, pc uint32, pos int, flags syntax.EmptyOp) {
	if to.seen[pc] == pos+1 {
		return
	}
	to.seen[pc] = pos + 1
	switch inst := &m.prog.Inst[pc]; inst.Op {
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		m.add(to, inst.Out, pos, flags)
		m.add(to, inst.Arg, pos, flags)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^flags == 0 {
			m.add(to, inst.Out, pos, flags)
		}
	case syntax.InstNop:
		m.add(to, inst.Out, pos, flags)
	case syntax.InstCapture:
		old := m.caps[inst.Arg]
		m.caps[inst.Arg] = pos
		m.add(to, inst.Out, pos, flags)
		m.caps[inst.Arg] = old
	default:
		var caps []int
		if n := len(m.free); n > 0 {
			caps, m.free = m.free[n-1], m.free[:n-1]
		}
		to.list = append(to.list, thread{pc, append(caps[:0], m.caps...)})
	}
}
