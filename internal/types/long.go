package types

import (
	"slices"
	"unicode/utf8"
	"unsafe"
)

// Work is told how much of something long has been done, in bytes read or
// written; its error ends it. nil is asked nothing.
type Work func(bytes int) error

// LongBytes is from how many bytes on a value is long: what reads or writes a
// shorter one takes a millisecond at most.
const LongBytes = 1 << 16

// spend tells work, if there is one.
func (w Work) spend(bytes int) error {
	if w == nil {
		return nil
	}
	return w(bytes)
}

// progress tells work of a loop over a text, from piece to piece.
type progress struct {
	work Work
	next int // where work is told again
}

// at is called with the place that the loop has come to.
func (p *progress) at(i int) error {
	if i < p.next {
		return nil
	}
	first := p.next == 0
	p.next = i + LongBytes
	if first {
		return nil
	}
	return p.work.spend(LongBytes)
}

// ParseLong is Parse of a text that may be long.
func (t *Type) ParseLong(env *Env, s string, typmod int32, work Work) (Datum, error) {
	if len(s) < LongBytes {
		return t.codec.parse(env, t, s, typmod)
	}
	// By the type itself: what is embedded would be that of another one.
	switch c := t.codec.(type) {
	case textCodec:
		return c.parseLong(env, t, s, typmod, work)
	case varcharCodec:
		return c.parseLong(env, t, s, typmod, work)
	case bpcharCodec:
		return c.parseLong(env, t, s, typmod, work)
	case byteaCodec:
		return c.parseLong(env, t, s, typmod, work)
	case arrayCodec:
		return c.parseLong(env, t, s, typmod, work)
	case rangeCodec:
		return c.parseLong(env, t, s, typmod, work)
	case multirangeCodec:
		return c.parseLong(env, t, s, typmod, work)
	case jsonCodec:
		return c.parseLong(env, t, s, typmod, work)
	case jsonbCodec:
		return c.parseLong(env, t, s, typmod, work)
	case tsvectorCodec:
		return c.parseLong(env, t, s, typmod, work)
	case tsqueryCodec:
		return c.parseLong(env, t, s, typmod, work)
	case pathCodec:
		return c.parseLong(env, t, s, typmod, work)
	case polygonCodec:
		return c.parseLong(env, t, s, typmod, work)
	}
	return t.codec.parse(env, t, s, typmod)
}

// FormatLong is Format of a value that may be long.
func (t *Type) FormatLong(env *Env, dst []byte, d Datum, work Work) ([]byte, error) {
	switch c := t.codec.(type) {
	case byteaCodec:
		return c.formatLong(env, t, dst, d, work)
	case recordCodec:
		return c.formatLong(env, t, dst, d, work)
	case arrayCodec:
		return c.formatLong(env, t, dst, d, work)
	case rangeCodec:
		return c.formatLong(env, t, dst, d, work)
	case multirangeCodec:
		return c.formatLong(env, t, dst, d, work)
	case pathCodec:
		return c.formatLong(env, t, dst, d, work)
	case polygonCodec:
		return c.formatLong(env, t, dst, d, work)
	}
	return t.codec.format(env, t, dst, d), nil
}

// compareWork is about what comparing or hashing a short value costs, in bytes read.
const compareWork = 16

// shortBytes is up to how many bytes a value is so short that asking costs
// about as much as comparing it.
const shortBytes = 1 << 10

// short reports whether what is done to d is not worth asking about.
func (d Datum) short() bool {
	switch d.kind {
	case KindText, KindBytes:
		return d.n <= shortBytes
	case KindArray, KindRow, KindMultirange:
		return false
	case KindRange:
		return d.Range().Lower.Value.short() && d.Range().Upper.Value.short()
	}
	return true
}

// CompareLong is Compare of values that may be long.
func (t *Type) CompareLong(a, b Datum, work Work) (int, error) {
	switch {
	case a.IsNull() || b.IsNull():
		return t.Compare(a, b), nil
	case a.short() && b.short():
		return t.codec.compare(t, a, b), nil
	}
	switch c := t.codec.(type) {
	case jsonbCodec:
		return c.compareLong(a, b, work)
	case arrayCodec:
		return c.compareLong(t, a, b, work)
	case recordCodec:
		return c.compareLong(a, b, work)
	case rangeCodec:
		return c.compareLong(t, a, b, work)
	case multirangeCodec:
		return c.compareLong(t, a, b, work)
	case domainCodec:
		return c.base.CompareLong(a, b, work)
	}
	n := t.codec.compare(t, a, b)
	return n, work.spend(compareWork + min(a.ByteLen(), b.ByteLen()))
}

// HashLong is Hash of a value that may be long.
func (t *Type) HashLong(h uint64, d Datum, work Work) (uint64, error) {
	if d.short() {
		return t.Hash(h, d), nil
	}
	switch c := t.codec.(type) {
	case jsonbCodec:
		return c.hashLong(h, d, work)
	case arrayCodec:
		return c.hashLong(t, h, d, work)
	case recordCodec:
		return c.hashLong(h, d, work)
	case rangeCodec:
		return c.hashLong(t, h, d, work)
	case multirangeCodec:
		return c.hashLong(t, h, d, work)
	case domainCodec:
		return c.base.HashLong(h, d, work)
	}
	return t.codec.hash(t, h, d), work.spend(compareWork + d.ByteLen())
}

// SortKeyType is the type of SortKey: t itself, but for a type whose values are
// made into something else for every comparison.
func (t *Type) SortKeyType() *Type {
	if t.Base() == TJSONB {
		return TBytea
	}
	return t
}

// SortKey makes what stands for d where d is compared often: by SortKeyType, in
// t's order. NULL stays NULL; the error is work's.
func (t *Type) SortKey(d Datum, work Work) (Datum, error) {
	if d.IsNull() || t.Base() != TJSONB {
		return d, nil
	}
	key, err := appendJSONBKeyLong(nil, d.Text(), work)
	return Bytes(key), err
}

// SortLong sorts what is compared by values that may be long; what is equal
// keeps its order. The first error of compare ends it, and then the order is none.
func SortLong[T any](list []T, compare func(a, b T) (int, error)) error {
	var failed error
	slices.SortStableFunc(list, func(a, b T) int {
		if failed != nil {
			return 0 // nothing is less than anything: what is left of the sort is soon done
		}
		n, err := compare(a, b)
		failed = err
		return n
	})
	return failed
}

// validateLong is ValidateUTF8 in pieces.
func validateLong(s string, work Work) error {
	for rest := s; rest != ""; {
		end := min(len(rest), LongBytes)
		for end < len(rest) && end > LongBytes-utf8.UTFMax && !utf8.RuneStart(rest[end]) {
			end--
		}
		if ValidateUTF8(rest[:end]) != nil {
			return ValidateUTF8(s) // which bytes may lie in two pieces
		}
		rest = rest[end:]
		if err := work.spend(end); err != nil {
			return err
		}
	}
	return nil
}

// textOf is a text of bytes that nobody changes from now on.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// cloneLong is strings.Clone in pieces.
func cloneLong(s string, work Work) (string, error) {
	b := make([]byte, 0, len(s))
	for s != "" {
		n := min(len(s), LongBytes)
		b = append(b, s[:n]...)
		s = s[n:]
		if err := work.spend(n); err != nil {
			return "", err
		}
	}
	return textOf(b), nil
}
