package ddl

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// What no statement makes, DROP finds only if it is built in, and then it stays:
// scripts that drop such things IF EXISTS before anything else run to their end.

// dropAbsent is DROP of an object of a kind that users cannot make (get_object_address
// in objectaddress.c, does_not_exist_skipping in dropcmds.c).
func (s *statement) dropAbsent(n *pg.DropStmt, o *pg.Node) error {
	missing, err := s.absent(n, o)
	if err != nil {
		return err
	}
	if n.MissingOk {
		s.notice(pgerr.SuccessfulCompletion, "%s, skipping", missing.skipped)
		return nil
	}
	return missing.refusal
}

// missing is what DROP says of an object that there is not: without IF EXISTS, and with it.
type missing struct {
	refusal error
	skipped string
}

// notThere says the same with and without IF EXISTS.
func notThere(code pgerr.Code, format string, args ...any) (*missing, error) {
	e := pgerr.New(code, format, args...)
	return &missing{e, e.Message}, nil
}

// absentKinds are the objects that have a name, and what they are called.
var absentKinds = map[pg.ObjectType]string{
	pg.ObjectType_OBJECT_EXTENSION: "extension", pg.ObjectType_OBJECT_EVENT_TRIGGER: "event trigger", pg.ObjectType_OBJECT_PUBLICATION: "publication",
	pg.ObjectType_OBJECT_ACCESS_METHOD: "access method", pg.ObjectType_OBJECT_FOREIGN_SERVER: "server", pg.ObjectType_OBJECT_FDW: "foreign-data wrapper",
	pg.ObjectType_OBJECT_LANGUAGE: "language", pg.ObjectType_OBJECT_CONVERSION: "conversion", pg.ObjectType_OBJECT_STATISTIC_EXT: "statistics object",
	pg.ObjectType_OBJECT_FOREIGN_TABLE: "foreign table",
}

// builtIn are names that PostgreSQL has from the start, by kind; they cannot be dropped.
var builtIn = map[string]bool{
	"language internal": true, "language c": true, "language sql": true, "access method btree": true, "access method hash": true,
	"access method heap": true, "access method gin": true, "access method gist": true, "access method brin": true, "access method spgist": true,
}

func (s *statement) absent(n *pg.DropStmt, o *pg.Node) (*missing, error) {
	switch n.RemoveType {
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return s.absentRoutine(n, o.GetObjectWithArgs())
	case pg.ObjectType_OBJECT_OPERATOR:
		return s.absentOperator(n, o.GetObjectWithArgs())
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		return s.absentPart(n, o.GetList().GetItems())
	}
	word := absentKinds[n.RemoveType]
	if word == "" {
		return nil, pgerr.Unsupported("DROP %s", objectWord(n.RemoveType))
	}
	names := o.GetList().GetItems()
	if names == nil {
		names = []*pg.Node{o}
	}
	schema, name := dotted(names)
	if skipped, err := s.absentSchema(n, schema); skipped != nil || err != nil {
		return skipped, err
	}
	if builtIn[word+" "+name] {
		return nil, errBuiltIn(word + " " + name)
	}
	if n.RemoveType == pg.ObjectType_OBJECT_FOREIGN_TABLE {
		if r, err := s.relation(schema, name); err != nil || r != nil {
			if err == nil {
				err = wrongKind(name, word, kinds[r.Ref().Kind])
			}
			return nil, err
		}
	}
	return notThere(pgerr.UndefinedObject, "%s %q does not exist", word, name)
}

func errBuiltIn(what string) error {
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop %s because it is required by the database system", what)
}

// absentSchema is for names in a schema that there is not.
func (s *statement) absentSchema(n *pg.DropStmt, schema string) (*missing, error) {
	if schema == "" || schema == "pg_catalog" {
		return nil, nil
	}
	_, err := s.schema(schema)
	if err == nil {
		return nil, nil
	}
	if n.MissingOk {
		return notThere(pgerr.InvalidSchemaName, "schema %q does not exist", schema)
	}
	return nil, err
}

