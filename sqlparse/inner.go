package sqlparse

import pg "github.com/pganalyze/pg_query_go/v6"

// Inner is the statement inside another (PREPARE's, EXPLAIN's, COPY's), as a
// statement of its own: n is a node of s's tree. Positions in it are those of
// the client's text. It has no lifted literals, since the outer text is its key.
func (s *Statement) Inner(n *pg.Node) *Statement {
	w := &lifter{}
	w.visit(n.ProtoReflect(), false)
	return &Statement{
		Node: n, Text: s.Text, Params: w.params, before: s.before,
		tree: &tree{node: n, text: s.tree.text, base: s.tree.base, params: w.params, key: "\x00inner " + s.tree.key, literals: -1},
	}
}
