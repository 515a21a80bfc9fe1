package session

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// nameFunctions are the text forms of the reg… types (adt/regproc.c), in both
// directions, to_regclass and its like, and format_type.
var nameFunctions = func() map[string]function {
	functions := map[string]function{"format_type": formatType}
	for name, k := range objectKinds {
		functions[name+"in"] = func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
			v, err := s.regIn(ctx, args[0], k.find)
			return v, s.placed(err, args[0].Text())
		}
		functions["to_"+name] = func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
			return s.toReg(ctx, args[0], k.find)
		}
		functions[name+"out"] = func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
			return types.Text(s.objectName(k, oidArg(args))), nil
		}
	}
	return functions
}()

// objectKind is one of the reg… types: how a name leads to an object, and
// back. name answers "" for an OID that is no object.
type objectKind struct {
	find lookup
	name func(s *Session, oid catalog.OID) string
}

// objectKinds are the reg… types by name.
var objectKinds = map[string]objectKind{
	"regclass":      {classIn, (*Session).className},
	"regtype":       {typeIn, (*Session).typeName},
	"regnamespace":  {namespaceIn, (*Session).namespaceName},
	"regrole":       {roleIn, (*Session).roleName},
	"regproc":       {procIn, (*Session).procName},
	"regprocedure":  {procedureIn, (*Session).procedureName},
	"regoper":       {operIn, (*Session).operName},
	"regoperator":   {operatorIn, (*Session).operatorName},
	"regcollation":  {collationIn, (*Session).collationName},
	"regconfig":     textSearchKind(types.TRegconfig),
	"regdictionary": textSearchKind(types.TRegdictionary),
}

// objectName is a reg… value's text: "-" for none, the number where no object has it.
func (s *Session) objectName(k objectKind, oid catalog.OID) string {
	if oid == 0 {
		return "-"
	}
	if name := k.name(s, oid); name != "" {
		return name
	}
	return itoa(int64(oid))
}

// ObjectName implements types.Namer.
func (s *Session) ObjectName(t *types.Type, oid types.OID) string {
	return s.objectName(objectKinds[t.Name], oid)
}

// FindObject implements types.Namer. A value that is read has no context of its
// statement's: what other nodes have published is not waited for long.
func (s *Session) FindObject(t *types.Type, name string) (oid types.OID, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectWithin)
	defer cancel()
	err = s.confirmed(ctx, func() (err error) {
		oid, err = objectKinds[t.Name].find(s, name)
		return err
	})
	return oid, err
}

func noneIn(what string) lookup {
	return func(_ *Session, name string) (catalog.OID, error) {
		return 0, pgerr.New(pgerr.UndefinedObject, "%s %q does not exist", what, name)
	}
}

func oidArg(args []types.Datum) catalog.OID { return catalog.OID(args[0].Int()) }

// lookup finds the object that a reg… literal names; its error says that there is none.
type lookup func(s *Session, name string) (catalog.OID, error)

// regIn is a reg… type's input: "-", a number, or a name.
func (s *Session) regIn(ctx context.Context, d types.Datum, find lookup) (types.Datum, error) {
	text := d.Text()
	if text == "-" {
		return types.Int(0), nil
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return types.Int(int64(n)), nil
	}
	var oid catalog.OID
	err := s.confirmed(ctx, func() (err error) {
		oid, err = find(s, text)
		return err
	})
	return types.Int(int64(oid)), err
}

