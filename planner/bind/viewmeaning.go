package bind

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// ColumnOf is a column of a relation.
type ColumnOf struct {
	Relation catalog.OID
	Attnum   int16
}

// Meanings are the columns that a view's text means, in the order of its references.
func Meanings(env *Env, v *catalog.View) ([]ColumnOf, error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	r, err := bindRenaming(env, v, s, &renaming{})
	if err != nil {
		return nil, err
	}
	return r.meant, nil
}

// CheckMeanings refuses a text in which a name means something else than it did, or nothing.
func CheckMeanings(env *Env, v *catalog.View, meant []ColumnOf) error {
	now, err := Meanings(env, v)
	if err == nil && !slices.Equal(now, meant) {
		err = pgerr.New(pgerr.AmbiguousColumn, "a name in the view would mean another column")
	}
	return err
}
