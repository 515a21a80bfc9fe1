package mysql

import (
	"fmt"
	"io"
	"sync"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// literal is a constant of a text, as TiDB's lexer gives it: nil, bool, int,
// int64, uint64, float64, string, decimal or bits.
type literal struct {
	ast.TexprNode
	value   any
	charset string // _charset'…'
}

type (
	// decimal is a number with a point, as it was written.
	decimal string
	// bits is x'…', 0x…, b'…' or 0b…, as it was written.
	bits string
)

// param is a question mark.
type param struct{ literal }

var (
	_ ast.ValueExpr       = (*literal)(nil)
	_ ast.ParamMarkerExpr = (*param)(nil)
)

// register gives TiDB's parser the constructors of literals, which it keeps in
// variables of its own.
var register = sync.OnceFunc(func() {
	ast.NewValueExpr = func(value any, charset, _ string) ast.ValueExpr {
		if v, ok := value.(ast.ValueExpr); ok {
			return v
		}
		return &literal{value: value, charset: charset}
	}
	ast.NewParamMarkerExpr = func(offset int) ast.ParamMarkerExpr {
		p := &param{}
		p.SetOriginTextPosition(offset)
		return p
	}
	ast.NewDecimal = func(text string) (any, error) { return decimal(text), nil }
	ast.NewHexLiteral = func(text string) (any, error) { return bits(text), nil }
	ast.NewBitLiteral = ast.NewHexLiteral
})

// Restore implements ast.Node.
func (l *literal) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain(l.GetString())
	return nil
}

// Accept implements ast.Node.
func (l *literal) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(l)
	return v.Leave(n)
}

// Format implements ast.ExprNode.
func (l *literal) Format(w io.Writer) { _, _ = io.WriteString(w, l.GetString()) }

// SetValue implements ast.ValueExpr.
func (l *literal) SetValue(v any) { l.value = v }

// GetValue implements ast.ValueExpr.
func (l *literal) GetValue() any { return l.value }

// GetDatumString implements ast.ValueExpr.
func (l *literal) GetDatumString() string { return l.GetString() }

// GetString implements ast.ValueExpr.
func (l *literal) GetString() string {
	switch v := l.value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(l.value)
}

// GetProjectionOffset implements ast.ValueExpr.
func (l *literal) GetProjectionOffset() int { return -1 }

// SetProjectionOffset implements ast.ValueExpr.
func (l *literal) SetProjectionOffset(int) {}

// Accept implements ast.Node.
func (p *param) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(p)
	return v.Leave(n)
}

// SetOrder implements ast.ParamMarkerExpr.
func (p *param) SetOrder(int) {}
