package expressions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// tree is an expression: a producer's call, or a value.
type tree struct {
	name   string // of the producer, "" is a value
	typ    *types.Type
	pieces []string
	args   []*tree
	text   string // of a value
	null   bool
	typed  bool // a value is written with its type
}

// form is how a statement's values are written.
type form uint8

const (
	literals form = iota // in place
	params               // $1, $2, … without a type, sent as text
	columns              // columns of the table edges
)

// depth is how many producers may lie above each other.
const depth = 3

// grow makes a value of t.
func (c *chooser) grow(t *types.Type, depth int) *tree {
	if makers := c.byResult[t]; depth > 0 && len(makers) > 0 && c.IntN(10) < 4 {
		return c.call(pick(c, makers), depth)
	}
	return c.value(t, texts(t))
}

// value draws one of the texts, or NULL.
func (c *chooser) value(t *types.Type, from []string) *tree {
	return &tree{typ: t, text: pick(c, from), null: c.IntN(12) == 0, typed: c.IntN(4) > 0}
}

// call draws a producer's arguments.
func (c *chooser) call(p *producer, depth int) *tree {
	if p.poly != nil {
		p = p.poly(c)
	}
	n := &tree{name: p.name, typ: p.result, pieces: p.pieces}
	for i, t := range p.args {
		if list := p.likely[i]; list != nil && c.IntN(4) > 0 {
			n.args = append(n.args, c.value(t, list))
			continue
		}
		n.args = append(n.args, c.grow(t, depth-1))
	}
	return n
}

// renderer writes a tree.
type renderer struct {
	form  form
	sent  [][]byte           // the parameters
	place func(*tree) string // the column of a value, "" for none
}

func (r *renderer) render(n *tree) string {
	if n.name == "" {
		return r.value(n)
	}
	var b strings.Builder
	for i, a := range n.args {
		b.WriteString(n.pieces[i] + r.render(a))
	}
	b.WriteString(n.pieces[len(n.args)])
	return b.String()
}

func (r *renderer) value(n *tree) string {
	switch {
	case r.form == params:
		var sent []byte
		if !n.null {
			sent = []byte(n.text)
		}
		r.sent = append(r.sent, sent)
		p := "$" + strconv.Itoa(len(r.sent))
		if n.typed {
			p += "::" + typeName(n.typ)
		}
		return p
	case r.form == columns && n.typed:
		return columnName(n.typ)
	}
	text := "NULL"
	if !n.null {
		text = quote(n.text)
	}
	if n.typed {
		text += "::" + typeName(n.typ)
	}
	return text
}

func columnName(t *types.Type) string { return `"c_` + t.Name + `"` }

// rows is how many rows the table edges has.
const rows = 24

// table is the script that makes the table edges: a column of each type, in the
// rows all of its values and NULLs.
func table(list []*types.Type) string {
	var names []string
	for _, t := range list {
		names = append(names, columnName(t)+" "+typeName(t))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE edges (id int PRIMARY KEY, %s);\n", strings.Join(names, ", "))
	for i := range rows {
		values := []string{strconv.Itoa(i)}
		for _, t := range list {
			v := "NULL"
			if from := texts(t); i%(len(from)+1) < len(from) {
				v = quote(from[i%(len(from)+1)])
			}
			values = append(values, v)
		}
		fmt.Fprintf(&b, "INSERT INTO edges VALUES (%s);\n", strings.Join(values, ", "))
	}
	return b.String()
}

// statement is an expression in its query.
type statement struct {
	sql    string
	sent   [][]byte
	binary bool // whether answers are wanted in binary
	root   *tree
	form   form
	around func(string) string // the query of an expression
	anyOf  bool                // errors may be of any row: which one comes first is not said
}

func (s *statement) of(root *tree) *statement {
	r := &renderer{form: s.form}
	q := *s
	q.root = root
	q.sql = s.around(r.render(root))
	q.sent = r.sent
	return &q
}

// next draws a statement.
func (c *chooser) next() *statement {
	s := &statement{around: func(e string) string { return "SELECT " + e }, binary: c.IntN(3) == 0}
	root := func() *tree { return c.call(pick(c, c.all), depth) }
	switch n := c.IntN(100); {
	case n < 45:
		return s.of(root())
	case n < 60:
		s.form = params
		return s.of(root())
	case n < 75:
		id := c.IntN(rows)
		s.form, s.around = columns, func(e string) string { return fmt.Sprintf("SELECT %s FROM edges WHERE id = %d", e, id) }
		return s.of(root())
	case n < 88:
		s.form, s.anyOf = columns, true
		s.around = func(e string) string { return "SELECT id FROM edges WHERE " + e + " ORDER BY id" }
		return s.of(c.call(c.condition(), 2))
	case n < 94:
		s.around = func(e string) string { return "SELECT " + e + " LIMIT 30" }
		return s.of(c.call(pick(c, c.sets), depth))
	}
	s.form, s.anyOf = columns, true
	s.around = func(e string) string { return "SELECT " + e + " FROM edges" }
	return s.of(c.aggregate())
}

// condition draws what makes a truth value; of BETWEEN each server computes first what it likes.
func (c *chooser) condition() *producer {
	for {
		if p := pick(c, c.byResult[types.TBool]); !strings.Contains(p.name, "BETWEEN") {
			return p
		}
	}
}

// aggregate draws a call of an aggregate over the rows in order.
func (c *chooser) aggregate() *tree {
	p := pick(c, c.aggs)
	n := c.call(c.instance(p, c.element(p)), 1)
	n.pieces = slices.Clone(n.pieces)
	if len(n.args) == 0 {
		n.pieces = []string{"count(*)"}
		return n
	}
	n.pieces[len(n.args)] = " ORDER BY id)"
	return n
}
