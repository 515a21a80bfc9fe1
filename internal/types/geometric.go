package types

import (
	"encoding/binary"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/geometry"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// geometricCodec is what the geometric types have in common (geo_ops.c): a Datum
// holds the binary form. They have no order in PostgreSQL, so that nothing
// compares them but what wants any order, or to know whether all bits are the same.
type geometricCodec struct{ byteaCodec }

type (
	pointCodec   struct{ geometricCodec }
	lineCodec    struct{ geometricCodec }
	lsegCodec    struct{ geometricCodec }
	boxCodec     struct{ geometricCodec }
	pathCodec    struct{ geometricCodec }
	polygonCodec struct{ geometricCodec }
	circleCodec  struct{ geometricCodec }
)

// PointDatum makes a point.
func PointDatum(p geometry.Point) Datum {
	return Bytes(geometry.AppendPoint(make([]byte, 0, geometry.PointBytes), p))
}

// LineDatum makes a line.
func LineDatum(l geometry.Line) Datum {
	return Bytes(geometry.AppendLine(make([]byte, 0, geometry.LineBytes), l))
}

// LSegDatum makes an lseg.
func LSegDatum(s geometry.LSeg) Datum {
	return Bytes(geometry.AppendLSeg(make([]byte, 0, geometry.LSegBytes), s))
}

// BoxDatum makes a box.
func BoxDatum(b geometry.Box) Datum {
	return Bytes(geometry.AppendBox(make([]byte, 0, geometry.BoxBytes), b))
}

// PathDatum makes a path.
func PathDatum(p geometry.Path) Datum {
	return Bytes(geometry.AppendPath(make([]byte, 0, geometry.PathHeader+len(p.Points)*geometry.PointBytes), p))
}

// PolygonDatum makes a polygon.
func PolygonDatum(p geometry.Polygon) Datum {
	return Bytes(geometry.AppendPolygon(make([]byte, 0, geometry.PolygonHeader+len(p)*geometry.PointBytes), p))
}

// CircleDatum makes a circle.
func CircleDatum(c geometry.Circle) Datum {
	return Bytes(geometry.AppendCircle(make([]byte, 0, geometry.CircleBytes), c))
}

// Point returns a point's value.
func (d Datum) Point() geometry.Point { return geometry.ReadPoint(d.Bytes()) }

// Line returns a line's value.
func (d Datum) Line() geometry.Line { return geometry.ReadLine(d.Bytes()) }

// LSeg returns an lseg's value.
func (d Datum) LSeg() geometry.LSeg { return geometry.ReadLSeg(d.Bytes()) }

// Box returns a box's value.
func (d Datum) Box() geometry.Box { return geometry.ReadBox(d.Bytes()) }

// Path returns a path's value.
func (d Datum) Path() geometry.Path { return geometry.ReadPath(d.Bytes()) }

// Polygon returns a polygon's value.
func (d Datum) Polygon() geometry.Polygon { return geometry.ReadPolygon(d.Bytes()) }

// Circle returns a circle's value.
func (d Datum) Circle() geometry.Circle { return geometry.ReadCircle(d.Bytes()) }

func (pointCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, geometry.PointBytes); err != nil {
		return Null, err
	}
	return PointDatum(geometry.ReadPoint(b)), nil
}

func (lineCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if len(b) < geometry.LineBytes {
		return Null, errShortMessage()
	}
	l := geometry.ReadLine(b)
	if !l.Valid() {
		return Null, errNoLine(pgerr.InvalidBinaryRepresentation)
	}
	return LineDatum(l), wantLen(b, geometry.LineBytes)
}

func errNoLine(code pgerr.Code) error {
	return pgerr.New(code, "invalid line specification: A and B cannot both be zero")
}

func (lsegCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, geometry.LSegBytes); err != nil {
		return Null, err
	}
	return LSegDatum(geometry.ReadLSeg(b)), nil
}

func (boxCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, geometry.BoxBytes); err != nil {
		return Null, err
	}
	v := geometry.ReadBox(b)
	return BoxDatum(geometry.BoxOf(v.Low, v.High)), nil
}

func (circleCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if len(b) < geometry.CircleBytes {
		return Null, errShortMessage()
	}
	c := geometry.ReadCircle(b)
	if c.Radius < 0 {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid radius in external \"circle\" value")
	}
	return CircleDatum(c), wantLen(b, geometry.CircleBytes)
}

func (pathCodec) decode(_ *Env, t *Type, b []byte, _ int32) (Datum, error) {
	if len(b) == 0 {
		return Null, wantByte(b)
	}
	if err := wantPoints(t, b[1:]); err != nil {
		return Null, err
	}
	p := geometry.ReadPath(b)
	return PathDatum(p), nil
}

func (polygonCodec) decode(_ *Env, t *Type, b []byte, _ int32) (Datum, error) {
	if err := wantPoints(t, b); err != nil {
		return Null, err
	}
	return PolygonDatum(geometry.ReadPolygon(b)), nil
}

// maxWirePoints is how many points path_recv and poly_recv take, whose sizes are 31 bits.
const maxWirePoints = math.MaxInt32 / geometry.PointBytes

// wantPoints checks the number of points and their length.
func wantPoints(t *Type, b []byte) error {
	if len(b) < geometry.PolygonHeader {
		return errShortMessage()
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n <= 0 || n >= maxWirePoints {
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid number of points in external \"%s\" value", t.Name)
	}
	return wantLen(b[geometry.PolygonHeader:], int(n)*geometry.PointBytes)
}
