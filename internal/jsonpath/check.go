package jsonpath

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// checker refuses what only has a meaning within something else
// (flattenJsonPathParseItem).
type checker struct {
	filters    int  // around an item
	subscripts bool // around it
}

func (c *checker) item(i *Item) error {
	for ; i != nil; i = i.Next {
		switch i.Kind {
		case Current:
			if c.filters == 0 {
				return pgerr.New(pgerr.SyntaxError, "@ is not allowed in root expressions")
			}
		case Last:
			if !c.subscripts {
				return pgerr.New(pgerr.SyntaxError, "LAST is allowed only in array subscripts")
			}
		case Filter:
			c.filters++
			err := c.item(i.Left)
			c.filters--
			if err != nil {
				return err
			}
			continue
		case IndexArray:
			if err := c.within(i.Subscripts); err != nil {
				return err
			}
		}
		if err := c.item(i.Left); err != nil {
			return err
		}
		if err := c.item(i.Right); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) within(list []Subscript) error {
	outer := c.subscripts
	c.subscripts = true
	defer func() { c.subscripts = outer }()
	for _, s := range list {
		if err := c.item(s.From); err != nil {
			return err
		}
		if err := c.item(s.To); err != nil {
			return err
		}
	}
	return nil
}
