package builtin

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// miscImpls are small functions of no family: sizes, encodings, normal forms.
var miscImpls = impls{
	"pg_size_pretty": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(prettySize(a[0].Int())), nil
	},
	"pg_size_pretty_numeric": prettySizeNumeric,
	"PG_encoding_to_char": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(encodingName(a[0].Int())), nil
	},
	"PG_char_to_encoding":    charToEncoding,
	"pg_client_encoding":     utf8Name,
	"getdatabaseencoding":    utf8Name,
	"unicode_normalize_func": normalize,
	"unicode_is_normalized":  isNormalized,
	"oidvectortypes":         oidVectorTypes,
	"xid8toxid": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(uint32(a[0].Int()))), nil
	},
	"parse_ident": parseIdent,
}

// sizeUnits are pg_size_pretty's: a value moves up when it would need more than
// five digits, rounding half up on the way (dbsize.c).
var sizeUnits = [...]string{"bytes", "kB", "MB", "GB", "TB", "PB"}

func prettySize(v int64) string {
	limit := int64(10 * 1024)
	for i, unit := range sizeUnits {
		if abs := max(v, -v); abs < limit || i == len(sizeUnits)-1 {
			if i > 0 {
				v = halfRound(v)
			}
			return strconv.FormatInt(v, 10) + " " + unit
		}
		shift := 10
		if i == 0 {
			// One bit more is kept from here on, to round by.
			shift, limit = 9, 20*1024-1
		}
		v /= 1 << shift
	}
	return ""
}

// halfRound drops the bit that was kept to round by.
func halfRound(v int64) int64 {
	if v > 0 {
		return (v + 1) / 2
	}
	return (v - 1) / 2
}

// prettySizeNumeric goes by int64 where the value fits; beyond, everything is PB.
func prettySizeNumeric(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	v := a[0].Decimal()
	if types.CompareNumeric(types.NumericAbs(v), types.NumericFromInt(10*1024)) < 0 {
		return types.Text(types.NumericText(v) + " bytes"), nil
	}
	n, err := types.NumericToInt(types.NumericTrunc(v, 0), 64)
	if err == nil {
		return types.Text(prettySize(n)), nil
	}
	petabyte := apd.New(1<<50, 0)
	r, err := types.NumericDiv(v, petabyte)
	if err != nil {
		return types.Null, err
	}
	if r, err = types.NumericRound(r, 0); err != nil {
		return types.Null, err
	}
	return types.Text(types.NumericText(r) + " PB"), nil
}

// The encodings that have a number here: the database's, and SQL_ASCII.
const (
	encodingASCII = 0
	encodingUTF8  = 6
)

func encodingName(n int64) string {
	switch n {
	case encodingASCII:
		return "SQL_ASCII"
	case encodingUTF8:
		return "UTF8"
	}
	return ""
}

func charToEncoding(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	switch {
	case isUTF8(a[0].Text()):
		return types.Int(encodingUTF8), nil
	case strings.EqualFold(strings.ReplaceAll(a[0].Text(), "_", ""), "sqlascii"):
		return types.Int(encodingASCII), nil
	}
	return types.Int(-1), nil
}

func utf8Name(*expr.Context, []types.Datum) (types.Datum, error) { return types.Text("UTF8"), nil }

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

func normalize(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	return types.Text(f.String(a[0].Text())), nil
}

func isNormalized(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	return types.Bool(f.IsNormalString(a[0].Text())), nil
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
func parseIdent(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	source, strict := a[0].Text(), a[1].Bool()
	s := strings.TrimLeft(source, " \t\n\r\f\v")
	var parts []string
	after := false
	for {
		part, rest, err := identPart(source, s, after)
		if err != nil {
			return types.Null, err
		}
		parts = append(parts, part)
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
func identPart(source, s string, afterDot bool) (part, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		for end := 1; ; end++ {
			n := strings.IndexByte(s[end:], '"')
			if n < 0 {
				return "", "", errIdent(source, "String has unclosed double quotes.")
			}
			end += n
			if strings.HasPrefix(s[end+1:], `"`) {
				end++
				continue
			}
			if end == 1 {
				return "", "", errIdent(source, "Quoted identifier must not be empty.")
			}
			return strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:], nil
		}
	}
	n := 0
	for n < len(s) && (isWordByte(s[n]) || s[n] >= 0x80 || n > 0 && s[n] == '$') && !(n == 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	switch {
	case n > 0:
		return strings.ToLower(s[:n]), s[n:], nil
	case strings.HasPrefix(s, "."):
		return "", "", errIdent(source, "No valid identifier before \".\".")
	case afterDot:
		return "", "", errIdent(source, "No valid identifier after \".\".")
	}
	return "", "", errIdent(source, "")
}
