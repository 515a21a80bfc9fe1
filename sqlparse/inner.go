package sqlparse

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Inner is the statement inside another (PREPARE's, EXPLAIN's, COPY's), as a
// statement of its own: n is a node of s's tree. Positions in it are those of
// the client's text. It has no lifted literals, since the outer text is its key.
func (s *Statement) Inner(n *pg.Node) *Statement { return s.inner(n, "\x00inner "+s.tree.key) }

// Made is a statement that was made of nodes of s's tree. No text is like it, so
// it has no key.
func (s *Statement) Made(n *pg.Node) *Statement { return s.inner(n, "") }

func (s *Statement) inner(n *pg.Node, key string) *Statement {
	w := &lifter{}
	w.visit(n.ProtoReflect(), false)
	return &Statement{
		Node: n, Text: s.Text, Params: w.params, before: s.before,
		tree: &tree{node: n, text: s.tree.text, base: s.tree.base, params: w.params, key: key, literals: -1},
	}
}

// Into is a query's INTO clause, of a set operation its first side's; nil when it has none.
func Into(n *pg.SelectStmt) *pg.IntoClause {
	for n.GetLarg() != nil {
		n = n.Larg
	}
	return n.GetIntoClause()
}

// WithoutInto is a copy of a query, without its INTO clause.
func WithoutInto(n *pg.SelectStmt) *pg.SelectStmt {
	out := proto.Clone(n).(*pg.SelectStmt)
	first := out
	for first.Larg != nil {
		first = first.Larg
	}
	first.IntoClause = nil
	return out
}
