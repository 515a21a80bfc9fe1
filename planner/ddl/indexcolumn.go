package ddl

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// indexExpression binds an expression of CREATE INDEX into k, and answers a
// stand-in for the column that it is. One that is just a column is that column.
func (b *tableBuilder) indexExpression(ctx context.Context, e *pg.IndexElem, k *catalog.IndexColumn) (*catalog.Column, error) {
	node, _ := indexedNode(e)
	bound, err := b.bindTree(ctx, node, columnsOf(b.table), bind.ForIndex, nil)
	if err != nil {
		return nil, err
	}
	if c, ok := bound.(*expr.Column); ok {
		return &b.table.Columns[c.ID], nil
	}
	k.Expr = indexText(b.exprText(bound), bound)
	k.Name = bind.IndexColumnName(node)
	c := &catalog.Column{Name: k.Name, Type: bound.Type(), Typmod: bound.Typmod()}
	return c, b.checkColumnType(c.Name, c.Type)
}

// indexedNode is a key's expression without COLLATE around it, which is the key's own.
func indexedNode(e *pg.IndexElem) (n *pg.Node, collation []*pg.Node) {
	n, collation = e.Expr, e.Collation
	for n.GetCollateClause() != nil {
		if len(collation) == 0 {
			collation = n.GetCollateClause().Collname
		}
		n = n.GetCollateClause().Arg
	}
	return n, collation
}

// indexText is an expression's text as an index shows it: in parentheses, if it
// does not look like a function's call (looks_like_function in ruleutils.c).
func indexText(text string, e expr.Expr) string {
	switch e := e.(type) {
	case *expr.Call:
		if e.Operator == "" {
			return text
		}
	case *expr.Coalesce, *expr.MinMax, *expr.NullIf:
		return text
	}
	return "(" + text + ")"
}

// indexPredicate binds a partial index's WHERE.
func (b *tableBuilder) indexPredicate(ctx context.Context, n *pg.Node, ix *catalog.Index) error {
	if n == nil {
		return nil
	}
	e, err := b.bindTree(ctx, n, columnsOf(b.table), bind.ForPredicate, nil)
	if err == nil {
		ix.Where = b.exprText(e)
	}
	return err
}

// computeIndex gives an index its hidden columns: for expressions, for the
// columns of a unique partial index (NULL in rows that it has not), and for
// those whose NULLs are equal. Rows that are there are written anew for them.
func (b *tableBuilder) computeIndex(ctx context.Context, ix *catalog.Index) error {
	if err := b.noteUses(ix); err != nil {
		return err
	}
	for i := range ix.Columns {
		k := &ix.Columns[i]
		text, shown, err := b.writtenKey(k)
		if err != nil {
			return err
		}
		k.Boxed = ix.Unique && ix.NullsNotDistinct && (k.Expr != "" || !b.table.Column(k.Column).NotNull)
		if k.Expr == "" && !k.Boxed && (!ix.Unique || ix.Where == "") {
			continue
		}
		if k.Boxed {
			text = "ARRAY[" + text + "]"
		}
		if ix.Where != "" {
			text = "CASE WHEN " + ix.Where + " THEN " + text + " END"
		}
		if k.Expr == "" {
			k.Of = k.Column
		}
		if k.Column, err = b.addHidden(text, shown); err != nil {
			return err
		}
	}
	return nil
}

// writtenKey is the text that a key's value is computed by, and the name that messages have for it.
func (b *tableBuilder) writtenKey(k *catalog.IndexColumn) (text, shown string, err error) {
	of, plain := k.Written()
	if !plain {
		return k.Expr, b.shownText(k.Expr), nil
	}
	k.Column, k.Of = of, 0
	name := expr.QuoteIdent(b.table.Column(of).Name)
	return name, name, nil
}

// shownText is an expression's text with types by the names that users have for them.
func (b *tableBuilder) shownText(text string) string {
	e, err := bind.Expression(b.Bind(), text, columnsOf(b.table), bind.ForUsing, nil)
	if err != nil {
		return text
	}
	f := &expr.Formatter{Env: types.DefaultEnv(), Pretty: true, TypeName: b.runnableType, Constructor: b.runnableFunction}
	return indexText(f.Format(e), e)
}

// noteUses finds the columns that an index's expressions and predicate mention.
func (b *tableBuilder) noteUses(ix *catalog.Index) error {
	ix.Uses = nil
	texts := []string{ix.Where}
	for _, k := range ix.Columns {
		texts = append(texts, k.Expr)
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		e, err := bind.Expression(b.Bind(), text, columnsOf(b.table), bind.ForUsing, nil)
		if err != nil {
			return err
		}
		for _, id := range referenced(b.table, e) {
			if !ix.Over(id) {
				ix.Uses = append(ix.Uses, id)
			}
		}
	}
	return nil
}

// addHidden adds a column for an index, computed with every row.
func (b *tableBuilder) addHidden(text, shown string) (catalog.ColumnID, error) {
	t := b.table
	e, err := bind.Expression(b.Bind(), text, columnsOf(t), bind.ForUsing, nil)
	if err != nil {
		return 0, err
	}
	base := e.Type().Base()
	if base.Datum == types.KindRow || !base.Ordered() {
		return 0, pgerr.Unsupported("an index of this kind over type %s", e.Type().SQLName)
	}
	c := catalog.Column{ID: t.NextColumn, Name: shown, Type: base, Typmod: e.Typmod(), Hidden: true, Generated: true, Default: text, Stats: -1}
	t.NextColumn++
	t.Columns = append(t.Columns, c)
	if !b.created {
		b.rewrite = true
	}
	return c.ID, nil
}

// retireHidden drops the hidden columns of an index that goes, or is made anew.
func (b *tableBuilder) retireHidden(ix *catalog.Index) {
	for _, k := range ix.Columns {
		c := b.table.Column(k.Column)
		if of, plain := k.Written(); plain && of == k.Column || !c.Hidden {
			continue
		}
		c.Dropped, c.NotNull, c.Default, c.Generated = true, false, "", false
		c.Missing, c.Type = types.Null, storedAs(c.Type)
	}
}

// recompute makes an index's hidden columns anew, after what they are computed from has changed.
func (b *tableBuilder) recompute(ctx context.Context, ix *catalog.Index) error {
	b.retireHidden(ix)
	for i := range ix.Columns {
		k := &ix.Columns[i]
		if k.Expr == "" {
			continue
		}
		e, err := bind.Expression(b.Bind(), k.Expr, columnsOf(b.table), bind.ForIndex, nil)
		if err != nil {
			return withoutPosition(err)
		}
		k.Expr = indexText(b.exprText(e), e)
	}
	if ix.Where != "" {
		e, err := bind.Expression(b.Bind(), ix.Where, columnsOf(b.table), bind.ForPredicate, nil)
		if err != nil {
			return withoutPosition(err)
		}
		ix.Where = b.exprText(e)
	}
	return b.computeIndex(ctx, ix)
}
