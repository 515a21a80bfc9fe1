package types

import (
	"encoding/binary"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// rangeCodec is the range types (rangetypes.c).
type rangeCodec struct{}

// The flags of a range's binary form (rangetypes.h).
const (
	rangeEmpty     = 0x01
	rangeLowerInc  = 0x02
	rangeUpperInc  = 0x04
	rangeLowerInf  = 0x08
	rangeUpperInf  = 0x10
	rangeFlagsRead = rangeEmpty | rangeLowerInc | rangeUpperInc | rangeLowerInf | rangeUpperInf
)

// Flags are a range's flags, as its binary form and its hash have them.
func (r *Range) Flags() (flags byte) {
	for _, f := range []struct {
		set  bool
		flag byte
	}{
		{r.Empty, rangeEmpty}, {r.Lower.Inclusive, rangeLowerInc}, {r.Upper.Inclusive, rangeUpperInc},
		{r.Lower.Infinite, rangeLowerInf}, {r.Upper.Infinite, rangeUpperInf},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	return flags
}

func (c rangeCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (rangeCodec) parseLong(env *Env, t *Type, s string, _ int32, work Work) (Datum, error) {
	r, err := t.Ranges().parse(env, s, work)
	if err != nil {
		return Null, err
	}
	return RangeDatum(r), nil
}

// emptyWord begins the text of a range without values, in any case.
const emptyWord = "empty"

func hasEmptyWord(s string) bool {
	return len(s) >= len(emptyWord) && strings.EqualFold(s[:len(emptyWord)], emptyWord)
}

// parse reads [lower,upper), or the like; a bound without any text is infinite.
func (f *RangeFamily) parse(env *Env, s string, work Work) (*Range, error) {
	p := rangeParser{recordParser{src: s}, work}
	p.space()
	if hasEmptyWord(s[p.pos:]) {
		p.pos += len(emptyWord)
		if p.space(); p.pos < len(s) {
			return nil, p.malformed("Junk after \"empty\" key word.")
		}
		return &Range{Empty: true}, nil
	}
	var lower, upper Bound
	if lower.Inclusive = p.skipExactly('['); !lower.Inclusive && !p.skipExactly('(') {
		return nil, p.malformed("Missing left parenthesis or bracket.")
	}
	low, err := p.bound(&lower)
	if err != nil {
		return nil, err
	}
	if !p.skipExactly(',') {
		return nil, p.malformed("Missing comma after lower bound.")
	}
	high, err := p.bound(&upper)
	if err != nil {
		return nil, err
	}
	if upper.Inclusive = p.skipExactly(']'); !upper.Inclusive && !p.skipExactly(')') {
		return nil, p.malformed("Too many commas.")
	}
	if p.space(); p.pos < len(s) {
		return nil, p.malformed("Junk after right parenthesis or bracket.")
	}
	for _, b := range []struct {
		bound *Bound
		text  string
	}{{&lower, low}, {&upper, high}} {
		if b.bound.Infinite {
			continue
		}
		if b.bound.Value, err = f.Subtype.ParseLong(env, b.text, -1, work); err != nil {
			return nil, err
		}
	}
	return f.Make(lower.settled(), upper.settled())
}

// rangeParser reads bounds, whose quotes and escapes are those of record literals.
type rangeParser struct {
	recordParser
	work Work
}

func (p *rangeParser) space() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}

func (p *rangeParser) malformed(detail string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed range literal: \"%s\"", p.src).WithDetail("%s", detail)
}

// bound reads up to the comma, parenthesis or bracket that ends it.
func (p *rangeParser) bound(b *Bound) (string, error) {
	ends := func() bool {
		c := p.src[p.pos]
		return c == ',' || c == ')' || c == ']'
	}
	if p.pos < len(p.src) && ends() {
		b.Infinite = true
		return "", nil
	}
	var text strings.Builder
	inQuotes, done := false, progress{work: p.work}
	for ; p.pos < len(p.src); p.pos++ {
		if err := done.at(p.pos); err != nil {
			return "", err
		}
		c := p.src[p.pos]
		switch {
		case !inQuotes && ends():
			return text.String(), nil
		case c == '\\':
			if p.pos++; p.pos >= len(p.src) {
				return "", p.malformed("Unexpected end of input.")
			}
			text.WriteByte(p.src[p.pos])
		case c == '"' && inQuotes && strings.HasPrefix(p.src[p.pos+1:], `"`):
			text.WriteByte('"')
			p.pos++
		case c == '"':
			inQuotes = !inQuotes
		default:
			text.WriteByte(c)
		}
	}
	return "", p.malformed("Unexpected end of input.")
}

func (c rangeCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil) // work that is nil has no error
	return dst
}

