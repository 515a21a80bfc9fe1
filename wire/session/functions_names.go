package session

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// nameFunctions are the text forms of the reg… types (adt/regproc.c), in both
// directions, and what is made of them.
var nameFunctions = map[string]function{
	"regclassin":     func(s *Session, args []types.Datum) (types.Datum, error) { return s.regIn(args[0], classIn) },
	"regtypein":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.regIn(args[0], typeIn) },
	"regnamespacein": func(s *Session, args []types.Datum) (types.Datum, error) { return s.regIn(args[0], namespaceIn) },
	"regrolein":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.regIn(args[0], roleIn) },
	"regprocin":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.regIn(args[0], procIn) },
	"regclassout": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.className(oidArg(args))), nil
	},
	"regtypeout": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.typeName(oidArg(args), -1)), nil
	},
	"regnamespaceout": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.namespaceName(oidArg(args))), nil
	},
	"regroleout": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.roleName(oidArg(args))), nil
	},
	"regprocout": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(s.procName(oidArg(args))), nil
	},
	"to_regclass":     func(s *Session, args []types.Datum) (types.Datum, error) { return s.toReg(args[0], classIn) },
	"to_regtype":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.toReg(args[0], typeIn) },
	"to_regnamespace": func(s *Session, args []types.Datum) (types.Datum, error) { return s.toReg(args[0], namespaceIn) },
	"to_regrole":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.toReg(args[0], roleIn) },
	"to_regproc":      func(s *Session, args []types.Datum) (types.Datum, error) { return s.toReg(args[0], procIn) },
	"format_type":     formatType,
	"pg_get_userbyid": func(s *Session, args []types.Datum) (types.Datum, error) {
		if r := s.snapshot().RoleByOID(oidArg(args)); r != nil {
			return types.Text(r.Name), nil
		}
		return types.Text("unknown (OID=" + itoa(args[0].Int()) + ")"), nil
	},
	"pg_get_serial_sequence": serialSequence,
}

func oidArg(args []types.Datum) catalog.OID { return catalog.OID(args[0].Int()) }

// lookup finds the object that a reg… literal names; its error says that there is none.
type lookup func(s *Session, name string) (catalog.OID, error)

// regIn is a reg… type's input: "-", a number, or a name.
func (s *Session) regIn(d types.Datum, find lookup) (types.Datum, error) {
	text := d.Text()
	if text == "-" {
		return types.Int(0), nil
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return types.Int(int64(n)), nil
	}
	oid, err := find(s, text)
	return types.Int(int64(oid)), err
}

// toReg is to_regclass and its like: NULL instead of an error.
func (s *Session) toReg(d types.Datum, find lookup) (types.Datum, error) {
	v, err := s.regIn(d, find)
	if err != nil && pgerr.HasCode(err, pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.InvalidSchemaName) {
		return types.Null, nil
	}
	return v, err
}

// qualified splits a possibly qualified name as textToQualifiedNameList does.
func qualified(name string) (schema, object string, err error) {
	parts := splitDotted(name)
	switch len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	case 3:
		return parts[1], parts[2], nil
	}
	return "", "", pgerr.New(pgerr.InvalidName, "invalid name syntax")
}

// splitDotted splits at dots outside quotes, folding what is not quoted.
func splitDotted(name string) []string {
	var parts []string
	rest := strings.TrimSpace(name)
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			part, rest = quotedName(rest[1:])
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = strings.ToLower(strings.TrimSpace(rest[:end])), rest[end:]
		}
		parts = append(parts, part)
		if !strings.HasPrefix(rest, ".") {
			return parts
		}
		rest = rest[1:]
	}
}

// findRelationName finds a relation or index by its possibly qualified name.
func (s *Session) findRelationName(name string) (catalog.OID, bool, error) {
	schema, object, err := qualified(name)
	if err != nil {
		return 0, false, err
	}
	path := s.env.fullPath()
	if schema != "" {
		sc := s.snapshot().Schema(s.database, schema)
		if sc == nil {
			return 0, false, pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", schema+"."+object)
		}
		path = []catalog.OID{sc.OID}
	}
	for _, oid := range path {
		if r := s.snapshot().Relation(s.database, oid, object); r != nil {
			return r.Ref().OID, true, nil
		}
		if _, ix := s.snapshot().IndexByName(s.database, oid, object); ix != nil {
			return ix.OID, true, nil
		}
	}
	return 0, false, nil
}

func classIn(s *Session, name string) (catalog.OID, error) {
	oid, ok, err := s.findRelationName(name)
	if err == nil && !ok {
		err = pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", strings.Join(splitDotted(name), "."))
	}
	return oid, err
}

