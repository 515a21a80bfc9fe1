package ddl

import (
	"context"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// createIndex is CREATE [UNIQUE] INDEX.
func (s *statement) createIndex(ctx context.Context, n *pg.IndexStmt) error {
	if n.Concurrent {
		if err := s.Alone("CREATE INDEX CONCURRENTLY"); err != nil {
			return err
		}
	}
	t, err := s.ownTable(n.Relation)
	if err != nil {
		return err
	}
	if err := s.checkNotInUse(t, "CREATE INDEX"); err != nil {
		return err
	}
	if err := s.mayCreateIn(s.snapshot().SchemaByOID(s.Database, t.Schema)); err != nil {
		return err
	}
	if err := refuseIndex(n); err != nil {
		return err
	}
	b := s.alterBuilder(t)
	if n.Idxname != "" && s.snapshot().NameTaken(s.Database, t.Schema, n.Idxname) {
		if n.IfNotExists {
			s.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", n.Idxname)
			return nil
		}
		return s.checkFree(t.Schema, n.Idxname)
	}
	ix, err := b.newIndex(ctx, n)
	if err != nil {
		return err
	}
	if err := b.computeIndex(ctx, &ix); err != nil {
		return err
	}
	if err := b.addIndex(ctx, ix); err != nil {
		return err
	}
	return b.publish(ctx)
}

// refuseIndex names the clauses of CREATE INDEX that are not supported.
func refuseIndex(n *pg.IndexStmt) error {
	switch {
	case n.TableSpace != "" && n.TableSpace != "pg_default":
		return pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", n.TableSpace)
	}
	switch n.AccessMethod {
	case "btree", "hash", "gin", "gist", "brin", "spgist":
	default:
		return pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", n.AccessMethod)
	}
	lacks := ""
	switch {
	case n.AccessMethod == "btree":
		return nil
	case n.Unique:
		lacks = "unique indexes"
	case len(n.IndexIncludingParams) > 0 && n.AccessMethod != "gist" && n.AccessMethod != "spgist":
		lacks = "included columns"
	case len(n.IndexParams) > 1 && (n.AccessMethod == "hash" || n.AccessMethod == "spgist"):
		lacks = "multicolumn indexes"
	default:
		return nil
	}
	return pgerr.New(pgerr.FeatureNotSupported, "access method %q does not support %s", n.AccessMethod, lacks)
}

// indexMethod refuses what the access method cannot do with a column.
func (b *tableBuilder) indexMethod(e *pg.IndexElem, c *catalog.Column, method string) error {
	array := c.Type.Base().Elem != nil
	can := b.indexable(c, method)
	switch {
	case len(e.Opclass) > 0:
		_, name := dotted(e.Opclass)
		if name == "jsonb_path_ops" || len(e.Opclassopts) > 0 {
			return pgerr.Unsupported("operator class %q", name)
		}
		if !isOperatorClass(name, c.Type) && !isPatternClass(name, method, c.Type) {
			if isPatternClass(name, method, types.TText) || isPatternClass(name, method, types.TBpchar) {
				return pgerr.New(pgerr.DatatypeMismatch, "operator class %q does not accept data type %s", name, c.Type.SQLName)
			}
			return pgerr.New(pgerr.UndefinedObject, "operator class %q does not exist for access method %q", name, method)
		}
	case isGeometricIndex(method, c.Type):
		return pgerr.Unsupported("access method %q for type %s", method, c.Type.SQLName)
	case method == "gin" && !array && c.Type != types.TJSONB && c.Type != types.TTSVector, method == "gist" && c.Type != types.TTSVector && c.Type.Ranges() == nil,
		method == "spgist" && c.Type.Category != types.CategoryString && !c.Type.IsRange():
		can = noOperatorClass(c.Type, method)
	}
	if can != nil || method == "btree" {
		return can
	}
	lacks := ""
	if e.Ordering != pg.SortByDir_SORTBY_DEFAULT {
		lacks = "ASC/DESC options"
	} else if e.NullsOrdering != pg.SortByNulls_SORTBY_NULLS_DEFAULT {
		lacks = "NULLS FIRST/LAST options"
	} else {
		return nil
	}
	return pgerr.New(pgerr.FeatureNotSupported, "access method %q does not support %s", method, lacks)
}

// isGeometricIndex reports whether PostgreSQL has a default operator class by
// which the method indexes places.
func isGeometricIndex(method string, t *types.Type) bool {
	switch t.Base() {
	case types.TPoint, types.TPolygon:
		return method == "gist" || method == "spgist"
	case types.TBox:
		return method == "gist" || method == "spgist" || method == "brin"
	case types.TCircle:
		return method == "gist"
	}
	return false
}

// isOperatorClass reports whether the name is that of the type's own class.
func isOperatorClass(name string, t *types.Type) bool {
	t = t.Base()
	switch {
	case t.Elem != nil:
		return name == "array_ops"
	case t.IsRange():
		return name == "range_ops"
	case t.IsMultirange():
		return name == "multirange_ops"
	case t == types.TVarchar:
		return name == "varchar_ops" || name == "text_ops"
	}
	return name == t.Name+"_ops"
}

// isPatternClass reports whether the name is that of a class which orders texts
// by their characters, as every one does under the collation C.
func isPatternClass(name, method string, t *types.Type) bool {
	if method != "btree" && method != "hash" {
		return false
	}
	switch t.Base() {
	case types.TText, types.TVarchar:
		return name == "text_pattern_ops" || name == "varchar_pattern_ops"
	case types.TBpchar:
		return name == "bpchar_pattern_ops"
	}
	return false
}

// newIndex makes the descriptor of a CREATE INDEX.
func (b *tableBuilder) newIndex(ctx context.Context, n *pg.IndexStmt) (catalog.Index, error) {
	ix := catalog.Index{Name: n.Idxname, Unique: n.Unique, NullsNotDistinct: n.NullsNotDistinct, Method: n.AccessMethod, Valid: true}
	if err := b.indexPredicate(ctx, n.WhereClause, &ix); err != nil {
		return ix, err
	}
	var names []string
	for _, p := range n.IndexParams {
		k, name, err := b.indexColumn(ctx, p.GetIndexElem(), n.AccessMethod)
		if err != nil {
			return ix, err
		}
		ix.Columns = append(ix.Columns, k)
		names = append(names, catalog.UniqueName(names, name))
	}
	for _, p := range n.IndexIncludingParams {
		if p.GetIndexElem().Expr != nil {
			return ix, pgerr.New(pgerr.FeatureNotSupported, "expressions are not supported in included columns")
		}
		c := b.table.ColumnByName(p.GetIndexElem().Name)
		if c == nil {
			return ix, pgerr.New(pgerr.UndefinedColumn, "column %q does not exist", p.GetIndexElem().Name)
		}
		ix.Included = append(ix.Included, c.ID)
		names = append(names, catalog.UniqueName(names, c.Name))
	}
	if len(ix.Columns) > 32 {
		return ix, pgerr.New(pgerr.TooManyColumns, "cannot use more than %d columns in an index", 32)
	}
	if ix.Name == "" {
		ix.Name = b.indexName(&ix, names)
	}
	var err error
	if ix.Options, err = storageHints(n.Options); err != nil {
		return ix, err
	}
	// An OID is never used twice, so neither is the name of the index on the shards.
	err = b.oids(ctx, &ix.OID)
	ix.ID = uint32(ix.OID)
	return ix, err
}

// indexColumn reads one key column.
func (b *tableBuilder) indexColumn(ctx context.Context, e *pg.IndexElem, method string) (catalog.IndexColumn, string, error) {
	var k catalog.IndexColumn
	c, err := b.indexedBy(ctx, e, &k)
	if err != nil {
		return k, "", err
	}
	if _, names := indexedNode(e); len(names) > 0 {
		if k.Collation, err = collation(&pg.CollateClause{Collname: names}, c.Type); err != nil {
			return k, "", err
		}
		if k.Collation == c.Collation {
			k.Collation = ""
		}
	}
	if err := b.indexMethod(e, c, method); err != nil {
		return k, "", err
	}
	k.Column = c.ID
	if len(e.Opclass) > 0 {
		if _, name := dotted(e.Opclass); strings.HasSuffix(name, "_pattern_ops") {
			k.Opclass = name
		}
	}
	k.Desc = e.Ordering == pg.SortByDir_SORTBY_DESC
	k.NullsFirst = e.NullsOrdering == pg.SortByNulls_SORTBY_NULLS_FIRST ||
		e.NullsOrdering == pg.SortByNulls_SORTBY_NULLS_DEFAULT && k.Desc
	return k, c.Name, nil
}

// indexName chooses a name for an index over columns of the given names (ChooseIndexName).
func (b *tableBuilder) indexName(ix *catalog.Index, names []string) string {
	switch column := strings.Join(names, "_"); {
	case ix.Primary:
		return b.chooseConstraintName("", "pkey")
	case ix.Constraint != 0:
		return b.chooseConstraintName(column, "key")
	default:
		return chooseName(b.table.Name, column, "idx", b.relationTaken)
	}
}

// indexedBy is the column of a key, or a stand-in for its expression.
func (b *tableBuilder) indexedBy(ctx context.Context, e *pg.IndexElem, k *catalog.IndexColumn) (*catalog.Column, error) {
	if e.Expr != nil {
		return b.indexExpression(ctx, e, k)
	}
	if c := b.table.ColumnByName(e.Name); c != nil {
		return c, nil
	}
	if isSystemColumn(e.Name) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "index creation on system columns is not supported")
	}
	return nil, undefinedColumn(e.Name)
}

