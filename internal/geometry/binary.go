package geometry

import (
	"encoding/binary"
	"math"
)

// The binary forms, which are also how a value lies in memory and on disk, are
// eight bytes a number, big endian, in the order of the fields. Before a
// polygon's points stands their number (4 bytes), before a path's 1 or 0 for
// closed and their number.
const (
	floatBytes  = 8
	PointBytes  = 2 * floatBytes // of a point
	LineBytes   = 3 * floatBytes // of a line
	LSegBytes   = 2 * PointBytes // of an lseg
	BoxBytes    = 2 * PointBytes // of a box
	CircleBytes = 3 * floatBytes // of a circle

	PolygonHeader = 4                 // before a polygon's points
	PathHeader    = 1 + PolygonHeader // before a path's points
)

func appendFloats(dst []byte, list ...float64) []byte {
	for _, v := range list {
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

func readFloat(b []byte, n int) float64 {
	return math.Float64frombits(binary.BigEndian.Uint64(b[n*floatBytes:]))
}

// AppendPoint appends p's binary form.
func AppendPoint(dst []byte, p Point) []byte { return appendFloats(dst, p.X, p.Y) }

// ReadPoint reads what AppendPoint wrote.
func ReadPoint(b []byte) Point { return Point{readFloat(b, 0), readFloat(b, 1)} }

// AppendLine appends l's binary form.
func AppendLine(dst []byte, l Line) []byte { return appendFloats(dst, l.A, l.B, l.C) }

// ReadLine reads what AppendLine wrote.
func ReadLine(b []byte) Line { return Line{readFloat(b, 0), readFloat(b, 1), readFloat(b, 2)} }

// AppendLSeg appends s's binary form.
func AppendLSeg(dst []byte, s LSeg) []byte { return AppendPoint(AppendPoint(dst, s[0]), s[1]) }

// ReadLSeg reads what AppendLSeg wrote.
func ReadLSeg(b []byte) LSeg { return LSeg{ReadPoint(b), ReadPoint(b[PointBytes:])} }

// AppendBox appends b's binary form.
func AppendBox(dst []byte, b Box) []byte { return AppendPoint(AppendPoint(dst, b.High), b.Low) }

// ReadBox reads what AppendBox wrote.
func ReadBox(b []byte) Box { return Box{ReadPoint(b), ReadPoint(b[PointBytes:])} }

// AppendCircle appends c's binary form.
func AppendCircle(dst []byte, c Circle) []byte {
	return appendFloats(dst, c.Center.X, c.Center.Y, c.Radius)
}

// ReadCircle reads what AppendCircle wrote.
func ReadCircle(b []byte) Circle { return Circle{ReadPoint(b), readFloat(b, 2)} }

// AppendPath appends p's binary form.
func AppendPath(dst []byte, p Path) []byte {
	closed := byte(0)
	if p.Closed {
		closed = 1
	}
	return appendPoints(append(dst, closed), p.Points)
}

// ReadPath reads what AppendPath wrote.
func ReadPath(b []byte) Path { return Path{Closed: b[0] != 0, Points: readPoints(b[1:])} }

// AppendPolygon appends p's binary form.
func AppendPolygon(dst []byte, p Polygon) []byte { return appendPoints(dst, p) }

// ReadPolygon reads what AppendPolygon wrote.
func ReadPolygon(b []byte) Polygon { return readPoints(b) }

func appendPoints(dst []byte, points []Point) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(points)))
	for _, p := range points {
		dst = AppendPoint(dst, p)
	}
	return dst
}

func readPoints(b []byte) []Point {
	b = b[PolygonHeader:]
	out := make([]Point, len(b)/PointBytes)
	for i := range out {
		out[i] = ReadPoint(b[i*PointBytes:])
	}
	return out
}
