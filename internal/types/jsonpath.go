package types

import (
	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// jsonpathCodec is jsonpath (jsonpath.c). A Datum holds a text of the same
// expression, which jsonpath_out's is not always.
type jsonpathCodec struct{ textCodec }

func (jsonpathCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Null, err
	}
	path, err := jsonpath.Parse(s)
	if err != nil {
		return Null, err
	}
	return Text(path.Exact()), nil
}

// jsonpathVersion is the version byte of the binary form.
const jsonpathVersion = 1

func (c jsonpathCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) == 0 {
		return Null, errShortMessage()
	}
	if b[0] != jsonpathVersion {
		return Null, pgerr.Raised("jsonpath_recv", "unsupported jsonpath version number: %d", b[0])
	}
	return c.parse(env, t, string(b[1:]), typmod)
}

func (jsonpathCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	path, err := jsonpath.Parse(d.Text())
	if err != nil { // a value is what Parse has read
		return append(dst, d.Text()...)
	}
	return append(dst, path.String()...)
}

func (c jsonpathCodec) encode(env *Env, t *Type, dst []byte, d Datum) []byte {
	return c.format(env, t, append(dst, jsonpathVersion), d)
}