// argumentTypes resolves types that are written; absent is of one that there is not.
func (s *statement) argumentTypes(n *pg.DropStmt, list []*pg.Node) (types []*types.Type, absent *missing, err error) {
	for _, a := range list {
		name := a.GetTypeName()
		if name == nil { // NONE
			types = append(types, nil)
			continue
		}
		t, _, err := s.typeName(name)
		if err != nil && n.MissingOk && pgerr.HasCode(err, pgerr.UndefinedObject) {
			absent, _ = notThere(pgerr.UndefinedObject, "type %q does not exist", writtenType(name))
			return nil, absent, nil
		}
		if err != nil {
			e := *pgerr.From(err)
			e.Position = 0 // PostgreSQL tells none here
			return nil, nil, &e
		}
		types = append(types, t)
	}
	return types, nil, nil
}

// writtenType is TypeNameToString.
func writtenType(n *pg.TypeName) string {
	var parts []string
	for _, p := range n.Names {
		parts = append(parts, p.GetString_().GetSval())
	}
	name := strings.Join(parts, ".")
	if len(n.ArrayBounds) > 0 {
		name += "[]"
	}
	return name
}

// routineKinds are what pg_proc.prokind a command is for.
var routineKinds = map[pg.ObjectType]struct{ word, kinds string }{
	pg.ObjectType_OBJECT_FUNCTION: {"function", "fw"}, pg.ObjectType_OBJECT_PROCEDURE: {"procedure", "p"},
	pg.ObjectType_OBJECT_ROUTINE: {"routine", "fwpa"}, pg.ObjectType_OBJECT_AGGREGATE: {"aggregate", "a"},
}

// called is a routine or an operator as DROP names it.
type called struct {
	schema, name string
	args         []*types.Type
}

// called reads the name and the types; absent is of a schema or a type that there is not.
func (s *statement) called(n *pg.DropStmt, o *pg.ObjectWithArgs) (c called, absent *missing, err error) {
	c.schema, c.name = dotted(o.Objname)
	if absent, err = s.absentSchema(n, c.schema); absent != nil || err != nil {
		return c, absent, err
	}
	c.args, absent, err = s.argumentTypes(n, o.Objargs)
	return c, absent, err
}

// absentRoutine is LookupFuncWithArgs.
func (s *statement) absentRoutine(n *pg.DropStmt, o *pg.ObjectWithArgs) (*missing, error) {
	kind := routineKinds[n.RemoveType]
	c, absent, err := s.called(n, o)
	if absent != nil || err != nil {
		return absent, err
	}
	found := s.builtInRoutines(c, o.ArgsUnspecified)
	made := s.constructors(c, o.ArgsUnspecified)
	if len(made) == 1 && len(found) == 0 && kind.kinds[0] == 'f' {
		return nil, errMadeWithType(s, made[0])
	}
	found = append(found, made...)
	skipped := writtenRoutine(kind.word, c, o) + " does not exist"
	switch {
	case len(found) > 1:
		return nil, pgerr.New(pgerr.AmbiguousFunction, "%s name %q is not unique", kind.word, c.name).
			WithHint("Specify the argument list to select the %s unambiguously.", kind.word)
	case len(found) == 1:
		return nil, errBuiltInRoutine(found[0], n.RemoveType, kind.kinds)
	case o.ArgsUnspecified:
		return &missing{pgerr.New(pgerr.UndefinedFunction, "could not find a %s named %q", kind.word, c.name), skipped}, nil
	case n.RemoveType == pg.ObjectType_OBJECT_AGGREGATE && len(c.args) == 0:
		return &missing{pgerr.New(pgerr.UndefinedFunction, "aggregate %s(*) does not exist", c.name), skipped}, nil
	}
	word := kind.word
	if n.RemoveType == pg.ObjectType_OBJECT_ROUTINE {
		word = "function"
	}
	return &missing{pgerr.New(pgerr.UndefinedFunction, "%s %s does not exist", word, expr.Signature(c.name, c.args)), skipped}, nil
}

