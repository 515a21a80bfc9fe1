package types

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// voidCodec is void: its only value is the empty text.
type voidCodec struct{ textCodec }

func (voidCodec) parse(*Env, *Type, string, int32) (Datum, error) { return Text(""), nil }

func (voidCodec) decode(*Env, *Type, []byte, int32) (Datum, error) { return Text(""), nil }

// pseudoCodec is the pseudo-types that have no values (pseudotypes.c).
type pseudoCodec struct{ textCodec }

func (pseudoCodec) parse(_ *Env, t *Type, _ string, _ int32) (Datum, error) {
	return Null, errNoInput(t)
}

func (pseudoCodec) decode(_ *Env, t *Type, _ []byte, _ int32) (Datum, error) {
	return Null, errNoInput(t)
}

func errNoInput(t *Type) error {
	return pgerr.New(pgerr.FeatureNotSupported, "cannot accept a value of type %s", t.Name)
}

// unsupportedCodec is the types of PostgreSQL that are in pg_type, so that
// catalog queries see them, and nothing else.
type unsupportedCodec struct{ textCodec }

func (unsupportedCodec) parse(_ *Env, t *Type, _ string, _ int32) (Datum, error) {
	return Null, pgerr.Unsupported("type %s", t.SQLName)
}

func (unsupportedCodec) decode(_ *Env, t *Type, _ []byte, _ int32) (Datum, error) {
	return Null, pgerr.Unsupported("type %s", t.SQLName)
}
