package types

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// JSONValue is a jsonb taken apart. Exactly one of its forms is in use, as Kind says.
type JSONValue struct {
	Kind   JSONKind
	Text   string       // JSONString
	Number *apd.Decimal // JSONNumber
	Bool   bool         // JSONBool
	Elems  []JSONValue  // JSONArray
	Fields []JSONField  // JSONObject: keys unique, shorter ones first, then by bytes
}

// JSONField is a member of an object.
type JSONField struct {
	Key   string
	Value JSONValue
}

// JSONKind is the form of a JSONValue.
type JSONKind uint8

// The forms, in jsonb's order (jsonb.h); an array or object is above every scalar.
const (
	JSONNull JSONKind = iota
	JSONString
	JSONNumber
	JSONBool
	JSONArray
	JSONObject
)

// jsonbCodec is jsonb. A Datum holds the text that jsonb_out writes, which is
// canonical but for the display scale of numbers (jsonb.c).
type jsonbCodec struct{ textCodec }

func (c jsonbCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Null, err
	}
	v, err := parseJSONValue(env, s, nil)
	if err != nil {
		return Null, err
	}
	return Text(string(v.Append(nil))), nil
}

func (c jsonbCodec) parseLong(env *Env, _ *Type, s string, _ int32, work Work) (Datum, error) {
	if err := validateLong(s, work); err != nil {
		return Null, err
	}
	v, err := parseJSONValue(env, s, work)
	if err != nil {
		return Null, err
	}
	b, err := v.AppendLong(nil, work)
	return Text(textOf(b)), err
}

// jsonbVersion is the version byte of the binary form.
const jsonbVersion = 1

func (c jsonbCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) == 0 {
		return Null, errShortMessage()
	}
	if b[0] != jsonbVersion {
		return Null, pgerr.Raised("jsonb_recv", "unsupported jsonb version number %d", b[0])
	}
	return c.parse(env, t, string(b[1:]), typmod)
}

func (jsonbCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return append(append(dst, jsonbVersion), d.Text()...)
}

func (c jsonbCodec) compare(_ *Type, a, b Datum) int {
	n, _ := c.compareLong(a, b, nil) // work that is nil has no error
	return n
}

func (jsonbCodec) compareLong(a, b Datum, work Work) (int, error) {
	if a.Text() == b.Text() {
		return 0, nil
	}
	x, err := appendJSONBKeyLong(nil, a.Text(), work)
	if err != nil {
		return 0, err
	}
	y, err := appendJSONBKeyLong(nil, b.Text(), work)
	return bytes.Compare(x, y), err
}

func (c jsonbCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	h, _ = c.hashLong(h, d, nil) // work that is nil has no error
	return h
}

func (jsonbCodec) hashLong(h uint64, d Datum, work Work) (uint64, error) {
	key, err := appendJSONBKeyLong(nil, d.Text(), work)
	return mix(h, xxhash.Sum64(key)), err
}

func errJSONValues() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "number of jsonb array elements exceeds the maximum allowed (%d)", maxJSONValues)
}

// ParseJSON takes a JSON text apart as jsonb_in does: of equal keys the last
// one stays, numbers are numeric. work is told of it.
func ParseJSON(s string, work Work) (JSONValue, error) { return parseJSONValue(nil, s, work) }

func parseJSONValue(env *Env, s string, work Work) (JSONValue, error) {
	b := &jsonBuilder{work: work}
	if err := parseJSON(env, s, true, b, work); err != nil {
		return JSONValue{}, err
	}
	return b.done, nil
}

// jsonBuilder makes a JSONValue of a parser's events.
type jsonBuilder struct {
	stack []JSONValue
	keys  []string // of the open objects' current members
	done  JSONValue
	n     int // values so far
	work  Work
}

// jsonValueWork is about what making a value costs, in bytes read.
const jsonValueWork = 64

// maxJSONValues bounds what one JSON text is taken apart into; PostgreSQL holds
// twice as many in one array, and all of them in 256 MB.
const maxJSONValues = 1 << 24

