package textsearch

import "strconv"

// AppendText appends the text form (tsqueryout).
func (q *Query) AppendText(dst []byte) []byte {
	if q == nil {
		return dst
	}
	return q.appendInfix(dst, -1, false)
}

// appendInfix puts in parentheses what binds less than its parent, and a phrase
// right of a phrase.
func (q *Query) appendInfix(dst []byte, parent int, rightOfPhrase bool) []byte {
	if q.Op == None {
		return q.appendOperand(dst)
	}
	own := priority[q.Op]
	parens := own < parent || q.Op == Phrase && rightOfPhrase
	if parens {
		dst = append(dst, "( "...)
	}
	if q.Op == Not {
		dst = q.Right.appendInfix(append(dst, '!'), own, false)
	} else {
		dst = q.Left.appendInfix(dst, own, false)
		dst = q.appendOperator(dst)
		dst = q.Right.appendInfix(dst, own, q.Op == Phrase)
	}
	if parens {
		dst = append(dst, " )"...)
	}
	return dst
}

func (q *Query) appendOperator(dst []byte) []byte {
	switch {
	case q.Op == And:
		return append(dst, " & "...)
	case q.Op == Or:
		return append(dst, " | "...)
	case q.Distance == 1:
		return append(dst, " <-> "...)
	}
	return append(strconv.AppendInt(append(dst, " <"...), int64(q.Distance), 10), "> "...)
}

func (q *Query) appendOperand(dst []byte) []byte {
	dst = appendQuoted(dst, q.Word)
	if q.Weights == 0 && !q.Prefix {
		return dst
	}
	dst = append(dst, ':')
	if q.Prefix {
		dst = append(dst, '*')
	}
	for w := WeightA; ; w-- {
		if q.Weights&(1<<w) != 0 {
			dst = append(dst, w.Letter())
		}
		if w == WeightD {
			return dst
		}
	}
}
