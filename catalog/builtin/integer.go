package builtin

import (
	"math"
	"math/bits"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// limits are an integer type's range and name.
type limits struct {
	bits int
	name string
}

var (
	int2Limits = limits{16, "smallint"}
	int4Limits = limits{32, "integer"}
	int8Limits = limits{64, "bigint"}
)

// check answers 22003 when v is not in range.
func (l limits) check(v int64) (int64, error) {
	if v<<(64-l.bits)>>(64-l.bits) != v {
		return 0, types.OutOfRange(l.name)
	}
	return v, nil
}

func (l limits) min() int64 { return math.MinInt64 >> (64 - l.bits) }

func (l limits) add(a, b int64) (int64, error) {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		return 0, types.OutOfRange(l.name)
	}
	return l.check(c)
}

func (l limits) sub(a, b int64) (int64, error) {
	c := a - b
	if (c < a) != (b > 0) && b != 0 {
		return 0, types.OutOfRange(l.name)
	}
	return l.check(c)
}

func (l limits) mul(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The signed high word: Mul64 is of unsigned ones.
	h := int64(hi) - a>>63&b - b>>63&a
	if h != int64(lo)>>63 {
		return 0, types.OutOfRange(l.name)
	}
	return l.check(int64(lo))
}

func (l limits) div(a, b int64) (int64, error) {
	switch {
	case b == 0:
		return 0, types.DivisionByZero()
	case b == -1:
		return l.neg(a)
	}
	return a / b, nil
}

func (l limits) mod(a, b int64) (int64, error) {
	switch b {
	case 0:
		return 0, types.DivisionByZero()
	case -1:
		return 0, nil
	}
	return a % b, nil
}

func (l limits) neg(a int64) (int64, error) {
	if a == l.min() {
		return 0, types.OutOfRange(l.name)
	}
	return -a, nil
}

func (l limits) abs(a int64) (int64, error) {
	if a < 0 {
		return l.neg(a)
	}
	return a, nil
}

// shiftLeft shifts by b modulo the width, as the machine does, and cuts.
func (l limits) shiftLeft(a, b int64) int64 {
	return a << (uint(b) & uint(max(l.bits, 32)-1)) << (64 - l.bits) >> (64 - l.bits)
}

func (l limits) shiftRight(a, b int64) int64 { return a >> (uint(b) & uint(max(l.bits, 32)-1)) }

// gcd answers 22003 for the one divisor that has no positive form.
func (l limits) gcd(a, b int64) (int64, error) {
	lowest := l.min()
	if a == lowest || b == lowest {
		if a == b || a == 0 || b == 0 {
			return 0, types.OutOfRange(l.name)
		}
		if a == -1 || b == -1 {
			return 1, nil
		}
	}
	for b != 0 {
		a, b = b, a%b
	}
	return l.abs(a)
}

func (l limits) lcm(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := l.gcd(a, b)
	if err != nil {
		return 0, err
	}
	v, err := l.mul(a/g, b)
	if err != nil {
		return 0, err
	}
	return l.abs(v)
}

// intImpls are the arithmetic of the integer types (int.c, int8.c).
var intImpls = makeIntImpls()

func makeIntImpls() impls {
	out := impls{}
	for prefix, l := range map[string]limits{
		"int2": int2Limits, "int4": int4Limits, "int8": int8Limits,
		"int24": int4Limits, "int42": int4Limits, "int28": int8Limits,
		"int82": int8Limits, "int48": int8Limits, "int84": int8Limits,
	} {
		out[prefix+"pl"], out[prefix+"mi"] = intsInt(l.add), intsInt(l.sub)
		out[prefix+"mul"], out[prefix+"div"], out[prefix+"mod"] = intsInt(l.mul), intsInt(l.div), intsInt(l.mod)
		out[prefix+"um"], out[prefix+"abs"], out[prefix+"up"] = intInt(l.neg), intInt(l.abs), same
		out[prefix+"and"] = intsInt(must2(func(a, b int64) int64 { return a & b }))
		out[prefix+"or"] = intsInt(must2(func(a, b int64) int64 { return a | b }))
		out[prefix+"xor"] = intsInt(must2(func(a, b int64) int64 { return a ^ b }))
		out[prefix+"not"] = intInt(must(func(a int64) int64 { return ^a }))
		out[prefix+"shl"], out[prefix+"shr"] = intsInt(must2(l.shiftLeft)), intsInt(must2(l.shiftRight))
		out[prefix+"gcd"], out[prefix+"lcm"] = intsInt(l.gcd), intsInt(l.lcm)
		out[prefix+"inc"] = intInt(func(a int64) (int64, error) { return l.add(a, 1) })
	}
	out["int8inc_any"], out["int8inc_float8_float8"] = out["int8inc"], out["int8inc"]
	out["int8dec"] = intInt(func(a int64) (int64, error) { return int8Limits.sub(a, 1) })
	out["int8dec_any"] = out["int8dec"]
	return out
}
