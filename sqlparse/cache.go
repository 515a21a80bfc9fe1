package sqlparse

import "context"

// Cache finds the statements of texts that were parsed before, or whose shape
// was: the text but for its literals. It is safe for concurrent use.
type Cache struct {
	lru    *LRU[cached]
	beside *beside
}

// cached is what is known under a text or shape; it is replaced, not changed.
type cached struct {
	// exact are the statements of a text that has no lifted literals, or several statements.
	exact []*Statement
	// shapes are the trees of texts with this scanned key, which differ in their fixed literals.
	shapes []*tree
}

// A parse tree takes about so many bytes per byte of text.
const (
	treeBytes     = 40
	treeBaseBytes = 1024
)

// maxShapes bounds the trees under one scanned key: beyond, ORDER BY 1, 2, 3 …
// is being generated and every one is parsed.
const maxShapes = 8

// maxCachedText bounds the texts that are worth keeping, in bytes.
const maxCachedText = 16 << 10

// NewCache makes a cache of about that many bytes.
func NewCache(bytes int) *Cache {
	return &Cache{lru: NewLRU[cached](bytes), beside: newBeside()}
}

// Close waits for the texts that are still being parsed, of callers that left.
func (c *Cache) Close() error { return c.beside.Close() }

// Parse is the dialect's Parse, cached. From LongText on its caller does not
// wait longer than ctx goes on, whose error it gets then.
func (c *Cache) Parse(ctx context.Context, d Dialect, sql string) ([]*Statement, error) {
	if len(sql) >= LongText {
		return c.beside.wait(ctx, d, sql)
	}
	if len(sql) > maxCachedText {
		return d.Parse(sql)
	}
	if d != Postgres {
		return c.exact(d, sql)
	}
	if e, ok := c.lru.Get(sql); ok && e.exact != nil {
		return fresh(e.exact), nil
	}
	if s := c.byShape(sql); s != nil {
		return []*Statement{s}, nil
	}
	out, err := Parse(sql)
	if err != nil {
		return nil, err
	}
	c.keep(sql, out)
	return fresh(out), nil
}

// exact is Parse by the text alone, whose literals the scanner cannot find.
func (c *Cache) exact(d Dialect, sql string) ([]*Statement, error) {
	key := d.key(sql)
	if e, ok := c.lru.Get(key); ok {
		return e.exact, nil
	}
	out, err := d.Parse(sql)
	if err == nil {
		c.lru.Put(key, cached{exact: out}, treeBaseBytes+treeBytes*len(sql))
	}
	return out, err
}

// fresh copies the statements that can have pins: what the cache keeps is
// everybody's, a caller pins its own.
func fresh(in []*Statement) []*Statement {
	out := in
	for i, s := range in {
		if len(s.Lifted) == 0 {
			continue
		}
		if &out[0] == &in[0] {
			out = append([]*Statement(nil), in...)
		}
		n := *s
		n.pins = s.tree.pins.current()
		out[i] = &n
	}
	return out
}

// byShape makes a statement of a text by its scanned key alone, or returns nil.
func (c *Cache) byShape(sql string) *Statement {
	s := scans.Get().(*scan)
	defer s.release()
	if !s.run(sql) || len(s.literals) == 0 || len(s.literals) > maxLifted {
		return nil
	}
	e, ok := c.lru.GetBytes(s.key)
	if !ok {
		return nil
	}
	for _, t := range e.shapes {
		if t.matches(s.literals) {
			return t.statement(sql, s.literals)
		}
	}
	return nil
}

// statement is the tree with another text's literals.
func (t *tree) statement(sql string, literals []Literal) *Statement {
	body := sql
	start := 0
	for start < len(body) && isSpace(body[start]) {
		start++
	}
	return &Statement{
		Node: t.node, Text: body[start:], Params: t.params, tree: t, before: start,
		Lifted: shifted(t.values(literals), start), pins: t.pins.current(),
	}
}

// shifted counts the literals' places from the start of the statement.
func shifted(literals []Literal, start int) []Literal {
	if start > 0 {
		for i := range literals {
			literals[i].start -= start
			literals[i].end -= start
		}
	}
	return literals
}

func (c *Cache) keep(sql string, out []*Statement) {
	bytes := treeBaseBytes + treeBytes*len(sql)
	if len(out) != 1 || len(out[0].Lifted) == 0 {
		c.lru.Put(sql, cached{exact: out}, bytes)
		return
	}
	s := scans.Get().(*scan)
	defer s.release()
	if !s.run(sql) {
		return
	}
	e, _ := c.lru.GetBytes(s.key)
	shapes := e.shapes
	if len(shapes) >= maxShapes {
		shapes = shapes[1:]
	}
	e.shapes = append(shapes[:len(shapes):len(shapes)], out[0].tree)
	c.lru.Put(string(s.key), e, bytes*len(e.shapes))
}
