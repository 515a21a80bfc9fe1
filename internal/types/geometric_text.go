package types

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/geometry"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// shapeReader reads the text of a geometric value from left to right.
type shapeReader struct {
	rest  string
	whole string // as errors show it
	name  string // of the type
	progress
}

func readShape(t *Type, s string, work Work) *shapeReader {
	return &shapeReader{rest: s, whole: s, name: t.SQLName, progress: progress{work: work}}
}

func (r *shapeReader) bad() error { return badSyntax(r.name, r.whole) }

func (r *shapeReader) skipSpace() {
	for r.rest != "" && isSpace(r.rest[0]) {
		r.rest = r.rest[1:]
	}
}

// next is the next byte, 0 at the end.
func (r *shapeReader) next() byte {
	if r.rest == "" {
		return 0
	}
	return r.rest[0]
}

// take takes c, if it is next.
func (r *shapeReader) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// want takes c, which must be next.
func (r *shapeReader) want(c byte) error {
	if !r.take(c) {
		return r.bad()
	}
	return nil
}

// end refuses what is left.
func (r *shapeReader) end() error {
	if r.rest != "" {
		return r.bad()
	}
	return nil
}

// number reads a number and the white space around it.
func (r *shapeReader) number() (float64, error) {
	r.skipSpace()
	token, _, ok := scanFloat(r.rest)
	if !ok {
		return 0, r.bad()
	}
	v, err := ParseFloat(token, 64)
	r.rest = r.rest[len(token):]
	r.skipSpace()
	return v, err
}

// numbers reads numbers with commas between them.
func (r *shapeReader) numbers(dst ...*float64) (err error) {
	for i, v := range dst {
		if i > 0 {
			if err = r.want(','); err != nil {
				return err
			}
		}
		if *v, err = r.number(); err != nil {
			return err
		}
	}
	return nil
}

// point reads two numbers, in parentheses or not.
func (r *shapeReader) point() (p geometry.Point, err error) {
	r.skipSpace()
	enclosed := r.take('(')
	if err = r.numbers(&p.X, &p.Y); err != nil || !enclosed {
		return p, err
	}
	err = r.want(')')
	r.skipSpace()
	return p, err
}

// onlyParenthesis reports whether a parenthesis is next after which no other opens.
func (r *shapeReader) onlyParenthesis() bool { return strings.LastIndexByte(r.rest, '(') == 0 }

// opening takes what may stand before a list of points: a bracket, or a
// parenthesis that is no point's. depth is how many must be closed.
func (r *shapeReader) opening(brackets bool) (depth int, open bool, err error) {
	r.skipSpace()
	if r.take('[') {
		if !brackets {
			return 0, true, r.bad()
		}
		return 1, true, nil
	}
	only := r.onlyParenthesis()
	before := r.rest
	if r.take('(') {
		if r.skipSpace(); only || r.next() == '(' {
			return 1, false, nil
		}
	}
	r.rest = before
	return 0, false, nil
}

// points reads so many points, in brackets (if these are allowed), in parentheses or not.
func (r *shapeReader) points(n int, brackets bool) (list []geometry.Point, open bool, err error) {
	depth, open, err := r.opening(brackets)
	if err != nil {
		return nil, open, err
	}
	for range n {
		p, err := r.point()
		if err != nil {
			return nil, open, err
		}
		r.take(',')
		list = append(list, p)
		if err := r.at(len(r.whole) - len(r.rest)); err != nil {
			return nil, open, err
		}
	}
	if depth > 0 {
		if !r.take(')') && !(open && r.take(']')) {
			return nil, open, r.bad()
		}
		r.skipSpace()
	}
	return list, open, nil
}

// countPoints is how many points a text has by its commas; an even number of these is an error.
func (r *shapeReader) countPoints() (int, error) {
	commas := strings.Count(r.rest, ",")
	if commas%2 == 0 {
		return 0, r.bad()
	}
	return (commas + 1) / 2, nil
}

func (pointCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	r := readShape(t, s, nil)
	p, err := r.point()
	if err != nil {
		return Null, err
	}
	return PointDatum(p), r.end()
}

// pair reads the two points of an lseg, a box or a line.
func (r *shapeReader) pair(brackets bool) (s geometry.LSeg, err error) {
	list, _, err := r.points(len(s), brackets)
	if err != nil {
		return s, err
	}
	return geometry.LSeg(list), r.end()
}

func (lsegCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	seg, err := readShape(t, s, nil).pair(true)
	return LSegDatum(seg), err
}

func (boxCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	seg, err := readShape(t, s, nil).pair(false)
	return BoxDatum(geometry.BoxOf(seg[1], seg[0])), err
}

