package ddl

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// tableConstraint is a constraint that names its columns itself, with its attributes.
func tableConstraint(con *pg.Constraint) pendingConstraint {
	return pendingConstraint{def: con, deferrable: con.Deferrable || con.Initdeferred, deferred: con.Initdeferred}
}

// hasAttributes reports whether a constraint's checks may be deferrable
// (SUPPORTS_ATTRS in parse_utilcmd.c).
func hasAttributes(con *pg.Constraint) bool {
	if con == nil {
		return false
	}
	switch con.Contype {
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_EXCLUSION, pg.ConstrType_CONSTR_FOREIGN:
		return true
	}
	return false
}

// deferral is what the attributes behind a constraint say so far.
type deferral struct {
	deferrable, deferred     bool
	sawDeferrable, sawTiming bool
}

// add adds one attribute; what is wrong with it is the answer.
func (d *deferral) add(t pg.ConstrType) string {
	switch t {
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE:
		if d.sawDeferrable {
			return "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed"
		}
		d.sawDeferrable, d.deferrable = true, t == pg.ConstrType_CONSTR_ATTR_DEFERRABLE
	default:
		if d.sawTiming {
			return "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed"
		}
		d.sawTiming, d.deferred = true, t == pg.ConstrType_CONSTR_ATTR_DEFERRED
		if d.deferred && !d.sawDeferrable {
			d.deferrable = true
		}
	}
	if d.deferred && !d.deferrable {
		return "constraint declared INITIALLY DEFERRED must be DEFERRABLE"
	}
	return ""
}

// attributeWords are the attributes as errors name them.
var attributeWords = map[pg.ConstrType]string{
	pg.ConstrType_CONSTR_ATTR_DEFERRABLE: "DEFERRABLE", pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE: "NOT DEFERRABLE",
	pg.ConstrType_CONSTR_ATTR_DEFERRED: "INITIALLY DEFERRED", pg.ConstrType_CONSTR_ATTR_IMMEDIATE: "INITIALLY IMMEDIATE",
}

// checkAttributes refuses attributes that stand behind nothing that has any, or
// contradict each other (transformConstraintAttrs).
func (b *tableBuilder) checkAttributes(list []*pg.Node) error {
	var of *pg.Constraint
	var d deferral
	for _, e := range list {
		con := e.GetConstraint()
		word := attributeWords[con.Contype]
		switch {
		case word == "":
			of, d = con, deferral{}
		case !hasAttributes(of):
			return b.at(pgerr.New(pgerr.SyntaxError, "misplaced %s clause", word), con.Location)
		default:
			if problem := d.add(con.Contype); problem != "" {
				return b.at(pgerr.New(pgerr.SyntaxError, "%s", problem), con.Location)
			}
		}
	}
	return nil
}

// attributes are those that stand behind a constraint of a column's list.
func attributes(con *pg.Constraint, list []*pg.Node) (deferrable, deferred bool) {
	var d deferral
	mine := false
	for _, e := range list {
		c := e.GetConstraint()
		switch {
		case c == con:
			mine = true
		case attributeWords[c.Contype] == "":
			mine = false
		case mine:
			d.add(c.Contype)
		}
	}
	return d.deferrable, d.deferred
}
