package types

import "strconv"

var weekdayNames = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// maxZoneAbbrevLen is MAXTZLEN: how much of an abbreviation is shown.
const maxZoneAbbrevLen = 10

// appendPadded appends v with at least width digits; v is not negative.
func appendPadded(dst []byte, v, width int) []byte {
	for p, w := 10, 1; w < width; p, w = p*10, w+1 {
		if v < p {
			for ; w < width; w++ {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// shownYear is the year as written: BC years count from 1.
func shownYear(year int) int {
	if year > 0 {
		return year
	}
	return 1 - year
}

func appendEra(dst []byte, year int) []byte {
	if year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// appendSeconds appends ss[.ffffff] without zeros at the end.
func appendSeconds(dst []byte, sec, micros, width int) []byte {
	dst = appendPadded(dst, sec, width)
	if micros == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), micros, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendTime(dst []byte, c *Clock) []byte {
	dst = append(appendPadded(dst, c.Hour, 2), ':')
	dst = append(appendPadded(dst, c.Minute, 2), ':')
	return appendSeconds(dst, c.Second, c.Micros, 2)
}

// AppendZoneOffset appends a zone given in seconds west of UTC: +02, +05:30.
func AppendZoneOffset(dst []byte, westS int32) []byte {
	sign, abs := byte('+'), int(-westS)
	if westS > 0 {
		sign, abs = '-', int(westS)
	}
	dst = appendPadded(append(dst, sign), abs/3600, 2)
	if abs%3600 != 0 {
		dst = appendPadded(append(dst, ':'), abs/60%60, 2)
	}
	if abs%60 != 0 {
		dst = appendPadded(append(dst, ':'), abs%60, 2)
	}
	return dst
}

// appendNumericDate appends the date of every style but Postgres's with names;
// no era.
func appendNumericDate(dst []byte, c *Clock, style DateStyle, order DateOrder) []byte {
	year, first, second := shownYear(c.Year), c.Month, c.Day
	if order == OrderDMY || style == DateGerman {
		first, second = c.Day, c.Month
	}
	delim := byte('/')
	switch style {
	case DateISO:
		dst = append(appendPadded(dst, year, 4), '-')
		dst = append(appendPadded(dst, c.Month, 2), '-')
		return appendPadded(dst, c.Day, 2)
	case DateGerman:
		delim = '.'
	case DatePostgres:
		delim = '-'
	}
	dst = append(appendPadded(dst, first, 2), delim)
	dst = append(appendPadded(dst, second, 2), delim)
	return appendPadded(dst, year, 4)
}

// appendMoment appends a timestamp in the session's style.
func appendMoment(dst []byte, env *Env, c *Clock, zoned bool) []byte {
	if env.DateStyle == DatePostgres {
		return appendPostgresMoment(dst, env, c, zoned)
	}
	dst = append(appendNumericDate(dst, c, env.DateStyle, env.DateOrder), ' ')
	dst = appendTime(dst, c)
	if zoned {
		if env.DateStyle == DateISO || c.Zone == "" {
			dst = AppendZoneOffset(dst, c.ZoneWestS)
		} else {
			dst = append(append(dst, ' '), c.Zone[:min(len(c.Zone), maxZoneAbbrevLen)]...)
		}
	}
	return appendEra(dst, c.Year)
}

func appendPostgresMoment(dst []byte, env *Env, c *Clock, zoned bool) []byte {
	dst = append(append(dst, weekdayNames[j2day(c.julian())]...), ' ')
	if env.DateOrder == OrderDMY {
		dst = append(appendPadded(dst, c.Day, 2), ' ')
		dst = append(append(dst, monthNames[c.Month-1]...), ' ')
	} else {
		dst = append(append(dst, monthNames[c.Month-1]...), ' ')
		dst = append(appendPadded(dst, c.Day, 2), ' ')
	}
	dst = append(appendTime(dst, c), ' ')
	dst = appendPadded(dst, shownYear(c.Year), 4)
	if zoned {
		dst = append(dst, ' ')
		if c.Zone != "" {
			dst = append(dst, c.Zone[:min(len(c.Zone), maxZoneAbbrevLen)]...)
		} else {
			dst = AppendZoneOffset(dst, c.ZoneWestS)
		}
	}
	return appendEra(dst, c.Year)
}