func (rangeCodec) formatLong(env *Env, t *Type, dst []byte, d Datum, work Work) ([]byte, error) {
	return t.Ranges().format(env, dst, d.Range(), work)
}

func (f *RangeFamily) format(env *Env, dst []byte, r *Range, work Work) (_ []byte, err error) {
	if r.Empty {
		return append(dst, emptyWord...), nil
	}
	open, end := byte('('), byte(')')
	if r.Lower.Inclusive {
		open = '['
	}
	if r.Upper.Inclusive {
		end = ']'
	}
	if dst, err = f.formatBound(env, append(dst, open), r.Lower, work); err != nil {
		return nil, err
	}
	if dst, err = f.formatBound(env, append(dst, ','), r.Upper, work); err != nil {
		return nil, err
	}
	return append(dst, end), nil
}

func (f *RangeFamily) formatBound(env *Env, dst []byte, b Bound, work Work) ([]byte, error) {
	if b.Infinite {
		return dst, nil
	}
	start := len(dst)
	dst, err := f.Subtype.FormatLong(env, dst, b.Value, work)
	if err != nil {
		return nil, err
	}
	if needsRangeQuotes(dst[start:]) {
		return quoteFrom(dst, start, 0, work)
	}
	return dst, nil
}

func needsRangeQuotes(b []byte) bool {
	for _, c := range b {
		if c == '[' || c == ']' {
			return true
		}
	}
	return needsRecordQuotes(b)
}

func (rangeCodec) decode(env *Env, t *Type, b []byte, _ int32) (Datum, error) {
	r, err := t.Ranges().decode(env, b)
	if err != nil {
		return Null, err
	}
	return RangeDatum(r), nil
}

// decode reads the flags, and each bound that they say there is behind its length.
func (f *RangeFamily) decode(env *Env, b []byte) (_ *Range, err error) {
	if len(b) < 1 {
		return nil, pgerr.New(pgerr.ProtocolViolation, "no data left in message")
	}
	flags := b[0] & rangeFlagsRead
	b = b[1:]
	lower := Bound{Infinite: flags&rangeLowerInf != 0, Inclusive: flags&rangeLowerInc != 0}
	upper := Bound{Infinite: flags&rangeUpperInf != 0, Inclusive: flags&rangeUpperInc != 0}
	for _, bound := range []*Bound{&lower, &upper} {
		if flags&rangeEmpty != 0 || bound.Infinite {
			continue
		}
		var part []byte
		if part, b, err = nextPart(b); err != nil {
			return nil, err
		}
		if bound.Value, err = f.Subtype.Decode(env, part, -1); err != nil {
			return nil, err
		}
	}
	if len(b) > 0 {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid message format")
	}
	if flags&rangeEmpty != 0 {
		return &Range{Empty: true}, nil
	}
	return f.Make(lower.settled(), upper.settled())
}

// nextPart reads a length and as many bytes.
func nextPart(b []byte) (part, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errShortMessage()
	}
	n := binary.BigEndian.Uint32(b)
	if b = b[4:]; uint64(n) > uint64(len(b)) {
		return nil, nil, errShortMessage()
	}
	return b[:n], b[n:], nil
}

func (rangeCodec) encode(env *Env, t *Type, dst []byte, d Datum) []byte {
	return t.Ranges().encode(env, dst, d.Range())
}

