// Package libm is the C library's mathematics. PostgreSQL's float functions
// answer what it answers, to the last digit; Go's own functions differ from it
// there, and are wrong for some denormal numbers and near the largest ones.
//
// Every function takes and returns float8s as math.h says: NaN for arguments
// outside the domain, an infinity for a result that is too large.
package libm

// #cgo LDFLAGS: -lm
// #include <math.h>
import "C"

// Exp is e^x.
func Exp(x float64) float64 { return float64(C.exp(C.double(x))) }

// Log is the natural logarithm.
func Log(x float64) float64 { return float64(C.log(C.double(x))) }

// Log10 is the logarithm to base 10.
func Log10(x float64) float64 { return float64(C.log10(C.double(x))) }

// Pow is x^y.
func Pow(x, y float64) float64 { return float64(C.pow(C.double(x), C.double(y))) }

// Cbrt is the cube root.
func Cbrt(x float64) float64 { return float64(C.cbrt(C.double(x))) }

// Sin is the sine of x radians.
func Sin(x float64) float64 { return float64(C.sin(C.double(x))) }

// Cos is the cosine of x radians.
func Cos(x float64) float64 { return float64(C.cos(C.double(x))) }

// Tan is the tangent of x radians.
func Tan(x float64) float64 { return float64(C.tan(C.double(x))) }

// Asin is the arc sine, in radians.
func Asin(x float64) float64 { return float64(C.asin(C.double(x))) }

// Acos is the arc cosine, in radians.
func Acos(x float64) float64 { return float64(C.acos(C.double(x))) }

// Atan is the arc tangent, in radians.
func Atan(x float64) float64 { return float64(C.atan(C.double(x))) }

// Atan2 is the angle of the point (x, y), in radians.
func Atan2(y, x float64) float64 { return float64(C.atan2(C.double(y), C.double(x))) }

// Sinh is the hyperbolic sine.
func Sinh(x float64) float64 { return float64(C.sinh(C.double(x))) }

// Cosh is the hyperbolic cosine.
func Cosh(x float64) float64 { return float64(C.cosh(C.double(x))) }

// Tanh is the hyperbolic tangent.
func Tanh(x float64) float64 { return float64(C.tanh(C.double(x))) }

// Asinh is the inverse hyperbolic sine.
func Asinh(x float64) float64 { return float64(C.asinh(C.double(x))) }

// Acosh is the inverse hyperbolic cosine.
func Acosh(x float64) float64 { return float64(C.acosh(C.double(x))) }

// Atanh is the inverse hyperbolic tangent.
func Atanh(x float64) float64 { return float64(C.atanh(C.double(x))) }
