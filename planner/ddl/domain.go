package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// createDomain is CREATE DOMAIN. Its errors have no place in the text, nor have ALTER's.
func (s *statement) createDomain(ctx context.Context, n *pg.CreateDomainStmt) error {
	return unplaced(s.defineDomain(ctx, n))
}

func unplaced(err error) error {
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	e.Position = 0
	return &e
}

func (s *statement) defineDomain(ctx context.Context, n *pg.CreateDomainStmt) error {
	h, err := s.newType(ctx, n.Domainname)
	if err != nil {
		return err
	}
	d := &catalog.Domain{TypeHeader: h}
	if d.Base, d.Typmod, err = s.typeName(n.TypeName); err != nil {
		return err
	}
	if err := s.checkBase(d.Base); err != nil {
		return err
	}
	if n.CollClause != nil {
		if d.Collation, err = collation(n.CollClause, d.Base); err != nil {
			return err
		}
	}
	if under, ok := s.snapshot().TypeOwner(d.Base).(*catalog.Domain); ok && d.Base.Kind == 'd' {
		d.Default = under.Default
	}
	if err := s.domainConstraints(ctx, d, n.Constraints); err != nil {
		return err
	}
	s.Change.Put(d)
	return nil
}

// checkBase refuses what no domain can be made of.
func (s *statement) checkBase(t *types.Type) error {
	if t.Kind == 'p' {
		return pgerr.New(pgerr.DatatypeMismatch, "\"%s\" is not a valid base type for a domain", t.Name)
	}
	if types.ByOID(t.OID) == nil && t.OID < catalog.FirstNormalOID || !t.Supported() {
		return pgerr.Unsupported("a domain over type %s", t.SQLName)
	}
	return nil
}