func (lineCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	r := readShape(t, s, nil)
	if r.skipSpace(); r.next() != '{' {
		return r.lineThrough()
	}
	r.take('{')
	var l geometry.Line
	if err := r.numbers(&l.A, &l.B, &l.C); err != nil {
		return Null, err
	}
	if err := r.want('}'); err != nil {
		return Null, err
	}
	if r.skipSpace(); r.rest != "" {
		return Null, r.bad()
	}
	if !l.Valid() {
		return Null, errNoLine(pgerr.InvalidTextRepresentation)
	}
	return LineDatum(l), nil
}

// lineThrough reads a line by two points of it.
func (r *shapeReader) lineThrough() (Datum, error) {
	seg, err := r.pair(true)
	if err != nil {
		return Null, err
	}
	if seg[0].Same(seg[1]) {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid line specification: must be two distinct points")
	}
	var c geometry.Calc
	l := c.LineAlong(seg)
	return LineDatum(l), c.Err()
}

func (c pathCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (pathCodec) parseLong(_ *Env, t *Type, s string, _ int32, work Work) (Datum, error) {
	r := readShape(t, s, work)
	n, err := r.countPoints()
	if err != nil {
		return Null, err
	}
	r.skipSpace()
	enclosed := r.onlyParenthesis()
	if enclosed {
		r.take('(')
	}
	list, open, err := r.points(n, true)
	if err != nil {
		return Null, err
	}
	if enclosed {
		if err := r.want(')'); err != nil {
			return Null, err
		}
		r.skipSpace()
	}
	return PathDatum(geometry.Path{Closed: !open, Points: list}), r.end()
}

func (c polygonCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	return c.parseLong(env, t, s, typmod, nil)
}

func (polygonCodec) parseLong(_ *Env, t *Type, s string, _ int32, work Work) (Datum, error) {
	r := readShape(t, s, work)
	n, err := r.countPoints()
	if err != nil {
		return Null, err
	}
	list, _, err := r.points(n, false)
	if err != nil {
		return Null, err
	}
	return PolygonDatum(list), r.end()
}

func (circleCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	r := readShape(t, s, nil)
	r.skipSpace()
	angle := r.take('<')
	enclosed := angle
	if !angle {
		// Of two parentheses the first is the circle's.
		before := r.rest
		if r.take('(') {
			r.skipSpace()
			enclosed = r.next() == '('
		}
		if !enclosed {
			r.rest = before
		}
	}
	var c geometry.Circle
	var err error
	if c.Center, err = r.point(); err != nil {
		return Null, err
	}
	r.take(',')
	if c.Radius, err = r.number(); err != nil {
		return Null, err
	}
	if c.Radius < 0 {
		return Null, r.bad()
	}
	if enclosed {
		if !r.take(')') && !r.take('>') {
			return Null, r.bad()
		}
		r.skipSpace()
	}
	return CircleDatum(c), r.end()
}

// appendNumbers appends numbers with commas between them.
func appendNumbers(env *Env, dst []byte, list ...float64) []byte {
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendFloat(dst, v, 64, env.ExtraFloatDigits)
	}
	return dst
}

func appendPoint(env *Env, dst []byte, p geometry.Point) []byte {
	return append(appendNumbers(env, append(dst, '('), p.X, p.Y), ')')
}

// appendPoints appends points with commas between them; the error is work's.
func appendPoints(env *Env, dst []byte, work Work, list ...geometry.Point) ([]byte, error) {
	for i, p := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPoint(env, dst, p)
		if err := work.spend(geometry.PointBytes); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (pointCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	return appendPoint(env, dst, d.Point())
}

func (lineCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	l := d.Line()
	return append(appendNumbers(env, append(dst, '{'), l.A, l.B, l.C), '}')
}

func (lsegCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	s := d.LSeg()
	dst, _ = appendPoints(env, append(dst, '['), nil, s[:]...) // work that is nil has no error
	return append(dst, ']')
}

func (boxCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	b := d.Box()
	dst, _ = appendPoints(env, dst, nil, b.High, b.Low)
	return dst
}

func (c pathCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil)
	return dst
}

func (pathCodec) formatLong(env *Env, _ *Type, dst []byte, d Datum, work Work) ([]byte, error) {
	p := d.Path()
	begin, end := byte('['), byte(']')
	if p.Closed {
		begin, end = '(', ')'
	}
	dst, err := appendPoints(env, append(dst, begin), work, p.Points...)
	return append(dst, end), err
}

func (c polygonCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	dst, _ = c.formatLong(env, t, dst, d, nil)
	return dst
}

func (polygonCodec) formatLong(env *Env, _ *Type, dst []byte, d Datum, work Work) ([]byte, error) {
	dst, err := appendPoints(env, append(dst, '('), work, d.Polygon()...)
	return append(dst, ')'), err
}

func (circleCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	c := d.Circle()
	dst = append(appendPoint(env, append(dst, '<'), c.Center), ',')
	return append(appendNumbers(env, dst, c.Radius), '>')
}
