package types

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/textsearch"
)

// tsqueryCodec is tsquery (tsquery.c). A Datum holds textsearch's stored form: a
// key whose bytes compare as PostgreSQL compares the values, and behind it what
// comparison does not see, the weights and prefixes.
type tsqueryCodec struct{ byteaCodec }

// QueryDatum makes a tsquery.
func QueryDatum(q *textsearch.Query) Datum { return Bytes(q.Encode()) }

// Query is a tsquery's value; it shares the Datum's memory.
func (d Datum) Query() *textsearch.Query {
	q, _ := textsearch.DecodeQuery(d.Text()) // a value is what Encode has made
	return q
}

// queryParts are the key and the looks of a value.
func (d Datum) queryParts() (key, looks string) {
	key, looks, _ = textsearch.SplitQuery(d.Text())
	return key, looks
}

func (c tsqueryCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (tsqueryCodec) parseLong(_ *Env, _ *Type, s string, _ int32, work Work) (Datum, error) {
	if err := validateLong(s, work); err != nil {
		return Null, err
	}
	q, err := textsearch.ParseQuery(s, textsearch.Work(work))
	if err != nil {
		return Null, err
	}
	return QueryDatum(q), nil
}

func (tsqueryCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return d.Query().AppendText(dst)
}

func (tsqueryCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	q, err := textsearch.QueryFromWire(b, ValidateUTF8)
	if err != nil {
		return Null, err
	}
	return QueryDatum(q), nil
}

func (tsqueryCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return d.Query().AppendWire(dst)
}

func (tsqueryCodec) compare(_ *Type, a, b Datum) int {
	x, _ := a.queryParts()
	y, _ := b.queryParts()
	return strings.Compare(x, y)
}

func (c tsqueryCodec) hash(t *Type, h uint64, d Datum) uint64 {
	key, _ := d.queryParts()
	return c.byteaCodec.hash(t, h, Text(key))
}

// query reads a key and its looks, which lie apart inside an array or a row.
func (r *keyReader) query() Datum {
	q, key, looks, ok := textsearch.NextQuery(string(r.key), string(r.display))
	if !ok {
		r.bad = true
		return Null
	}
	r.key, r.display = r.key[len(r.key)-len(key):], r.display[len(r.display)-len(looks):]
	return QueryDatum(q)
}
