package expr

// syntax prints a call in SQL's own syntax (get_func_sql_syntax); false for one
// that has none.
func (p *deparser) syntax(e *Call) bool {
	a := e.Args
	switch e.Func.Name {
	case "timezone":
		p.str("(")
		p.paren(a[1], e, false)
		p.str(" AT TIME ZONE ")
		p.paren(a[0], e, false)
		p.str(")")
	case "extract":
		field, ok := a[0].(*Const)
		if !ok {
			return false
		}
		p.parts("EXTRACT("+field.Value.Text()+" FROM ", a[1], ")")
	case "position":
		p.parts("POSITION((", a[1], ") IN (", a[0], "))")
	case "overlay":
		p.parts("OVERLAY(", a[0], " PLACING ", a[1], " FROM ", a[2])
		if len(a) == 4 {
			p.parts(" FOR ", a[3])
		}
		p.str(")")
	case "substring":
		p.parts("SUBSTRING(", a[0], " FROM ", a[1])
		if len(a) == 3 {
			p.parts(" FOR ", a[2])
		}
		p.str(")")
	case "btrim", "ltrim", "rtrim":
		p.str("TRIM(", map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[e.Func.Name])
		if len(a) == 2 {
			p.parts(" ", a[1])
		}
		p.parts(" FROM ", a[0], ")")
	default:
		return false
	}
	return true
}

// parts prints words and expressions.
func (p *deparser) parts(list ...any) {
	for _, x := range list {
		switch x := x.(type) {
		case string:
			p.str(x)
		case Expr:
			p.expr(x, false)
		}
	}
}
