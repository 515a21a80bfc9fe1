package expressions

import "github.com/pegmatitedb/pegmatite/internal/types"

// shrink looks for the smallest expression that still differs: a part of the
// tree alone, or the tree with PostgreSQL's value in the place of a part.
func (p *pair) shrink(s *statement) *statement {
	for {
		smaller := p.smaller(s)
		if smaller == nil {
			return s
		}
		s = smaller
	}
}

// smaller is a smaller statement that differs, nil when none was found.
func (p *pair) smaller(s *statement) *statement {
	if s.anyOf {
		return nil
	}
	for _, part := range s.root.args {
		if q := s.of(part); part.name != "" && p.differs(q) {
			return q
		}
	}
	for i, part := range s.root.args {
		if part.name == "" {
			continue
		}
		value, ok := p.valueOf(s, part)
		if !ok {
			continue
		}
		root := *s.root
		root.args = append([]*tree(nil), s.root.args...)
		root.args[i] = value
		if q := s.of(&root); p.differs(q) {
			return q
		}
	}
	return nil
}

func (p *pair) differs(s *statement) bool {
	difference, _, _ := p.compare(s)
	return difference != ""
}

// valueOf is PostgreSQL's value of a part, as one of the tree's values.
func (p *pair) valueOf(s *statement, part *tree) (*tree, bool) {
	q := s.of(part)
	q.binary = false
	a, err := ask(p.postgres, q)
	if err != nil || a.code != "" || len(a.types) != 1 {
		return nil, false
	}
	text := a.rows[:max(0, len(a.rows)-1)]
	t := types.ByOID(types.OID(a.types[0]))
	if t == nil {
		return nil, false
	}
	return &tree{typ: t, text: text, null: text == "NULL", typed: true}, s.form != columns
}
