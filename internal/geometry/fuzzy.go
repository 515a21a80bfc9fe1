package geometry

import "math"

// epsilon is how far apart numbers are that count as equal (geo_decls.h).
const epsilon = 1.0e-06

// The comparisons below are false wherever a number is NaN, and right about
// infinities. What is equal by them to the same is not always equal to each other.

func zero(a float64) bool { return math.Abs(a) <= epsilon }

func eq(a, b float64) bool { return a == b || math.Abs(a-b) <= epsilon }

func lt(a, b float64) bool { return float64(a+epsilon) < b }

func le(a, b float64) bool { return a <= float64(b+epsilon) }

// Less, AtMost and Near compare numbers that were computed of values.
func Less(a, b float64) bool { return lt(a, b) }

// AtMost reports whether a is less than or about b.
func AtMost(a, b float64) bool { return le(a, b) }

// Near reports whether a is about b.
func Near(a, b float64) bool { return eq(a, b) }

// Apart reports whether a and b are numbers of which one is more than about the other.
func Apart(a, b float64) bool { return a != b && math.Abs(a-b) > epsilon }

// The exact comparisons take NaN as equal to NaN and above all numbers.

func exactLess(a, b float64) bool { return !math.IsNaN(a) && (math.IsNaN(b) || a < b) }

func exactEqual(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func lower(a, b float64) float64 {
	if exactLess(a, b) {
		return a
	}
	return b
}

func higher(a, b float64) float64 {
	if exactLess(b, a) {
		return a
	}
	return b
}
