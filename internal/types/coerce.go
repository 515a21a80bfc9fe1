package types

// ApplyTypmod makes d obey a column's typmod, as the length coercion functions
// of pg_cast do: a cast (explicit) may cut text that an assignment must not. -1
// changes nothing.
func (t *Type) ApplyTypmod(d Datum, typmod int32, explicit bool) (Datum, error) {
	if typmod < 0 || d.IsNull() {
		return d, nil
	}
	base := t.Base()
	switch base {
	case TVarchar:
		return limitVarchar(d, int(typmod-typmodHeader), explicit)
	case TBpchar:
		return padBpchar(d, int(typmod-typmodHeader), explicit)
	case TBit, TVarbit:
		return base.codec.(bitCodec).fit(d, typmod, explicit)
	case TNumeric:
		v, err := ApplyNumericTypmod(d.Decimal(), typmod)
		if err != nil {
			return Null, err
		}
		return Decimal(v), nil
	}
	switch base {
	case TTime:
		return Int(roundMicros(d.Int(), typmod)), nil
	case TTimestamp, TTimestamptz:
		return Int(RoundTimestamp(d.Int(), typmod)), nil
	case TTimeTZ:
		v := d.TimeTZ()
		v.Micros = roundMicros(v.Micros, typmod)
		return TimeTZDatum(v), nil
	case TInterval:
		return IntervalDatum(ApplyIntervalTypmod(d.Interval(), typmod)), nil
	}
	if base.Datum == KindArray {
		return applyArrayTypmod(base, d, typmod, explicit)
	}
	return d, nil
}

func applyArrayTypmod(t *Type, d Datum, typmod int32, explicit bool) (Datum, error) {
	a := d.Array()
	out := *a
	out.Elems = make([]Datum, len(a.Elems))
	for i, e := range a.Elems {
		var err error
		if out.Elems[i], err = t.elem().ApplyTypmod(e, typmod, explicit); err != nil {
			return Null, err
		}
	}
	return ArrayDatum(&out), nil
}
