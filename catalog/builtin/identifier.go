package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// identifierImpls read and write names as SQL has them.
var identifierImpls = impls{
	"oidvectortypes": oidVectorTypes,
	"parse_ident":    parseIdent,
}

// oidVectorTypes names the types of a list of OIDs; one that is not built in is shown as its number.
func oidVectorTypes(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	var names []string
	for _, e := range a[0].Array().Elems {
		name := "???"
		if t := types.ByOID(types.OID(e.Int())); t != nil {
			name = t.SQLName
		}
		names = append(names, name)
	}
	return types.Text(strings.Join(names, ", ")), nil
}

func errIdent(s, detail string) error {
	e := pgerr.New(pgerr.InvalidParameterValue, "string is not a valid identifier: \"%s\"", s)
	if detail != "" {
		e = e.WithDetail("%s", detail)
	}
	return e
}

// parseIdent is parse_ident(name, strict): the parts of a qualified name.
func parseIdent(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	source, strict := a[0].Text(), a[1].Bool()
	s := strings.TrimLeft(source, " \t\n\r\f\v")
	var parts []string
	after := false
	for {
		part, rest, err := identPart(ctx, source, s, after)
		if err != nil {
			return types.Null, err
		}
		parts = append(parts, part)
		if err := ctx.Spend(elemWork + len(part)); err != nil {
			return types.Null, err
		}
		s = strings.TrimLeft(rest, " \t\n\r\f\v")
		if !strings.HasPrefix(s, ".") {
			break
		}
		after, s = true, strings.TrimLeft(s[1:], " \t\n\r\f\v")
	}
	if s != "" && strict {
		return types.Null, errIdent(source, "")
	}
	return textArray(parts), nil
}

// identPart reads one identifier, quoted or not.
func identPart(ctx *expr.Context, source, s string, afterDot bool) (part, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		return quotedPart(ctx, source, s)
	}
	n, m := 0, marks{ctx: ctx}
	for n < len(s) && (isWordByte(s[n]) || s[n] >= 0x80 || n > 0 && s[n] == '$') && !(n == 0 && s[n] >= '0' && s[n] <= '9') {
		n++
		if err := m.reached(n); err != nil {
			return "", "", err
		}
	}
	switch {
	case n > 0:
		part, err := foldCase(ctx, s[:n])
		return part, s[n:], err
	case strings.HasPrefix(s, "."):
		return "", "", errIdent(source, "No valid identifier before \".\".")
	case afterDot:
		return "", "", errIdent(source, "No valid identifier after \".\".")
	}
	return "", "", errIdent(source, "")
}

// quotedPart reads an identifier within quotes.
func quotedPart(ctx *expr.Context, source, s string) (part, rest string, err error) {
	m := marks{ctx: ctx}
	for end := 1; ; end++ {
		n := strings.IndexByte(s[end:], '"')
		if n < 0 {
			return "", "", errIdent(source, "String has unclosed double quotes.")
		}
		end += n
		if err := m.reached(end); err != nil {
			return "", "", err
		}
		if strings.HasPrefix(s[end+1:], `"`) {
			end++
			continue
		}
		if end == 1 {
			return "", "", errIdent(source, "Quoted identifier must not be empty.")
		}
		part, err := replaceAll(ctx, s[1:end], `""`, `"`)
		return part, s[end+1:], err
	}
}

// foldCase is what an identifier without quotes becomes: in UTF-8 only ASCII
// letters have another case (downcase_identifier).
func foldCase(ctx *expr.Context, s string) (string, error) {
	d, err := mapRunes(ctx, s, func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	})
	return d.Text(), err
}

// isWordByte reports whether a byte is a letter, a digit or an underscore of ASCII.
func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
