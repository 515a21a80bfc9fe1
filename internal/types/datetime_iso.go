package types

// parseISO reads the one form that clients, dumps and COPY files use,
// 2004-10-19 10:23:54.123456+02:00 with time, fraction and zone optional,
// where every number is in its range. Everything else (ok is false) is for
// dateDecoder, which gives the same answers for these.
func parseISO(s string) (c Clock, zoned, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return c, false, false
	}
	good := true
	two := func(i int) int {
		if !isDigit(s[i]) || !isDigit(s[i+1]) {
			good = false
		}
		return int(s[i]-'0')*10 + int(s[i+1]-'0')
	}
	c.Year, c.Month, c.Day = two(0)*100+two(2), two(5), two(8)
	if !good || c.Year == 0 || c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Day > daysInMonth(c.Year, c.Month) {
		return c, false, false
	}
	if len(s) == 10 {
		return c, false, true
	}
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return c, false, false
	}
	c.Hour, c.Minute, c.Second = two(11), two(14), two(17)
	if !good || c.Hour > 23 || c.Minute > 59 || c.Second > 59 {
		return c, false, false
	}
	rest := s[19:]
	if len(rest) > 1 && rest[0] == '.' {
		n := 1
		for scale := 100000; n < len(rest) && isDigit(rest[n]); scale, n = scale/10, n+1 {
			c.Micros += int(rest[n]-'0') * scale
		}
		if n == 1 || n > 7 {
			return c, false, false
		}
		rest = rest[n:]
	}
	return c, rest != "", c.parseISOZone(rest)
}

// parseISOZone reads nothing, Z, +hh or +hh:mm.
func (c *Clock) parseISOZone(s string) bool {
	switch {
	case s == "" || s == "Z":
		return true
	case len(s) != 3 && (len(s) != 6 || s[3] != ':') || s[0] != '+' && s[0] != '-':
		return false
	}
	west, code := decodeZoneOffset(s)
	c.ZoneWestS = west
	return code == dtOK
}
