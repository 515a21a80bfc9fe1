package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// reindexing is one REINDEX.
type reindexing struct {
	*statement
	concurrently, verbose bool
}

// reindex is REINDEX: indexes are built anew beside the old ones, and replace
// them when the transaction commits. Primary keys, in whose order the rows
// themselves are kept, and system catalogs have nothing to build.
func (s *statement) reindex(ctx context.Context, n *pg.ReindexStmt) error {
	r := reindexing{statement: s}
	if err := r.options(n.Params); err != nil {
		return err
	}
	if r.concurrently {
		if err := s.Alone("REINDEX CONCURRENTLY"); err != nil {
			return err
		}
	}
	switch n.Kind {
	case pg.ReindexObjectType_REINDEX_OBJECT_INDEX:
		return r.index(ctx, n.Relation)
	case pg.ReindexObjectType_REINDEX_OBJECT_TABLE:
		return r.table(ctx, n.Relation)
	}
	return r.many(ctx, n)
}

func (r *reindexing) options(list []*pg.Node) error {
	for _, o := range list {
		d := o.GetDefElem()
		switch d.Defname {
		case "verbose":
			r.verbose = optionText(d) == "true" || optionText(d) == "on" || optionText(d) == "1"
		case "concurrently":
			r.concurrently = optionText(d) == "true" || optionText(d) == "on" || optionText(d) == "1"
		case "tablespace":
			if err := checkTablespace(optionText(d)); err != nil {
				return err
			}
		default:
			return r.at(pgerr.New(pgerr.SyntaxError, "unrecognized REINDEX option \"%s\"", d.Defname), d.Location)
		}
	}
	return nil
}

// index is REINDEX INDEX.
func (r *reindexing) index(ctx context.Context, rv *pg.RangeVar) error {
	t, ix, err := r.statement.index(rv.Schemaname, rv.Relname)
	switch {
	case err != nil:
		return err
	case ix == nil:
		if found, _ := r.relation(rv.Schemaname, rv.Relname); found != nil {
			return pgerr.New(pgerr.WrongObjectType, "%q is not an index", rv.Relname)
		}
		return undefinedRelation(rv.Schemaname, rv.Relname)
	}
	if err := r.mayReindex("index", ix.Name, t); err != nil {
		return err
	}
	return r.rebuild(ctx, t, func(x *catalog.Index) bool { return x.OID == ix.OID })
}

// table is REINDEX TABLE.
func (r *reindexing) table(ctx context.Context, rv *pg.RangeVar) error {
	found, err := r.relation(rv.Schemaname, rv.Relname)
	if err != nil {
		return err
	}
	t, ok := found.(*catalog.Table)
	if !ok {
		if _, ix, _ := r.statement.index(rv.Schemaname, rv.Relname); found == nil && ix == nil {
			return undefinedRelation(rv.Schemaname, rv.Relname)
		}
		return pgerr.New(pgerr.WrongObjectType, "%q is not a table or materialized view", rv.Relname)
	}
	if err := r.mayReindex("table", t.Name, t); err != nil {
		return err
	}
	if len(t.Indexes) == 0 {
		kind := ""
		if r.concurrently {
			kind = " that can be reindexed concurrently"
		} else {
			kind = " to reindex"
		}
		r.notice(pgerr.SuccessfulCompletion, "table \"%s\" has no indexes%s", t.Name, kind)
		return nil
	}
	return r.rebuild(ctx, t, func(*catalog.Index) bool { return true })
}

// mayReindex refuses who does not own the table, and the catalogs where they cannot wait.
func (r *reindexing) mayReindex(kind, name string, t *catalog.Table) error {
	if err := r.mustOwn(kind, name, t.Owner); err != nil {
		return err
	}
	if r.concurrently && t.Home == catalog.HomeCatalog {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot reindex system catalogs concurrently")
	}
	return nil
}

// many is REINDEX SCHEMA, DATABASE and SYSTEM: of all tables that may be (ReindexMultipleTables).
func (r *reindexing) many(ctx context.Context, n *pg.ReindexStmt) error {
	words := map[pg.ReindexObjectType]string{
		pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA: "REINDEX SCHEMA", pg.ReindexObjectType_REINDEX_OBJECT_SYSTEM: "REINDEX SYSTEM",
		pg.ReindexObjectType_REINDEX_OBJECT_DATABASE: "REINDEX DATABASE",
	}
	if err := r.Alone(words[n.Kind]); err != nil {
		return err
	}
	var in *catalog.Schema
	switch n.Kind {
	case pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA:
		var err error
		if in, err = r.schema(n.Name); err != nil {
			return err
		}
		if err := r.mustOwn("schema", in.Name, in.Owner); err != nil {
			return err
		}
	default:
		db := r.snapshot().DatabaseByOID(r.Database)
		if n.Name != "" && n.Name != db.Name {
			return pgerr.New(pgerr.FeatureNotSupported, "can only reindex the currently open database")
		}
		if err := r.mustOwn("database", db.Name, db.Owner); err != nil {
			return err
		}
		if n.Kind == pg.ReindexObjectType_REINDEX_OBJECT_SYSTEM {
			if r.concurrently {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot reindex system catalogs concurrently")
			}
			return nil
		}
	}
	if r.concurrently && in != nil && catalog.IsSystemSchema(in.OID) {
		r.Notice(pgerr.New(pgerr.FeatureNotSupported, "cannot reindex system catalogs concurrently, skipping all").WithSeverity(pgerr.SeverityWarning))
		return nil
	}
	for _, t := range slices.Collect(r.snapshot().Tables(r.Database)) {
		foreign := t.Persistence == catalog.Temporary && t.Schema != r.Temporary()
		if t.Home == catalog.HomeCatalog || foreign || in != nil && t.Schema != in.OID {
			continue
		}
		if err := r.rebuild(ctx, t, func(*catalog.Index) bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

// rebuild gives the chosen indexes of a table new places on the shards, and fills them.
func (r *reindexing) rebuild(ctx context.Context, t *catalog.Table, chosen func(*catalog.Index) bool) error {
	if t.Home == catalog.HomeCatalog {
		return nil
	}
	if err := r.checkNotInUse(t, "REINDEX INDEX"); err != nil {
		return err
	}
	b := r.alterBuilder(t)
	for i := range b.table.Indexes {
		ix := &b.table.Indexes[i]
		if !chosen(ix) {
			continue
		}
		if !ix.Primary {
			if err := b.renumber(ctx, ix); err != nil {
				return err
			}
		}
		if r.verbose {
			r.Notice(pgerr.New(pgerr.SuccessfulCompletion, "index \"%s\" was reindexed", ix.Name).WithSeverity(pgerr.SeverityInfo))
		}
	}
	return b.publish(ctx)
}

// renumber gives an index a new number on the shards, or a new relation, to be filled.
func (b *tableBuilder) renumber(ctx context.Context, ix *catalog.Index) error {
	var number catalog.OID
	if err := b.oids(ctx, &number); err != nil {
		return err
	}
	ix.ID = uint32(number)
	if ix.Global != 0 {
		var err error
		if ix.Global, err = b.Allocate.Physical(ctx); err != nil {
			return err
		}
	}
	oid := ix.OID
	b.after = append(b.after, func() error { return b.Rows.BuildIndex(ctx, b.table, b.table.Index(oid)) })
	return nil
}
