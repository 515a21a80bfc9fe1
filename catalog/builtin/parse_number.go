package builtin

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// numberFromText is to_number(text, format): digits where the format has them,
// the rest skipped.
func numberFromText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if len(a[1].Text()) > maxFormatBytes {
		return types.Null, errTooLarge()
	}
	nodes, err := parseNumberFormat(ctx, a[1].Text())
	if err != nil {
		return types.Null, err
	}
	s, err := shapeOf(nodes)
	if err != nil {
		return types.Null, err
	}
	switch {
	case s.roman:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "\"RN\" not supported for input")
	case s.science:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "\"EEEE\" not supported for input")
	case len(nodes) == 0:
		return types.Null, nil
	}
	r := &numberReader{in: a[0].Text(), decimal: s.decimal}
	for _, n := range nodes {
		if r.in == "" {
			break
		}
		r.node(n)
	}
	if strings.Trim(r.digits, ".") == "" {
		return types.Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "numeric", r.shown())
	}
	v, err := types.ParseNumeric(r.signed())
	if err != nil {
		return types.Null, err
	}
	if s.multiplied {
		return numeric(types.NumericDiv(v, apd.NewWithBigInt(powerOfTen(s.multi), 0)))
	}
	return types.Decimal(v), nil
}

// numberReader collects a number's digits from text.
type numberReader struct {
	in, digits string
	negative   bool
	decimal    bool // the format has a point
}

func (r *numberReader) shown() string { return " " + r.digits }

func (r *numberReader) signed() string {
	if r.negative {
		return "-" + r.digits
	}
	return r.digits
}

func (r *numberReader) skip() { r.in = r.in[byteOffset(r.in, 1):] }

// node reads what one node of the format stands for.
func (r *numberReader) node(n formatNode) {
	switch n.key {
	case "9", "0", ".", "D":
		r.digit()
	case ",", "G":
		if r.in[0] == ',' {
			r.skip()
		}
	case "S", "MI", "PL", "SG", "PR":
		r.sign()
	case "L":
		if c := r.in[0]; c < '0' || c > '9' {
			r.skip()
		}
	case "":
		r.skip()
	case "TH":
		for range 2 {
			if r.in != "" && (r.in[0]|0x20 >= 'a' && r.in[0]|0x20 <= 'z') {
				r.skip()
			}
		}
	}
}

func (r *numberReader) sign() {
	switch {
	case r.in == "":
	case r.in[0] == '-' || r.in[0] == '<':
		r.negative = true
		r.skip()
	case r.in[0] == '+' || r.in[0] == '>':
		r.skip()
	}
}

// digit reads one character for a digit or point of the format: whichever of
// the two it is.
func (r *numberReader) digit() {
	if r.digits == "" {
		r.in = strings.TrimPrefix(r.in, " ")
		r.sign()
	}
	if r.in == "" {
		return
	}
	switch c := r.in[0]; {
	case c >= '0' && c <= '9', c == '.' && r.decimal && !strings.Contains(r.digits, "."):
		r.digits += r.in[:1]
		r.skip()
	}
}