// storageHints keeps WITH (fillfactor = …) of an index: shown, without effect.
func storageHints(list []*pg.Node) (map[string]string, error) {
	var m map[string]string
	for _, o := range list {
		d := o.GetDefElem()
		switch d.Defname {
		case "fillfactor", "deduplicate_items", "fastupdate", "buffering", "pages_per_range", "autosummarize", "gin_pending_list_limit":
		default:
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", d.Defname)
		}
		if m == nil {
			m = map[string]string{}
		}
		m[d.Defname] = optionText(d)
		if err := checkOption(d, m[d.Defname]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// build fills a new index from the rows that are there.
func (b *tableBuilder) build(ctx context.Context, ix *catalog.Index) error {
	if ix.Unique && (b.table.Query == "" || b.table.Populated) {
		if err := b.checkDuplicates(ctx, ix); err != nil {
			return err
		}
	}
	return b.Rows.BuildIndex(ctx, b.table, ix)
}

// checkDuplicates looks for rows that a new unique index refuses (23505).
func (b *tableBuilder) checkDuplicates(ctx context.Context, ix *catalog.Index) error {
	var cols, notNull []string
	for _, k := range ix.Columns {
		name := quote(b.table.Column(k.Column).Name)
		cols = append(cols, name)
		notNull = append(notNull, name+" IS NOT NULL")
	}
	list := strings.Join(cols, ", ")
	rows, err := b.Rows.Run(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s GROUP BY %s HAVING count(*) > 1 LIMIT 1",
		list, b.sqlName(b.table), strings.Join(notNull, " AND "), list))
	if err != nil || len(rows) == 0 {
		return err
	}
	return pgerr.New(pgerr.UniqueViolation, "could not create unique index %q", ix.Name).
		WithDetail("Key (%s)=(%s) is duplicated.", b.columnList(ix), b.keyText(ix, rows[0])).
		WithTable(b.schemaName(), b.table.Name).WithConstraint(ix.Name)
}
