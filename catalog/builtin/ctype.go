package builtin

import (
	"maps"
	"strings"
	"unicode"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// ctype is a collation's LC_CTYPE: what has cases, and belongs to classes of characters.
type ctype uint8

// The two that collations have here.
const (
	ctypeUnicode ctype = iota // C.UTF-8, the database's own
	ctypeC                    // of C, POSIX and ucs_basic: ASCII's characters only
)

// firstOfC is the first OID of functions under collation C (see firstOwnOID).
const firstOfC = 9500

// ctypeImpls are the functions of text that depend on LC_CTYPE.
func ctypeImpls(in ctype) (impls, rowsImpls) {
	out := impls{
		"lower": mapText(func() runeMap { return in.lower }), "upper": mapText(func() runeMap { return in.upper }), "initcap": mapText(in.capitals),
		"texticlike": in.ilike(true), "texticnlike": in.ilike(false), "nameiclike": in.ilike(true), "nameicnlike": in.ilike(false),
	}
	maps.Copy(out, regexes{in}.impls())
	return out, regexes{in}.rows()
}

// addInC gives a function its variant under collation C, if there is one. It has an
// OID of its own, by which it is found on other nodes, and is in no catalog.
func (l *Library) addInC(p *Proc, t *implTables) {
	f, rows := t.inC[p.Symbol], t.inCRows[p.Symbol]
	if f == nil && rows == nil {
		return
	}
	in := *p.Func
	in.OID = firstOfC + types.OID(l.inC)
	in.Impl, in.Rows, in.IsInC = f, rows, true
	l.inC++
	p.Func.InC = &in
	l.procByOID[in.OID] = &Proc{OID: in.OID, Name: p.Name, Kind: 'f', Symbol: p.Symbol, Func: &in}
}

func (in ctype) knows(r rune) bool { return in == ctypeUnicode || r <= unicode.MaxASCII }

func (in ctype) lower(r rune) rune {
	if in.knows(r) {
		return unicode.ToLower(r)
	}
	return r
}

func (in ctype) upper(r rune) rune {
	if in.knows(r) {
		return unicode.ToUpper(r)
	}
	return r
}

// capitals is the mapping of initcap, which begins outside of a word.
func (in ctype) capitals() runeMap {
	inWord := false
	return func(r rune) rune {
		first := !inWord
		inWord = in.knows(r) && (unicode.IsLetter(r) || unicode.IsDigit(r))
		if first {
			return in.upper(r)
		}
		return in.lower(r)
	}
}

// runeMap maps one character of a text after the other; those below 0 are left out.
type runeMap func(rune) rune

// mapText makes an impl of a mapping, which is made anew for each call.
func mapText(start func() runeMap) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return mapRunes(ctx, a[0].Text(), start())
	}
}

func mapRunes(ctx *expr.Context, s string, f runeMap) (types.Datum, error) {
	if len(s) <= pieceBytes {
		return types.Text(strings.Map(f, s)), nil
	}
	b := buffer{ctx: ctx, out: make([]byte, 0, len(s))}
	for s != "" {
		piece := s[:pieceEnd(s)]
		s = s[len(piece):]
		if err := b.add(strings.Map(f, piece)); err != nil {
			return types.Null, err
		}
	}
	return types.Text(b.text()), nil
}

// ilike is ILIKE, or NOT ILIKE.
func (in ctype) ilike(want bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		s, err := mapRunes(ctx, a[0].Text(), in.lower)
		if err != nil {
			return types.Null, err
		}
		pattern, err := mapRunes(ctx, a[1].Text(), in.lower)
		if err != nil {
			return types.Null, err
		}
		ok, err := matchLike(ctx, s.Text(), pattern.Text())
		return types.Bool(ok == want), err
	}
}
