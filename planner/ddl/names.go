package ddl

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// maxNameBytes is NAMEDATALEN - 1 (pg_config_manual.h).
const maxNameBytes = 63

// catalogName refuses a database qualifier other than the present one.
func (s *statement) catalogName(name string) error {
	if name != "" && name != s.snapshot().DatabaseByOID(s.Database).Name {
		return pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: %q", name)
	}
	return nil
}

// creationSchema is where CREATE puts an object: the named schema, or the
// first of the search path (3F000).
func (s *statement) creationSchema(schema string) (*catalog.Schema, error) {
	if schema != "" {
		sc, err := s.schema(schema)
		if err != nil {
			return nil, err
		}
		return sc, s.checkCreation(sc)
	}
	for _, oid := range s.SearchPath {
		if sc := s.snapshot().SchemaByOID(s.Database, oid); sc != nil {
			return sc, s.checkCreation(sc)
		}
	}
	return nil, pgerr.New(pgerr.InvalidSchemaName, "no schema has been selected to create in")
}

// schema finds a schema by name (3F000); pg_temp is the session's own.
func (s *statement) schema(name string) (*catalog.Schema, error) {
	if own := s.Temporary(); own != 0 && name == "pg_temp" {
		return s.snapshot().SchemaByOID(s.Database, own), nil
	}
	if sc := s.snapshot().Schema(s.Database, name); sc != nil {
		return sc, nil
	}
	return nil, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", name)
}

// lookupPath are the schemas that an unqualified name is looked up in.
func (s *statement) lookupPath() []catalog.OID { return s.Bind().SearchPath }

// relation finds a relation that the statement names: nil, nil when there is
// none but the schema exists or the name is unqualified.
func (s *statement) relation(schema, name string) (catalog.Relation, error) {
	r, err := s.find(schema, name)
	if r != nil {
		s.Named = append(s.Named, r)
	}
	return r, err
}

// find is relation without a note of it.
func (s *statement) find(schema, name string) (catalog.Relation, error) {
	if schema != "" {
		sc, err := s.schema(schema)
		if err != nil {
			return nil, err
		}
		return s.snapshot().Relation(s.Database, sc.OID, name), nil
	}
	for _, oid := range s.lookupPath() {
		if r := s.snapshot().Relation(s.Database, oid, name); r != nil {
			return r, nil
		}
	}
	return nil, nil
}

// index finds an index that the statement names; nil, nil, nil when there is none.
func (s *statement) index(schema, name string) (*catalog.Table, *catalog.Index, error) {
	path := s.lookupPath()
	if schema != "" {
		sc, err := s.schema(schema)
		if err != nil {
			return nil, nil, err
		}
		path = []catalog.OID{sc.OID}
	}
	for _, oid := range path {
		if t, ix := s.snapshot().IndexByName(s.Database, oid, name); ix != nil {
			s.Named = append(s.Named, t)
			return t, ix, nil
		}
	}
	return nil, nil, nil
}

// ownTable is table for a change, which only an owner may make.
func (s *statement) ownTable(rv *pg.RangeVar) (*catalog.Table, error) {
	t, err := s.table(rv)
	if err == nil {
		err = s.mustOwnRelation(t)
	}
	return t, err
}

// table finds a user's table by RangeVar (42P01, 42809).
func (s *statement) table(rv *pg.RangeVar) (*catalog.Table, error) {
	if err := s.catalogName(rv.Catalogname); err != nil {
		return nil, err
	}
	r, err := s.relation(rv.Schemaname, rv.Relname)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, undefinedRelation(rv.Schemaname, rv.Relname)
	}
	t, ok := r.(*catalog.Table)
	if !ok {
		return nil, pgerr.New(pgerr.WrongObjectType, "%q is not a table", rv.Relname)
	}
	if t.Home == catalog.HomeCatalog {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", rv.Relname)
	}
	return t, nil
}

func undefinedRelation(schema, name string) *pgerr.E {
	if schema != "" {
		name = schema + "." + name
	}
	return pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", name)
}

// checkFree refuses a relation name that is taken (42P07).
func (s *statement) checkFree(schema catalog.OID, name string) error {
	if s.snapshot().NameTaken(s.Database, schema, name) {
		return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", name)
	}
	return nil
}

// checkRelationFree is checkFree for what is no index: a type may have the name,
// too (42710).
func (s *statement) checkRelationFree(schema catalog.OID, name string) error {
	if err := s.checkFree(schema, name); err != nil {
		return err
	}
	if s.freeTypeName(schema, name) {
		return nil
	}
	return pgerr.New(pgerr.DuplicateObject, "type %q already exists", name).
		WithHint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.")
}

// chooseName makes an object name as PostgreSQL does (ChooseRelationName):
// name1_name2_label, shortened to 63 bytes, with a number if it is taken.
func chooseName(name1, name2, label string, taken func(string) bool) string {
	for n := 0; ; n++ {
		l := label
		if n > 0 {
			l = fmt.Sprintf("%s%d", label, n)
		}
		name := makeObjectName(name1, name2, l)
		if !taken(name) {
			return name
		}
	}
}

// makeObjectName is indexcmds.c's: the longer of the two names gives way first.
func makeObjectName(name1, name2, label string) string {
	overhead := 0
	if label != "" {
		overhead += len(label) + 1
	}
	if name2 != "" {
		overhead++
	}
	room := maxNameBytes - overhead
	n1, n2 := len(name1), len(name2)
	for n1+n2 > room {
		if n1 > n2 {
			n1--
		} else {
			n2--
		}
	}
	name := clip(name1, n1)
	if name2 != "" {
		name += "_" + clip(name2, n2)
	}
	if label != "" {
		name += "_" + label
	}
	return name
}

// clip cuts s to n bytes, never inside a character.
func clip(s string, n int) string {
	for n < len(s) && n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:min(n, len(s))]
}

// dotted splits a qualified name given as a list of strings.
func dotted(list []*pg.Node) (schema, name string) {
	for i, n := range list {
		if i == len(list)-1 {
			return schema, n.GetString_().GetSval()
		}
		schema = n.GetString_().GetSval()
	}
	return "", ""
}

// quote quotes an identifier for SQL that ddl itself runs.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// sqlName is a table's qualified name for SQL that ddl itself runs.
func (s *statement) sqlName(t *catalog.Table) string {
	return quote(s.snapshot().SchemaByOID(s.Database, t.Schema).Name) + "." + quote(t.Name)
}

// oid allocates.
func (s *statement) oid(ctx context.Context) (catalog.OID, error) { return s.Allocate.OID(ctx) }

// oids allocates several.
func (s *statement) oids(ctx context.Context, into ...*catalog.OID) error {
	for _, p := range into {
		oid, err := s.oid(ctx)
		if err != nil {
			return err
		}
		*p = oid
	}
	return nil
}

// notice tells the client.
func (s *statement) notice(code pgerr.Code, format string, args ...any) {
	s.Notice(pgerr.New(code, format, args...).WithSeverity(pgerr.SeverityNotice))
}
