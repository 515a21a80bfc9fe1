package types

import (
	"bytes"

	"github.com/pegmatitedb/pegmatite/internal/textsearch"
)

// tsvectorCodec is tsvector (tsvector.c). A Datum holds textsearch's stored
// form, whose bytes compare as PostgreSQL compares the values.
type tsvectorCodec struct{ byteaCodec }

// VectorDatum makes a tsvector.
func VectorDatum(v textsearch.Vector) Datum { return Bytes(v.Encode()) }

// Vector is a tsvector's value; it shares the Datum's memory.
func (d Datum) Vector() textsearch.Vector {
	v, _ := textsearch.DecodeVector(d.Text()) // a value is what Encode has made
	return v
}

func (c tsvectorCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (tsvectorCodec) parseLong(_ *Env, _ *Type, s string, _ int32, work Work) (Datum, error) {
	if err := validateLong(s, work); err != nil {
		return Null, err
	}
	v, err := textsearch.ParseVector(s, textsearch.Work(work))
	if err != nil {
		return Null, err
	}
	return VectorDatum(v), nil
}

func (tsvectorCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return d.Vector().AppendText(dst)
}

func (tsvectorCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	v, err := textsearch.VectorFromWire(b, ValidateUTF8)
	if err != nil {
		return Null, err
	}
	return VectorDatum(v), nil
}

func (tsvectorCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return d.Vector().AppendWire(dst)
}

func (tsvectorCodec) compare(_ *Type, a, b Datum) int { return bytes.Compare(a.Bytes(), b.Bytes()) }