// domainConstraints applies the constraints of CREATE DOMAIN (DefineDomain in typecmds.c).
func (s *statement) domainConstraints(ctx context.Context, d *catalog.Domain, list []*pg.Node) error {
	var sawDefault, sawNull, sawNotNull bool
	for _, e := range list {
		con := e.GetConstraint()
		switch con.Contype {
		case pg.ConstrType_CONSTR_DEFAULT:
			if sawDefault {
				return pgerr.New(pgerr.SyntaxError, "multiple default expressions")
			}
			sawDefault = true
			if err := s.domainDefault(ctx, d, con.RawExpr); err != nil {
				return err
			}
		case pg.ConstrType_CONSTR_NOTNULL, pg.ConstrType_CONSTR_NULL:
			notNull := con.Contype == pg.ConstrType_CONSTR_NOTNULL
			if sawNull && notNull || sawNotNull && !notNull {
				return pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			sawNull, sawNotNull = sawNull || !notNull, sawNotNull || notNull
			d.NotNull = d.NotNull || notNull
		case pg.ConstrType_CONSTR_CHECK:
			if con.IsNoInherit {
				return pgerr.New(pgerr.InvalidObjectDefinition, "check constraints for domains cannot be marked NO INHERIT")
			}
			if err := s.addDomainCheck(ctx, d, con); err != nil {
				return err
			}
		default:
			return refuseDomainConstraint(con)
		}
	}
	return nil
}

func refuseDomainConstraint(con *pg.Constraint) error {
	switch con.Contype {
	case pg.ConstrType_CONSTR_UNIQUE:
		return pgerr.New(pgerr.SyntaxError, "unique constraints not possible for domains")
	case pg.ConstrType_CONSTR_PRIMARY:
		return pgerr.New(pgerr.SyntaxError, "primary key constraints not possible for domains")
	case pg.ConstrType_CONSTR_EXCLUSION:
		return pgerr.New(pgerr.SyntaxError, "exclusion constraints not possible for domains")
	case pg.ConstrType_CONSTR_FOREIGN:
		return pgerr.New(pgerr.SyntaxError, "foreign key constraints not possible for domains")
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_DEFERRED, pg.ConstrType_CONSTR_ATTR_IMMEDIATE:
		return pgerr.New(pgerr.FeatureNotSupported, "specifying constraint deferrability not supported for domains")
	}
	return pgerr.New(pgerr.SyntaxError, "unrecognized constraint subtype: %d", con.Contype)
}

// domainDefault binds a default; one that is NULL is none.
func (s *statement) domainDefault(ctx context.Context, d *catalog.Domain, n *pg.Node) error {
	if n == nil {
		d.Default = ""
		return nil
	}
	e, err := s.bindTree(ctx, n, nil, bind.ForDefault, &bind.Column{Name: d.Name, Type: d.Base, Typmod: d.Typmod})
	if err != nil {
		return err
	}
	if c, ok := e.(*expr.Const); ok && c.Value.IsNull() {
		d.Default = ""
		return nil
	}
	d.Default = s.exprText(e)
	return nil
}

// addDomainCheck binds a constraint and adds it in order of names.
func (s *statement) addDomainCheck(ctx context.Context, d *catalog.Domain, con *pg.Constraint) error {
	name := con.Conname
	taken := func(name string) bool {
		return slices.ContainsFunc(d.Checks, func(c catalog.Check) bool { return c.Name == name })
	}
	switch {
	case name == "":
		name = chooseName(d.Name, "", "check", taken)
	case taken(name):
		return pgerr.New(pgerr.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", name, d.Name)
	}
	e, err := bind.DomainCheck(s.Bind(), s.text, con.RawExpr, d.Base, d.Typmod)
	if err != nil {
		return err
	}
	if e, err = s.findNamed(ctx, e); err != nil {
		return err
	}
	c := catalog.Check{Name: name, Expr: s.domainText(e), Valid: !con.SkipValidation}
	if err := s.oids(ctx, &c.OID); err != nil {
		return err
	}
	at, _ := slices.BinarySearchFunc(d.Checks, name, func(c catalog.Check, name string) int { return strings.Compare(c.Name, name) })
	d.Checks = slices.Insert(d.Checks, at, c)
	return nil
}

// domainText is exprText of a domain's constraint.
func (s *statement) domainText(e expr.Expr) string {
	f := &expr.Formatter{Env: types.DefaultEnv(), TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName, Column: valueWord}
	return f.Format(e)
}

// valueWord prints the column of a domain's constraint.
func valueWord(*expr.Column) string { return "VALUE" }

// domain finds a domain that ALTER DOMAIN names.
func (s *statement) domain(names []*pg.Node) (*catalog.Domain, error) {
	typ, _, err := s.typeName(&pg.TypeName{Names: names, Typemod: -1, Location: -1})
	if err != nil {
		return nil, err
	}
	d, ok := s.snapshot().TypeOwner(typ).(*catalog.Domain)
	if !ok || typ.Kind != 'd' {
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not a domain", s.visibleTypeName(typ))
	}
	s.NamedTypes = append(s.NamedTypes, d.OID)
	return d, s.mustOwnType(d)
}

// alterDomain is ALTER DOMAIN.
func (s *statement) alterDomain(ctx context.Context, n *pg.AlterDomainStmt) error {
	old, err := s.domain(n.TypeName)
	if err != nil {
		return err
	}
	d := old.Copy().(*catalog.Domain)
	var look func() error // at the rows, with the domain as it is to be
	switch n.Subtype {
	case "T":
		err = s.domainDefault(ctx, d, n.Def)
	case "N":
		d.NotNull = false
	case "O":
		if d.NotNull {
			return nil
		}
		d.NotNull = true
		look = func() error { return s.validateDomainNotNull(ctx, d) }
	case "C":
		look, err = s.addConstraint(ctx, d, n.Def.GetConstraint())
	case "X":
		err = s.dropDomainCheck(d, n)
	case "V":
		look, err = s.validateDomain(ctx, d, n.Name)
	default:
		return pgerr.Unsupported("ALTER DOMAIN of kind %s", n.Subtype)
	}
	if err != nil {
		return unplaced(err)
	}
	return s.putDomain(ctx, d, look)
}

// putDomain puts a changed domain. Who writes values of it is kept off first,
// where rows have to be looked at; later ones go by its constraints as they are now.
func (s *statement) putDomain(ctx context.Context, d *catalog.Domain, look func() error) error {
	if look != nil {
		for _, t := range s.snapshot().TablesOf(d) {
			if err := s.Rows.Lock(ctx, t); err != nil {
				return err
			}
		}
	}
	s.Change.Put(d)
	s.touchTables(d)
	if look != nil {
		return look()
	}
	return nil
}

// addConstraint is ADD of ALTER DOMAIN.
func (s *statement) addConstraint(ctx context.Context, d *catalog.Domain, con *pg.Constraint) (look func() error, err error) {
	if con.Contype != pg.ConstrType_CONSTR_CHECK {
		if con.Contype == pg.ConstrType_CONSTR_NOTNULL {
			return nil, pgerr.New(pgerr.SyntaxError, "unrecognized constraint subtype: %d", 1)
		}
		return nil, refuseDomainConstraint(con)
	}
	before := slices.Clone(d.Checks)
	if err := s.addDomainCheck(ctx, d, con); err != nil {
		return nil, err
	}
	if con.SkipValidation {
		return nil, nil
	}
	for _, c := range d.Checks {
		if !slices.ContainsFunc(before, func(b catalog.Check) bool { return b.OID == c.OID }) {
			return func() error { return s.validateDomainCheck(ctx, d, c) }, nil
		}
	}
	return nil, nil
}

func noDomainConstraint(d *catalog.Domain, name string) *pgerr.E {
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", name, d.Name)
}

func (s *statement) dropDomainCheck(d *catalog.Domain, n *pg.AlterDomainStmt) error {
	at := slices.IndexFunc(d.Checks, func(c catalog.Check) bool { return c.Name == n.Name })
	switch {
	case at >= 0:
		d.Checks = slices.Delete(d.Checks, at, at+1)
	case n.MissingOk:
		s.notice(pgerr.SuccessfulCompletion, "constraint \"%s\" of domain \"%s\" does not exist, skipping", n.Name, d.Name)
	default:
		return noDomainConstraint(d, n.Name)
	}
	return nil
}

// validateDomain is VALIDATE CONSTRAINT.
func (s *statement) validateDomain(ctx context.Context, d *catalog.Domain, name string) (look func() error, err error) {
	at := slices.IndexFunc(d.Checks, func(c catalog.Check) bool { return c.Name == name })
	if at < 0 {
		return nil, noDomainConstraint(d, name)
	}
	if d.Checks[at].Valid {
		return nil, nil
	}
	d.Checks[at].Valid = true
	c := d.Checks[at]
	return func() error { return s.validateDomainCheck(ctx, d, c) }, nil
}

// domainColumns calls f for every column of a domain, or of one that stands on
// it. Values inside of others cannot be looked at (get_rels_with_domain in typecmds.c).
func (s *statement) domainColumns(d *catalog.Domain, f func(t *catalog.Table, c *catalog.Column) error) error {
	isIt := func(t *types.Type) bool {
		for ; t != nil; t, _ = t.Under() {
			if t.OID == d.OID {
				return true
			}
		}
		return false
	}
	type place struct {
		table  *catalog.Table
		column *catalog.Column
	}
	var places []place
	tables := s.snapshot().TablesOf(d)
	slices.SortFunc(tables, func(a, b *catalog.Table) int { return int(int64(a.OID) - int64(b.OID)) })
	for _, t := range tables {
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Dropped || !s.contains(c.Type, d.OID) {
				continue
			}
			if !isIt(c.Type) {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type \"%s\" because column \"%s.%s\" uses it", d.Name, t.Name, c.Name)
			}
			places = append(places, place{t, c})
		}
	}
	for _, p := range places {
		if err := f(p.table, p.column); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) validateDomainNotNull(ctx context.Context, d *catalog.Domain) error {
	return s.domainColumns(d, func(t *catalog.Table, c *catalog.Column) error {
		rows, err := s.Rows.Run(ctx, fmt.Sprintf("SELECT 1 FROM %s WHERE %s LIMIT 1", s.sqlName(t), isNull(c)))
		if err != nil || len(rows) == 0 {
			return err
		}
		return pgerr.New(pgerr.NotNullViolation, "column \"%s\" of table \"%s\" contains null values", c.Name, t.Name).
			WithTable(s.schemaOf(t), t.Name).WithColumn(c.Name)
	})
}

func (s *statement) validateDomainCheck(ctx context.Context, d *catalog.Domain, check catalog.Check) error {
	e, err := bind.Expression(s.Bind(), check.Expr, bind.DomainValue(d.Base, d.Typmod), bind.ForDomainCheck, nil)
	if err != nil {
		return err
	}
	return s.domainColumns(d, func(t *catalog.Table, c *catalog.Column) error {
		value := fmt.Sprintf("(%s::%s)", quote(c.Name), s.runnableType(d.Base, -1))
		f := &expr.Formatter{Env: types.DefaultEnv(), TypeName: s.runnableType, Constructor: s.runnableFunction, Column: func(*expr.Column) string { return value }}
		rows, err := s.Rows.Run(ctx, fmt.Sprintf("SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1", s.sqlName(t), f.Format(e)))
		if err != nil || len(rows) == 0 {
			return err
		}
		return pgerr.New(pgerr.CheckViolation, "column \"%s\" of table \"%s\" contains values that violate the new constraint", c.Name, t.Name).
			WithTable(s.schemaOf(t), t.Name).WithColumn(c.Name)
	})
}

func (s *statement) schemaOf(t *catalog.Table) string {
	return s.snapshot().SchemaByOID(s.Database, t.Schema).Name
}

// runnableType is a type's name for SQL that ddl itself runs.
func (s *statement) runnableType(t *types.Type, typmod int32) string {
	h := catalog.TypeHeader{}
	switch o := s.snapshot().TypeOwner(t).(type) {
	case catalog.UserType:
		h = *catalog.HeaderFor(o, t)
	case catalog.Relation:
		h.Schema, h.Name = o.Ref().Schema, o.Ref().Name
	default:
		return types.FormatType(t, typmod)
	}
	name := quote(s.snapshot().SchemaByOID(s.Database, h.Schema).Name) + "." + quote(h.Name)
	if t.Elem != nil && t.Elem.Array == t {
		name += "[]"
	}
	return name
}

// renameDomainConstraint is ALTER DOMAIN … RENAME CONSTRAINT.
func (s *statement) renameDomainConstraint(n *pg.RenameStmt) error {
	old, err := s.domain(n.Object.GetList().GetItems())
	if err != nil {
		return err
	}
	d := old.Copy().(*catalog.Domain)
	at := slices.IndexFunc(d.Checks, func(c catalog.Check) bool { return c.Name == n.Subname })
	switch {
	case at < 0:
		return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for domain %s does not exist", n.Subname, d.Name)
	case slices.ContainsFunc(d.Checks, func(c catalog.Check) bool { return c.Name == n.Newname }):
		return pgerr.New(pgerr.DuplicateObject, "constraint \"%s\" for domain %s already exists", n.Newname, d.Name)
	}
	d.Checks[at].Name = n.Newname
	slices.SortFunc(d.Checks, func(a, b catalog.Check) int { return strings.Compare(a.Name, b.Name) })
	s.Change.Put(d)
	return nil
}

// commentDomainConstraint is COMMENT ON CONSTRAINT … ON DOMAIN.
func (s *statement) commentDomainConstraint(n *pg.CommentStmt) error {
	items := n.Object.GetList().GetItems()
	old, err := s.domain(items[0].GetTypeName().Names)
	if err != nil {
		return err
	}
	name := items[1].GetString_().GetSval()
	d := old.Copy().(*catalog.Domain)
	for i := range d.Checks {
		if d.Checks[i].Name == name {
			d.Checks[i].Comment = n.Comment
			s.Change.Put(d)
			return nil
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for domain %s does not exist", name, d.Name)
}
