package builtin

import (
	"bytes"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// macaddrImpls are the operators and functions of macaddr and macaddr8 (mac.c, mac8.c).
var macaddrImpls = impls{
	"macaddr_not": notBytes, "macaddr8_not": notBytes,
	"macaddr_and": joinedBytes(func(a, b byte) byte { return a & b }), "macaddr8_and": joinedBytes(func(a, b byte) byte { return a & b }),
	"macaddr_or": joinedBytes(func(a, b byte) byte { return a | b }), "macaddr8_or": joinedBytes(func(a, b byte) byte { return a | b }),
	"macaddr_trunc": macTrunc, "macaddr8_trunc": macTrunc,
	"macaddrtomacaddr8": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bytes(types.MAC8(a[0].Bytes())), nil
	},
	"macaddr8tomacaddr": mac8To6,
	"macaddr8_set7bit": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		b := bytes.Clone(a[0].Bytes())
		b[0] |= 1 << 1 // the bit that says that an address is locally administered
		return types.Bytes(b), nil
	},
}

func notBytes(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b := bytes.Clone(a[0].Bytes())
	for i := range b {
		b[i] = ^b[i]
	}
	return types.Bytes(b), nil
}

// joinedBytes combines two values of one length byte by byte.
func joinedBytes(f func(a, b byte) byte) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		b := bytes.Clone(a[0].Bytes())
		for i, with := range a[1].Bytes() {
			b[i] = f(b[i], with)
		}
		return types.Bytes(b), nil
	}
}

// manufacturerBytes is how many bytes of an address name its manufacturer.
const manufacturerBytes = 3

func macTrunc(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b := bytes.Clone(a[0].Bytes())
	clear(b[manufacturerBytes:])
	return types.Bytes(b), nil
}

func mac8To6(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b := a[0].Bytes()
	if b[3] != 0xff || b[4] != 0xfe {
		return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "macaddr8 data out of range to convert to macaddr").
			WithHint("Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.")
	}
	return types.Bytes(append(bytes.Clone(b[:3]), b[5:]...)), nil
}
