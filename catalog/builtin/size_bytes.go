package builtin

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// sizeOfText reads a size: a number, and one of pg_size_pretty's units (pg_size_bytes).
func sizeOfText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	whole := a[0].Text()
	s := strings.Trim(whole, cSpace)
	number, ok := sizeNumber(s)
	if !ok {
		return types.Null, errSize(whole)
	}
	d, err := types.TNumeric.Parse(nil, number, -1)
	if err != nil {
		return types.Null, err
	}
	v := d.Decimal()
	if unit := strings.Trim(s[len(number):], cSpace); unit != "" {
		shift, ok := sizeUnit(unit)
		if !ok {
			return types.Null, errSize(whole).WithDetail("Invalid size unit: \"%s\".", unit).
				WithHint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
		}
		if v, err = types.NumericMul(v, apd.New(1<<shift, 0)); err != nil {
			return types.Null, err
		}
	}
	n, err := types.NumericToInt(v, 64)
	return types.Int(n), err
}

func errSize(s string) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid size: \"%s\"", s)
}

// cSpace is what isspace() of C skips.
const cSpace = " \t\n\v\f\r"

// sizeUnit is how many bits a unit shifts by.
func sizeUnit(name string) (shift int, ok bool) {
	for i, unit := range sizeUnits {
		if strings.EqualFold(name, unit) {
			return 10 * i, true
		}
	}
	return 0, false
}

// sizeNumber is the number that s begins with. What follows an E belongs to it
// only when that is a number.
func sizeNumber(s string) (number string, ok bool) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	sign := func(i int) int {
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		return i
	}
	begin := sign(0)
	end := digits(begin)
	found := end > begin
	if end < len(s) && s[end] == '.' {
		after := digits(end + 1)
		found = found || after > end+1
		end = after
	}
	if !found {
		return "", false
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		if from := sign(end + 1); digits(from) > from {
			end = digits(from)
		}
	}
	return s[:end], true
}
