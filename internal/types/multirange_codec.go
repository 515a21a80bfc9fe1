package types

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// multirangeCodec is the multirange types (multirangetypes.c).
type multirangeCodec struct{}

func (c multirangeCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (multirangeCodec) parseLong(env *Env, t *Type, s string, _ int32, work Work) (Datum, error) {
	f := t.Ranges()
	p := multirangeParser{rangeParser{recordParser{src: s}, work}}
	var list []*Range
	if !p.skip('{') {
		return Null, p.malformed("Missing left brace.")
	}
	p.space()
	for first := true; !first || !p.skipExactly('}'); first = false {
		text, err := p.next()
		if err != nil {
			return Null, err
		}
		r, err := f.parse(env, text, work)
		if err != nil {
			return Null, err
		}
		if list = append(list, r); len(list) > maxMultirangeItems {
			return Null, checkMultirange(list)
		}
		if err := work.spend(rangeWork + len(text)); err != nil {
			return Null, err
		}
		p.space()
		if p.skipExactly('}') {
			break
		}
		if !p.skipExactly(',') {
			return Null, p.unexpected("Expected comma or end of multirange.")
		}
		p.space()
	}
	if p.space(); p.pos < len(s) {
		return Null, p.malformed("Junk after closing right brace.")
	}
	m, err := f.MultirangeOf(list, work)
	return MultirangeDatum(m), err
}

type multirangeParser struct{ rangeParser }

func (p *multirangeParser) malformed(detail string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed multirange literal: \"%s\"", p.src).WithDetail("%s", detail)
}

// unexpected is malformed, with another reason where the text has ended.
func (p *multirangeParser) unexpected(detail string) error {
	if p.pos >= len(p.src) {
		detail = "Unexpected end of input."
	}
	return p.malformed(detail)
}

// next cuts out the text of a range: up to the first bracket or parenthesis
// that is neither quoted nor escaped.
func (p *multirangeParser) next() (string, error) {
	start := p.pos
	switch rest := p.src[p.pos:]; {
	case rest == "" || rest[0] != '[' && rest[0] != '(' && !hasEmptyWord(rest):
		return "", p.unexpected("Expected range start.")
	case hasEmptyWord(rest):
		p.pos += len(emptyWord)
		return emptyWord, nil
	}
	inQuotes, done := false, progress{work: p.work}
	for p.pos++; p.pos < len(p.src); p.pos++ {
		if err := done.at(p.pos - start); err != nil {
			return "", err
		}
		switch c := p.src[p.pos]; {
		case c == '\\':
			p.escape()
		case c == '"':
			inQuotes = !inQuotes
		case !inQuotes && (c == ']' || c == ')'):
			p.pos++
			return p.src[start:p.pos], nil
		}
	}
	return "", p.unexpected("")
}

// escape steps to what a backslash escapes, over white space, which PostgreSQL
// does not see here.
func (p *multirangeParser) escape() {
	for p.pos++; p.pos < len(p.src) && isSpace(p.src[p.pos]); p.pos++ {
	}
}

func (c multirangeCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil) // work that is nil has no error
	return dst
}

func (multirangeCodec) formatLong(env *Env, t *Type, dst []byte, d Datum, work Work) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, r := range d.Multirange() {
		if i > 0 {
			dst = append(dst, ',')
		}
		start := len(dst)
		if dst, err = t.Ranges().format(env, dst, r, work); err != nil {
			return nil, err
		}
		if err = work.spend(elementWork + len(dst) - start); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (multirangeCodec) decode(env *Env, t *Type, b []byte, _ int32) (Datum, error) {
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	n := readInt32(b)
	switch b = b[4:]; {
	case n < 0: // PostgreSQL asks for memory for so many pointers first
		return Null, pgerr.New(pgerr.ProgramLimitExceeded, "invalid memory allocation request size 8 * %d", uint64(int64(n)))
	case int(n) > MaxValueBytes/8:
		return Null, pgerr.Raised("palloc", "invalid memory alloc request size %d", 8*int64(n))
	case int(n) > len(b)/4:
		return Null, errShortMessage()
	}
	list := make([]*Range, n)
	for i := range list {
		part, rest, err := nextPart(b)
		if err != nil {
			return Null, err
		}
		if list[i], err = t.Ranges().decode(env, part); err != nil {
			return Null, err
		}
		b = rest
	}
	if len(b) > 0 {
		return Null, pgerr.New(pgerr.ProtocolViolation, "invalid message format")
	}
	m, err := t.Ranges().MultirangeOf(list, nil)
	return MultirangeDatum(m), err
}

func (multirangeCodec) encode(env *Env, t *Type, dst []byte, d Datum) []byte {
	m, f := d.Multirange(), t.Ranges()
	dst = appendInt32(dst, int32(len(m)))
	for _, r := range m {
		dst = AppendBinaryField(env, f.Range, dst, RangeDatum(r))
	}
	return dst
}

func (c multirangeCodec) compare(t *Type, a, b Datum) int {
	n, _ := c.compareLong(t, a, b, nil) // work that is nil has no error
	return n
}

func (multirangeCodec) compareLong(t *Type, a, b Datum, work Work) (int, error) {
	return t.Ranges().CompareMultiranges(a.Multirange(), b.Multirange(), work)
}

func (c multirangeCodec) hash(t *Type, h uint64, d Datum) uint64 {
	h, _ = c.hashLong(t, h, d, nil) // work that is nil has no error
	return h
}

func (multirangeCodec) hashLong(t *Type, h uint64, d Datum, work Work) (_ uint64, err error) {
	m := d.Multirange()
	h = mix(h, uint64(len(m)))
	for _, r := range m {
		if h, err = t.Ranges().hash(h, r, work); err != nil {
			return 0, err
		}
	}
	return h, nil
}

func (f *RangeFamily) appendMultirangeKey(dst []byte, m Multirange, work Work) (_ []byte, err error) {
	for _, r := range m {
		if dst, err = f.appendKey(append(dst, markValue), r, work); err != nil {
			return nil, err
		}
	}
	return append(dst, markEnd), nil
}

// multirangeKey reads a multirange's key.
func (r *keyReader) multirangeKey(f *RangeFamily) Multirange {
	m := slices.Collect(func(yield func(*Range) bool) {
		for !r.bad && r.flag() && yield(r.rangeKey(f)) {
		}
	})
	r.bad = r.bad || slices.ContainsFunc(m, func(r *Range) bool { return r.Empty })
	return m
}
