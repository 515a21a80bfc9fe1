package types

import (
	"encoding/binary"
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// How values lie in SQLite, and what may be asked of them there.
//
// A value has a *stored form* (Store, Load) and a *key* (StoreKey): values that
// are equal in PostgreSQL have identical keys, and keys order as the values do,
// under SQLite's rules (bytes.Compare for a BLOB). For most types the stored
// form is its own key: KeyIsStored. For the rest the stored form is a BLOB that
// begins with the key and ends with a *display part*: what is needed to show
// values that are equal but look different, 1.0 and 1.00, or an interval of 1
// month and one of 30 days. The display part is never longer than it must be:
//
//	type                             key                display part
//	numeric without p <= 18          sign, size, digits scale, 2 bytes
//	interval                         days, µs: 12 bytes months, days: 8 bytes
//	arrays, rows, ranges of such     elements' keys     theirs, and its length, 4 bytes
//
// jsonb, and bpchar without a length (whose blanks must come back), are stored
// as TEXT, of which KeyPart computes the key.
//
// Comparing whole stored BLOBs refines the order of the keys (it breaks ties by
// display), so an index on the stored form finds ranges; but equality, DISTINCT,
// GROUP BY, joins and uniqueness must use the key: KeyPart of a stored value in
// Go, substr(x, 1, length(x)-DisplayLen) in SQLite where DisplayLen >= 0. A
// primary key or unique index over such a column holds StoreKey, and the column
// itself lies beside it.
//
// A float's key differs from its stored form only in that -0.0 is 0.0, which
// SQLite knows too: in SQL nothing needs doing, where packed bytes are
// compared the key does.

// smallNumeric reports whether a column numeric(p, s) is stored as a scaled INTEGER.
func smallNumeric(typmod int32) (scale int32, ok bool) {
	p, s, ok := NumericPrecision(typmod)
	return s, ok && p <= 18
}

// Store makes the stored form of d for a column of this type and typmod, which
// d must already obey (ApplyTypmod). The result may share d's memory.
func (t *Type) Store(typmod int32, d Datum) Value {
	switch d.kind {
	case KindNull:
		return NullValue
	case KindBool:
		return IntValue(int64(d.n))
	case KindInt:
		return IntValue(storedInt(t, d.Int()))
	case KindFloat:
		if v := d.Float(); !math.IsNaN(v) {
			return RealValue(v)
		}
		return TextValue("NaN")
	case KindText:
		if typmod >= typmodHeader && t.Base() == TBpchar {
			return TextValue(TrimBpchar(d.Text()))
		}
		return TextValue(d.Text())
	case KindBytes:
		return Value{Tag: TagBlob, n: d.n, p: d.p}
	case KindDecimal:
		if scale, ok := smallNumeric(typmod); ok {
			return storeScaled(d.Decimal(), scale)
		}
	}
	return BlobValue(t.appendStored(nil, d))
}

// storedInt keeps the order of the unsigned 64-bit types in a signed INTEGER.
// It is its own inverse.
func storedInt(t *Type, v int64) int64 {
	switch t.Base() {
	case TXID8, TPGLSN:
		return v ^ math.MinInt64
	}
	return v
}

func storeScaled(v *apd.Decimal, scale int32) Value {
	if v.Form != apd.Finite {
		return TextValue("NaN")
	}
	r := roundNumeric(v, scale)
	n := r.Coeff.Int64()
	if scale < 0 {
		n = new(apd.BigInt).Quo(&r.Coeff, pow10(int(-scale))).Int64()
	}
	if r.Negative {
		n = -n
	}
	return IntValue(n)
}

// Load reads a stored form. Anything that Store cannot have made is XX001
// (data_corrupted). The result may share v's memory.
func (t *Type) Load(typmod int32, v Value) (Datum, error) {
	if v.Tag == TagNull {
		return Null, nil
	}
	switch t.Datum {
	case KindBool:
		if v.Tag == TagInt64 {
			return Bool(v.n != 0), nil
		}
	case KindInt:
		if v.Tag == TagInt64 {
			return Int(storedInt(t, v.Int())), nil
		}
	case KindFloat:
		return t.loadFloat(v)
	case KindText:
		if v.Tag == TagText {
			return t.loadText(typmod, v), nil
		}
	case KindBytes:
		if v.Tag == TagBlob {
			return Datum{kind: KindBytes, n: v.n, p: v.p}, nil
		}
	case KindDecimal:
		if scale, ok := smallNumeric(typmod); ok {
			return t.loadScaled(v, scale)
		}
		fallthrough
	default:
		if v.Tag == TagBlob {
			return t.loadStored(v.Bytes())
		}
	}
	return Null, errCorrupt(t)
}

func errCorrupt(t *Type) error {
	return pgerr.New(pgerr.DataCorrupted, "stored value is no %s", t.SQLName)
}

func (t *Type) loadFloat(v Value) (Datum, error) {
	switch {
	case v.Tag == TagReal:
		return Datum{kind: KindFloat, n: v.n}, nil
	case v.Tag == TagText && v.Text() == "NaN":
		return Float(floatNaN), nil
	}
	return Null, errCorrupt(t)
}

func (t *Type) loadText(typmod int32, v Value) Datum {
	d := Datum{kind: KindText, n: v.n, p: v.p}
	if typmod >= typmodHeader && t.Base() == TBpchar {
		d, _ = padBpchar(d, int(typmod-typmodHeader), true)
	}
	return d
}

func (t *Type) loadScaled(v Value, scale int32) (Datum, error) {
	switch {
	case v.Tag == TagInt64:
		r := apd.New(v.Int(), -max(scale, 0))
		if scale < 0 {
			r.Coeff.Mul(&r.Coeff, pow10(int(-scale)))
		}
		return Decimal(r), nil
	case v.Tag == TagText && v.Text() == "NaN":
		return Decimal(numericNaN), nil
	}
	return Null, errCorrupt(t)
}

// StoreKey makes the key of d: identical for equal values, ordered as they are.
func (t *Type) StoreKey(typmod int32, d Datum) Value {
	if d.kind == KindFloat && d.Float() == 0 {
		return RealValue(0)
	}
	if t.KeyIsStored(typmod) || d.IsNull() {
		return t.Store(typmod, d)
	}
	if t.Base() == TBpchar {
		return TextValue(TrimBpchar(d.Text()))
	}
	key, _ := t.appendKey(nil, d, nil) // work that is nil has no error
	return BlobValue(key)
}

// StoreKeyLong is StoreKey of a value that may be long; its error is work's.
func (t *Type) StoreKeyLong(typmod int32, d Datum, work Work) (Value, error) {
	if d.short() || t.KeyIsStored(typmod) || t.Base() == TBpchar {
		return t.StoreKey(typmod, d), nil
	}
	key, err := t.appendKey(nil, d, work)
	return BlobValue(key), err
}

// KeyPart takes the key out of a stored form: KeyPart(Store(d)) is StoreKey(d).
func (t *Type) KeyPart(typmod int32, v Value) (Value, error) {
	switch {
	case v.Tag == TagReal && v.Real() == 0:
		return RealValue(0), nil
	case v.Tag == TagNull || t.KeyIsStored(typmod):
		return v, nil
	case v.Tag == TagText && t.Base() == TBpchar:
		return TextValue(TrimBpchar(v.Text())), nil
	case t.Base() == TJSONB:
		d, err := t.Load(typmod, v)
		return t.StoreKey(typmod, d), err
	case v.Tag != TagBlob:
		return NullValue, errCorrupt(t)
	}
	b := v.Bytes()
	n := t.DisplayLen(typmod)
	if n < 0 {
		n = 4
		if len(b) >= 4 {
			n += int(binary.BigEndian.Uint32(b[len(b)-4:]))
		}
	}
	if n > len(b) {
		return NullValue, errCorrupt(t)
	}
	return BlobValue(b[: len(b)-n : len(b)-n]), nil
}

// BpcharTrimmed is a typmod of char(n) that every value fits: stored under it,
// a value loses its trailing blanks, which count in no comparison.
const BpcharTrimmed = maxAttrSize + typmodHeader

// KeyIsStored reports whether SQLite's own equality and order of stored values
// are PostgreSQL's for such a column, so that no key apart is needed.
func (t *Type) KeyIsStored(typmod int32) bool {
	switch t.Datum {
	case KindDecimal:
		_, small := smallNumeric(typmod)
		return small
	case KindInterval:
		return false
	case KindText:
		b := t.Base()
		return b != TJSONB && (b != TBpchar || typmod >= typmodHeader)
	case KindBytes:
		return t.Base() != TTSQuery
	case KindArray:
		return t.elem().lossless()
	case KindRow:
		for _, c := range t.Columns() {
			if !c.Type.lossless() {
				return false
			}
		}
		return t.Columns() != nil
	case KindRange, KindMultirange:
		return t.Ranges().Subtype.lossless()
	}
	return true
}

// DisplayLen is how many bytes at the end of a stored BLOB are not its key:
// 0 where the stored form is the key, -1 where it varies.
func (t *Type) DisplayLen(typmod int32) int {
	switch {
	case t.KeyIsStored(typmod):
		return 0
	case t.Datum == KindDecimal:
		return numericDisplayLen
	case t.Datum == KindInterval:
		return intervalDisplayLen
	}
	return -1
}
