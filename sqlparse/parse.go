// Package sqlparse makes SQL text into trees: PostgreSQL's own grammar
// (pg_query_go, version 17) behind a small interface, with what PostgreSQL's
// backend adds to it; and other dialects, whose texts become the same trees.
//
//	parse.go     Parse, Statement (this file: the contract)
//	dialect.go   Dialect: which language a text is in; mysql/ reads MySQL's
//	errors.go    the grammar's messages become SQLSTATEs
//	param.go     parameters where PostgreSQL has none
//	quoting.go   strings as a session's settings have them
//	version.go   syntax that PostgreSQL 15 does not have
//	depth.go     texts too deep for the C grammar's stack
//	scan.go      a scanner that finds literals
//	lift.go      literals become parameters, so that texts share plans
//	pins.go      which literals stay as they are; inner.go a statement inside another
//	cache.go     Cache: texts that were seen before are not parsed again
//	beside.go    long texts are parsed in goroutines of their own
//	lru.go       LRU, the map with a size in bytes behind it
//	position.go  places in a tree become character positions in the text
//	walk.go      every node of a tree, by reflection
//	deparse.go   trees become text
//
// The tree is pg_query's, shared and never written to after Parse returns it.
// Its literals that may differ from text to text without making another plan
// have become parameters behind the client's own: see Statement.Lifted.
package sqlparse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Statement is one statement of a query string. It is immutable but for the
// pins (see Pin), which only grow.
type Statement struct {
	// Node is the raw tree. Locations in it count bytes of some text that had
	// the same shape; Position translates them.
	Node *pg.Node
	// Text is the statement's own text, without surrounding white space and semicolon.
	Text string
	// Params is the highest $n that the client wrote.
	Params int
	// Lifted are the literals that Node has as ParamRefs with the numbers Params+1….
	Lifted []Literal
	// Then are what else the statement does after Node, all or nothing with it.
	Then []*Statement
	// Alone is set for what must not run inside of a transaction, by its dialect's rules.
	Alone bool

	tree *tree
	// before is how many characters stand before Text in the client's string.
	before int
	// pins is tree.pins as it was when the statement was made or last pinned.
	pins pinSet
}

// tree is what statements of the same shape share.
type tree struct {
	node *pg.Node
	// text is what was parsed, base the location of its first byte.
	text   string
	base   int
	params int
	// key names the shape: equal keys have equal trees, but for the lifted literals' values.
	key   string
	slots []slot
	// fixed are the literals, by their number in text, that stayed in the tree.
	fixed []fixedLiteral
	// literals is how many literals the text has; -1 when the scanner did not follow it.
	literals int
	pins     pins
}

// Parse parses a query string: any number of statements, as a simple Query
// message brings them. Errors are *pgerr.E with PostgreSQL's code, message
// and character position.
func Parse(sql string) ([]*Statement, error) {
	if err := checkInput(sql); err != nil {
		return nil, err
	}
	res, err := pg.Parse(sql)
	if err != nil {
		return nil, grammarError(sql, err)
	}
	out := make([]*Statement, 0, len(res.Stmts))
	for _, raw := range res.Stmts {
		s, err := newStatement(sql, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// checkInput refuses what must not reach the C grammar.
func checkInput(sql string) error {
	if err := CheckText(sql); err != nil {
		return err
	}
	if tooDeep(sql) {
		return pgerr.TooDeep()
	}
	return nil
}

func newStatement(sql string, raw *pg.RawStmt) (*Statement, error) {
	start, end := int(raw.StmtLocation), len(sql)
	if raw.StmtLen > 0 {
		end = start + int(raw.StmtLen)
	}
	body := strings.TrimLeft(sql[start:end], spaces)
	start = end - len(body)
	body = strings.TrimRight(body, spaces)
	if err := checkVersion(sql, start, body, raw.Stmt); err != nil {
		return nil, err
	}
	if err := checkParams(sql, body, raw.Stmt); err != nil {
		return nil, err
	}
	t := &tree{node: raw.Stmt, text: body, base: start}
	lits := t.lift()
	s := &Statement{
		Node: t.node, Text: body, Params: t.params, Lifted: lits, tree: t,
		before: characters(sql[:start]),
	}
	if p := s.ParamBeyond(maxParamNumber); p != nil {
		return nil, NoParam(s, p)
	}
	return s, nil
}

// spaces are what PostgreSQL's scanner takes for white space.
const spaces = " \t\n\r\f\v"

// Key names what a plan of the statement depends on in its text: statements
// with equal keys can share a plan, each with its own Lifted values. "" means
// that no other text is likely to share it.
func (s *Statement) Key() string {
	if len(s.tree.slots) == 0 || s.pins.empty() {
		return s.tree.key
	}
	var b strings.Builder
	b.WriteString(s.tree.key)
	for i, l := range s.Lifted {
		if s.pins.has(i) {
			b.WriteByte(0)
			b.WriteString(l.Text)
		}
	}
	return b.String()
}

// Pin makes the value of Lifted[i] part of the key, because binding needs to
// know it (the name in nextval('s'), say). All statements of the shape that
// are made from now on have it pinned from the start.
//
// It is for the one goroutine that binds the statement.
func (s *Statement) Pin(i int) {
	s.tree.pins.add(i)
	s.pins = s.pins.with(i)
}

// Pinned reports whether Lifted[i] is pinned: its value is part of the key and a
// plan may contain it.
func (s *Statement) Pinned(i int) bool { return s.pins.has(i) }
