package types

import (
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

func (c arrayCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (arrayCodec) parseLong(env *Env, t *Type, s string, typmod int32, work Work) (Datum, error) {
	p := arrayParser{env: env, elem: t.elem(), src: s, typmod: typmod, work: work}
	a, err := p.parse()
	if err != nil {
		return Null, err
	}
	return ArrayDatum(a), nil
}

// arrayParser reads an array's text form: once for its shape, then for its
// elements, as array_in does, so that errors come in the same order.
type arrayParser struct {
	env    *Env
	elem   *Type
	src    string
	typmod int32
	pos    int
	dims   []int32
	lower  []int32
	work   Work
}

func (p *arrayParser) malformed(detail string, args ...any) error {
	return errArrayLiteral(p.src, detail, args...)
}

func errArrayLiteral(s, detail string, args ...any) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", s).WithDetail(detail, args...)
}

func (p *arrayParser) skipSpace() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}

// at returns the byte at the position, 0 at the end.
func (p *arrayParser) at() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *arrayParser) parse() (*Array, error) {
	if err := p.bounds(); err != nil {
		return nil, err
	}
	shape := arrayShape{src: p.src[p.pos:], delim: p.elem.Delim, progress: progress{work: p.work}}
	dims, err := shape.count()
	if err != nil {
		return nil, err
	}
	if p.dims == nil {
		p.dims, p.lower = dims, make([]int32, len(dims))
		for i := range p.lower {
			p.lower[i] = 1
		}
	} else if !equalDims(p.dims, dims) {
		return nil, p.malformed("Specified array dimensions do not match array contents.")
	}
	n, err := CheckArraySize(p.dims, p.lower)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return &Array{Elem: p.elem}, nil
	}
	a := &Array{Elem: p.elem, Dims: p.dims, Lower: p.lower, Elems: make([]Datum, 0, n)}
	if err := p.elements(a); err != nil {
		return nil, err
	}
	if len(a.Elems) != n {
		return nil, p.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return a, nil
}

