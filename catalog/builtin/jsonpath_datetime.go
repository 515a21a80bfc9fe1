package builtin

import (
	"cmp"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonMoment is what .datetime() makes of a string: a date or time. As JSON it is
// the string that its JSONValue has.
type jsonMoment struct {
	t     *types.Type
	value types.Datum
}

// isoFormats are what .datetime() reads without a template.
var isoFormats = []string{
	"yyyy-mm-dd",
	"HH24:MI:SS.USTZH:TZM", "HH24:MI:SS.USTZH", "HH24:MI:SSTZH:TZM", "HH24:MI:SSTZH", "HH24:MI:SS.US", "HH24:MI:SS",
	"yyyy-mm-dd HH24:MI:SS.USTZH:TZM", "yyyy-mm-dd HH24:MI:SS.USTZH", "yyyy-mm-dd HH24:MI:SSTZH:TZM", "yyyy-mm-dd HH24:MI:SSTZH",
	"yyyy-mm-dd HH24:MI:SS.US", "yyyy-mm-dd HH24:MI:SS",
	`yyyy-mm-dd"T"HH24:MI:SS.USTZH:TZM`, `yyyy-mm-dd"T"HH24:MI:SS.USTZH`, `yyyy-mm-dd"T"HH24:MI:SSTZH:TZM`, `yyyy-mm-dd"T"HH24:MI:SSTZH`,
	`yyyy-mm-dd"T"HH24:MI:SS.US`, `yyyy-mm-dd"T"HH24:MI:SS`,
}

// datetime is .datetime() and .datetime(template) (executeDateTimeMethod).
func (r *pathRun) datetime(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	if v.Kind != types.JSONString || r.moments[v] != nil {
		return r.fail(pgerr.InvalidArgumentForSQLJSONDatetimeFunction, "jsonpath item method .%s() can only be applied to a string", i.Kind)
	}
	if i.Left != nil {
		format, err := strictFormat(r.ctx, i.Left.Text)
		if err != nil {
			return failed, err
		}
		m, text, err := readMoment(*r.ctx.Env, v.Text, format)
		if err != nil {
			r.failure = err
			return failed, nil
		}
		return r.foundMoment(i, m, text, list)
	}
	for _, f := range isoFormats {
		format, err := strictFormat(r.ctx, f)
		if err != nil {
			return failed, err
		}
		if m, text, err := readMoment(*r.ctx.Env, v.Text, format); err == nil {
			return r.foundMoment(i, m, text, list)
		}
	}
	r.failure = pgerr.New(pgerr.InvalidArgumentForSQLJSONDatetimeFunction, "datetime format is not recognized: \"%s\"", v.Text).
		WithHint("Use a datetime template argument to specify the input data format.")
	return failed, nil
}

// foundMoment goes on with a date or time, which is a string with more to it.
func (r *pathRun) foundMoment(i *jsonpath.Item, m *jsonMoment, text string, list *found) (outcome, error) {
	v := &types.JSONValue{Kind: types.JSONString, Text: text}
	if r.moments == nil {
		r.moments = map[*types.JSONValue]*jsonMoment{}
	}
	r.moments[v] = m
	return r.next(i, v, list)
}

// template is a format that a text must follow to the letter, and what its patterns are about.
type template struct {
	nodes               []dateNode
	dated, timed, zoned bool
	places              int32 // of the fraction of a second: FF1 to FF6; -1 without
}

// templateKey is what a template is remembered by.
type templateKey string

// strictFormat reads a template (parse_format in standard mode).
func strictFormat(ctx *expr.Context, format string) (*template, error) {
	t, err := ctx.Memo(templateKey(format), func() (any, error) {
		if len(format) > maxFormatBytes {
			return nil, errTooLarge()
		}
		nodes, err := parseDateFormat(ctx, format)
		if err != nil {
			return nil, err
		}
		t := &template{nodes: nodes, places: -1}
		for _, n := range nodes {
			if n.key == "" && !n.quoted && !strings.Contains("-./,':; ", n.text) {
				return nil, errDateText("invalid datetime format separator: \"%s\"", n.text)
			}
			t.note(n.key)
		}
		return t, nil
	})
	if err != nil {
		return nil, err
	}
	return t.(*template), nil
}

// note notes what a pattern is about.
func (t *template) note(key string) {
	switch key {
	case "", "FX":
	case "AM", "PM", "A.M.", "P.M.", "HH", "HH12", "HH24", "MI", "SS", "MS", "US", "SSSS", "SSSSS":
		t.timed = true
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		t.timed, t.places = true, int32(key[2]-'0')
	case "TZ", "TZH", "TZM", "OF":
		t.zoned = true
	default:
		t.dated = true
	}
}

// readMoment makes a date or time of a string.
func readMoment(env types.Env, text string, t *template) (*jsonMoment, string, error) {
	d := newDateReader(text)
	d.fx, d.strict = true, true
	if err := d.read(t.nodes); err != nil {
		return nil, "", err
	}
	c, err := d.date()
	if err != nil {
		return nil, "", err
	}
	if h, m := d.values["TZH"], d.values["TZM"]; h < 0 || h > maxZoneHours || m < 0 || m >= 60 {
		return nil, "", pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", text)
	}
	m := &jsonMoment{}
	switch {
	case t.dated && t.timed:
		err = m.timestamp(c, t, d.westS())
	case t.dated && t.zoned:
		err = errDateText("datetime format is zoned but not timed")
	case t.dated:
		m.t = types.TDate
		m.value, err = intResult(types.MakeDate(int(noYearZero(c.Year)), c.Month, c.Day))
	case t.timed:
		m.time(c, t, d.westS())
	default:
		err = errDateText("datetime format is not dated and not timed")
	}
	if err != nil {
		return nil, "", err
	}
	env.Location = time.FixedZone("", -int(d.westS()))
	return m, isoText(env, m.t, m.value), nil
}

// maxZoneHours is MAX_TZDISP_HOUR (datetime.h).
const maxZoneHours = 15

func (m *jsonMoment) timestamp(c types.Clock, t *template, westS int32) error {
	ts, err := c.Timestamp()
	if err != nil {
		return err
	}
	m.t = types.TTimestamp
	if t.zoned {
		m.t = types.TTimestamptz
		ts += int64(westS) * microsPerSecond
	}
	m.value = types.Int(roundPlaces(ts, t.places))
	return nil
}

func (m *jsonMoment) time(c types.Clock, t *template, westS int32) {
	micros := (int64(c.Hour*60+c.Minute)*60+int64(c.Second))*microsPerSecond + int64(c.Micros)
	micros = roundPlaces(micros, t.places)
	m.t, m.value = types.TTime, types.Int(micros)
	if t.zoned {
		m.t, m.value = types.TTimeTZ, types.TimeTZDatum(types.TimeTZ{Micros: micros, ZoneWestS: westS})
	}
}

// roundPlaces rounds to places of a second, half away from zero; -1 leaves all.
func roundPlaces(micros int64, places int32) int64 {
	if places < 0 {
		return micros
	}
	unit := int64(1)
	for range 6 - places {
		unit *= 10
	}
	if micros < 0 {
		return -((-micros + unit/2) / unit * unit)
	}
	return (micros + unit/2) / unit * unit
}

// compareMoments compares dates and times as far as they can be (compareDatetime):
// those of different types by their moment, which takes a time zone.
func (r *pathRun) compareMoments(op jsonpath.Kind, a, b *jsonMoment) (truth3, error) {
	if a == nil || b == nil {
		return isUnknown, nil
	}
	if a.t == b.t {
		return comparison(op, a.t.Compare(a.value, b.value)), nil
	}
	if isTimeOfDay(a.t) != isTimeOfDay(b.t) {
		return isUnknown, nil
	}
	from, to := a.t, b.t
	if from == types.TTimestamptz || from == types.TTimeTZ || from == types.TTimestamp && to == types.TDate {
		from, to = to, from
	}
	if !r.zoned && (to == types.TTimestamptz || to == types.TTimeTZ) {
		return isUnknown, pgerr.New(pgerr.FeatureNotSupported, "cannot convert value from %s to %s without time zone usage", from.Name, to.Name).
			WithHint("Use *_tz() function for time zone support.")
	}
	if isTimeOfDay(to) {
		x, err := r.withZone(a)
		if err != nil {
			return isUnknown, err
		}
		y, err := r.withZone(b)
		return comparison(op, types.TTimeTZ.Compare(x, y)), err
	}
	return comparison(op, cmp.Compare(r.momentAs(to, a), r.momentAs(to, b))), nil
}

func isTimeOfDay(t *types.Type) bool { return t == types.TTime || t == types.TTimeTZ }

// withZone is a time of day with a zone: the session's if it has none.
func (r *pathRun) withZone(m *jsonMoment) (types.Datum, error) {
	if m.t == types.TTimeTZ {
		return m.value, nil
	}
	return timeToTZ(r.ctx, []types.Datum{m.value})
}

// momentAs is a date or timestamp as one of another type.
func (r *pathRun) momentAs(t *types.Type, m *jsonMoment) int64 {
	switch {
	case m.t == types.TDate && t == types.TTimestamptz:
		return momentOfDateTZ(r.ctx, m.value)
	case m.t == types.TDate && t == types.TTimestamp:
		return momentOfDate(r.ctx, m.value)
	case m.t == types.TTimestamp && t == types.TTimestamptz:
		return momentOfLocal(r.ctx, m.value)
	}
	return m.value.Int()
}