func (b *jsonBuilder) add(v JSONValue) error {
	if err := b.work.spend(jsonValueWork); err != nil {
		return err
	}
	if b.n++; b.n > maxJSONValues {
		return errJSONValues()
	}
	if len(b.stack) == 0 {
		b.done = v
		return nil
	}
	top := &b.stack[len(b.stack)-1]
	if top.Kind == JSONArray {
		top.Elems = append(top.Elems, v)
		return nil
	}
	last := len(b.keys) - 1
	top.Fields = append(top.Fields, JSONField{b.keys[last], v})
	b.keys = b.keys[:last]
	return nil
}

func (b *jsonBuilder) scalar(tok jsonToken, text string) error {
	v := JSONValue{}
	switch tok {
	case jsonString:
		v = JSONValue{Kind: JSONString, Text: strings.Clone(text)}
	case jsonNumber:
		n, err := ParseNumeric(text)
		if err != nil {
			return err
		}
		v = JSONValue{Kind: JSONNumber, Number: n}
	case jsonTrue, jsonFalse:
		v = JSONValue{Kind: JSONBool, Bool: tok == jsonTrue}
	}
	return b.add(v)
}

func (b *jsonBuilder) key(text string) error {
	b.keys = append(b.keys, strings.Clone(text))
	return nil
}

func (b *jsonBuilder) open(tok jsonToken) error {
	kind := JSONArray
	if tok == jsonObjectStart {
		kind = JSONObject
	}
	b.stack = append(b.stack, JSONValue{Kind: kind})
	return nil
}

func (b *jsonBuilder) close(jsonToken) error {
	v := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	var err error
	if v.Fields, err = sortJSONFields(v.Fields, b.work); err != nil {
		return err
	}
	return b.add(v)
}

// SortJSONFields brings members into jsonb's order, in place, and drops all but
// the last of those with equal keys.
func SortJSONFields(fields []JSONField) []JSONField {
	fields, _ = sortJSONFields(fields, nil) // work that is nil has no error
	return fields
}

func sortJSONFields(fields []JSONField, work Work) ([]JSONField, error) {
	err := SortLong(fields, func(a, b JSONField) (int, error) {
		return compareJSONKeys(a.Key, b.Key), work.spend(len(a.Key) + 1)
	})
	if err != nil {
		return nil, err
	}
	out := fields[:0]
	for i, f := range fields {
		if i+1 < len(fields) && fields[i+1].Key == f.Key {
			continue
		}
		out = append(out, f)
	}
	return out, nil
}

