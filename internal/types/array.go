package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The limits of arrays: MAXDIM (array.h), and as many elements as Datums of 24
// bytes fit into a value; PostgreSQL's MaxArraySize counts 8 bytes for each.
const (
	maxArrayDims  = 6
	maxArrayItems = MaxValueBytes / 24
)

// arrayCodec is the true array types (arrayfuncs.c).
type arrayCodec struct{}

// elem returns the type of an array's elements, also of a domain's over an array.
func (t *Type) elem() *Type { return t.Base().Elem }

// isArray tells elem[] from int2vector and oidvector, which have elements but
// names and text forms of their own.
func (t *Type) isArray() bool { return t.Elem != nil && t.Storage != 'p' }

// NewArray makes a one-dimensional array that begins at 1, of elems which it keeps.
func NewArray(elem *Type, elems []Datum) *Array {
	a := &Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims, a.Lower = []int32{int32(len(elems))}, []int32{1}
	}
	return a
}

// HasNull reports whether any element is NULL.
func (a *Array) HasNull() bool {
	for _, e := range a.Elems {
		if e.IsNull() {
			return true
		}
	}
	return false
}

// CheckArraySize answers dimensions that are too large with 54000; it returns
// the number of elements.
func CheckArraySize(dims, lower []int32) (int, error) {
	n := int64(1)
	for i, d := range dims {
		if n *= int64(d); d < 0 || n > maxArrayItems {
			return 0, errArraySize(maxArrayItems)
		}
		if int64(lower[i])+int64(d) > math.MaxInt32 {
			return 0, pgerr.New(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", lower[i])
		}
	}
	if len(dims) == 0 {
		n = 0
	}
	return int(n), nil
}

func errArrayDims(n int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, maxArrayDims)
}

func (c arrayCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil) // work that is nil has no error
	return dst
}

func (arrayCodec) formatLong(env *Env, t *Type, dst []byte, d Datum, work Work) ([]byte, error) {
	a := d.Array()
	if len(a.Elems) == 0 {
		return append(dst, "{}"...), nil
	}
	for _, l := range a.Lower {
		if l != 1 {
			dst = appendBounds(dst, a)
			break
		}
	}
	f := arrayFormatter{env: env, a: a, elem: t.elem(), delim: t.elem().Delim, work: work}
	return f.level(dst, 0)
}

func appendBounds(dst []byte, a *Array) []byte {
	for i, l := range a.Lower {
		dst = strconv.AppendInt(append(dst, '['), int64(l), 10)
		dst = strconv.AppendInt(append(dst, ':'), int64(l)+int64(a.Dims[i])-1, 10)
		dst = append(dst, ']')
	}
	return append(dst, '=')
}

type arrayFormatter struct {
	env   *Env
	a     *Array
	elem  *Type
	delim byte
	next  int // the element to write next
	work  Work
}

