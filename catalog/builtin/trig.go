package builtin

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/libm"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// trigImpls are the trigonometric functions, in radians and, where the name
// ends in d, in degrees (float.c).
var trigImpls = impls{
	"dsin": floatFloat(finiteTrig(libm.Sin)), "dcos": floatFloat(finiteTrig(libm.Cos)), "dtan": floatFloat(finiteTrig(libm.Tan)),
	"dcot":  floatFloat(finiteTrig(func(v float64) float64 { return 1 / libm.Tan(v) })),
	"dasin": floatFloat(inDomain(libm.Asin)), "dacos": floatFloat(inDomain(libm.Acos)), "datan": pure(libm.Atan),
	"datan2": floatsFloat(must2(libm.Atan2)),
	"dsinh":  pure(libm.Sinh), "dcosh": floatFloat(cosh), "dtanh": pure(libm.Tanh), "dasinh": pure(libm.Asinh),
	"dacosh": floatFloat(acosh), "datanh": floatFloat(atanh),

	"dsind": floatFloat(finiteTrig(sinDegrees)), "dcosd": floatFloat(finiteTrig(cosDegrees)),
	"dtand": floatFloat(finiteTrig(tanDegrees)), "dcotd": floatFloat(finiteTrig(cotDegrees)),
	"dasind": floatFloat(inDomain(asinDegrees)), "dacosd": floatFloat(inDomain(acosDegrees)),
	"datand": pure(atanDegrees), "datan2d": floatsFloat(must2(atan2Degrees)),
}

// finiteTrig refuses infinite arguments.
func finiteTrig(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if isInf(v) {
			return 0, errInputRange()
		}
		return f(v), nil
	}
}

// inDomain refuses arguments outside [-1, 1].
func inDomain(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if v < -1 || v > 1 {
			return 0, errInputRange()
		}
		return f(v), nil
	}
}

func cosh(v float64) (float64, error) {
	r := libm.Cosh(v)
	if r == 0 {
		return 0, errFloatUnderflow()
	}
	return r, nil
}

func acosh(v float64) (float64, error) {
	if v < 1 {
		return 0, errInputRange()
	}
	return libm.Acosh(v), nil
}

func atanh(v float64) (float64, error) {
	if v < -1 || v > 1 {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range")
	}
	return libm.Atanh(v), nil
}

// The functions in degrees are exact where the result is: each is scaled by
// what the floating-point function gives at the exact point.

var (
	// radiansPerDegree is a variable so that products with it are rounded as the
	// functions' own are, not computed exactly by the compiler.
	radiansPerDegree = 0.0174532925199432957692
	thirty, sixty    = 30.0, 60.0

	sin30         = libm.Sin(thirty * radiansPerDegree)
	oneMinusCos60 = 1 - libm.Cos(sixty*radiansPerDegree)
	asin05        = libm.Asin(0.5)
	acos05        = libm.Acos(0.5)
	tan45         = sinFirst(45) / cosFirst(45)
	cot45         = cosFirst(45) / sinFirst(45)
)

// sinFirst is sin in the first quadrant.
func sinFirst(x float64) float64 {
	if x <= 30 {
		return libm.Sin(x*radiansPerDegree) / sin30 / 2
	}
	return cosTo60(90 - x)
}

// cosTo60 is cos of 0 to 60 degrees.
func cosTo60(x float64) float64 { return 1 - (1-libm.Cos(x*radiansPerDegree))/oneMinusCos60/2 }

func cosFirst(x float64) float64 {
	if x <= 60 {
		return cosTo60(x)
	}
	return libm.Sin((90-x)*radiansPerDegree) / sin30 / 2
}

func sinDegrees(x float64) float64 {
	sign := 1.0
	x = math.Mod(x, 360)
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sinFirst(x)
}

func cosDegrees(x float64) float64 {
	sign := 1.0
	x = math.Abs(math.Mod(x, 360))
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return sign * cosFirst(x)
}

// foldTangent brings an angle of a function with period 180 into the first quadrant.
func foldTangent(x float64) (folded, sign float64) {
	sign = 1
	x = math.Mod(x, 360)
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return x, sign
}

func tanDegrees(x float64) float64 {
	x, sign := foldTangent(x)
	r := sign * (sinFirst(x) / cosFirst(x) / tan45)
	return withoutMinusZero(r)
}

func cotDegrees(x float64) float64 {
	x, sign := foldTangent(x)
	r := sign * (cosFirst(x) / sinFirst(x) / cot45)
	return withoutMinusZero(r)
}

func withoutMinusZero(v float64) float64 {
	if v == 0 {
		return 0
	}
	return v
}

func asinFirst(x float64) float64 {
	if x <= 0.5 {
		return libm.Asin(x) / asin05 * 30
	}
	return 90 - libm.Acos(x)/acos05*60
}

func asinDegrees(x float64) float64 {
	if x >= 0 {
		return asinFirst(x)
	}
	return -asinFirst(-x)
}

func acosFirst(x float64) float64 {
	if x <= 0.5 {
		return 90 - libm.Asin(x)/asin05*30
	}
	return libm.Acos(x) / acos05 * 60
}

func acosDegrees(x float64) float64 {
	if x >= 0 {
		return acosFirst(x)
	}
	return 90 + asinFirst(-x)
}

func atanDegrees(x float64) float64 { return libm.Atan(x) / libm.Atan(1) * 45 }

func atan2Degrees(y, x float64) float64 { return libm.Atan2(y, x) / libm.Atan(1) * 45 }
