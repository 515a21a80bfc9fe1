package types

import "strconv"

// intervalParts is an interval taken apart as it is shown; the parts of the
// months, and those of the time, have one sign each (pg_itm).
type intervalParts struct {
	year, mon, day, hour, min, sec, micros int64
}

func (v Interval) parts() intervalParts {
	m := v.Micros
	return intervalParts{
		year: int64(v.Months / monthsPerYear), mon: int64(v.Months % monthsPerYear), day: int64(v.Days),
		hour: m / microsPerHour, min: m / microsPerMinute % 60,
		sec: m / microsPerSecond % 60, micros: m % microsPerSecond,
	}
}

func (p *intervalParts) all() [7]int64 {
	return [...]int64{p.year, p.mon, p.day, p.hour, p.min, p.sec, p.micros}
}

func (p *intervalParts) hasTime() bool {
	return p.hour != 0 || p.min != 0 || p.sec != 0 || p.micros != 0
}

func (p *intervalParts) timeNegative() bool {
	return p.hour < 0 || p.min < 0 || p.sec < 0 || p.micros < 0
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

func (intervalCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	return AppendInterval(dst, d.Interval(), env.IntervalStyle)
}

// AppendInterval appends the text form in a style.
func AppendInterval(dst []byte, v Interval, style IntervalStyle) []byte {
	p := v.parts()
	switch style {
	case IntervalPostgresVerbose:
		return p.appendVerbose(dst)
	case IntervalSQLStandard:
		return p.appendSQL(dst)
	case IntervalISO8601:
		return p.appendISO(dst)
	}
	return p.appendPostgres(dst)
}

// appendHMS appends h:mm:ss[.f], all without sign.
func (p *intervalParts) appendHMS(dst []byte, hourWidth int) []byte {
	if hour := abs64(p.hour); hourWidth > 1 && hour < 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, abs64(p.hour), 10)
	dst = appendPadded(append(dst, ':'), int(abs64(p.min)), 2)
	return appendSeconds(append(dst, ':'), int(abs64(p.sec)), int(abs64(p.micros)), 2)
}

// appendPostgres writes 1 year 2 mons -3 days +04:05:06: a field behind a
// negative one shows its plus.
func (p *intervalParts) appendPostgres(dst []byte) []byte {
	empty, afterNegative := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if !empty {
			dst = append(dst, ' ')
		}
		if afterNegative && v > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(strconv.AppendInt(dst, v, 10), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		empty, afterNegative = false, v < 0
	}
	part(p.year, "year")
	part(p.mon, "mon")
	part(p.day, "day")
	if !empty && !p.hasTime() {
		return dst
	}
	if !empty {
		dst = append(dst, ' ')
	}
	if p.timeNegative() {
		dst = append(dst, '-')
	} else if afterNegative {
		dst = append(dst, '+')
	}
	return p.appendHMS(dst, 2)
}

// appendVerbose writes @ 1 year 2 mons ago: the first field's sign is the whole's.
func (p *intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	empty, ago := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if empty {
			ago = v < 0
			v = abs64(v)
		} else if ago {
			v = -v
		}
		dst = append(append(strconv.AppendInt(append(dst, ' '), v, 10), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		empty = false
	}
	part(p.year, "year")
	part(p.mon, "mon")
	part(p.day, "day")
	part(p.hour, "hour")
	part(p.min, "min")
	if p.sec != 0 || p.micros != 0 {
		dst = append(dst, ' ')
		if p.sec < 0 || p.micros < 0 {
			if empty {
				ago = true
			} else if !ago {
				dst = append(dst, '-')
			}
		} else if ago {
			dst = append(dst, '-')
		}
		dst = appendSeconds(dst, int(abs64(p.sec)), int(abs64(p.micros)), 1)
		dst = append(dst, " sec"...)
		if abs64(p.sec) != 1 || p.micros != 0 {
			dst = append(dst, 's')
		}
		empty = false
	}
	if empty {
		dst = append(dst, " 0"...)
	}
	if ago {
		dst = append(dst, " ago"...)
	}
	return dst
}

func signOf(negative bool) byte {
	if negative {
		return '-'
	}
	return '+'
}

// appendSQL writes a standard literal where one can, else all three parts with signs.
func (p *intervalParts) appendSQL(dst []byte) []byte {
	negative, positive := false, false
	for _, v := range p.all() {
		negative = negative || v < 0
		positive = positive || v > 0
	}
	yearMonth := p.year != 0 || p.mon != 0
	dayTime := p.day != 0 || p.hasTime()
	if !negative && !positive {
		return append(dst, '0')
	}
	if negative && positive || yearMonth && dayTime {
		dst = append(dst, signOf(p.year < 0 || p.mon < 0))
		dst = append(strconv.AppendInt(dst, abs64(p.year), 10), '-')
		dst = append(strconv.AppendInt(dst, abs64(p.mon), 10), ' ', signOf(p.day < 0))
		dst = append(strconv.AppendInt(dst, abs64(p.day), 10), ' ', signOf(p.timeNegative()))
		return p.appendHMS(dst, 1)
	}
	if negative {
		dst = append(dst, '-')
	}
	if yearMonth {
		dst = append(strconv.AppendInt(dst, abs64(p.year), 10), '-')
		return strconv.AppendInt(dst, abs64(p.mon), 10)
	}
	if p.day != 0 {
		dst = append(strconv.AppendInt(dst, abs64(p.day), 10), ' ')
	}
	return p.appendHMS(dst, 1)
}

func (p *intervalParts) appendISO(dst []byte) []byte {
	dst = append(dst, 'P')
	start := len(dst)
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(strconv.AppendInt(dst, v, 10), unit)
		}
	}
	part(p.year, 'Y')
	part(p.mon, 'M')
	part(p.day, 'D')
	if p.hasTime() {
		dst = append(dst, 'T')
	}
	part(p.hour, 'H')
	part(p.min, 'M')
	if p.sec != 0 || p.micros != 0 {
		if p.sec < 0 || p.micros < 0 {
			dst = append(dst, '-')
		}
		dst = append(appendSeconds(dst, int(abs64(p.sec)), int(abs64(p.micros)), 1), 'S')
	}
	if len(dst) == start {
		dst = append(dst, "T0S"...)
	}
	return dst
}