func (f *arrayFormatter) level(dst []byte, dim int) (_ []byte, err error) {
	dst = append(dst, '{')
	for i := int32(0); i < f.a.Dims[dim]; i++ {
		if i > 0 {
			dst = append(dst, f.delim)
		}
		if dim+1 < len(f.a.Dims) {
			dst, err = f.level(dst, dim+1)
		} else {
			dst, err = f.element(dst, f.a.Elems[f.next])
			f.next++
		}
		if err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// elementWork is about what writing or reading an element costs beside its bytes, in bytes.
const elementWork = 24

func (f *arrayFormatter) element(dst []byte, e Datum) ([]byte, error) {
	if e.IsNull() {
		return append(dst, "NULL"...), f.work.spend(elementWork)
	}
	start := len(dst)
	dst, err := f.elem.FormatLong(f.env, dst, e, f.work)
	if err != nil {
		return nil, err
	}
	if needsArrayQuotes(dst[start:], f.delim) {
		if dst, err = quoteFrom(dst, start, '\\', f.work); err != nil {
			return nil, err
		}
	}
	return dst, f.work.spend(elementWork + len(dst) - start)
}

func needsArrayQuotes(b []byte, delim byte) bool {
	if len(b) == 0 || len(b) == 4 && strings.EqualFold(string(b), "NULL") {
		return true
	}
	for _, c := range b {
		if c == '"' || c == '\\' || c == '{' || c == '}' || c == delim || isSpace(c) {
			return true
		}
	}
	return false
}

// quoteFrom puts what begins at start into double quotes, with a mark before
// each quote and backslash in it; 0 doubles them.
func quoteFrom(dst []byte, start int, mark byte, work Work) ([]byte, error) {
	text, p := string(dst[start:]), progress{work: work}
	dst = append(dst[:start], '"')
	for i := 0; i < len(text); i++ {
		if err := p.at(i); err != nil {
			return nil, err
		}
		switch c := text[i]; {
		case c != '"' && c != '\\':
		case mark != 0:
			dst = append(dst, mark)
		default:
			dst = append(dst, c)
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"'), nil
}

func errArrayBinary(what string, args ...any) error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, what, args...)
}

func (arrayCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) < 12 {
		return Null, errShortMessage()
	}
	ndim, flags, oid := readInt32(b), readInt32(b[4:]), OID(binary.BigEndian.Uint32(b[8:]))
	elem := t.elem()
	switch {
	case ndim < 0:
		return Null, errArrayBinary("invalid number of dimensions: %d", ndim)
	case ndim > maxArrayDims:
		return Null, errArrayDims(int(ndim))
	case flags != 0 && flags != 1:
		return Null, errArrayBinary("invalid array flags")
	case oid != elem.OID:
		return Null, errBinaryType("array element type", oid, elem, "")
	}
	b = b[12:]
	a := &Array{Elem: elem}
	for i := int32(0); i < ndim; i++ {
		if len(b) < 8 {
			return Null, errShortMessage()
		}
		a.Dims, a.Lower = append(a.Dims, readInt32(b)), append(a.Lower, readInt32(b[4:]))
		b = b[8:]
	}
	n, err := CheckArraySize(a.Dims, a.Lower)
	if err != nil {
		return Null, err
	}
	if n == 0 && len(b) > 0 {
		return Null, errBadBinary()
	}
	if n == 0 {
		return ArrayDatum(&Array{Elem: elem}), nil
	}
	return a.decodeElems(env, b, n, typmod)
}

// errBinaryType says that binary data brings another type than expected.
func errBinaryType(what string, got OID, want *Type, where string) error {
	name := "???"
	if g := ByOID(got); g != nil {
		name = g.SQLName
	}
	return pgerr.New(pgerr.DatatypeMismatch, "binary data has %s %d (%s) instead of expected %d (%s)%s",
		what, got, name, want.OID, want.SQLName, where)
}

func (a *Array) decodeElems(env *Env, b []byte, n int, typmod int32) (Datum, error) {
	if n > len(b)/4 {
		return Null, errShortMessage()
	}
	a.Elems = make([]Datum, n)
	for i := range a.Elems {
		if len(b) < 4 {
			return Null, errShortMessage()
		}
		size := readInt32(b)
		b = b[4:]
		if size == -1 {
			continue
		}
		if size < 0 || int(size) > len(b) {
			return Null, errArrayBinary("insufficient data left in message")
		}
		d, err := a.Elem.Decode(env, b[:size], typmod)
		if err != nil {
			if pgerr.HasCode(err, pgerr.InvalidBinaryRepresentation) && pgerr.From(err).Message == errBadBinary().Error() {
				err = errArrayBinary("improper binary format in array element %d", i+1)
			}
			return Null, err
		}
		a.Elems[i], b = d, b[size:]
	}
	if len(b) > 0 {
		return Null, errBadBinary()
	}
	return ArrayDatum(a), nil
}

func (arrayCodec) encode(env *Env, t *Type, dst []byte, d Datum) []byte {
	a := d.Array()
	elem := t.elem()
	flags := int32(0)
	if a.HasNull() {
		flags = 1
	}
	dst = appendInt32(appendInt32(dst, int32(len(a.Dims))), flags)
	dst = binary.BigEndian.AppendUint32(dst, uint32(elem.OID))
	for i := range a.Dims {
		dst = appendInt32(appendInt32(dst, a.Dims[i]), a.Lower[i])
	}
	for _, e := range a.Elems {
		dst = AppendBinaryField(env, elem, dst, e)
	}
	return dst
}

// AppendBinaryField appends a length, -1 for NULL, and the binary form: what
// DataRow, arrays and records hold.
func AppendBinaryField(env *Env, t *Type, dst []byte, d Datum) []byte {
	if d.IsNull() {
		return appendInt32(dst, -1)
	}
	start := len(dst)
	dst = t.Encode(env, append(dst, 0, 0, 0, 0), d)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// compare orders by the elements, then by how many they are, then by shape.
func (c arrayCodec) compare(t *Type, a, b Datum) int {
	n, _ := c.compareLong(t, a, b, nil) // work that is nil has no error
	return n
}

func (arrayCodec) compareLong(t *Type, a, b Datum, work Work) (int, error) {
	x, y := a.Array(), b.Array()
	elem := t.elem()
	for i := 0; i < len(x.Elems) && i < len(y.Elems); i++ {
		if err := work.spend(elementWork); err != nil {
			return 0, err
		}
		if c, err := elem.CompareLong(x.Elems[i], y.Elems[i], work); c != 0 || err != nil {
			return c, err
		}
	}
	return compareShapes(x, y), nil
}

// compareShapes orders arrays whose elements are equal as far as both have them.
func compareShapes(x, y *Array) int {
	if c := cmp.Compare(len(x.Elems), len(y.Elems)); c != 0 {
		return c
	}
	if c := cmp.Compare(len(x.Dims), len(y.Dims)); c != 0 {
		return c
	}
	for i := range x.Dims {
		if c := cmp.Compare(x.Dims[i], y.Dims[i]); c != 0 {
			return c
		}
	}
	for i := range x.Lower {
		if c := cmp.Compare(x.Lower[i], y.Lower[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (c arrayCodec) hash(t *Type, h uint64, d Datum) uint64 {
	h, _ = c.hashLong(t, h, d, nil) // work that is nil has no error
	return h
}

func (arrayCodec) hashLong(t *Type, h uint64, d Datum, work Work) (_ uint64, err error) {
	elem := t.elem()
	elems := d.Array().Elems
	h = mix(h, uint64(len(elems)))
	for _, e := range elems {
		if h, err = elem.HashLong(h, e, work); err != nil {
			return 0, err
		}
	}
	return h, nil
}

// vectorCodec is int2vector and oidvector: arrays in all but their text form
// and their lower bound of 0.
type vectorCodec struct{ arrayCodec }

func (vectorCodec) parse(env *Env, t *Type, s string, _ int32) (Datum, error) {
	a := &Array{Elem: t.elem()}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }) {
		d, err := a.Elem.Parse(env, word, -1)
		if err != nil {
			if n := countWhile(word, isDigit); a.Elem == TOID && n > 0 && n < len(word) {
				err = badSyntax("oid", word[n:]) // oidvectorin shows what follows the number
			}
			return Null, err
		}
		a.Elems = append(a.Elems, d)
	}
	a.Dims, a.Lower = []int32{int32(len(a.Elems))}, []int32{0}
	return ArrayDatum(a), nil
}

// decode keeps the one dimension that a vector has even when it is empty.
func (c vectorCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	d, err := c.arrayCodec.decode(env, t, b, typmod)
	if err != nil {
		return Null, err
	}
	if a := d.Array(); len(a.Dims) == 0 {
		return ArrayDatum(&Array{Elem: a.Elem, Dims: []int32{0}, Lower: []int32{0}}), nil
	}
	return d, nil
}

func (vectorCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	for i, e := range d.Array().Elems {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = t.elem().Format(env, dst, e)
	}
	return dst
}
