package types

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// recordCodec is record (no columns) and the composite types (rowtypes.c).
type recordCodec struct{ columns []Column }

func errAnonymousRecord() error {
	return pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
}

func (c recordCodec) parse(env *Env, t *Type, s string, _ int32) (Datum, error) {
	if c.columns == nil {
		return Null, errAnonymousRecord()
	}
	p := recordParser{src: s}
	if !p.skip('(') {
		return Null, p.malformed("Missing left parenthesis.")
	}
	row := c.newRow()
	for i, col := range c.columns {
		if i > 0 && !p.skipExactly(',') {
			return Null, p.malformed("Too few columns.")
		}
		text, null, err := p.field()
		if err != nil {
			return Null, err
		}
		if null {
			continue
		}
		if row.Fields[i], err = col.Type.Parse(env, text, col.Typmod); err != nil {
			return Null, err
		}
	}
	if !p.skipExactly(')') {
		return Null, p.malformed("Too many columns.")
	}
	if trimSpace(s[p.pos:]) != "" {
		return Null, p.malformed("Junk after right parenthesis.")
	}
	return RowDatum(row), nil
}

// newRow makes a row of NULLs.
func (c recordCodec) newRow() *Row {
	row := &Row{Fields: make([]Datum, len(c.columns))}
	for _, col := range c.columns {
		row.Types, row.Names = append(row.Types, col.Type), append(row.Names, col.Name)
	}
	return row
}

type recordParser struct {
	src string
	pos int
}

func (p *recordParser) malformed(detail string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", p.src).WithDetail("%s", detail)
}

// skip steps over white space and c.
func (p *recordParser) skip(c byte) bool {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
	return p.skipExactly(c)
}

func (p *recordParser) skipExactly(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// field reads up to the comma or parenthesis that ends it; nothing at all is NULL.
func (p *recordParser) field() (text string, null bool, err error) {
	if p.pos < len(p.src) && (p.src[p.pos] == ',' || p.src[p.pos] == ')') {
		return "", true, nil
	}
	var b strings.Builder
	inQuotes := false
	for ; ; p.pos++ {
		if p.pos >= len(p.src) {
			return "", false, p.malformed("Unexpected end of input.")
		}
		c := p.src[p.pos]
		switch {
		case !inQuotes && (c == ',' || c == ')'):
			return b.String(), false, nil
		case c == '\\':
			if p.pos++; p.pos >= len(p.src) {
				return "", false, p.malformed("Unexpected end of input.")
			}
			b.WriteByte(p.src[p.pos])
		case c == '"' && inQuotes && p.pos+1 < len(p.src) && p.src[p.pos+1] == '"':
			b.WriteByte('"')
			p.pos++
		case c == '"':
			inQuotes = !inQuotes
		default:
			b.WriteByte(c)
		}
	}
}

func (c recordCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil) // work that is nil has no error
	return dst
}

func (recordCodec) formatLong(env *Env, _ *Type, dst []byte, d Datum, work Work) (_ []byte, err error) {
	row := d.Row()
	dst = append(dst, '(')
	for i, f := range row.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if f.IsNull() {
			continue
		}
		start := len(dst)
		if dst, err = row.Types[i].FormatLong(env, dst, f, work); err != nil {
			return nil, err
		}
		if needsRecordQuotes(dst[start:]) {
			if dst, err = quoteFrom(dst, start, 0, work); err != nil {
				return nil, err
			}
		}
		if err = work.spend(elementWork + len(dst) - start); err != nil {
			return nil, err
		}
	}
	return append(dst, ')'), nil
}

func needsRecordQuotes(b []byte) bool {
	for _, c := range b {
		if c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || isSpace(c) {
			return true
		}
	}
	return len(b) == 0
}

func (c recordCodec) decode(env *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if c.columns == nil {
		return Null, errAnonymousRecord()
	}
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	if n := readInt32(b); int(n) != len(c.columns) {
		return Null, pgerr.New(pgerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(c.columns))
	}
	b = b[4:]
	row := c.newRow()
	for i, col := range c.columns {
		if len(b) < 8 {
			return Null, errShortMessage()
		}
		oid, size := OID(binary.BigEndian.Uint32(b)), readInt32(b[4:])
		b = b[8:]
		if oid != col.Type.OID {
			return Null, errBinaryType("type", oid, col.Type, " in record column "+itoa(i+1))
		}
		if size == -1 {
			continue
		}
		if size < 0 || int(size) > len(b) {
			return Null, errArrayBinary("insufficient data left in message")
		}
		d, err := col.Type.Decode(env, b[:size], col.Typmod)
		if err != nil {
			if pgerr.From(err).Message == errBadBinary().Error() {
				err = errArrayBinary("improper binary format in record column %d", i+1)
			}
			return Null, err
		}
		row.Fields[i], b = d, b[size:]
	}
	if len(b) > 0 {
		return Null, errBadBinary()
	}
	return RowDatum(row), nil
}

func (recordCodec) encode(env *Env, _ *Type, dst []byte, d Datum) []byte {
	row := d.Row()
	dst = appendInt32(dst, int32(len(row.Fields)))
	for i, f := range row.Fields {
		dst = binary.BigEndian.AppendUint32(dst, uint32(row.Types[i].OID))
		dst = AppendBinaryField(env, row.Types[i], dst, f)
	}
	return dst
}

// compare orders field by field, then by the number of fields; that fields
// have the same types is the planner's to check.
func (c recordCodec) compare(_ *Type, a, b Datum) int {
	n, _ := c.compareLong(a, b, nil) // work that is nil has no error
	return n
}

func (recordCodec) compareLong(a, b Datum, work Work) (int, error) {
	x, y := a.Row(), b.Row()
	for i := 0; i < len(x.Fields) && i < len(y.Fields); i++ {
		if c, err := x.Types[i].CompareLong(x.Fields[i], y.Fields[i], work); c != 0 || err != nil {
			return c, err
		}
	}
	return cmp.Compare(len(x.Fields), len(y.Fields)), nil
}

func (c recordCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	h, _ = c.hashLong(h, d, nil) // work that is nil has no error
	return h
}

func (recordCodec) hashLong(h uint64, d Datum, work Work) (_ uint64, err error) {
	row := d.Row()
	h = mix(h, uint64(len(row.Fields)))
	for i, f := range row.Fields {
		if h, err = row.Types[i].HashLong(h, f, work); err != nil {
			return 0, err
		}
	}
	return h, nil
}