// builtInRoutines are those of the name, with the very types unless none are said.
func (s *statement) builtInRoutines(c called, unspecified bool) (found []*builtin.Proc) {
	if c.schema != "" && c.schema != "pg_catalog" {
		return nil
	}
	for _, p := range s.Bind().Library.ProcsNamed(c.name) {
		if unspecified || slices.Equal(p.Args, c.args) {
			found = append(found, p)
		}
	}
	return found
}

// writtenRoutine is what DROP … IF EXISTS calls a routine.
func writtenRoutine(word string, c called, o *pg.ObjectWithArgs) string {
	var args []string
	for _, a := range o.Objargs {
		args = append(args, writtenType(a.GetTypeName()))
	}
	if c.schema != "" {
		word += " " + c.schema + "." + c.name
	} else {
		word += " " + c.name
	}
	return word + "(" + strings.Join(args, ",") + ")"
}

// errBuiltInRoutine refuses to drop one, and says so if it is of another kind.
func errBuiltInRoutine(p *builtin.Proc, object pg.ObjectType, kinds string) error {
	signature := expr.Signature(p.Name, p.Args)
	switch {
	case strings.IndexByte(kinds, p.Kind) >= 0:
		return errBuiltIn("function " + strings.ReplaceAll(signature, ", ", ","))
	case object == pg.ObjectType_OBJECT_PROCEDURE:
		return pgerr.New(pgerr.WrongObjectType, "%s is not a procedure", signature)
	case object == pg.ObjectType_OBJECT_AGGREGATE:
		return pgerr.New(pgerr.WrongObjectType, "function %s is not an aggregate", signature)
	}
	return pgerr.New(pgerr.WrongObjectType, "%q is an aggregate function", p.Name).WithHint("Use DROP AGGREGATE to drop aggregate functions.")
}

// absentOperator is LookupOperWithArgs.
func (s *statement) absentOperator(n *pg.DropStmt, o *pg.ObjectWithArgs) (*missing, error) {
	c, absent, err := s.called(n, o)
	if absent != nil || err != nil {
		return absent, err
	}
	name, left, right := c.name, c.args[0], c.args[1]
	if right == nil {
		return nil, pgerr.New(pgerr.SyntaxError, "postfix operators are not supported")
	}
	text := name + " " + right.SQLName
	list := "NONE," + right.SQLName
	if left != nil {
		text, list = left.SQLName+" "+text, left.SQLName+","+right.SQLName
	}
	for _, op := range s.Bind().Library.OperatorsNamed(name) {
		if op.Left == left && op.Right == right {
			return nil, errBuiltIn("operator " + name + "(" + list + ")")
		}
	}
	return &missing{pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", text), "operator " + name + " does not exist"}, nil
}

// absentPart is of what belongs to a relation.
func (s *statement) absentPart(n *pg.DropStmt, names []*pg.Node) (*missing, error) {
	word := strings.ToLower(objectWord(n.RemoveType))
	schema, relation := dotted(names[:len(names)-1])
	name := names[len(names)-1].GetString_().GetSval()
	if absent, err := s.absentSchema(n, schema); absent != nil || err != nil {
		return absent, err
	}
	r, err := s.relation(schema, relation)
	if err != nil {
		return nil, err
	}
	if r == nil {
		e := undefinedRelation(schema, relation)
		return &missing{e, e.Message}, nil
	}
	of := "table"
	if n.RemoveType == pg.ObjectType_OBJECT_RULE {
		of = "relation"
	}
	return &missing{
		pgerr.New(pgerr.UndefinedObject, "%s %q for %s %q does not exist", word, name, of, relation),
		word + " \"" + name + "\" for relation \"" + relation + "\" does not exist",
	}, nil
}
