package ddl

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// labelTexts are the texts in the catalog that may have labels of an enum in
// literals, bound while the labels are still the old ones.
type labelTexts []func(s *statement) error

// put writes those texts anew that look different with the labels as they are now.
func (l labelTexts) put(s *statement) error {
	for _, put := range l {
		if err := put(s); err != nil {
			return err
		}
	}
	return nil
}

// textsOf are the texts that have literals of a type, or of one that is made of it.
func (s *statement) textsOf(t *catalog.Enum) (texts labelTexts, err error) {
	for r := range s.snapshot().Relations(s.Database) {
		switch r := r.(type) {
		case *catalog.Table:
			if err = s.tableLabels(&texts, r); err == nil && r.Query != "" {
				err = s.viewLabels(&texts, r.AsView())
			}
		case *catalog.View:
			err = s.viewLabels(&texts, r)
		}
		if err != nil {
			return nil, err
		}
	}
	for u := range s.snapshot().UserTypes(s.Database) {
		if d, ok := u.(*catalog.Domain); ok {
			if err := s.domainLabels(&texts, d); err != nil {
				return nil, err
			}
		}
	}
	return texts, nil
}

// relabelled prints a literal with the labels that its type has by now.
func (s *statement) relabelled(t *types.Type, d types.Datum) string {
	env := types.DefaultEnv()
	now := s.snapshot().TypeByOID(t.OID)
	if now == nil || now == t {
		return string(t.Format(env, nil, d))
	}
	v, err := now.Load(-1, t.Store(-1, d))
	if err != nil {
		v = d
	}
	return string(now.Format(env, nil, v))
}

// labelled binds a text in which types are named; change is given the text as it
// is to be, if that is another one. column prints columns; nil by name.
func (s *statement) labelled(texts *labelTexts, text string, columns []bind.Column, column func(*expr.Column) string, change func(s *statement, text string)) error {
	if !strings.Contains(text, catalog.KeptTypes) {
		return nil
	}
	e, err := bind.Expression(s.Bind(), text, columns, bind.ForUsing, nil)
	if err != nil {
		return err
	}
	print := expr.Formatter{Env: types.DefaultEnv(), TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName, Column: column}
	was := print.Format(e)
	*texts = append(*texts, func(s *statement) error {
		f := print
		f.Literal = s.relabelled
		if now := f.Format(e); now != was {
			change(s, now)
		}
		return nil
	})
	return nil
}

func (s *statement) tableLabels(texts *labelTexts, t *catalog.Table) error {
	change := func(edit func(c *catalog.Table, text string)) func(*statement, string) {
		return func(s *statement, text string) {
			c := cloneTable(s.snapshot().Table(t.OID))
			edit(c, text)
			s.Change.Put(c)
		}
	}
	for i := range t.Columns {
		if t.Columns[i].Dropped {
			continue
		}
		if err := s.labelled(texts, t.Columns[i].Default, columnsOf(t), nil, change(func(c *catalog.Table, text string) {
			c.Columns[i].Default = text
		})); err != nil {
			return err
		}
	}
	for i := range t.Checks {
		if err := s.labelled(texts, t.Checks[i].Expr, columnsOf(t), nil, change(func(c *catalog.Table, text string) {
			c.Checks[i].Expr = text
		})); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) domainLabels(texts *labelTexts, d *catalog.Domain) error {
	change := func(edit func(c *catalog.Domain, text string)) func(*statement, string) {
		return func(s *statement, text string) {
			c := s.snapshot().UserTypeByOID(d.OID).Copy().(*catalog.Domain)
			edit(c, text)
			s.Change.Put(c)
		}
	}
	if err := s.labelled(texts, d.Default, nil, nil, change(func(c *catalog.Domain, text string) { c.Default = text })); err != nil {
		return err
	}
	for i := range d.Checks {
		if err := s.labelled(texts, d.Checks[i].Expr, bind.DomainValue(d.Base, d.Typmod), valueWord, change(func(c *catalog.Domain, text string) {
			c.Checks[i].Expr = text
		})); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) viewLabels(texts *labelTexts, v *catalog.View) error {
	literals, err := bind.Literals(s.Bind(), v)
	if err != nil {
		return nil // a query that is an error has no literals of any type
	}
	*texts = append(*texts, func(s *statement) error {
		text, err := literals.Text(s.relabelled)
		if err != nil || text == v.Query {
			return err
		}
		c := s.viewNow(v.OID)
		c.Query = text
		s.putView(c)
		return nil
	})
	return nil
}
