package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// alterIndex is ALTER INDEX … SET and RESET (hints) and ALTER COLUMN n SET STATISTICS: kept and shown.
func (s *statement) alterIndex(n *pg.AlterTableStmt) error {
	t, ix, err := s.index(n.Relation.Schemaname, n.Relation.Relname)
	if err != nil {
		return err
	}
	if ix == nil {
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Relation.Relname)
			return nil
		}
		return undefinedRelation(n.Relation.Schemaname, n.Relation.Relname)
	}
	if err := s.mustOwn("index", ix.Name, t.Owner); err != nil {
		return err
	}
	if err := checkAlterKind(n.Objtype, catalog.KindIndex, ix.Name, false); err != nil {
		return err
	}
	changed := cloneTable(t)
	for _, c := range n.Cmds {
		if err := s.changeIndex(changed.Index(ix.OID), c.GetAlterTableCmd()); err != nil {
			return err
		}
	}
	s.Change.Put(changed)
	return nil
}

func (s *statement) changeIndex(ix *catalog.Index, c *pg.AlterTableCmd) error {
	switch c.Subtype {
	case pg.AlterTableType_AT_SetRelOptions:
		set, err := storageHints(c.Def.GetList().GetItems())
		if err != nil {
			return err
		}
		ix.Options = withOptions(ix.Options, set, nil)
		return nil
	case pg.AlterTableType_AT_ResetRelOptions:
		ix.Options = withOptions(ix.Options, nil, c.Def.GetList().GetItems())
		return nil
	case pg.AlterTableType_AT_SetStatistics:
		return s.indexStatistics(ix, c)
	case pg.AlterTableType_AT_SetTableSpace:
		return checkTablespace(c.Name)
	}
	return wrongAction(pg.ObjectType_OBJECT_INDEX, c, ix.Name, "indexes")
}

// withOptions is a copy of options with some set and some taken out.
func withOptions(options, set map[string]string, reset []*pg.Node) map[string]string {
	out := make(map[string]string, len(options)+len(set))
	for _, list := range []map[string]string{options, set} {
		for k, v := range list {
			out[k] = v
		}
	}
	for _, o := range reset {
		delete(out, o.GetDefElem().Defname)
	}
	return out
}

// checkTablespace refuses a tablespace that is not there; what is has no say in where rows are.
func checkTablespace(name string) error {
	if name != "pg_default" && name != "" {
		return pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", name)
	}
	return nil
}

// indexStatistics is ALTER INDEX … ALTER COLUMN n SET STATISTICS: of expressions only.
func (s *statement) indexStatistics(ix *catalog.Index, c *pg.AlterTableCmd) error {
	if c.Name != "" {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter statistics on index columns by name")
	}
	at := int(c.Num) - 1
	if at >= len(ix.Columns)+len(ix.Included) {
		return pgerr.New(pgerr.UndefinedColumn, "column number %d of relation %q does not exist", c.Num, ix.Name)
	}
	if at >= len(ix.Columns) {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter statistics on included column %q of index %q", s.indexColumnName(ix, at), ix.Name)
	}
	k := &ix.Columns[at]
	if k.Expr == "" {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter statistics on non-expression column %q of index %q", s.indexColumnName(ix, at), ix.Name).
			WithHint("Alter statistics on table column instead.")
	}
	target, err := s.statisticsTarget(c.Def)
	k.Stats = target
	if target < 0 {
		k.Stats = 0
	}
	return err
}

func (s *statement) indexColumnName(ix *catalog.Index, at int) string {
	t, _ := s.snapshot().IndexByOID(ix.OID)
	if at >= len(ix.Columns) {
		return t.Column(ix.Included[at-len(ix.Columns)]).Name
	}
	of, _ := ix.Columns[at].Written()
	return t.Column(of).Name
}

// ownIndex finds an index of the table by name (42704, 42809).
func (b *tableBuilder) ownIndex(name string) (*catalog.Index, error) {
	for i := range b.table.Indexes {
		if b.table.Indexes[i].Name == name {
			return &b.table.Indexes[i], nil
		}
	}
	if t, ix := b.snapshot().IndexByName(b.Database, b.table.Schema, name); t != nil && ix != nil {
		return nil, pgerr.New(pgerr.WrongObjectType, "%q is not an index for table %q", name, b.table.Name)
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "index %q for table %q does not exist", name, b.table.Name)
}

// clusterOn is CLUSTER ON and SET WITHOUT CLUSTER (name ""): shown.
func (b *tableBuilder) clusterOn(name string) error {
	var on *catalog.Index
	if name != "" {
		var err error
		if on, err = b.ownIndex(name); err != nil {
			return err
		}
		if on.Where != "" {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot cluster on partial index %q", name)
		}
		if on.Method != "btree" && on.Method != "gist" {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot cluster on index %q because access method does not support clustering", name)
		}
	}
	for i := range b.table.Indexes {
		b.table.Indexes[i].Clustered = &b.table.Indexes[i] == on
	}
	return nil
}

