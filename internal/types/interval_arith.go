package types

import "math"

// addChecked adds the three fields each with its overflow check.
func (v Interval) addChecked(w Interval, sign int64) (Interval, error) {
	months := int64(v.Months) + sign*int64(w.Months)
	days := int64(v.Days) + sign*int64(w.Days)
	var micros int64
	ok := true
	if sign > 0 {
		micros = v.Micros + w.Micros
		ok = (micros > v.Micros) == (w.Micros > 0) || w.Micros == 0
	} else {
		micros = v.Micros - w.Micros
		ok = (micros < v.Micros) == (w.Micros > 0) || w.Micros == 0
	}
	if !ok || months != int64(int32(months)) || days != int64(int32(days)) {
		return Interval{}, errIntervalRange()
	}
	return Interval{Micros: micros, Days: int32(days), Months: int32(months)}, nil
}

// IntervalAdd is a + b, field by field.
func IntervalAdd(a, b Interval) (Interval, error) { return a.addChecked(b, 1) }

// IntervalSub is a - b.
func IntervalSub(a, b Interval) (Interval, error) { return a.addChecked(b, -1) }

// IntervalNeg is -v.
func IntervalNeg(v Interval) (Interval, error) { return Interval{}.addChecked(v, -1) }

// JustifyHours turns whole days of time into days.
func JustifyHours(v Interval) (Interval, error) {
	whole := v.Micros / microsPerDay
	days := int64(v.Days) + whole
	if days != int64(int32(days)) {
		return Interval{}, errIntervalRange()
	}
	v.Micros -= whole * microsPerDay
	v.Days = int32(days)
	v.sameSignTime()
	return v, nil
}

// sameSignTime gives time and days one sign.
func (v *Interval) sameSignTime() {
	if v.Days > 0 && v.Micros < 0 {
		v.Micros += microsPerDay
		v.Days--
	} else if v.Days < 0 && v.Micros > 0 {
		v.Micros -= microsPerDay
		v.Days++
	}
}

// JustifyDays turns every 30 days into a month.
func JustifyDays(v Interval) (Interval, error) {
	months := int64(v.Months) + int64(v.Days/daysPerMonth)
	if months != int64(int32(months)) {
		return Interval{}, errIntervalRange()
	}
	v.Months, v.Days = int32(months), v.Days%daysPerMonth
	if v.Months > 0 && v.Days < 0 {
		v.Days += daysPerMonth
		v.Months--
	} else if v.Months < 0 && v.Days > 0 {
		v.Days -= daysPerMonth
		v.Months++
	}
	return v, nil
}

// JustifyInterval does both, and gives all fields one sign.
func JustifyInterval(v Interval) (Interval, error) {
	// days go up first where the signs agree, so that hours have room
	if v.Days > 0 && v.Micros > 0 || v.Days < 0 && v.Micros < 0 {
		months := int64(v.Months) + int64(v.Days/daysPerMonth)
		if months != int64(int32(months)) {
			return Interval{}, errIntervalRange()
		}
		v.Months, v.Days = int32(months), v.Days%daysPerMonth
	}
	whole := v.Micros / microsPerDay
	days := int64(v.Days) + whole
	months := int64(v.Months) + days/daysPerMonth
	if days != int64(int32(days)) || months != int64(int32(months)) {
		return Interval{}, errIntervalRange()
	}
	v = Interval{Micros: v.Micros - whole*microsPerDay, Days: int32(days % daysPerMonth), Months: int32(months)}
	if v.Months > 0 && (v.Days < 0 || v.Days == 0 && v.Micros < 0) {
		v.Days += daysPerMonth
		v.Months--
	} else if v.Months < 0 && (v.Days > 0 || v.Days == 0 && v.Micros > 0) {
		v.Days -= daysPerMonth
		v.Months++
	}
	v.sameSignTime()
	return v, nil
}

// roundSeconds is TSROUND: to microseconds.
func roundSeconds(v float64) float64 { return math.RoundToEven(v*1e6) / 1e6 }

// IntervalMul is v * factor: fractions of months become days, those of days time.
func IntervalMul(v Interval, factor float64) (Interval, error) {
	return v.scale(func(x float64) float64 { return x * factor })
}

// IntervalDiv is v / divisor.
func IntervalDiv(v Interval, divisor float64) (Interval, error) {
	if divisor == 0 {
		return Interval{}, DivisionByZero()
	}
	return v.scale(func(x float64) float64 { return x / divisor })
}

func (v Interval) scale(f func(float64) float64) (Interval, error) {
	months, days := f(float64(v.Months)), f(float64(v.Days))
	fits := func(x float64) bool { return x >= math.MinInt32 && x <= math.MaxInt32 }
	if !fits(months) || !fits(days) {
		return Interval{}, errIntervalRange()
	}
	r := Interval{Months: int32(months), Days: int32(days)}
	monthDays := roundSeconds((months - float64(r.Months)) * daysPerMonth)
	seconds := roundSeconds((days - float64(r.Days) + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	extra := int64(math.Trunc(monthDays))
	if math.Abs(seconds) >= secondsPerDay {
		whole := math.Trunc(seconds / secondsPerDay)
		extra += int64(whole)
		seconds -= whole * secondsPerDay
	}
	sum := int64(r.Days) + extra
	micros := math.RoundToEven(f(float64(v.Micros)) + seconds*1e6)
	if sum != int64(int32(sum)) || math.IsNaN(micros) || micros < math.MinInt64 || micros >= math.MaxInt64 {
		return Interval{}, errIntervalRange()
	}
	r.Days, r.Micros = int32(sum), int64(micros)
	return r, nil
}

// MakeInterval is make_interval, whose sums of whole numbers PostgreSQL 15 lets
// wrap around; seconds that do not fit are the lowest number, as the processor has it.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	if math.IsInf(secs, 0) || math.IsNaN(secs) {
		return Interval{}, errIntervalRange()
	}
	micros := int64(math.MinInt64)
	if f := math.RoundToEven(secs * 1e6); f >= math.MinInt64 && f < math.MaxInt64 {
		micros = int64(f)
	}
	return Interval{
		Micros: int64(hours)*microsPerHour + int64(mins)*microsPerMinute + micros,
		Days:   weeks*7 + days, Months: years*monthsPerYear + months,
	}, nil
}
