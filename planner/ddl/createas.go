package ddl

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// TableAs is what CREATE TABLE AS and SELECT INTO make: a table with the columns
// of a query, which the session fills then.
type TableAs struct {
	Into        *pg.IntoClause
	IfNotExists bool
	Columns     []plan.Column // the query's
	// Query is that of a materialized view, which is filled at once; Filled are its rows then.
	Query  *pg.Node
	Filled int64
	// Table is the new table's descriptor when it is made; nil when there was one already.
	Table *catalog.Table
}

// createTableAs makes the table (create_ctas_nodata in createas.c).
func (s *statement) createTableAs(ctx context.Context, as *TableAs) error {
	if as == nil {
		return pgerr.Internal("CREATE TABLE AS without its query's columns")
	}
	into := as.Into
	n := &pg.CreateStmt{
		Relation: into.Rel, Options: into.Options, Oncommit: into.OnCommit, Tablespacename: into.TableSpaceName, AccessMethod: into.AccessMethod,
	}
	if err := refuseCreate(n); err != nil {
		return err
	}
	sc, err := s.relationSchema(ctx, into.Rel)
	if err != nil {
		return s.at(err, into.Rel.Location)
	}
	if s.snapshot().NameTaken(s.Database, sc.OID, into.Rel.Relname) {
		if as.IfNotExists {
			s.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", into.Rel.Relname)
			return nil
		}
		return s.checkFree(sc.OID, into.Rel.Relname)
	}
	if err := s.checkRelationFree(sc.OID, into.Rel.Relname); err != nil {
		return err
	}
	t, err := s.newTable(ctx, sc, into.Rel)
	if err != nil {
		return err
	}
	if err := s.addColumnsOf(t, as); err != nil {
		return err
	}
	if as.Query != nil {
		if err := s.defineMatview(ctx, t, as); err != nil {
			return err
		}
	}
	if err := s.fillTable(ctx, t, n); err != nil {
		return err
	}
	if as.Query != nil && !into.SkipData {
		if as.Filled, err = s.refill(ctx, s.snapshot().Table(t.OID), true); err != nil {
			return err
		}
	}
	as.Table = t
	return nil
}

// addColumnsOf adds the query's columns, by the names that are given.
func (s *statement) addColumnsOf(t *catalog.Table, as *TableAs) error {
	if len(as.Into.ColNames) > len(as.Columns) {
		return pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	for i, c := range as.Columns {
		name := c.Name
		if i < len(as.Into.ColNames) {
			name = as.Into.ColNames[i].GetString_().GetSval()
		}
		if err := checkNewColumn(t, name); err != nil {
			return err
		}
		if err := s.checkColumnType(name, c.Type); err != nil {
			return err
		}
		if c.Collation == plan.NoCollation {
			return pgerr.New(pgerr.IndeterminateCollation, "no collation was derived for column %q with collatable type %s", name, c.Type.SQLName).
				WithHint("Use the COLLATE clause to set the collation explicitly.")
		}
		t.Columns = append(t.Columns, catalog.Column{
			ID: t.NextColumn, Attnum: t.NextAttnum, Name: name, Type: c.Type, Typmod: c.Typmod, Collation: c.Collation, Stats: -1,
		})
		t.NextColumn++
		t.NextAttnum++
	}
	return nil
}

// checkNewColumn refuses a column that a table has, or has no room for.
func checkNewColumn(t *catalog.Table, name string) error {
	switch {
	case t.ColumnByName(name) != nil:
		return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", name)
	case isSystemColumn(name):
		return pgerr.New(pgerr.DuplicateColumn, "column name %q conflicts with a system column name", name)
	case t.NextAttnum > maxColumns:
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	return nil
}
