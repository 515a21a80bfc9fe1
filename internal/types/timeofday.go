package types

import (
	"cmp"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// decodeTimeOfDay reads a time or timetz.
func decodeTimeOfDay(env *Env, s, typeName string) (*Clock, error) {
	p := &dateDecoder{env: env, timeOnly: true}
	fields, code := lexDateTime(s, dateBufLen)
	if code == dtOK {
		p.fields = fields
		code = p.decode()
	}
	if code != dtOK {
		return nil, dateTimeError(code, s, typeName, p.badZone)
	}
	return &p.c, nil
}

// roundMicros rounds to a precision of 0 to 6 digits, half away from zero; any
// other typmod changes nothing.
func roundMicros(v int64, typmod int32) int64 {
	if typmod < 0 || typmod >= maxTimePrecision {
		return v
	}
	scale := [...]int64{1000000, 100000, 10000, 1000, 100, 10}[typmod]
	if v < 0 {
		return -((-v + scale/2) / scale * scale)
	}
	return (v + scale/2) / scale * scale
}

// timeCodec is time: microseconds since midnight (date.c).
type timeCodec struct{ ordinalCodec }

func (timeCodec) parse(env *Env, _ *Type, s string, typmod int32) (Datum, error) {
	c, err := decodeTimeOfDay(env, s, "time")
	if err != nil {
		return Null, err
	}
	return Int(roundMicros(c.timeMicros(), typmod)), nil
}

func (timeCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	var c Clock
	c.setTime(d.Int())
	return appendTime(dst, &c)
}

func (timeCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if err := wantLen(b, 8); err != nil {
		return Null, err
	}
	v := readInt64(b)
	if v < 0 || v > microsPerDay {
		return Null, errTimeRange()
	}
	return Int(roundMicros(v, typmod)), nil
}

func errTimeRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "time out of range")
}

func (timeCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return appendInt64(dst, d.Int())
}

// timeTZCodec is timetz (date.c).
type timeTZCodec struct{}

func (timeTZCodec) parse(env *Env, _ *Type, s string, typmod int32) (Datum, error) {
	c, err := decodeTimeOfDay(env, s, "time with time zone")
	if err != nil {
		return Null, err
	}
	return TimeTZDatum(TimeTZ{Micros: roundMicros(c.timeMicros(), typmod), ZoneWestS: c.ZoneWestS}), nil
}

func (timeTZCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v := d.TimeTZ()
	var c Clock
	c.setTime(v.Micros)
	return AppendZoneOffset(appendTime(dst, &c), v.ZoneWestS)
}

// zoneDispLimitS is TZDISP_LIMIT: offsets stay below 16 hours.
const zoneDispLimitS = (maxZoneDispHours + 1) * 3600

func (timeTZCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if err := wantLen(b, 12); err != nil {
		return Null, err
	}
	v := TimeTZ{Micros: readInt64(b), ZoneWestS: readInt32(b[8:])}
	if v.Micros < 0 || v.Micros > microsPerDay {
		return Null, errTimeRange()
	}
	if v.ZoneWestS <= -zoneDispLimitS || v.ZoneWestS >= zoneDispLimitS {
		return Null, pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range")
	}
	v.Micros = roundMicros(v.Micros, typmod)
	return TimeTZDatum(v), nil
}

func (timeTZCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v := d.TimeTZ()
	return appendInt32(appendInt64(dst, v.Micros), v.ZoneWestS)
}

// compare orders by the moment, then by the zone: equal ones look the same.
func (timeTZCodec) compare(_ *Type, a, b Datum) int {
	x, y := a.TimeTZ(), b.TimeTZ()
	if c := cmp.Compare(x.utcMicros(), y.utcMicros()); c != 0 {
		return c
	}
	return cmp.Compare(x.ZoneWestS, y.ZoneWestS)
}

func (timeTZCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	v := d.TimeTZ()
	return mix(mix(h, uint64(v.Micros)), uint64(int64(v.ZoneWestS)))
}

// MakeTime is make_time.
func MakeTime(hour, minute int, second float64) (int64, error) {
	c, ok := clockOf(hour, minute, second)
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s",
			hour, minute, formatC02g(second))
	}
	return c.timeMicros(), nil
}

// TimeAddInterval is time + interval: only the interval's time counts, and the
// result stays inside the day.
func TimeAddInterval(t int64, v Interval) int64 {
	t += v.Micros % microsPerDay
	t %= microsPerDay
	if t < 0 {
		t += microsPerDay
	}
	return t
}

// TimeTZAddInterval is timetz + interval.
func TimeTZAddInterval(t TimeTZ, v Interval) TimeTZ {
	t.Micros = TimeAddInterval(t.Micros, v)
	return t
}

// TimeTZAtZone is timetz AT TIME ZONE: the same moment with another offset.
func TimeTZAtZone(t TimeTZ, westS int32) TimeTZ {
	micros := (t.Micros + int64(t.ZoneWestS-westS)*microsPerSecond) % microsPerDay
	if micros < 0 {
		micros += microsPerDay
	}
	return TimeTZ{Micros: micros, ZoneWestS: westS}
}