func equalDims(a, b []int32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// bounds reads [1:2][0:3]= if it is there, and white space.
func (p *arrayParser) bounds() error {
	for {
		p.skipSpace()
		if p.at() != '[' {
			break
		}
		p.pos++
		if len(p.dims) == maxArrayDims {
			return errArrayDims(maxArrayDims + 1)
		}
		if err := p.bound(); err != nil {
			return err
		}
	}
	if p.dims == nil {
		if p.at() != '{' {
			return p.malformed("Array value must start with \"{\" or dimension information.")
		}
		return nil
	}
	if p.at() != '=' {
		return p.malformed("Missing \"=\" after array dimensions.")
	}
	p.pos++
	p.skipSpace()
	if p.at() != '{' {
		return p.malformed("Array contents must start with \"{\".")
	}
	return nil
}

func (p *arrayParser) bound() error {
	lower, upper := int32(1), int32(0)
	first, ok := p.boundValue()
	if !ok {
		return p.malformed("\"[\" must introduce explicitly-specified array dimensions.")
	}
	upper = first
	if p.at() == ':' {
		p.pos++
		lower = first
		if upper, ok = p.boundValue(); !ok {
			return p.malformed("Missing array dimension value.")
		}
	}
	if p.at() != ']' {
		return p.malformed("Missing \"]\" after array dimensions.")
	}
	p.pos++
	if upper < lower {
		return pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
	}
	p.dims, p.lower = append(p.dims, upper-lower+1), append(p.lower, lower)
	return nil
}

// boundValue reads digits and signs, and what atoi makes of them.
func (p *arrayParser) boundValue() (int32, bool) {
	start := p.pos
	for isDigit(p.at()) || p.at() == '-' || p.at() == '+' {
		p.pos++
	}
	if p.pos == start {
		return 0, false
	}
	end := start + 1
	for end < p.pos && isDigit(p.src[end]) {
		end++
	}
	v, _ := strconv.ParseInt(p.src[start:end], 10, 64)
	return int32(min(max(v, math.MinInt32), math.MaxInt32)), true
}

// The states of arrayShape.
type shapeState uint8

const (
	noLevel shapeState = iota
	levelStarted
	elemStarted
	quotedStarted
	quotedCompleted
	elemDelimited
	levelCompleted
	levelDelimited
)

// arrayShape checks the brace structure and counts dimensions (ArrayCount).
type arrayShape struct {
	src      string // without bounds, which its errors do not show either
	pos      int
	delim    byte
	state    shapeState
	level    int
	ndim     int
	counts   [maxArrayDims]int32 // items seen in the dimension's current sub-array
	expect   [maxArrayDims]int32 // items of the dimension's sub-arrays before it; 0 is none yet
	nonEmpty bool
	progress progress
}

func (s *arrayShape) in(states ...shapeState) bool {
	for _, st := range states {
		if s.state == st {
			return true
		}
	}
	return false
}

func (s *arrayShape) malformed(detail string, args ...any) error {
	return errArrayLiteral(s.src, detail, args...)
}

func (s *arrayShape) unexpected(c byte) error {
	return s.malformed("Unexpected \"%c\" character.", c)
}

func (s *arrayShape) count() ([]int32, error) {
	for done := false; !done; s.pos++ {
		if s.pos >= len(s.src) {
			return nil, s.malformed("Unexpected end of input.")
		}
		if s.in(elemStarted, quotedStarted) {
			s.nonEmpty = true
		}
		if err := s.progress.at(s.pos); err != nil {
			return nil, err
		}
		var err error
		if done, err = s.step(s.src[s.pos]); err != nil {
			return nil, err
		}
	}
	if strings.TrimLeft(s.src[s.pos:], " \t\n\r\v\f") != "" {
		return nil, s.malformed("Junk after closing right brace.")
	}
	if !s.nonEmpty {
		return nil, nil
	}
	return append([]int32(nil), s.expect[:s.ndim]...), nil
}

func (s *arrayShape) step(c byte) (done bool, err error) {
	switch c {
	case '\\':
		return false, s.escape()
	case '"':
		return false, s.quote()
	}
	if s.state == quotedStarted {
		return false, nil
	}
	switch {
	case c == '{':
		return false, s.open()
	case c == '}':
		return s.close()
	case c == s.delim:
		if !s.in(elemStarted, quotedCompleted, levelCompleted) {
			return false, s.unexpected(c)
		}
		if s.state == levelCompleted {
			s.state = levelDelimited
		} else {
			s.state = elemDelimited
		}
		s.counts[s.level-1]++
	case !isSpace(c):
		if !s.in(levelStarted, elemStarted, elemDelimited) {
			return false, s.malformed("Unexpected array element.")
		}
		s.state = elemStarted
	}
	return false, nil
}

func (s *arrayShape) escape() error {
	if !s.in(levelStarted, elemStarted, quotedStarted, elemDelimited) {
		return s.unexpected('\\')
	}
	if s.state != quotedStarted {
		s.state = elemStarted
	}
	if s.pos++; s.pos >= len(s.src) {
		return s.malformed("Unexpected end of input.")
	}
	return nil
}

func (s *arrayShape) quote() error {
	switch s.state {
	case quotedStarted:
		s.state = quotedCompleted
		s.nonEmpty = true
	case levelStarted, elemDelimited:
		s.state = quotedStarted
	default:
		return s.malformed("Unexpected array element.")
	}
	return nil
}

func (s *arrayShape) open() error {
	if !s.in(noLevel, levelStarted, levelDelimited) {
		return s.unexpected('{')
	}
	s.state = levelStarted
	if s.level >= maxArrayDims {
		return errArrayDims(s.level + 1)
	}
	s.counts[s.level] = 1
	s.level++
	s.ndim = max(s.ndim, s.level)
	return nil
}

func (s *arrayShape) close() (done bool, err error) {
	if !s.in(elemStarted, quotedCompleted, levelCompleted) && !(s.level == 1 && s.state == levelStarted) {
		return false, s.unexpected('}')
	}
	s.state = levelCompleted
	s.level--
	if e := s.expect[s.level]; e != 0 && e != s.counts[s.level] {
		return false, s.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	s.expect[s.level] = s.counts[s.level]
	return s.level == 0, nil
}

// elements reads the items of a text whose braces are known to be right.
func (p *arrayParser) elements(a *Array) error {
	var size ArraySize
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '{' || c == '}' || c == p.elem.Delim || isSpace(c):
			p.pos++
		default:
			if err := size.Add(Null); err != nil {
				return err
			}
			text, quoted := p.item()
			if err := p.work.spend(elementWork + len(text)); err != nil {
				return err
			}
			if !quoted && strings.EqualFold(text, "NULL") {
				a.Elems = append(a.Elems, Null)
				continue
			}
			d, err := p.elem.Parse(p.env, text, p.typmod)
			if err != nil {
				return err
			}
			a.Elems = append(a.Elems, d)
		}
	}
	return nil
}

// item reads one element; quoted says that some of it was quoted or escaped,
// so that it cannot mean NULL. White space that is neither is cut at the end.
func (p *arrayParser) item() (text string, quoted bool) {
	var b strings.Builder
	keep := 0 // length up to the last byte that counts
	inQuotes := false
	for ; p.pos < len(p.src); p.pos++ {
		c := p.src[p.pos]
		switch {
		case c == '\\':
			p.pos++
			b.WriteByte(p.src[p.pos])
			quoted, keep = true, b.Len()
		case c == '"':
			inQuotes, quoted = !inQuotes, true
			keep = b.Len()
		case !inQuotes && (c == '}' || c == p.elem.Delim):
			return b.String()[:keep], quoted
		default:
			b.WriteByte(c)
			if inQuotes || !isSpace(c) {
				keep = b.Len()
			}
		}
	}
	return b.String()[:keep], quoted
}
