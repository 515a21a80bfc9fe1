package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// asciiTables are what to_ascii makes of the bytes of four encodings from 160
// on, or from 128 on (ascii.c). What is before becomes a blank.
var asciiTables = map[string]string{
	"LATIN1":  "  cL Y  \"Ca  -R     'u .,      ?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty",
	"LATIN2":  " A L LS \"SSTZ-ZZ a,l'ls ,sstz\"zzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt.",
	"LATIN9":  "  cL YS sCa  -R     Zu .z   EeY?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty",
	"WIN1250": "  ' \"    %S<STZZ `'\"\".--  s>stzz   L A  \"CS  -RZ  ,l'u .,as L\"lzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt ",
}

// toASCII takes the bytes of a text as those of an encoding.
func toASCII(s string, number int) (types.Datum, error) {
	table, ok := asciiTables[encodings[number].name]
	if !ok {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "encoding conversion from %s to ASCII not supported", encodings[number].name)
	}
	begin := 256 - len(table)
	out := []byte(s)
	for i, c := range out {
		switch {
		case c < 0x80:
		case int(c) < begin:
			out[i] = ' '
		default:
			out[i] = table[int(c)-begin]
		}
	}
	return types.Text(textOf(out)), nil
}

func toASCIINumber(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := a[1].Int()
	if n < 0 || n >= int64(len(encodings)) {
		return types.Null, pgerr.New(pgerr.UndefinedObject, "%d is not a valid encoding code", n)
	}
	return toASCII(a[0].Text(), int(n))
}

func toASCIIName(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n, ok := findEncoding(a[1].Text())
	if !ok {
		return types.Null, pgerr.New(pgerr.UndefinedObject, "%s is not a valid encoding name", a[1].Text())
	}
	return toASCII(a[0].Text(), n)
}
