package ddl

import (
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// createRange is CREATE TYPE … AS RANGE (DefineRange in typecmds.c).
func (s *statement) createRange(ctx context.Context, n *pg.CreateRangeStmt) error {
	schema, name := dotted(n.TypeName)
	sc, err := s.typeSchema(schema)
	if err != nil {
		return err
	}
	if err := s.checkTypeFree(sc.OID, name); err != nil {
		return err
	}
	p, err := s.rangeParams(n.Params)
	if err != nil {
		return err
	}
	t := &catalog.Range{TypeHeader: catalog.TypeHeader{Database: s.Database, Schema: sc.OID, Name: name, Owner: s.Role.OID}}
	if err := s.rangeSubtype(t, p); err != nil {
		return err
	}
	if t.Multirange, err = s.multirangeHeader(t, p.multirange); err != nil {
		return err
	}
	t.ArrayName = s.arrayTypeName(sc.OID, name)
	return s.putRange(ctx, t)
}

// putRange gives a range type, its multirange type and their functions numbers, in PostgreSQL's order.
func (s *statement) putRange(ctx context.Context, t *catalog.Range) error {
	t.Functions = catalog.Constructors{Name: t.Name, Schema: t.Schema, OIDs: make([]catalog.OID, 2)}
	t.MultirangeFunctions = catalog.Constructors{Name: t.Multirange.Name, Schema: t.Multirange.Schema, OIDs: make([]catalog.OID, 3)}
	if err := s.oids(ctx, &t.Array, &t.Multirange.OID, &t.Multirange.Array, &t.OID); err != nil {
		return err
	}
	for _, c := range []*catalog.Constructors{&t.Functions, &t.MultirangeFunctions} {
		for i := range c.OIDs {
			if err := s.oids(ctx, &c.OIDs[i]); err != nil {
				return err
			}
		}
	}
	if err := s.oids(ctx, &t.Cast); err != nil {
		return err
	}
	s.Change.Put(t)
	return nil
}

// rangeParams are the attributes in the parentheses; nil where there is none.
type rangeParams struct {
	subtype, class, collation, canonical, diff, multirange *pg.DefElem
}

func (s *statement) rangeParams(list []*pg.Node) (*rangeParams, error) {
	p := &rangeParams{}
	places := map[string]**pg.DefElem{
		"subtype": &p.subtype, "subtype_opclass": &p.class, "collation": &p.collation,
		"canonical": &p.canonical, "subtype_diff": &p.diff, "multirange_type_name": &p.multirange,
	}
	for _, item := range list {
		def := item.GetDefElem()
		place := places[def.Defname]
		switch {
		case place == nil:
			return nil, pgerr.New(pgerr.SyntaxError, "type attribute %q not recognized", def.Defname)
		case *place != nil:
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").WithPosition(s.text.Position(def.Location))
		case def.Arg == nil:
			return nil, pgerr.New(pgerr.SyntaxError, "%s requires a parameter", def.Defname)
		}
		*place = def
	}
	if p.subtype == nil {
		return nil, pgerr.New(pgerr.SyntaxError, "type attribute \"subtype\" is required")
	}
	return p, nil
}

// defName is the name that an attribute is given (defGetQualifiedName).
func defName(def *pg.DefElem) ([]*pg.Node, error) {
	switch arg := def.Arg.GetNode().(type) {
	case *pg.Node_TypeName:
		return arg.TypeName.Names, nil
	case *pg.Node_List:
		return arg.List.Items, nil
	case *pg.Node_String_:
		return []*pg.Node{def.Arg}, nil
	}
	return nil, pgerr.New(pgerr.SyntaxError, "argument of %s must be a name", def.Defname)
}

// rangeSubtype settles what a range is made of, and how that is ordered.
func (s *statement) rangeSubtype(t *catalog.Range, p *rangeParams) (err error) {
	name := p.subtype.Arg.GetTypeName()
	if str := p.subtype.Arg.GetString_(); str != nil {
		name = &pg.TypeName{Names: []*pg.Node{p.subtype.Arg}, Typemod: -1, Location: -1}
	}
	if name == nil {
		return pgerr.New(pgerr.SyntaxError, "argument of %s must be a type name", p.subtype.Defname)
	}
	if t.Subtype, _, err = s.typeName(name); err != nil {
		return unplaced(err)
	}
	if t.Subtype.Kind == 'p' {
		return pgerr.New(pgerr.DatatypeMismatch, "range subtype cannot be %s", t.Subtype.SQLName)
	}
	if err := s.checkColumnType(t.Name, t.Subtype); err != nil {
		return err
	}
	if t.OpClass, err = s.rangeClass(t.Subtype, p.class); err != nil {
		return err
	}
	if err := s.rangeCollation(t, p.collation); err != nil {
		return err
	}
	if p.canonical != nil {
		return pgerr.New(pgerr.InvalidObjectDefinition, "cannot specify a canonical function without a pre-created shell type").
			WithHint("Create the type as a shell type, then create its canonicalization function, then do a full CREATE TYPE.")
	}
	if p.diff != nil {
		t.Diff, err = s.rangeDiff(t.Subtype, p.diff)
	}
	return err
}

// rangeClass is the operator class that orders the subtype (findRangeSubOpclass).
func (s *statement) rangeClass(t *types.Type, def *pg.DefElem) (catalog.OID, error) {
	if def == nil {
		class, ok := pgcatalog.DefaultBtreeClass(t)
		if !ok {
			return 0, pgerr.New(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", s.visibleTypeName(t)).
				WithHint("You must specify an operator class for the range type or define a default operator class for the subtype.")
		}
		return class.OID, nil
	}
	names, err := defName(def)
	if err != nil {
		return 0, err
	}
	_, name := dotted(names)
	class, ok := pgcatalog.BtreeClass(name)
	if !ok {
		return 0, pgerr.New(pgerr.UndefinedObject, "operator class %q does not exist for access method \"btree\"", joined(names))
	}
	usual, _ := pgcatalog.DefaultBtreeClass(t)
	switch {
	case class.OID == usual.OID, class.Type == usual.Type && strings.HasSuffix(name, "_pattern_ops"), class.Type == types.TText && t.Base() == types.TName:
		return class.OID, nil
	case class.Type == usual.Type:
		return 0, pgerr.Unsupported("a range with the operator class %q", name)
	case s.sameBytes(t, class.Type):
		return class.OID, nil
	}
	return 0, pgerr.New(pgerr.DatatypeMismatch, "operator class %q does not accept data type %s", joined(names), s.visibleTypeName(t))
}

// sameBytes reports whether values of one type are those of another one without any conversion.
func (s *statement) sameBytes(t, as *types.Type) bool {
	c := builtin.Default().FindCoercion(t, as, builtin.Implicit)
	return c != nil && c.Form == expr.CastBinary
}

func (s *statement) rangeCollation(t *catalog.Range, def *pg.DefElem) (err error) {
	if def == nil {
		return nil
	}
	names, err := defName(def)
	if err != nil {
		return err
	}
	if !t.Subtype.Collates {
		return pgerr.New(pgerr.WrongObjectType, "range collation specified but subtype does not support collation")
	}
	t.Collation, err = collation(&pg.CollateClause{Collname: names}, t.Subtype)
	return err
}

// rangeDiff is the function that tells how far values are apart (findRangeSubtypeDiffFunction).
func (s *statement) rangeDiff(t *types.Type, def *pg.DefElem) (catalog.OID, error) {
	names, err := defName(def)
	if err != nil {
		return 0, err
	}
	schema, name := dotted(names)
	args := []*types.Type{t, t}
	for _, p := range builtin.Default().ProcsNamed(name) {
		if schema != "" && schema != "pg_catalog" || len(p.Args) != 2 || p.Args[0] != t || p.Args[1] != t || p.Kind != 'f' {
			continue
		}
		signature := expr.Signature(joined(names), args)
		if p.Result != types.TFloat8 {
			return 0, pgerr.New(pgerr.InvalidObjectDefinition, "range subtype diff function %s must return type double precision", signature)
		}
		if p.Volatility != expr.Immutable {
			return 0, pgerr.New(pgerr.InvalidObjectDefinition, "range subtype diff function %s must be immutable", signature)
		}
		return p.OID, nil
	}
	return 0, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", expr.Signature(joined(names), args))
}

// multirangeHeader is where the multirange type is, and what it is called.
func (s *statement) multirangeHeader(t *catalog.Range, def *pg.DefElem) (catalog.TypeHeader, error) {
	h := catalog.TypeHeader{Database: t.Database, Schema: t.Schema, Owner: t.Owner}
	if def == nil {
		h.Name = multirangeName(t.Name)
		if s.snapshot().TypeByName(s.Database, h.Schema, h.Name) != nil {
			return h, pgerr.New(pgerr.DuplicateObject, "type %q already exists", h.Name).
				WithDetail("Failed while creating a multirange type for type \"%s\".", t.Name).
				WithHint("You can manually specify a multirange type name using the \"multirange_type_name\" attribute.")
		}
		h.ArrayName = s.arrayTypeName(h.Schema, h.Name)
		return h, nil
	}
	names, err := defName(def)
	if err != nil {
		return h, err
	}
	schema, name := dotted(names)
	if sc := s.snapshot().Schema(s.Database, schema); sc != nil {
		if err := s.checkTypeFree(sc.OID, name); err != nil {
			return h, err
		}
	}
	sc, err := s.typeSchema(schema)
	if err != nil {
		return h, err
	}
	h.Schema, h.Name = sc.OID, name
	if h.Schema == t.Schema && h.Name == t.Name {
		return h, pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_type_typname_nsp_index\"").
			WithDetail("Key (typname, typnamespace)=(%s, %d) already exists.", name, sc.OID).
			WithTable("pg_catalog", "pg_type").WithConstraint("pg_type_typname_nsp_index")
	}
	if err := s.checkTypeFree(h.Schema, h.Name); err != nil {
		return h, err
	}
	h.ArrayName = s.arrayTypeName(h.Schema, h.Name)
	return h, nil
}

// multirangeName is what a multirange type is called beside a range type of
// that name (makeMultirangeTypeName).
func multirangeName(name string) string {
	if before, after, ok := strings.Cut(name, "range"); ok {
		return types.TruncateName(before + "multirange" + after)
	}
	return clip(name, maxNameBytes-len("_multirange")) + "_multirange"
}

// checkMultirangeOwner refuses to give a multirange type another owner than its range type has.
func (s *statement) checkMultirangeOwner(o catalog.UserType, h *catalog.TypeHeader, to *catalog.Role) error {
	if r, ok := o.(*catalog.Range); ok && h.OID == r.Multirange.OID && to.OID != r.Owner {
		return pgerr.Unsupported("another owner of multirange type \"%s\" than of its range type", h.Name)
	}
	return nil
}

// runnableFunction is a constructor's name for SQL that ddl itself runs.
func (s *statement) runnableFunction(c types.RangeConstructor) string {
	r, f := s.snapshot().RangeFunction(c.OID)
	if r == nil {
		return quote(c.Name)
	}
	return quote(s.snapshot().SchemaByOID(s.Database, f.Schema).Name) + "." + quote(f.Name)
}

// constructors are the functions of range types that a command names, with the
// very types unless none are said.
func (s *statement) constructors(c called, unspecified bool) (found []*builtin.Proc) {
	path := s.lookupPath()
	if c.schema != "" {
		sc := s.snapshot().Schema(s.Database, c.schema)
		if sc == nil {
			return nil
		}
		path = []catalog.OID{sc.OID}
	}
	for _, schema := range path {
		s.snapshot().RangeFunctions(s.Database, schema, c.name, func(made *types.Type) {
			for _, p := range s.Bind().Library.RangeConstructors(made) {
				if unspecified || slices.Equal(p.Args, c.args) {
					found = append(found, p)
				}
			}
		})
	}
	return found
}

// errMadeWithType is 2BP01 for a function that a range type has made.
func errMadeWithType(s *statement, p *builtin.Proc) error {
	args := make([]string, len(p.Args))
	for i, t := range p.Args {
		args[i] = s.visibleTypeName(t)
	}
	of := "type " + s.visibleTypeName(p.Result)
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop function %s(%s) because %s requires it", expr.QuoteIdent(p.Name), strings.Join(args, ","), of).
		WithHint("You can drop %s instead.", of)
}
