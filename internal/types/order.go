package types

// Order is how one item of ORDER BY compares values.
type Order struct {
	Type       *Type
	Desc       bool
	NullsFirst bool
}

// Compare orders two values, NULLs among them; work is asked whether to go on.
func (o *Order) Compare(a, b Datum, work Work) (int, error) {
	switch {
	case a.IsNull() && b.IsNull():
		return 0, nil
	case a.IsNull():
		return o.nullSide(), nil
	case b.IsNull():
		return -o.nullSide(), nil
	}
	c, err := o.Type.CompareLong(a, b, work)
	if o.Desc {
		return -c, err
	}
	return c, err
}

// nullSide is where a NULL lies beside a value.
func (o *Order) nullSide() int {
	if o.NullsFirst {
		return -1
	}
	return 1
}
