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

// maxKeyColumns is INDEX_MAX_KEYS (pg_config_manual.h).
const maxKeyColumns = 32

// addForeignKey adds a FOREIGN KEY constraint (ATAddForeignKeyConstraint in
// tablecmds.c). The table that it refers to hears of it when this one is put.
func (b *tableBuilder) addForeignKey(ctx context.Context, p pendingConstraint) error {
	con := p.def
	names := identifiers(con.FkAttrs)
	if p.column != "" {
		names = []string{p.column}
	}
	k := catalog.ForeignKey{
		Name: con.Conname, Deferrable: p.deferrable, Deferred: p.deferred,
		OnUpdate: keyAction(con.FkUpdAction), OnDelete: keyAction(con.FkDelAction),
		Match: catalog.MatchSimple, Valid: b.created || !con.SkipValidation,
	}
	switch {
	case k.Name == "":
		k.Name = b.chooseConstraintName(joinedNames(names), "fkey")
	case b.constraintExists(k.Name):
		return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, b.table.Name)
	}
	switch con.FkMatchtype {
	case "f":
		k.Match = catalog.MatchFull
	case "p":
		return pgerr.New(pgerr.FeatureNotSupported, "MATCH PARTIAL not yet implemented")
	}
	to, err := b.referencedTable(con.Pktable)
	if err != nil {
		return err
	}
	if err := b.fillKey(&k, con, to, names); err != nil {
		return err
	}
	if err := b.oids(ctx, &k.OID); err != nil {
		return err
	}
	b.table.ForeignKeys = append(b.table.ForeignKeys, k)
	if to.OID == b.table.OID {
		b.table.Refer(b.table.OID, &k)
	} else {
		b.refers = append(b.refers, to.OID)
	}
	if !b.created && !con.SkipValidation {
		b.validate = append(b.validate, func() error { return b.validateForeignKey(ctx, b.table, &k) })
	}
	return nil
}

// identifiers are a list of names.
func identifiers(list []*pg.Node) []string {
	var names []string
	for _, n := range list {
		names = append(names, n.GetString_().GetSval())
	}
	return names
}

// joinedNames is what the columns give to the name of a constraint
// (ChooseForeignKeyConstraintNameAddition in tablecmds.c).
func joinedNames(names []string) string {
	joined := ""
	for _, n := range names {
		if joined != "" {
			joined += "_"
		}
		if joined += n; len(joined) > maxNameBytes {
			break
		}
	}
	return joined
}

func keyAction(letter string) catalog.KeyAction {
	if letter == "" {
		return catalog.NoAction
	}
	return catalog.KeyAction(letter[0])
}

// referencedTable finds the table that a constraint of this one refers to.
func (b *tableBuilder) referencedTable(rv *pg.RangeVar) (*catalog.Table, error) {
	if b.created && rv.Relname == b.table.Name && b.names(rv) {
		return b.table, nil
	}
	r, err := b.relation(rv.Schemaname, rv.Relname)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, undefinedRelation(rv.Schemaname, rv.Relname)
	}
	t, ok := r.(*catalog.Table)
	switch {
	case !ok:
		return nil, pgerr.New(pgerr.WrongObjectType, "referenced relation %q is not a table", rv.Relname)
	case t.OID == b.table.OID:
		return b.table, nil
	case t.Home == catalog.HomeCatalog || catalog.IsSystemSchema(t.Schema):
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", rv.Relname)
	}
	if err := b.mustOwnRelation(t); err != nil {
		return nil, err
	}
	return t, b.checkPersistence(t)
}

// names reports whether a name finds the table that is being created.
func (b *tableBuilder) names(rv *pg.RangeVar) bool {
	if rv.Schemaname != "" {
		sc, err := b.schema(rv.Schemaname)
		return err == nil && sc.OID == b.table.Schema
	}
	for _, oid := range b.lookupPath() {
		if oid == b.table.Schema {
			return true
		}
		if b.snapshot().Relation(b.Database, oid, rv.Relname) != nil {
			return false
		}
	}
	return true // its schema of temporary objects is not in the path yet
}

// checkPersistence refuses to refer to rows that may go while this table's stay.
func (b *tableBuilder) checkPersistence(to *catalog.Table) error {
	refuse := func(what string) error { return pgerr.New(pgerr.InvalidTableDefinition, "constraints on %s", what) }
	switch b.table.Persistence {
	case catalog.Permanent:
		if to.Persistence != catalog.Permanent {
			return refuse("permanent tables may reference only permanent tables")
		}
	case catalog.Unlogged:
		if to.Persistence == catalog.Temporary {
			return refuse("unlogged tables may reference only permanent or unlogged tables")
		}
	case catalog.Temporary:
		if to.Persistence != catalog.Temporary {
			return refuse("temporary tables may reference only temporary tables")
		}
		if to.Schema != b.table.Schema {
			return refuse("temporary tables must involve temporary tables of this session")
		}
	}
	return nil
}

