package expr

import "strings"

// paren prints a part of parent: with parentheses around it in the pretty form
// where it needs them. The plain form's parts bring their own.
func (p *deparser) paren(e, parent Expr, implicit bool) {
	if !p.f.Pretty || p.simple(e, parent) {
		p.expr(e, implicit)
		return
	}
	p.str("(")
	p.expr(e, implicit)
	p.str(")")
}

// open and shut print the parentheses that the plain form puts around every operator.
func (p *deparser) open() {
	if !p.f.Pretty {
		p.str("(")
	}
}

func (p *deparser) shut() {
	if !p.f.Pretty {
		p.str(")")
	}
}

// simple reports whether e needs no parentheses as a part of parent
// (ruleutils.c, isSimpleNode).
func (p *deparser) simple(e, parent Expr) bool {
	switch e := e.(type) {
	case *Call:
		if e.Operator == "" || e.Keyword != "" {
			return true
		}
		if outer, ok := parent.(*Call); ok && outer.Operator != "" {
			return bindsTighter(e, outer)
		}
		return separates(parent, true)
	case *Cast:
		if e.Keyword != "" {
			return true
		}
		if c, ok := e.Arg.(*Const); ok && (c.T == e.T || c.Value.IsNull()) {
			return true
		}
		return p.simple(e.Arg, e)
	case *Logic:
		if outer, ok := parent.(*Logic); ok {
			if e.Op == Or {
				return outer.Op == Or
			}
			return outer.Op != Not
		}
		return separates(parent, false)
	case *AnyAll:
		return false
	case *Test, *Distinct:
		return separates(parent, true)
	case *Field:
		_, again := parent.(*Field)
		return !again
	}
	return true
}

// separates reports whether parent keeps its parts apart by itself: with
// commas, brackets, keywords or (for what is no AND or OR) a lower precedence.
func separates(parent Expr, logic bool) bool {
	switch parent := parent.(type) {
	case *Call:
		return parent.Operator == ""
	case *Logic:
		return logic
	case *Coalesce, *MinMax, *NullIf, *ArrayExpr, *RowExpr, *AggregateCall, *WindowCall, *Case, *Subscript:
		return true
	}
	return false
}

// bindsTighter knows the precedence of + - * / % alone, and that they go from left to right.
func bindsTighter(e, parent *Call) bool {
	if len(e.Args) != 2 || len(parent.Args) != 2 {
		return false
	}
	inner, outer := precedence(e.Operator), precedence(parent.Operator)
	switch {
	case inner == 0 || outer == 0:
		return false
	case inner != outer:
		return inner > outer
	}
	return parent.Args[0] == Expr(e)
}

func precedence(operator string) int {
	switch {
	case len(operator) != 1:
		return 0
	case strings.Contains("+-", operator):
		return 1
	case strings.Contains("*/%", operator):
		return 2
	}
	return 0
}