// typeIn reads a type name with the grammar, as parseTypeString does.
func typeIn(s *Session, name string) (catalog.OID, error) {
	_, n, err := sqlparse.ParseExpr("NULL::" + name)
	if err != nil {
		return 0, pgerr.New(pgerr.SyntaxError, "invalid type name %q", name)
	}
	ts, err := s.typeOf(n.GetTypeCast().GetTypeName())
	if err != nil {
		return 0, err
	}
	return ts.OID, nil
}

func namespaceIn(s *Session, name string) (catalog.OID, error) {
	_, object, err := qualified(name)
	if err != nil {
		return 0, err
	}
	if sc := s.snapshot().Schema(s.database, object); sc != nil {
		return sc.OID, nil
	}
	return 0, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", object)
}

func roleIn(s *Session, name string) (catalog.OID, error) {
	_, object, err := qualified(name)
	if err != nil {
		return 0, err
	}
	if r := s.snapshot().Role(object); r != nil {
		return r.OID, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "role %q does not exist", object)
}

func procIn(s *Session, name string) (catalog.OID, error) {
	_, object, err := qualified(name)
	if err != nil {
		return 0, err
	}
	procs := s.node.Library.ProcsNamed(object)
	switch len(procs) {
	case 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "function %q does not exist", name)
	case 1:
		return procs[0].OID, nil
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one function named %q", name)
}

// className is a relation's name, qualified where it is not visible.
func (s *Session) className(oid catalog.OID) string {
	if oid == 0 {
		return "-"
	}
	snap := s.snapshot()
	var schema catalog.OID
	var name string
	if r := snap.RelationByOID(oid); r != nil {
		schema, name = r.Ref().Schema, r.Ref().Name
	} else if t, ix := snap.IndexByOID(oid); ix != nil {
		schema, name = t.Schema, ix.Name
	} else {
		return itoa(int64(oid))
	}
	if s.classVisible(schema, name) {
		return quoteIdent(name)
	}
	return quoteIdent(snap.SchemaByOID(s.database, schema).Name) + "." + quoteIdent(name)
}

// classVisible reports whether an unqualified name would find the relation of that schema.
func (s *Session) classVisible(schema catalog.OID, name string) bool {
	for _, oid := range s.env.fullPath() {
		if oid == schema {
			return true
		}
		if s.snapshot().NameTaken(s.database, oid, name) {
			return false
		}
	}
	return false
}

// typeName is format_type's answer.
func (s *Session) typeName(oid catalog.OID, typmod int32) string {
	if oid == 0 {
		return "-"
	}
	if t := s.snapshot().TypeByOID(oid); t != nil {
		return types.FormatType(t, typmod)
	}
	return itoa(int64(oid))
}

func formatType(s *Session, args []types.Datum) (types.Datum, error) {
	if args[0].IsNull() {
		return types.Null, nil
	}
	t := s.snapshot().TypeByOID(oidArg(args))
	if t == nil {
		return types.Text("???"), nil
	}
	typmod := int32(-1)
	if !args[1].IsNull() {
		typmod = int32(args[1].Int())
	}
	return types.Text(types.FormatType(t, typmod)), nil
}

func (s *Session) namespaceName(oid catalog.OID) string {
	if sc := s.snapshot().SchemaByOID(s.database, oid); sc != nil {
		return quoteIdent(sc.Name)
	}
	return numberOrDash(oid)
}

func (s *Session) roleName(oid catalog.OID) string {
	if r := s.snapshot().RoleByOID(oid); r != nil {
		return quoteIdent(r.Name)
	}
	return numberOrDash(oid)
}

func (s *Session) procName(oid catalog.OID) string {
	if f := s.node.Library.Function(oid); f != nil {
		return quoteIdent(f.Name)
	}
	return numberOrDash(oid)
}

func numberOrDash(oid catalog.OID) string {
	if oid == 0 {
		return "-"
	}
	return itoa(int64(oid))
}

// serialSequence is pg_get_serial_sequence(table, column).
func serialSequence(s *Session, args []types.Datum) (types.Datum, error) {
	oid, err := s.relationArg(args[0])
	if err != nil {
		return types.Null, err
	}
	t := s.snapshot().Table(oid)
	if t == nil {
		return types.Null, nil
	}
	c := t.ColumnByName(args[1].Text())
	if c == nil {
		return types.Null, pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", args[1].Text(), t.Name)
	}
	for r := range s.snapshot().Relations(s.database) {
		if seq, ok := r.(*catalog.Sequence); ok && seq.OwnedBy == t.OID && seq.OwnedByColumn == c.ID {
			schema := s.snapshot().SchemaByOID(s.database, seq.Schema).Name
			return types.Text(quoteIdent(schema) + "." + quoteIdent(seq.Name)), nil
		}
	}
	return types.Null, nil
}
