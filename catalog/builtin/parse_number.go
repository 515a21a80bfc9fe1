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
	r := &numberReader{in: a[0].Text(), shape: s, sign: ' '}
	for _, n := range nodes {
		if r.in == "" {
			break
		}
		r.node(n)
	}
	v, err := types.ParseNumeric(r.text())
	if err != nil {
		return types.Null, err
	}
	// The format's places are the number's precision, the digits read behind the point its scale.
	if precision := s.pre + s.multi + r.post; precision <= maxPrecision {
		if v, err = types.ApplyNumericTypmod(v, int32(precision<<16|r.post)+numericTypmodHeader); err != nil {
			return types.Null, err
		}
	}
	if s.multiplied {
		return numeric(types.NumericDiv(v, apd.NewWithBigInt(powerOfTen(s.multi), 0)))
	}
	return types.Decimal(v), nil
}

// maxPrecision is the largest precision that a typmod has room for; numericTypmodHeader is VARHDRSZ.
const (
	maxPrecision        = 1<<15 - 1
	numericTypmodHeader = 4
)

// numberReader collects a number's digits from text (NUM_processor): a pattern
// takes a character whether it could use it or not, but where it says otherwise.
type numberReader struct {
	in        string
	shape     *numberShape
	sign      byte // ' ' when none has been read
	digits    string
	pre, post int // digits read in front of the point and behind
	point     bool
}

// text is what was read as numeric's input has it.
func (r *numberReader) text() string { return string(r.sign) + strings.TrimSuffix(r.digits, ".") }

// skip takes so many bytes, as far as there are any.
func (r *numberReader) skip(n int) { r.in = r.in[min(n, len(r.in)):] }

func (r *numberReader) skipCharacter() { r.in = r.in[byteOffset(r.in, 1):] }

// at reports whether the text goes on with a byte.
func (r *numberReader) at(c byte) bool { return r.in != "" && r.in[0] == c }

// node reads what one node of the format stands for.
func (r *numberReader) node(n formatNode) {
	switch n.key {
	case "9", "0", ".", "D":
		r.digit(n.key)
		r.skip(1)
	case ",", "G":
		if !r.shape.fill && r.at(',') {
			r.skip(1)
		}
	case "MI":
		r.mark("-")
	case "PL":
		r.mark("+")
	case "SG":
		r.mark("-+")
	case "L":
		r.skipOther(1)
	case "TH":
		r.skipOther(2)
	case "":
		r.skipCharacter()
	}
}

// mark reads a sign by itself.
func (r *numberReader) mark(signs string) {
	if strings.IndexByte(signs, r.in[0]) < 0 {
		r.skipOther(1)
		return
	}
	r.sign = r.in[0]
	r.skip(1)
}

// skipOther skips characters that no number has (NUM_eat_non_data_chars).
func (r *numberReader) skipOther(n int) {
	for ; n > 0 && r.in != "" && strings.IndexByte("0123456789.,+-", r.in[0]) < 0; n-- {
		r.skipCharacter()
	}
}

// digit reads a digit or the point, whichever there is, with a sign in front of the first
// or behind the last (NUM_numpart_from_char). What it leaves is skipped.
func (r *numberReader) digit(key string) {
	if r.at(' ') {
		r.skip(1)
	}
	if r.sign == ' ' && (key == "0" || key == "9") && r.pre+r.post == 0 {
		r.signBefore()
	}
	if r.in == "" {
		return
	}
	read := false
	switch c := r.in[0]; {
	case c >= '0' && c <= '9':
		if r.point && r.post == r.shape.post {
			return
		}
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case c == '.' && r.shape.decimal && !r.point:
		r.point, read = true, true
	}
	if read {
		r.digits += r.in[:1]
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		r.signBehind(read)
	}
}

func (r *numberReader) signBefore() {
	switch {
	case r.at('-'), r.shape.bracket && r.at('<'):
		r.sign = '-'
		r.skip(1)
	case r.at('+'):
		r.sign = '+'
		r.skip(1)
	}
}

// signBehind reads the sign of S right behind a digit, and another kind where there is no digit.
func (r *numberReader) signBehind(read bool) {
	switch {
	case r.shape.localSign() && read && len(r.in) > 1 && (r.in[1] == '-' || r.in[1] == '+'):
		r.sign = r.in[1]
		r.skip(1)
	case !r.shape.localSign() && !read && (r.shape.plus || r.shape.minus) && (r.in[0] == '-' || r.in[0] == '+'):
		r.sign = r.in[0]
	}
}
