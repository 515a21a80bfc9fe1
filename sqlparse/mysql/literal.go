package mysql

import (
	"encoding/hex"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// literal translates a constant.
func (t *translator) literal(l *literal) *pg.Node {
	at := location(l)
	switch v := l.value.(type) {
	case nil:
		return nullConst(at)
	case bool:
		if v {
			return intConst(1, at)
		}
		return intConst(0, at)
	case string:
		return t.text(l, v)
	case float64:
		return castTo(numberConst(strconv.FormatFloat(v, 'g', -1, 64), at), "float8")
	case bits:
		return cast(stringConst(`\x`+hex.EncodeToString(t.bytes(l, v)), at), typeNameOf("bytea", nowhere), nowhere)
	}
	text, _ := t.numeral(l)
	return numberOf(text, at)
}

// numberOf is a constant as PostgreSQL's lexer makes it: small integers apart.
func numberOf(text string, at int32) *pg.Node {
	if v, err := strconv.ParseInt(text, 10, 32); err == nil {
		return intConst(int32(v), at)
	}
	return numberConst(text, at)
}

// param translates a question mark: PostgreSQL's parameters have numbers, those
// of their places in the text.
func (t *translator) param(p *param) *pg.Node {
	number, _ := slices.BinarySearch(t.params, p.OriginTextPosition())
	return &pg.Node{Node: &pg.Node_ParamRef{ParamRef: &pg.ParamRef{Number: int32(number + 1), Location: location(p)}}}
}

// numeral is the text of an exact number; ok is false for other literals.
func (t *translator) numeral(l *literal) (text string, ok bool) {
	switch v := l.value.(type) {
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		if v > math.MaxInt64 {
			t.refuse(l, "an unsigned integer above %d", int64(math.MaxInt64))
		}
		return strconv.FormatUint(v, 10), true
	case decimal:
		return string(v), true
	}
	return "", false
}

// negative is a literal with a minus sign, nil when it is no exact number. The
// smallest integer is one only with its sign.
func (t *translator) negative(l *literal, at int32) *pg.Node {
	if v, ok := l.value.(uint64); ok && v == math.MaxInt64+1 {
		return numberConst("-"+strconv.FormatUint(v, 10), at)
	}
	if text, ok := t.numeral(l); ok {
		return numberOf("-"+text, at)
	}
	return nil
}

// numberLiteral is a literal where a number is wanted: MySQL reads strings as
// doubles.
func (t *translator) numberLiteral(l *literal) *pg.Node {
	switch v := l.value.(type) {
	case string:
		if !plainNumber.MatchString(v) {
			t.refuse(l, "the string '%s' as a number", v)
		}
		return castTo(stringConst(v, location(l)), "float8")
	case bits:
		t.refuse(l, "%s as a number", string(v))
	}
	return t.literal(l)
}

// text translates a string. PostgreSQL's is of unknown type until its place
// gives it one, and is then read by that type's rules; where those are not
// MySQL's, it is text, and no other place takes it.
func (t *translator) text(l *literal, s string) *pg.Node {
	if !slices.Contains([]string{"", "utf8mb4", "utf8", "utf8mb3"}, l.charset) {
		t.refuse(l, "the character set %s", l.charset)
	}
	n := stringConst(s, location(l))
	if readsOtherwise(s) {
		return castTo(n, "text")
	}
	return n
}

var (
	plainNumber = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
	plainDate   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]([0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?))?$`)
	// dateWord is in a text without digits that PostgreSQL reads as a date or a double.
	dateWord = regexp.MustCompile(`(?i)now|today|tomorrow|yesterday|epoch|inf|nan|allballs`)
	midnight = regexp.MustCompile(`^[0:.]*$`)
)

// isMoment reports whether a string is a date with a time of day other than midnight.
func isMoment(s string) bool {
	m := plainDate.FindStringSubmatch(s)
	return m != nil && m[2] != "" && !midnight.MatchString(m[2])
}

// maxDateText is a length beyond which PostgreSQL reads no date (MAXDATELEN).
const maxDateText = 128

// readsOtherwise reports whether a type of MySQL's tables would read a string in
// another way than MySQL does: bytes by their escapes, numbers and dates by words
// and forms that MySQL does not have.
func readsOtherwise(s string) bool {
	if strings.IndexByte(s, '\\') >= 0 {
		return true
	}
	if len(s) > maxDateText || plainDate.MatchString(s) || plainNumber.MatchString(s) {
		return false
	}
	if plainNumber.MatchString(strings.TrimSpace(s)) || !strings.ContainsAny(s, "0123456789") && !dateWord.MatchString(s) {
		return false
	}
	env := *types.DefaultEnv()
	if _, err := types.TFloat8.Parse(&env, s, -1); err == nil {
		return true
	}
	for _, order := range []types.DateOrder{types.OrderMDY, types.OrderDMY, types.OrderYMD} {
		env.DateOrder = order
		for _, kind := range []*types.Type{types.TTimestamp, types.TDate} {
			if _, err := kind.Parse(&env, s, -1); err == nil {
				return true
			}
		}
	}
	return false
}

// bytes are those of x'…', 0x…, b'…' and 0b….
func (t *translator) bytes(l *literal, v bits) []byte {
	text := strings.ToLower(string(v))
	base := 16
	if strings.HasPrefix(text, "b") || strings.HasPrefix(text, "0b") {
		base = 2
	}
	digits := strings.Trim(strings.TrimLeft(strings.TrimPrefix(text, "0"), "xb"), "'")
	if base == 16 && strings.HasPrefix(text, "0x") {
		digits = text[2:]
	}
	if digits == "" {
		return nil
	}
	number, ok := new(big.Int).SetString(digits, base)
	if !ok {
		t.refuse(l, "the literal %s", string(v))
	}
	size := (len(digits) + 1) / 2
	if base == 2 {
		size = (len(digits) + 7) / 8
	}
	return number.FillBytes(make([]byte, size))
}
