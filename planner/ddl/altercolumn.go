package ddl

import (
	"context"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// addIdentity is ALTER COLUMN … ADD GENERATED … AS IDENTITY: rows that are there
// keep their values (ATExecAddIdentity).
func (b *tableBuilder) addIdentity(ctx context.Context, n *pg.AlterTableCmd) error {
	c, err := b.column(n.Name)
	if err != nil {
		return err
	}
	switch {
	case !c.NotNull:
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q must be declared NOT NULL before identity can be added", c.Name, b.table.Name)
	case c.Identity != 0:
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is already an identity column", c.Name, b.table.Name)
	case c.Default != "":
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q already has a default value", c.Name, b.table.Name)
	}
	return b.makeIdentity(ctx, c, n.Def.GetConstraint())
}

// dropExpression is ALTER COLUMN … DROP EXPRESSION: the values stay.
func (b *tableBuilder) dropExpression(n *pg.AlterTableCmd) error {
	c, err := b.column(n.Name)
	if err != nil {
		return err
	}
	if c.Generated {
		c.Generated, c.Default, c.DefaultOID = false, "", 0
		return nil
	}
	if n.MissingOk {
		b.notice(pgerr.SuccessfulCompletion, "column %q of relation %q is not a stored generated column, skipping", c.Name, b.table.Name)
		return nil
	}
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not a stored generated column", c.Name, b.table.Name)
}

// columnHint is SET STATISTICS, STORAGE, COMPRESSION and (…): kept where it shows.
func (b *tableBuilder) columnHint(n *pg.AlterTableCmd) error {
	c, err := b.column(n.Name)
	if err != nil {
		if n.Name != "" && isSystemColumn(n.Name) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter system column %q", n.Name)
		}
		return err
	}
	switch n.Subtype {
	case pg.AlterTableType_AT_SetStatistics:
		c.Stats, err = b.statisticsTarget(n.Def)
	case pg.AlterTableType_AT_SetStorage:
		c.Storage, err = storageOf(n.Def.GetString_().GetSval(), c.Type)
	case pg.AlterTableType_AT_SetCompression:
		c.Compression, err = compressionOf(n.Def.GetString_().GetSval(), c.Type)
	default:
		err = columnOptions(c, n)
	}
	return err
}

// maxStatisticsTarget is MAX_STATISTICS_TARGET (vacuum.h).
const maxStatisticsTarget = 10000

// statisticsTarget reads SET STATISTICS (ATExecSetStatistics).
func (s *statement) statisticsTarget(n *pg.Node) (int32, error) {
	switch v := n.GetInteger().GetIval(); {
	case v < -1:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "statistics target %d is too low", v)
	case v > maxStatisticsTarget:
		s.Notice(pgerr.New(pgerr.InvalidParameterValue, "lowering statistics target to %d", maxStatisticsTarget).WithSeverity(pgerr.SeverityWarning))
		return maxStatisticsTarget, nil
	default:
		return v, nil
	}
}

// storageOf reads SET STORAGE (GetAttributeStorage).
func storageOf(name string, t *types.Type) (byte, error) {
	letters := map[string]byte{"plain": 'p', "external": 'e', "extended": 'x', "main": 'm'}
	mode, ok := letters[strings.ToLower(name)]
	switch {
	case !ok:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid storage type \"%s\"", name)
	case mode != 'p' && t.Storage == 'p':
		return 0, pgerr.New(pgerr.FeatureNotSupported, "column data type %s can only have storage PLAIN", types.FormatType(t, -1))
	}
	return mode, nil
}

// compressionOf reads SET COMPRESSION (GetAttributeCompression); 0 is the default.
func compressionOf(name string, t *types.Type) (byte, error) {
	letters := map[string]byte{"pglz": 'p', "lz4": 'l', "default": 0}
	method, ok := letters[name]
	switch {
	case name == "":
		return 0, nil
	case t.Storage == 'p' || t.Storage == 'e':
		return 0, pgerr.New(pgerr.FeatureNotSupported, "column data type %s does not support compression", types.FormatType(t, -1))
	case !ok:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid compression method \"%s\"", name)
	}
	return method, nil
}

// columnOptions is ALTER COLUMN … SET and RESET (…).
func columnOptions(c *catalog.Column, n *pg.AlterTableCmd) error {
	options := make(map[string]string, len(c.Options))
	for k, v := range c.Options {
		options[k] = v
	}
	for _, o := range n.Def.GetList().GetItems() {
		d := o.GetDefElem()
		switch {
		case n.Subtype == pg.AlterTableType_AT_ResetOptions:
			delete(options, d.Defname)
			continue
		case d.Defname != "n_distinct" && d.Defname != "n_distinct_inherited":
			return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", d.Defname)
		}
		options[d.Defname] = optionText(d)
	}
	c.Options = options
	return nil
}
