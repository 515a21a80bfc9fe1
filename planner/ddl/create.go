package ddl

import (
	"context"
	"math"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// createTable is CREATE TABLE.
func (s *statement) createTable(ctx context.Context, n *pg.CreateStmt) error {
	if err := refuseCreate(n); err != nil {
		return err
	}
	rv := n.Relation
	sc, err := s.relationSchema(ctx, rv)
	if err != nil {
		return s.at(err, rv.Location)
	}
	if s.snapshot().NameTaken(s.Database, sc.OID, rv.Relname) {
		if n.IfNotExists {
			s.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", rv.Relname)
			return nil
		}
		return s.checkFree(sc.OID, rv.Relname)
	}
	if err := s.checkRelationFree(sc.OID, rv.Relname); err != nil {
		return err
	}
	t, err := s.newTable(ctx, sc, rv)
	if err != nil {
		return err
	}
	return s.fillTable(ctx, t, n)
}

// refuseCreate names the clauses of CREATE TABLE that are not supported.
func refuseCreate(n *pg.CreateStmt) error {
	switch {
	case n.Partspec != nil:
		return pgerr.Unsupported("PARTITION BY")
	case n.Partbound != nil:
		return pgerr.Unsupported("PARTITION OF")
	case len(n.InhRelations) > 0:
		return pgerr.Unsupported("INHERITS")
	case n.Tablespacename != "" && n.Tablespacename != "pg_default":
		return pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", n.Tablespacename)
	case n.AccessMethod != "" && n.AccessMethod != "heap":
		return pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", n.AccessMethod)
	}
	return nil
}

// newTable allocates an empty table's descriptor.
func (s *statement) newTable(ctx context.Context, sc *catalog.Schema, rv *pg.RangeVar) (*catalog.Table, error) {
	t := &catalog.Table{
		Database: s.Database, Schema: sc.OID, Name: rv.Relname, Owner: s.Role.OID, Home: catalog.HomeShards,
		Persistence: persistence(rv, sc), NextColumn: 1, NextAttnum: 1, Stats: catalog.Statistics{Rows: -1},
	}
	if err := s.oids(ctx, &t.OID, &t.RowType, &t.ArrayType); err != nil {
		return nil, err
	}
	t.ArrayName = s.rowArrayName(sc.OID, t.Name)
	var err error
	t.Physical, err = s.Allocate.Physical(ctx)
	return t, err
}

// fillTable adds columns, then constraints, in PostgreSQL's order: columns
// with their own constraints first, so that table constraints see all columns.
func (s *statement) fillTable(ctx context.Context, t *catalog.Table, n *pg.CreateStmt) error {
	options, shardKey, err := tableOptions(n.Options)
	if err != nil {
		return err
	}
	t.Options = options
	if t.OnCommit, err = onCommit(n, t.Persistence); err != nil {
		return err
	}
	b := &tableBuilder{statement: s, table: t, created: true}
	if err := b.addElements(ctx, n); err != nil {
		return err
	}
	if err := b.addConstraints(ctx); err != nil {
		return err
	}
	if err := b.finishLike(ctx); err != nil {
		return err
	}
	if err := b.finishKey(ctx, shardKey); err != nil {
		return err
	}
	s.Change.Put(t)
	b.finishSequences()
	return b.tellReferenced(ctx)
}

// addElements adds the columns, and notes the constraints.
func (b *tableBuilder) addElements(ctx context.Context, n *pg.CreateStmt) error {
	if n.OfTypename != nil {
		if err := b.typedTable(n.OfTypename); err != nil {
			return err
		}
	}
	given := map[string]bool{}
	for _, e := range n.TableElts {
		var err error
		switch e := e.GetNode().(type) {
		case *pg.Node_ColumnDef:
			if n.OfTypename != nil {
				err = b.columnOptions(ctx, e.ColumnDef, given)
			} else {
				err = b.addColumn(ctx, e.ColumnDef)
			}
		case *pg.Node_Constraint:
			b.later = append(b.later, tableConstraint(e.Constraint))
		case *pg.Node_TableLikeClause:
			err = b.addLike(ctx, e.TableLikeClause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tableOptions are WITH (…): the shard key, and storage hints, which are kept and shown.
func tableOptions(list []*pg.Node) (options map[string]string, shardKey []string, err error) {
	for _, o := range list {
		d := o.GetDefElem()
		value := optionText(d)
		switch d.Defname {
		case "shard_key":
			shardKey = splitNames(value)
		case "replicated":
			return nil, nil, pgerr.Unsupported("WITH (replicated = …)")
		case "oids":
			if value != "false" {
				return nil, nil, pgerr.New(pgerr.FeatureNotSupported, "tables declared WITH OIDS are not supported")
			}
			continue
		case "fillfactor", "parallel_workers", "toast_tuple_target":
			if err := checkOption(d, value); err != nil {
				return nil, nil, err
			}
		case "user_catalog_table", "vacuum_truncate", "vacuum_index_cleanup", "log_autovacuum_min_duration":
		default:
			if !strings.HasPrefix(d.Defname, "autovacuum_") && d.Defnamespace != "toast" {
				return nil, nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", d.Defname)
			}
		}
		if options == nil {
			options = map[string]string{}
		}
		options[d.Defname] = value
	}
	return options, shardKey, nil
}

// optionBounds are the limits of numeric options (reloptions.c).
var optionBounds = map[string][2]int64{
	"fillfactor": {10, 100}, "parallel_workers": {0, 1024}, "toast_tuple_target": {128, 8160},
	"pages_per_range": {1, 131072}, "gin_pending_list_limit": {64, math.MaxInt32},
}

// checkOption refuses a value of a numeric option that is none, or out of bounds (22023).
func checkOption(d *pg.DefElem, value string) error {
	bounds, ok := optionBounds[d.Defname]
	if !ok {
		return nil
	}
	v, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for integer option %q: %s", d.Defname, value)
	case v < bounds[0] || v > bounds[1]:
		return pgerr.New(pgerr.InvalidParameterValue, "value %s out of bounds for option %q", value, d.Defname).
			WithDetail("Valid values are between \"%d\" and \"%d\".", bounds[0], bounds[1])
	}
	return nil
}

// splitNames reads "a, b".
func splitNames(list string) []string {
	var names []string
	for _, n := range strings.Split(list, ",") {
		names = append(names, strings.Trim(strings.TrimSpace(n), `"`))
	}
	return names
}

// optionText is an option's value as text; an option without one is true.
func optionText(d *pg.DefElem) string {
	switch v := d.Arg.GetNode().(type) {
	case *pg.Node_Integer:
		return itoa(int64(v.Integer.Ival))
	case *pg.Node_Float:
		return v.Float.Fval
	case *pg.Node_String_:
		return v.String_.Sval
	case *pg.Node_Boolean:
		if v.Boolean.Boolval {
			return "true"
		}
		return "false"
	case *pg.Node_TypeName:
		_, name := dotted(v.TypeName.Names)
		return name
	}
	return "true"
}

// tableBuilder adds columns and constraints to a table that is not published yet.
type tableBuilder struct {
	*statement
	table   *catalog.Table
	created bool // the table is new: nobody has rows in it
	later   []pendingConstraint
	// sequences are those that serial and identity columns brought, to be put with the table.
	sequences []*catalog.Sequence
	// after are the looks at rows that have to follow when the descriptor is in place.
	after []func() error
	// rewrite is set when rows have to move to a new physical table; rewritten,
	// when they would in PostgreSQL, too.
	rewrite, rewritten bool
	// added are the columns that ALTER TABLE adds, with the defaults that they come with:
	// rows that are there get those, whatever another part of the command makes of them.
	added map[catalog.ColumnID]string
	// like are the tables that LIKE names.
	like []likeTable
	// retyped are the columns whose type changes; retypedNow those of them whose turn has come.
	retyped    map[catalog.ColumnID]retyping
	retypedNow []catalog.ColumnID
	// validates: constraints are validated and nothing else, which writers need not wait for.
	validates bool
	// refers are the other tables that new foreign keys refer to; validate are
	// the looks at rows for those, also when rows have moved.
	refers   []catalog.OID
	validate []func() error
}

// pendingConstraint is a constraint to add when all columns are there.
type pendingConstraint struct {
	def    *pg.Constraint
	column string // of a column constraint
	// deferrable and deferred are its attributes, which a column's constraints
	// have behind them in the list.
	deferrable, deferred bool
}

// finishKey settles the primary key: the declared one, or a hidden row id.
func (b *tableBuilder) finishKey(ctx context.Context, shardKey []string) error {
	t := b.table
	if len(t.Key) == 0 {
		if len(shardKey) > 0 {
			return pgerr.New(pgerr.InvalidTableDefinition, "shard_key needs a primary key that begins with it")
		}
		b.addRowID()
		return nil
	}
	t.ShardKey = len(t.Key)
	if len(shardKey) == 0 {
		return nil
	}
	if len(shardKey) > len(t.Key) {
		return shardKeyError()
	}
	for i, name := range shardKey {
		if c := t.ColumnByName(name); c == nil || c.ID != t.Key[i] {
			return shardKeyError()
		}
	}
	t.ShardKey = len(shardKey)
	return b.decideGlobal(ctx)
}

func shardKeyError() *pgerr.E {
	return pgerr.New(pgerr.InvalidTableDefinition, "shard_key must be a prefix of the primary key")
}

// addRowID gives a table without primary key its hidden key.
func (b *tableBuilder) addRowID() {
	t := b.table
	t.Columns = append(t.Columns, catalog.Column{
		ID: t.NextColumn, Name: "_rowid", Type: types.TInt8, Typmod: -1, NotNull: true, Hidden: true,
	})
	t.Key, t.ShardKey = []catalog.ColumnID{t.NextColumn}, 1
	t.NextColumn++
}

// finishSequences puts the sequences of serial and identity columns.
func (b *tableBuilder) finishSequences() {
	for _, seq := range b.sequences {
		seq.OwnedBy = b.table.OID
		b.Change.Put(seq)
	}
}
