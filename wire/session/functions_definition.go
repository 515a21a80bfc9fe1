package session

import (
	"regexp"
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// definitionFunctions are manual table 9.70: objects as the SQL that makes them.
var definitionFunctions = map[string]function{
	"pg_get_expr": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.showExpression(args[0].Text())), nil
	},
}

// oidLiteral is a relation in a stored expression: by OID, so that renaming it changes nothing.
var oidLiteral = regexp.MustCompile(`'([0-9]+)'::regclass`)

// showExpression is a stored expression as PostgreSQL prints it: relations by name.
func (s *Session) showExpression(text string) string {
	return oidLiteral.ReplaceAllStringFunc(text, func(m string) string {
		oid, _ := strconv.ParseUint(oidLiteral.FindStringSubmatch(m)[1], 10, 32)
		return "'" + s.className(catalog.OID(oid)) + "'::regclass"
	})
}