// fillKey finds the columns and the unique index of a constraint.
func (b *tableBuilder) fillKey(k *catalog.ForeignKey, con *pg.Constraint, to *catalog.Table, names []string) error {
	var err error
	if k.Columns, err = keyColumnList(b.table, names); err != nil {
		return err
	}
	sets, err := keyColumnList(b.table, identifiers(con.FkDelSetCols))
	if err != nil {
		return err
	}
	for _, id := range sets {
		if !slices.Contains(k.SetColumns, id) {
			k.SetColumns = append(k.SetColumns, id)
		}
		if !slices.Contains(k.Columns, id) {
			return pgerr.New(pgerr.InvalidColumnReference, "column %q referenced in ON DELETE SET action must be part of foreign key", b.table.Column(id).Name)
		}
	}
	k.Table = to.OID
	if len(con.PkAttrs) == 0 {
		ix := to.PrimaryKey()
		if ix == nil {
			return pgerr.New(pgerr.UndefinedObject, "there is no primary key for referenced table %q", to.Name)
		}
		k.Index = ix.OID
		for _, c := range ix.Columns {
			k.Keys = append(k.Keys, c.Column)
		}
	} else {
		if k.Keys, err = keyColumnList(to, identifiers(con.PkAttrs)); err != nil {
			return err
		}
		if k.Index, err = uniqueOver(to, k.Keys); err != nil {
			return err
		}
	}
	if err := b.checkGenerated(k); err != nil {
		return err
	}
	if len(k.Keys) != len(k.Columns) {
		return pgerr.New(pgerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	return b.checkKeyTypes(k, b.table, to)
}

// keyColumnList finds the columns that a FOREIGN KEY clause names (transformColumnNameList).
func keyColumnList(t *catalog.Table, names []string) ([]catalog.ColumnID, error) {
	var ids []catalog.ColumnID
	for _, name := range names {
		if isSystemColumn(name) {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "system columns cannot be used in foreign keys")
		}
		c := t.ColumnByName(name)
		if c == nil {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column %q referenced in foreign key constraint does not exist", name)
		}
		if len(ids) == maxKeyColumns {
			return nil, pgerr.New(pgerr.TooManyColumns, "cannot have more than %d keys in a foreign key", maxKeyColumns)
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// uniqueOver finds the unique index over exactly these columns, in any order
// (transformFkeyCheckAttrs).
func uniqueOver(t *catalog.Table, keys []catalog.ColumnID) (catalog.OID, error) {
	for i, id := range keys {
		if slices.Contains(keys[:i], id) {
			return 0, pgerr.New(pgerr.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		other := func(c catalog.IndexColumn) bool {
			id, _ := c.Written()
			return !slices.Contains(keys, id)
		}
		if ix.Unique && ix.Plain() && len(ix.Columns) == len(keys) && !slices.ContainsFunc(ix.Columns, other) {
			return ix.OID, nil
		}
	}
	return 0, pgerr.New(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table %q", t.Name)
}

// checkGenerated refuses actions that would write generated columns.
func (b *tableBuilder) checkGenerated(k *catalog.ForeignKey) error {
	sets := func(a catalog.KeyAction) bool { return a == catalog.SetNull || a == catalog.SetDefault }
	for _, id := range k.Columns {
		if !b.table.Column(id).Generated {
			continue
		}
		switch {
		case sets(k.OnUpdate) || k.OnUpdate == catalog.Cascade:
			return pgerr.New(pgerr.SyntaxError, "invalid %s action for foreign key constraint containing generated column", "ON UPDATE")
		case sets(k.OnDelete):
			return pgerr.New(pgerr.SyntaxError, "invalid %s action for foreign key constraint containing generated column", "ON DELETE")
		}
	}
	return nil
}

// checkKeyTypes sees that the columns can be compared, each with the one that it refers to.
func (s *statement) checkKeyTypes(k *catalog.ForeignKey, t, to *catalog.Table) error {
	library := s.Bind().Library
	coerces := func(from, into *types.Type) bool { return library.CanCoerce(from, into, builtin.Implicit) }
	for i, id := range k.Columns {
		c, key := t.Column(id), to.Column(k.Keys[i])
		if _, ok := pgcatalog.KeyEquality(key.Type, c.Type, coerces); !ok {
			return pgerr.New(pgerr.DatatypeMismatch, "foreign key constraint %q cannot be implemented", k.Name).
				WithDetail("Key columns %q and %q are of incompatible types: %s and %s.", c.Name, key.Name,
					s.shownType(c.Type), s.shownType(key.Type))
		}
	}
	return nil
}

// shownType is a type's name without its modifier, as errors show it.
func (s *statement) shownType(t *types.Type) string {
	if types.ByOID(t.OID) == nil {
		return s.visibleTypeName(t)
	}
	return types.FormatType(t, -1)
}

// foreignKeysOfType looks at the constraints on columns with new types, of this
// table and of those that refer to it: whether they can be compared still, and are.
func (b *tableBuilder) foreignKeysOfType(ctx context.Context) error {
	retyped := func(ids []catalog.ColumnID) bool {
		return slices.ContainsFunc(ids, func(id catalog.ColumnID) bool { return slices.Contains(b.retypedNow, id) })
	}
	for i := range b.table.ForeignKeys {
		k, to := b.table.ForeignKeys[i], b.table
		if k.Table != b.table.OID {
			to = b.snapshot().Table(k.Table)
		}
		if !retyped(k.Columns) && (to != b.table || !retyped(k.Keys)) {
			continue
		}
		if err := b.checkKeyTypes(&k, b.table, to); err != nil {
			return err
		}
		if k.Valid {
			b.validate = append(b.validate, func() error { return b.validateForeignKey(ctx, b.table, &k) })
		}
	}
	for _, r := range b.table.Referenced {
		t, k := b.snapshot().ForeignKey(r.Constraint)
		if t == nil || t.OID == b.table.OID || !retyped(r.Keys) {
			continue
		}
		if err := b.checkKeyTypes(k, t, b.table); err != nil {
			return err
		}
		if k.Valid {
			b.validate = append(b.validate, func() error { return b.validateForeignKey(ctx, t, k) })
		}
	}
	return nil
}

// tellReferenced puts the tables that new constraints of this one refer to, so
// that whoever writes to them knows. They are locked as this one is.
func (b *tableBuilder) tellReferenced(ctx context.Context) error {
	slices.Sort(b.refers)
	for _, oid := range slices.Compact(b.refers) {
		to := b.snapshot().Table(oid)
		if err := b.checkNotInUse(to, "ALTER TABLE"); err != nil {
			return err
		}
		if err := b.Rows.Lock(ctx, to); err != nil {
			return err
		}
		changed := cloneTable(to)
		for i := range b.table.ForeignKeys {
			k := &b.table.ForeignKeys[i]
			known := func(r catalog.Reference) bool { return r.Constraint == k.OID }
			if k.Table == oid && !slices.ContainsFunc(changed.Referenced, known) {
				changed.Refer(b.table.OID, k)
			}
		}
		b.Change.Put(changed)
	}
	b.refers = nil
	return nil
}

// dropForeignKeyAt removes a constraint; the table that it refers to forgets it.
func (b *tableBuilder) dropForeignKeyAt(ctx context.Context, i int) error {
	k := b.table.ForeignKeys[i]
	b.table.ForeignKeys = slices.Delete(b.table.ForeignKeys, i, i+1)
	if k.Table == b.table.OID {
		b.table.Unrefer(k.OID)
		return nil
	}
	return b.forget(ctx, &k, "ALTER TABLE")
}

// forget has the table that a constraint refers to forget it, which is part of a command.
func (s *statement) forget(ctx context.Context, k *catalog.ForeignKey, command string) error {
	to := s.snapshot().Table(k.Table)
	if to == nil {
		return nil // it goes, too
	}
	if err := s.checkNotInUse(to, command); err != nil {
		return err
	}
	if err := s.Rows.Lock(ctx, to); err != nil {
		return err
	}
	changed := cloneTable(to)
	changed.Unrefer(k.OID)
	s.Change.Put(changed)
	return nil
}

// dropReferring drops a constraint that refers to something that goes.
func (s *statement) dropReferring(ctx context.Context, r catalog.Reference) error {
	t, k := s.snapshot().ForeignKey(r.Constraint)
	if t == nil {
		return nil // gone already
	}
	if err := s.checkNotInUse(t, "ALTER TABLE"); err != nil {
		return err
	}
	if err := s.Rows.Lock(ctx, t); err != nil {
		return err
	}
	changed := cloneTable(t)
	changed.ForeignKeys = slices.DeleteFunc(changed.ForeignKeys, func(x catalog.ForeignKey) bool { return x.OID == k.OID })
	s.Change.Put(changed)
	return s.forget(ctx, k, "ALTER TABLE")
}

// referring are the constraints of other tables that refer to something of a
// table, as DROP names them; seen are relations that go anyway.
func (s *statement) referring(t *catalog.Table, on string, needs func(catalog.Reference) bool, seen map[catalog.OID]bool) (list []dependent) {
	for _, r := range t.Referenced {
		of, k := s.snapshot().ForeignKey(r.Constraint)
		if of == nil || of.OID == t.OID || seen[of.OID] || seen[k.OID] || !needs(r) {
			continue
		}
		seen[k.OID] = true
		list = append(list, dependent{
			name: "constraint " + k.Name + " on table " + s.visibleName(of), on: on,
			drop: func(ctx context.Context) error { return s.dropReferring(ctx, r) },
		})
	}
	return list
}

// dropReferringTo drops the constraints, of this table and of others, that refer
// to something of it, under CASCADE, or refuses (2BP01). what is what goes, on what
// the constraints stand on; own are this table's own, that go without being asked.
func (b *tableBuilder) dropReferringTo(ctx context.Context, what, on string, needs func(catalog.Reference) bool, own, cascade bool) error {
	list := b.referring(b.table, on, needs, map[catalog.OID]bool{})
	for i := len(b.table.ForeignKeys) - 1; i >= 0; i-- {
		k := &b.table.ForeignKeys[i]
		if k.Table != b.table.OID || !needs(catalog.Reference{Constraint: k.OID, Table: k.Table, Index: k.Index, Keys: k.Keys}) {
			continue
		}
		if !own {
			at := k.OID
			list = append(list, dependent{
				name: "constraint " + k.Name + " on table " + b.visibleName(b.table), on: on,
				drop: func(ctx context.Context) error {
					return b.dropForeignKeyAt(ctx, slices.IndexFunc(b.table.ForeignKeys, func(x catalog.ForeignKey) bool { return x.OID == at }))
				},
			})
			continue
		}
		if err := b.dropForeignKeyAt(ctx, i); err != nil {
			return err
		}
	}
	if len(list) > 0 && !cascade {
		return errDependents(what, list)
	}
	for _, d := range list {
		b.cascaded = append(b.cascaded, d.name)
		if err := d.drop(ctx); err != nil {
			return err
		}
	}
	b.syncReferenced()
	return nil
}

// dropReferringToIndex is dropReferringTo of a unique index that goes, or of its constraint.
func (b *tableBuilder) dropReferringToIndex(ctx context.Context, ix *catalog.Index, cascade bool) error {
	on := "index " + expr.QuoteIdent(ix.Name)
	what := on
	if ix.Constraint != 0 {
		what = "constraint " + ix.Name + " on table " + b.visibleName(b.table)
	}
	oid := ix.OID
	return b.dropReferringTo(ctx, what, on, func(r catalog.Reference) bool { return r.Index == oid }, false, cascade)
}

// syncReferenced takes what refers to the table from what is put of it: dropping
// constraints of other tables has changed that behind the builder's copy.
func (b *tableBuilder) syncReferenced() {
	put := b.snapshot().Table(b.table.OID)
	if put == nil {
		return
	}
	b.table.Referenced = slices.DeleteFunc(b.table.Referenced, func(r catalog.Reference) bool {
		return r.Table != b.table.OID && !slices.ContainsFunc(put.Referenced, func(x catalog.Reference) bool { return x.Constraint == r.Constraint })
	})
}

// alterConstraint is ALTER CONSTRAINT: whether its checks can wait.
func (b *tableBuilder) alterConstraint(n *pg.AlterTableCmd) error {
	def := n.Def.GetConstraint()
	k := b.table.ForeignKeyByName(def.Conname)
	if k == nil {
		if b.constraintExists(def.Conname) {
			return pgerr.New(pgerr.WrongObjectType, "constraint %q of relation %q is not a foreign key constraint", def.Conname, b.table.Name)
		}
		return pgerr.New(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", def.Conname, b.table.Name)
	}
	k.Deferrable, k.Deferred = def.Deferrable, def.Initdeferred
	return nil
}

// validateForeignKey looks for a row that refers to none (23503;
// RI_Initial_Check in ri_triggers.c).
func (s *statement) validateForeignKey(ctx context.Context, t *catalog.Table, k *catalog.ForeignKey) error {
	to := s.snapshot().Table(k.Table)
	var columns, equal, set, null []string
	for i, id := range k.Columns {
		name := "fk." + quote(t.Column(id).Name)
		columns = append(columns, name)
		equal = append(equal, "pk."+quote(to.Column(k.Keys[i]).Name)+" = "+name)
		set, null = append(set, name+" IS NOT NULL"), append(null, name+" IS NULL")
	}
	where := strings.Join(set, " AND ") + " AND NOT EXISTS (SELECT FROM ONLY " + s.sqlName(to) + " pk WHERE " + strings.Join(equal, " AND ") + ")"
	if k.Match == catalog.MatchFull {
		where = "(" + where + ") OR ((" + strings.Join(set, " OR ") + ") AND (" + strings.Join(null, " OR ") + "))"
	}
	rows, err := s.Rows.Run(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM ONLY "+s.sqlName(t)+" fk WHERE "+where+" LIMIT 1")
	if err != nil || len(rows) == 0 {
		return err
	}
	return catalog.NotReferenced(s.snapshot(), t, k, to, rows[0], types.DefaultEnv())
}