// compareJSONKeys is the order of keys inside an object: by length first.
func compareJSONKeys(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Append appends the text form, as jsonb_out writes it.
func (v JSONValue) Append(dst []byte) []byte {
	dst, _ = v.AppendLong(dst, nil) // work that is nil has no error
	return dst
}

// Datum is the jsonb that has the value; its error is work's.
func (v JSONValue) Datum(work Work) (Datum, error) {
	b, err := v.AppendLong(nil, work)
	return Text(textOf(b)), err
}

// AppendLong is Append of a value that may be long.
func (v JSONValue) AppendLong(dst []byte, work Work) ([]byte, error) {
	switch v.Kind {
	case JSONString:
		return AppendJSONStringLong(dst, v.Text, work)
	case JSONNumber:
		return AppendNumeric(dst, v.Number), work.spend(jsonValueWork)
	case JSONBool:
		if v.Bool {
			return append(dst, "true"...), work.spend(1)
		}
		return append(dst, "false"...), work.spend(1)
	case JSONArray:
		return v.appendElems(dst, work)
	case JSONObject:
		return v.appendFields(dst, work)
	}
	return append(dst, "null"...), work.spend(1)
}

func (v JSONValue) appendElems(dst []byte, work Work) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, e := range v.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = e.AppendLong(dst, work); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (v JSONValue) appendFields(dst []byte, work Work) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, f := range v.Fields {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = AppendJSONStringLong(dst, f.Key, work); err != nil {
			return nil, err
		}
		if dst, err = f.Value.AppendLong(append(dst, ": "...), work); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// AppendJSONString appends s as a JSON string (escape_json).
func AppendJSONString(dst []byte, s string) []byte {
	return append(appendJSONBytes(append(dst, '"'), s), '"')
}

// AppendJSONStringLong is AppendJSONString of a text that may be long.
func AppendJSONStringLong(dst []byte, s string, work Work) ([]byte, error) {
	dst = append(dst, '"')
	for len(s) > LongBytes {
		dst = appendJSONBytes(dst, s[:LongBytes])
		s = s[LongBytes:]
		if err := work.spend(LongBytes); err != nil {
			return nil, err
		}
	}
	return append(appendJSONBytes(dst, s), '"'), work.spend(len(s) + 1)
}

func appendJSONBytes(dst []byte, s string) []byte {
	const from, to = "\b\f\n\r\t\"\\", `bfnrt"\`
	for i := 0; i < len(s); i++ {
		c := s[i]
		if k := strings.IndexByte(from, c); k >= 0 {
			dst = append(dst, '\\', to[k])
		} else if c < ' ' {
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// JSONStringLen is how many bytes AppendJSONString appends.
func JSONStringLen(s string) int {
	n := len(s) + 2
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\' || c >= '\b' && c <= '\r' && c != '\v':
			n++
		case c < ' ':
			n += 5
		}
	}
	return n
}

// Compare is jsonb's btree order.
func (v JSONValue) Compare(w JSONValue) int {
	x, _ := v.appendKey(nil, nil) // work that is nil has no error
	y, _ := w.appendKey(nil, nil)
	return bytes.Compare(x, y)
}

// appendJSONBKey appends the key of a jsonb's text; text that is none, which
// only a damaged file can hold, gives an empty document's.
func appendJSONBKey(dst []byte, s string) []byte {
	dst, _ = appendJSONBKeyLong(dst, s, nil) // work that is nil has no error
	return dst
}

// appendJSONBKeyLong is appendJSONBKey of a text that may be long; its error is work's.
func appendJSONBKeyLong(dst []byte, s string, work Work) ([]byte, error) {
	var ended error
	v, _ := ParseJSON(s, func(n int) error {
		ended = work.spend(n)
		return ended
	})
	if ended != nil {
		return nil, ended
	}
	return v.appendTopKey(dst, work)
}

// The classes of jsonb keys. PostgreSQL holds a scalar in an array of one
// element, marked raw, and compares arrays by the number of elements before it
// sees the mark: so an empty array is below every scalar, any other above.
const (
	jsonClassEmptyArray = 1
	jsonClassScalar     = 2
	jsonClassArray      = 3
	jsonClassObject     = 4
)

func (v JSONValue) appendTopKey(dst []byte, work Work) ([]byte, error) {
	switch {
	case v.Kind == JSONArray && len(v.Elems) == 0:
		return append(dst, jsonClassEmptyArray), nil
	case v.Kind == JSONArray:
		dst = append(dst, jsonClassArray)
	case v.Kind == JSONObject:
		dst = append(dst, jsonClassObject)
	default:
		dst = append(dst, jsonClassScalar)
	}
	return v.appendKey(dst, work)
}

// appendKey orders by kind, then containers by the number of their members,
// then member by member.
func (v JSONValue) appendKey(dst []byte, work Work) (_ []byte, err error) {
	if err := work.spend(jsonValueWork); err != nil {
		return nil, err
	}
	dst = append(dst, byte(v.Kind)+1)
	switch v.Kind {
	case JSONString:
		dst = appendEscaped(dst, []byte(v.Text))
	case JSONNumber:
		dst = appendNumericKey(dst, v.Number)
	case JSONBool:
		if v.Bool {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case JSONArray:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Elems)))
		for _, e := range v.Elems {
			if dst, err = e.appendKey(dst, work); err != nil {
				return nil, err
			}
		}
	case JSONObject:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Fields)))
		for _, f := range v.Fields {
			dst = appendEscaped(dst, []byte(f.Key))
			if dst, err = f.Value.appendKey(dst, work); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}
