package sqlitesql

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// form is how values of an expression lie in SQLite: two expressions of one
// form compare in SQLite as their values do in PostgreSQL, given that the
// comparison's function takes their types at all.
type form uint8

const (
	formNone   form = iota // no comparison in SQLite is the right one
	formInt                // INTEGER: bool, int2/4/8, oid, days, µs, labels of enums
	formReal               // REAL, or TEXT 'NaN', which sorts after every number
	formText               // TEXT, binary collation; char(n) without its padding
	formBlob               // BLOB, memcmp: uuid, bytea
	formScaled             // INTEGER scaled by the column's typmod, or TEXT 'NaN': comparable within one typmod
)

// formOf returns the form of stored values of a type.
func formOf(t *types.Type, typmod int32) form {
	if base := t.Base(); base != t || base.Kind == 'e' {
		if base.Kind == 'e' {
			return formInt
		}
		return formOf(base, typmod) // values of a domain lie as its own do
	}
	switch t {
	case types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TOID,
		types.TDate, types.TTime, types.TTimestamp, types.TTimestamptz:
		return formInt
	case types.TFloat4, types.TFloat8:
		return formReal
	case types.TText, types.TVarchar, types.TName:
		return formText
	case types.TBpchar:
		if t.KeyIsStored(typmod) {
			return formText
		} // without a length its blanks are stored, and do not count
	case types.TUUID, types.TBytea:
		return formBlob
	case types.TNumeric:
		if t.KeyIsStored(typmod) {
			return formScaled
		}
	}
	if t.Ranges() != nil && t.KeyIsStored(typmod) {
		return formBlob
	}
	return formNone
}

// exprForm is formOf for the values of e.
func exprForm(e expr.Expr) form { return formOf(e.Type(), e.Typmod()) }

// comparedForm is exprForm for a side of a comparison.
func comparedForm(e expr.Expr) form {
	if trimmed(e) {
		return formText
	}
	return exprForm(e)
}

// trimmed reports whether e is bound without its trailing blanks when it is
// compared: a char(n) of no known length, such as a literal.
func trimmed(e expr.Expr) bool {
	return e.Type() == types.TBpchar && !types.TBpchar.KeyIsStored(e.Typmod()) && rowIndependent(e)
}

// comparable reports whether SQLite compares a with b exactly.
func comparable(a, b expr.Expr) bool {
	f := comparedForm(a)
	if f == formNone || f != comparedForm(b) {
		return false
	}
	return f != formScaled || a.Typmod() == b.Typmod()
}

// Sorts reports whether SQLite's ORDER BY over e, a plain column, is PostgreSQL's.
func Sorts(e expr.Expr) bool {
	_, ok := e.(*expr.Column)
	return ok && exprForm(e) != formNone
}