// replicaIdentity is REPLICA IDENTITY: shown (ATExecReplicaIdentity).
func (b *tableBuilder) replicaIdentity(n *pg.ReplicaIdentityStmt) error {
	var on *catalog.Index
	kind := n.IdentityType[0]
	if kind == 'i' {
		var err error
		if on, err = b.ownIndex(n.Name); err != nil {
			return err
		}
		if err := b.mayIdentify(on); err != nil {
			return err
		}
	}
	if kind == 'd' {
		kind = 0
	}
	b.table.ReplicaIdentity = kind
	for i := range b.table.Indexes {
		b.table.Indexes[i].ReplicaIdentity = &b.table.Indexes[i] == on
	}
	return nil
}

// mayIdentify refuses an index that does not tell all rows apart.
func (b *tableBuilder) mayIdentify(ix *catalog.Index) error {
	switch {
	case !ix.Unique:
		return pgerr.New(pgerr.WrongObjectType, "cannot use non-unique index %q as replica identity", ix.Name)
	case ix.Deferrable:
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use non-immediate index %q as replica identity", ix.Name)
	case slices.ContainsFunc(ix.Columns, func(k catalog.IndexColumn) bool { return k.Expr != "" }):
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use expression index %q as replica identity", ix.Name)
	case ix.Where != "":
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use partial index %q as replica identity", ix.Name)
	}
	for _, k := range ix.Columns {
		of, _ := k.Written()
		if c := b.table.Column(of); !c.NotNull {
			return pgerr.New(pgerr.WrongObjectType, "index %q cannot be used as replica identity because column %q is nullable", ix.Name, c.Name)
		}
	}
	return nil
}

// adoptIndex makes a unique index that is there a constraint's: ADD … USING INDEX
// (transformIndexConstraint, ATExecAddIndexConstraint).
func (b *tableBuilder) adoptIndex(ctx context.Context, con *pg.Constraint) error {
	ix, err := b.adoptable(con)
	if err != nil {
		return b.at(err, con.Location)
	}
	if con.Conname != "" && con.Conname != ix.Name {
		if b.constraintExists(con.Conname) || b.relationTaken(con.Conname) {
			return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", con.Conname)
		}
		b.notice(pgerr.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", ix.Name, con.Conname)
		ix.Name = con.Conname
	}
	if err := b.oids(ctx, &ix.Constraint); err != nil {
		return err
	}
	if con.Contype != pg.ConstrType_CONSTR_PRIMARY {
		return nil
	}
	primary := *ix
	primary.Primary, primary.Global = true, 0
	b.table.Indexes = slices.DeleteFunc(b.table.Indexes, func(x catalog.Index) bool { return x.OID == primary.OID })
	return b.putPrimaryKey(ctx, primary, con.Location)
}

// adoptable finds the index that USING INDEX names, and refuses what no constraint is like.
func (b *tableBuilder) adoptable(con *pg.Constraint) (*catalog.Index, error) {
	name := con.Indexname
	t, found := b.snapshot().IndexByName(b.Database, b.table.Schema, name)
	if found == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, "index %q does not exist", name)
	}
	ix := b.table.Index(found.OID)
	invalid := func(format string, args ...any) (*catalog.Index, error) {
		e := pgerr.New(pgerr.WrongObjectType, format, args...)
		return nil, e.WithDetail("Cannot create a primary key or unique constraint using such an index.")
	}
	switch {
	case t.OID != b.table.OID || ix == nil:
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "index %q does not belong to table %q", name, b.table.Name)
	case ix.Constraint != 0:
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "index %q is already associated with a constraint", name)
	case !ix.Unique:
		return invalid("%q is not a unique index", name)
	case slices.ContainsFunc(ix.Columns, func(k catalog.IndexColumn) bool { return k.Expr != "" }):
		return invalid("index %q contains expressions", name)
	case ix.Where != "":
		return invalid("%q is a partial index", name)
	case con.Contype == pg.ConstrType_CONSTR_PRIMARY && ix.NullsNotDistinct:
		return nil, pgerr.Unsupported("PRIMARY KEY USING INDEX over one with NULLS NOT DISTINCT")
	}
	for i, k := range ix.Columns {
		if k.Desc || k.NullsFirst || k.Opclass != "" || k.Collation != "" {
			return invalid("index %q column number %d does not have default sorting behavior", name, i+1)
		}
	}
	return ix, nil
}