func (f *RangeFamily) encode(env *Env, dst []byte, r *Range) []byte {
	dst = append(dst, r.Flags())
	for _, b := range []Bound{r.Lower, r.Upper} {
		if !r.Empty && !b.Infinite {
			dst = AppendBinaryField(env, f.Subtype, dst, b.Value)
		}
	}
	return dst
}

func (rangeCodec) compare(t *Type, a, b Datum) int { return t.Ranges().Compare(a.Range(), b.Range()) }

func (c rangeCodec) hash(t *Type, h uint64, d Datum) uint64 {
	h, _ = t.Ranges().hash(h, d.Range(), nil) // work that is nil has no error
	return h
}

func (f *RangeFamily) hash(h uint64, r *Range, work Work) (_ uint64, err error) {
	h = mix(h, uint64(r.Flags()))
	for _, b := range []Bound{r.Lower, r.Upper} {
		if r.Empty || b.Infinite {
			continue
		}
		if h, err = f.Subtype.HashLong(h, b.Value, work); err != nil {
			return 0, err
		}
	}
	return h, nil
}

// appendKey appends a range's key (see storekey.go).
func (f *RangeFamily) appendKey(dst []byte, r *Range, work Work) (_ []byte, err error) {
	if r.Empty {
		return append(dst, 0), work.spend(compareWork)
	}
	dst = append(dst, 1)
	if r.Lower.Infinite {
		dst = append(dst, 0)
	} else if dst, err = f.appendBoundKey(append(dst, 1), r.Lower, false, work); err != nil {
		return nil, err
	}
	if r.Upper.Infinite {
		return append(dst, 1), work.spend(compareWork)
	}
	return f.appendBoundKey(append(dst, 0), r.Upper, true, work)
}

// appendBoundKey puts behind the value's key whether the bound lies in front of
// it, on it or behind it.
func (f *RangeFamily) appendBoundKey(dst []byte, b Bound, upper bool, work Work) ([]byte, error) {
	dst, err := f.Subtype.appendKey(dst, b.Value, work)
	return append(dst, byte(b.shift(upper)+1)), err
}

func (f *RangeFamily) appendDisplay(dst []byte, r *Range) []byte {
	for _, b := range []Bound{r.Lower, r.Upper} {
		if !r.Empty && !b.Infinite {
			dst = f.Subtype.appendDisplay(dst, b.Value)
		}
	}
	return dst
}

// rangeKey reads a range's key.
func (r *keyReader) rangeKey(f *RangeFamily) *Range {
	switch r.take(&r.key, 1)[0] {
	case 0:
		return &Range{Empty: true}
	case 1:
	default:
		r.bad = true
		return &Range{Empty: true}
	}
	out := &Range{Lower: Bound{Infinite: true}, Upper: Bound{Infinite: true}}
	if r.flag() {
		out.Lower = r.bound(f, false)
	}
	if !r.flag() {
		out.Upper = r.bound(f, true)
	}
	return out
}

func (r *keyReader) flag() bool {
	b := r.take(&r.key, 1)[0]
	r.bad = r.bad || b > 1
	return b == 1
}

func (r *keyReader) bound(f *RangeFamily, upper bool) Bound {
	b := Bound{Value: r.value(f.Subtype)}
	shift := int(r.take(&r.key, 1)[0]) - 1
	b.Inclusive = shift == 0
	r.bad = r.bad || shift != b.shift(upper)
	return b
}

func (rangeCodec) compareLong(t *Type, a, b Datum, work Work) (int, error) {
	n := t.Ranges().Compare(a.Range(), b.Range())
	return n, work.spend(compareWork + min(a.Range().byteLen(), b.Range().byteLen()))
}

func (rangeCodec) hashLong(t *Type, h uint64, d Datum, work Work) (uint64, error) {
	return t.Ranges().hash(h, d.Range(), work)
}

// byteLen is what the bounds hold, if they are texts or bytes.
func (r *Range) byteLen() int { return r.Lower.Value.ByteLen() + r.Upper.Value.ByteLen() }