// toReg is to_regclass and its like: NULL instead of an error.
func (s *Session) toReg(ctx context.Context, d types.Datum, find lookup) (types.Datum, error) {
	v, err := s.regIn(ctx, d, find)
	if err != nil && pgerr.HasCode(err, pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.AmbiguousFunction, pgerr.InvalidSchemaName) {
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

// unqualified is a name that nothing can qualify.
func unqualified(name string) (string, error) {
	parts := splitDotted(name)
	if len(parts) != 1 {
		return "", pgerr.New(pgerr.InvalidName, "invalid name syntax")
	}
	return parts[0], nil
}

// builtInSchema reports whether a name with this schema ("" is none) may be that of
// something built in; 3F000 for a schema that there is not.
func (s *Session) builtInSchema(schema string) (bool, error) {
	if schema != "" && s.schemaNamed(schema) == nil {
		return false, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", schema)
	}
	return schema == "" || schema == "pg_catalog", nil
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
		sc := s.schemaNamed(schema)
		if sc == nil {
			return 0, false, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", schema)
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
	object, err := unqualified(name)
	if err != nil {
		return 0, err
	}
	if sc := s.snapshot().Schema(s.database, object); sc != nil {
		return sc.OID, nil
	}
	return 0, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", object)
}

func roleIn(s *Session, name string) (catalog.OID, error) {
	object, err := unqualified(name)
	if err != nil {
		return 0, err
	}
	if r := s.snapshot().Role(object); r != nil {
		return r.OID, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "role %q does not exist", object)
}

func procIn(s *Session, name string) (catalog.OID, error) {
	schema, object, err := qualified(name)
	if err != nil {
		return 0, err
	}
	builtIn, err := s.builtInSchema(schema)
	if err != nil {
		return 0, err
	}
	var procs []*builtin.Proc
	if builtIn {
		procs = s.node.Library.ProcsNamed(object)
	}
	users := s.userProcs(schema, object)
	switch {
	case len(procs) == 0:
		return s.userProcIn(schema, object, name)
	case len(procs) == 1 && len(users) == 0:
		return procs[0].OID, nil
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one function named %q", name)
}

// procedureIn reads "name(type, …)".
func procedureIn(s *Session, name string) (catalog.OID, error) {
	schema, object, args, err := s.signature(name)
	if err != nil {
		return 0, err
	}
	builtIn, err := s.builtInSchema(schema)
	if err != nil {
		return 0, err
	}
	for _, p := range s.node.Library.ProcsNamed(object) {
		if builtIn && slices.Equal(p.Args, args) {
			return p.OID, nil
		}
	}
	if oid := s.userProcedure(schema, object, args); oid != 0 {
		return oid, nil
	}
	return 0, pgerr.New(pgerr.UndefinedFunction, "function %q does not exist", name)
}

// signature reads a name and the types in parentheses behind it (parseNameAndArgTypes).
func (s *Session) signature(text string) (schema, object string, args []*types.Type, err error) {
	name, list, ok := strings.Cut(text, "(")
	list = strings.TrimSpace(list)
	if !ok {
		return "", "", nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a left parenthesis")
	}
	if list, ok = strings.CutSuffix(list, ")"); !ok {
		return "", "", nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a right parenthesis")
	}
	if strings.TrimSpace(list) != "" {
		for _, one := range strings.Split(list, ",") {
			if strings.EqualFold(strings.TrimSpace(one), "none") {
				args = append(args, nil)
				continue
			}
			oid, err := typeIn(s, one)
			if err != nil {
				return "", "", nil, err
			}
			args = append(args, s.snapshot().TypeByOID(oid))
		}
	}
	schema, object, err = qualified(name)
	return schema, object, args, err
}

func operIn(s *Session, name string) (catalog.OID, error) {
	symbol := operatorSymbol(name)
	if i := strings.LastIndexByte(symbol, '.'); i >= 0 {
		if _, err := s.builtInSchema(symbol[:i]); err != nil {
			return 0, err
		}
	}
	ops := s.node.Library.OperatorsNamed(symbol)
	switch len(ops) {
	case 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", name)
	case 1:
		return ops[0].OID, nil
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one operator named %s", name)
}

func operatorSymbol(name string) string {
	return strings.TrimPrefix(strings.TrimSpace(name), "pg_catalog.")
}

func operatorIn(s *Session, name string) (catalog.OID, error) {
	// signature reads names; an operator's symbol stands where the name would.
	symbol, list, ok := strings.Cut(name, "(")
	_, _, args, err := s.signature("f(" + list)
	if err != nil || !ok {
		return 0, err
	}
	switch len(args) {
	case 0, 1:
		return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").
			WithHint("Use NONE to denote the missing argument of a unary operator.")
	case 2:
		for _, op := range s.node.Library.OperatorsNamed(operatorSymbol(symbol)) {
			if op.Left == args[0] && op.Right == args[1] {
				return op.OID, nil
			}
		}
		return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", name)
	}
	return 0, pgerr.New(pgerr.TooManyArguments, "too many arguments").
		WithHint("Provide two argument types for operator.")
}

func collationIn(s *Session, name string) (catalog.OID, error) {
	schema, object, err := qualified(name)
	if err != nil {
		return 0, err
	}
	builtIn, err := s.builtInSchema(schema)
	if err != nil {
		return 0, err
	}
	if c := catalog.CollationByName(object); c != nil && builtIn {
		return c.OID, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "collation %q for encoding \"UTF8\" does not exist", strings.Join(splitDotted(name), "."))
}

func (s *Session) collationName(oid catalog.OID) string {
	if c := catalog.CollationByOID(oid); c != nil {
		return expr.QuoteIdent(c.Name)
	}
	return ""
}

// className is a relation's name, qualified where it is not visible.
func (s *Session) className(oid catalog.OID) string {
	snap := s.snapshot()
	var ref catalog.Ref
	if r := snap.RelationByOID(oid); r != nil {
		ref = r.Ref()
	} else if t, ix := snap.IndexByOID(oid); ix != nil {
		ref = catalog.Ref{Schema: t.Schema, Name: ix.Name}
	} else {
		return ""
	}
	return s.nameOf(ref)
}

// nameOf is a relation's name as it must be written here.
func (s *Session) nameOf(ref catalog.Ref) string {
	if sc := s.snapshot().SchemaByOID(s.database, ref.Schema); sc != nil && !s.visible(ref) {
		return expr.QuoteIdent(sc.Name) + "." + expr.QuoteIdent(ref.Name)
	}
	return expr.QuoteIdent(ref.Name)
}

// typeName is a type's name in SQL, without its typmod.
func (s *Session) typeName(oid catalog.OID) string {
	name, _ := s.describeType(oid, func(t *types.Type) string { return t.SQLName })
	return name
}

// describeType prints a type: a built-in one by print, others by name.
func (s *Session) describeType(oid catalog.OID, print func(*types.Type) string) (name string, ok bool) {
	if t := types.ByOID(oid); t != nil {
		return print(t), true
	}
	if domain, ok := pgcatalog.DomainName(oid); ok {
		return s.nameOf(catalog.Ref{Schema: catalog.InformationSchemaOID, Name: domain}), true
	}
	t := s.snapshot().TypeByOID(oid)
	if t == nil {
		return "", false
	}
	switch o := s.snapshot().TypeOwner(t).(type) {
	case catalog.Relation:
		name = s.nameOf(o.Ref())
	case catalog.UserType:
		name = s.nameOfType(catalog.HeaderFor(o, t))
	}
	if t.Elem != nil {
		name += "[]"
	}
	return name, true
}

// nameOfType is a user-defined type's name as it must be written here.
func (s *Session) nameOfType(h *catalog.TypeHeader) string {
	name := quoteIdent(h.Name)
	if visible, _ := pgcatalog.TypeVisible(s.snapshot(), s.database, s.env.fullPath(), h.OID); visible {
		return name
	}
	if sc := s.snapshot().SchemaByOID(s.database, h.Schema); sc != nil {
		name = quoteIdent(sc.Name) + "." + name
	}
	return name
}

// formatType is format_type(type, typmod): "char" without a length is another
// type than "char" whose typmod is not known.
func formatType(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if args[0].IsNull() {
		return types.Null, nil
	}
	if args[0].Int() == 0 {
		return types.Text("-"), nil
	}
	name, ok := s.describeType(oidArg(args), func(t *types.Type) string {
		if args[1].IsNull() {
			return t.SQLName
		}
		return types.FormatType(t, int32(args[1].Int()))
	})
	if !ok {
		name = "???"
	}
	return types.Text(name), nil
}

func (s *Session) namespaceName(oid catalog.OID) string {
	if sc := s.snapshot().SchemaByOID(s.database, oid); sc != nil {
		return expr.QuoteIdent(sc.Name)
	}
	return ""
}

func (s *Session) roleName(oid catalog.OID) string {
	if r := s.snapshot().RoleByOID(oid); r != nil {
		return expr.QuoteIdent(r.Name)
	}
	return ""
}

// procName is qualified when the name alone means several functions.
func (s *Session) procName(oid catalog.OID) string {
	if name, ok := s.userProcName(oid); ok {
		return name
	}
	p := s.node.Library.Proc(oid)
	switch {
	case p == nil:
		return ""
	case len(s.node.Library.ProcsNamed(p.Name)) > 1:
		return "pg_catalog." + expr.QuoteIdent(p.Name)
	}
	return expr.QuoteIdent(p.Name)
}

func (s *Session) procedureName(oid catalog.OID) string {
	p := s.proc(oid)
	if p == nil {
		return ""
	}
	name, ok := s.userProcName(oid)
	if !ok {
		name = expr.QuoteIdent(p.Name)
	}
	return name + "(" + typeList(p.Args) + ")"
}

// typeList prints a signature; an operand that is not there is NONE.
func typeList(list []*types.Type) string {
	names := make([]string, len(list))
	for i, t := range list {
		if names[i] = "NONE"; t != nil {
			names[i] = t.SQLName
		}
	}
	return strings.Join(names, ",")
}

// operName is qualified when the symbol alone means several operators.
func (s *Session) operName(oid catalog.OID) string {
	op := s.node.Library.Operator(oid)
	switch {
	case op == nil:
		return ""
	case len(s.node.Library.OperatorsNamed(op.Name)) > 1:
		return "pg_catalog." + op.Name
	}
	return op.Name
}

func (s *Session) operatorName(oid catalog.OID) string {
	op := s.node.Library.Operator(oid)
	if op == nil {
		return ""
	}
	return op.Name + "(" + typeList([]*types.Type{op.Left, op.Right}) + ")"
}

func errNoColumn(column, relation string) error {
	return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", column, relation)
}
