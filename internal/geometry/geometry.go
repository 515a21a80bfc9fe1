// Package geometry is the values of point, line, lseg, box, path, polygon and
// circle, and what can be computed of them (src/backend/utils/adt/geo_ops.c of
// PostgreSQL 15, whose results these are to the last bit).
//
//	geometry.go  the values
//	binary.go    their binary forms
//	fuzzy.go     comparisons that take what differs by little as equal
//	calc.go      Calc: arithmetic whose overflows are errors
//	point.go line.go lseg.go box.go path.go polygon.go circle.go
//	             what each can be asked and computed of
//	inside.go    whether a polygon has a point or a segment within
//
// A function that is no method of Calc cannot fail. Of two things the one whose
// file it is in comes first; distances are the same either way.
package geometry

// Point is a place in the plane.
type Point struct{ X, Y float64 }

// Line is the points for which Ax + By + C = 0; A and B are not both zero.
type Line struct{ A, B, C float64 }

// LSeg is a line segment by its ends.
type LSeg [2]Point

// Box is a rectangle by its upper right and lower left corners.
type Box struct{ High, Low Point }

// Path is a chain of points, at least one; a closed one ends where it begins.
type Path struct {
	Closed bool
	Points []Point
}

// Polygon is the corners of an area, at least one.
type Polygon []Point

// Circle is a center and a radius, which can be negative where it was computed.
type Circle struct {
	Center Point
	Radius float64
}
