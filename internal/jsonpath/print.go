package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the text that jsonpath_out writes. It leaves out parentheses around
// an operator with an accessor behind it where that is an operand: what is read
// from it again may be another expression.
func (p *Path) String() string { return p.print(&printer{}) }

// Exact is String with these parentheses.
func (p *Path) Exact() string { return p.print(&printer{exact: true}) }

func (p *Path) print(b *printer) string {
	if p.Strict {
		b.WriteString("strict ")
	}
	b.item(p.Root, false, true)
	return b.String()
}

type printer struct {
	strings.Builder
	exact bool
}

// item writes an item and its accessors; accessor says that it stands behind
// another one, brackets that an operator gets parentheses.
func (b *printer) item(i *Item, accessor, brackets bool) {
	switch k := i.Kind; {
	case k == Filter:
		b.WriteString("?(")
		b.item(i.Left, false, false)
		b.WriteByte(')')
	case k == Not:
		b.WriteString("!(")
		b.item(i.Left, false, false)
		b.WriteByte(')')
	case k == Exists:
		b.WriteString("exists (")
		b.item(i.Left, false, false)
		b.WriteByte(')')
	case k == IsUnknown:
		b.WriteByte('(')
		b.item(i.Left, false, false)
		b.WriteString(") is unknown")
	case k.Predicate() || k >= Add && k <= Minus:
		b.operator(i, brackets)
	case k >= Key:
		b.accessor(i, accessor)
	default:
		b.operand(i)
	}
	if i.Next != nil {
		b.item(i.Next, true, true)
	}
}

func (b *printer) operand(i *Item) {
	switch i.Kind {
	case Null:
		b.WriteString("null")
	case String:
		b.quote(i.Text)
	case Number:
		if i.Next != nil {
			fmt.Fprintf(b, "(%s)", i.Number.Text('f'))
		} else {
			b.WriteString(i.Number.Text('f'))
		}
	case Bool:
		b.WriteString(strconv.FormatBool(i.Bool))
	case Variable:
		b.WriteByte('$')
		b.quote(i.Text)
	case Root:
		b.WriteByte('$')
	case Current:
		b.WriteByte('@')
	case Last:
		b.WriteString("last")
	}
}

// operator writes one with its operands, in parentheses where those bind no
// tighter.
func (b *printer) operator(i *Item, brackets bool) {
	brackets = brackets || b.exact && i.Next != nil
	if brackets {
		b.WriteByte('(')
	}
	operand := func(o *Item) { b.item(o, false, o.Kind.priority() <= i.Kind.priority()) }
	switch i.Kind {
	case Plus, Minus:
		b.WriteString(i.Kind.String())
		operand(i.Left)
	case LikeRegex:
		operand(i.Left)
		b.WriteString(" like_regex ")
		b.quote(i.Text)
		if i.Flags != 0 {
			fmt.Fprintf(b, " flag \"%s\"", i.Flags)
		}
	default:
		operand(i.Left)
		b.WriteString(" " + i.Kind.String() + " ")
		operand(i.Right)
	}
	if brackets {
		b.WriteByte(')')
	}
}

// priority is how tight an operator binds (operationPriority).
func (k Kind) priority() int {
	switch k {
	case Or:
		return 0
	case And:
		return 1
	case Equal, NotEqual, Less, Greater, LessOrEqual, GreaterOrEqual, StartsWith:
		return 2
	case Add, Sub:
		return 3
	case Mul, Div, Mod:
		return 4
	case Plus, Minus:
		return 5
	}
	return 6
}

// String are the letters, in PostgreSQL's order.
func (f Flags) String() string {
	var out []byte
	for i, letter := range []byte("ismxq") {
		if f&(1<<i) != 0 {
			out = append(out, letter)
		}
	}
	return string(out)
}

func (b *printer) accessor(i *Item, behind bool) {
	dot := ""
	if behind {
		dot = "."
	}
	switch i.Kind {
	case Key:
		b.WriteString(dot)
		b.quote(i.Text)
	case AnyKey:
		b.WriteString(dot + "*")
	case AnyArray:
		b.WriteString("[*]")
	case IndexArray:
		b.subscripts(i.Subscripts)
	case Any:
		b.WriteString(dot + "**" + levels(i.First, i.Last))
	case Datetime:
		b.WriteString(".datetime(")
		if i.Left != nil {
			b.item(i.Left, false, false)
		}
		b.WriteByte(')')
	default:
		b.WriteString("." + i.Kind.String() + "()")
	}
}

func (b *printer) subscripts(list []Subscript) {
	b.WriteByte('[')
	for n, s := range list {
		if n > 0 {
			b.WriteByte(',')
		}
		b.item(s.From, false, false)
		if s.To != nil {
			b.WriteString(" to ")
			b.item(s.To, false, false)
		}
	}
	b.WriteByte(']')
}

// levels is what stands behind **.
func levels(first, last uint32) string {
	level := func(n uint32) string {
		if n == DeepestLevel {
			return "last"
		}
		return strconv.FormatUint(uint64(n), 10)
	}
	switch {
	case first == 0 && last == DeepestLevel:
		return ""
	case first == last:
		return "{" + level(first) + "}"
	}
	return "{" + level(first) + " to " + level(last) + "}"
}

// quote writes a JSON string (escape_json).
func (b *printer) quote(s string) {
	b.WriteByte('"')
	for _, r := range []byte(s) {
		switch r {
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(r)
		default:
			if r < ' ' {
				fmt.Fprintf(b, `\u%04x`, r)
			} else {
				b.WriteByte(r)
			}
		}
	}
	b.WriteByte('"')
}
