package ddl

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// identityOf finds a column that must be an identity column (55000), with its sequence.
func (b *tableBuilder) identityOf(name string) (*catalog.Column, *catalog.Sequence, error) {
	c, err := b.column(name)
	if err != nil {
		return nil, nil, err
	}
	if c.Identity != 0 {
		for _, seq := range b.ownedSequences(b.table.OID, c.ID) {
			if seq.Identity {
				return c, seq, nil
			}
		}
	}
	return nil, nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", name, b.table.Name)
}

// changeIdentity is ALTER COLUMN … SET GENERATED, SET option and RESTART.
func (b *tableBuilder) changeIdentity(ctx context.Context, n *pg.AlterTableCmd) error {
	c, seq, err := b.identityOf(n.Name)
	if err != nil {
		return err
	}
	var options []*pg.Node
	generated := false
	for _, o := range n.Def.GetList().GetItems() {
		d := o.GetDefElem()
		if d.Defname != "generated" {
			options = append(options, o)
			continue
		}
		if generated {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
		}
		generated, c.Identity = true, byte(d.Arg.GetInteger().Ival)
	}
	if len(options) == 0 {
		return nil
	}
	return b.changeSequence(ctx, seq, options)
}

// dropIdentity is ALTER COLUMN … DROP IDENTITY: the column stays NOT NULL.
func (b *tableBuilder) dropIdentity(n *pg.AlterTableCmd) error {
	c, seq, err := b.identityOf(n.Name)
	if e, ok := err.(*pgerr.E); ok && e.Code == pgerr.ObjectNotInPrerequisiteState && n.MissingOk {
		b.notice(pgerr.SuccessfulCompletion, "column %q of relation %q is not an identity column, skipping", n.Name, b.table.Name)
		return nil
	}
	if err != nil {
		return err
	}
	c.Identity, c.Default, c.DefaultOID = 0, "", 0
	b.Change.Delete(seq)
	return nil
}
