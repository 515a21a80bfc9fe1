package ddl

import (
	"context"
	"math"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// createSequence is CREATE SEQUENCE.
func (s *statement) createSequence(ctx context.Context, n *pg.CreateSeqStmt) error {
	rv := n.Sequence
	sc, err := s.relationSchema(ctx, rv)
	if err != nil {
		return err
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
	seq, err := s.newSequence(ctx, sc.OID, rv.Relname, types.TInt8, n.Options)
	if err != nil {
		return err
	}
	seq.Persistence = persistence(rv, sc)
	s.Change.Put(seq)
	return nil
}

// newSequence makes a sequence of the type, with the options of CREATE SEQUENCE.
func (s *statement) newSequence(ctx context.Context, schema catalog.OID, name string, t *types.Type, options []*pg.Node) (*catalog.Sequence, error) {
	seq := &catalog.Sequence{
		Database: s.Database, Schema: schema, Name: name, Owner: s.Role.OID,
		Persistence: catalog.Permanent, Type: t, Increment: 1, Cache: 1,
	}
	if err := s.sequenceOptions(seq, options, true); err != nil {
		return nil, err
	}
	var err error
	if seq.Physical, err = s.Allocate.Physical(ctx); err != nil {
		return nil, err
	}
	return seq, s.oids(ctx, &seq.OID)
}

// sequenceBounds are a sequence's type's limits.
func sequenceBounds(t *types.Type) (lo, hi int64) {
	switch t {
	case types.TInt2:
		return math.MinInt16, math.MaxInt16
	case types.TInt4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// sequenceOptions applies options as sequence.c's init_params does: type and
// increment first, then bounds, then start.
func (s *statement) sequenceOptions(seq *catalog.Sequence, list []*pg.Node, isNew bool) error {
	given := map[string]*pg.DefElem{}
	for _, o := range list {
		d := o.GetDefElem()
		if given[d.Defname] != nil {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
		}
		given[d.Defname] = d
	}
	if d := given["as"]; d != nil {
		t, _, err := s.typeName(d.Arg.GetTypeName())
		if err != nil {
			return err
		}
		if t != types.TInt2 && t != types.TInt4 && t != types.TInt8 {
			return pgerr.New(pgerr.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
		}
		adoptType(seq, t, isNew)
	}
	if err := sequenceNumber(given["increment"], &seq.Increment); err != nil {
		return err
	}
	if seq.Increment == 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "INCREMENT must not be zero")
	}
	if d := given["cycle"]; d != nil {
		seq.Cycle = optionText(d) == "true"
	}
	if err := s.sequenceRange(seq, given, isNew); err != nil {
		return err
	}
	if err := sequenceNumber(given["cache"], &seq.Cache); err != nil {
		return err
	}
	if seq.Cache < 1 {
		return pgerr.New(pgerr.InvalidParameterValue, "CACHE (%d) must be greater than zero", seq.Cache)
	}
	return s.sequenceOwner(seq, given["owned_by"])
}

// adoptType changes the type. Bounds that were the old type's own become the
// new one's; others were chosen, and stay.
func adoptType(seq *catalog.Sequence, t *types.Type, isNew bool) {
	oldLo, oldHi := sequenceBounds(seq.Type)
	lo, hi := sequenceBounds(t)
	seq.Type = t
	if isNew {
		return
	}
	if seq.Max == oldHi {
		seq.Max = hi
	}
	if seq.Min == oldLo {
		seq.Min = lo
	}
}

// sequenceRange settles MINVALUE, MAXVALUE and START.
func (s *statement) sequenceRange(seq *catalog.Sequence, given map[string]*pg.DefElem, isNew bool) error {
	lo, hi := sequenceBounds(seq.Type)
	ascending := seq.Increment > 0
	if d := given["maxvalue"]; isNew || d != nil && d.Arg == nil {
		seq.Max = hi
		if !ascending {
			seq.Max = -1
		}
	}
	if d := given["minvalue"]; isNew || d != nil && d.Arg == nil {
		seq.Min = 1
		if !ascending {
			seq.Min = lo
		}
	}
	if err := sequenceNumber(given["maxvalue"], &seq.Max); err != nil {
		return err
	}
	if err := sequenceNumber(given["minvalue"], &seq.Min); err != nil {
		return err
	}
	switch {
	case seq.Max > hi || seq.Max < lo:
		return pgerr.New(pgerr.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", seq.Max, seq.Type.SQLName)
	case seq.Min > hi || seq.Min < lo:
		return pgerr.New(pgerr.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", seq.Min, seq.Type.SQLName)
	case seq.Min >= seq.Max:
		return pgerr.New(pgerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", seq.Min, seq.Max)
	}
	if isNew {
		seq.Start = seq.Min
		if !ascending {
			seq.Start = seq.Max
		}
	}
	if err := sequenceNumber(given["start"], &seq.Start); err != nil {
		return err
	}
	switch {
	case seq.Start < seq.Min:
		return pgerr.New(pgerr.InvalidParameterValue, "START value (%d) cannot be less than MINVALUE (%d)", seq.Start, seq.Min)
	case seq.Start > seq.Max:
		return pgerr.New(pgerr.InvalidParameterValue, "START value (%d) cannot be greater than MAXVALUE (%d)", seq.Start, seq.Max)
	}
	return nil
}

// sequenceNumber reads a numeric option into *to, if it is given.
func sequenceNumber(d *pg.DefElem, to *int64) error {
	if d == nil || d.Arg == nil {
		return nil
	}
	v, err := strconv.ParseInt(optionText(d), 10, 64)
	if err != nil {
		return pgerr.New(pgerr.NumericValueOutOfRange, "value %q is out of range for type bigint", optionText(d))
	}
	*to = v
	return nil
}

// sequenceOwner is OWNED BY.
func (s *statement) sequenceOwner(seq *catalog.Sequence, d *pg.DefElem) error {
	if d == nil {
		return nil
	}
	names := d.Arg.GetList().GetItems()
	if len(names) == 1 && names[0].GetString_().GetSval() == "none" {
		seq.OwnedBy, seq.OwnedByColumn = 0, 0
		return nil
	}
	if len(names) < 2 {
		return pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
	}
	schema, table := dotted(names[:len(names)-1])
	t, err := s.table(&pg.RangeVar{Schemaname: schema, Relname: table})
	if err != nil {
		return err
	}
	column := names[len(names)-1].GetString_().GetSval()
	c := t.ColumnByName(column)
	switch {
	case c == nil:
		return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", column, table)
	case t.Schema != seq.Schema:
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	seq.OwnedBy, seq.OwnedByColumn = t.OID, c.ID
	return nil
}

// alterSequence is ALTER SEQUENCE.
func (s *statement) alterSequence(ctx context.Context, n *pg.AlterSeqStmt) error {
	r, err := s.relation(n.Sequence.Schemaname, n.Sequence.Relname)
	if err != nil {
		return err
	}
	old, ok := r.(*catalog.Sequence)
	if !ok {
		if r == nil && n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Sequence.Relname)
			return nil
		}
		if r == nil {
			return undefinedRelation(n.Sequence.Schemaname, n.Sequence.Relname)
		}
		return pgerr.New(pgerr.WrongObjectType, "%q is not a sequence", n.Sequence.Relname)
	}
	if err := s.mustOwnRelation(old); err != nil {
		return err
	}
	return s.changeSequence(ctx, old, n.Options)
}

// changeSequence applies the options of ALTER SEQUENCE.
func (s *statement) changeSequence(ctx context.Context, old *catalog.Sequence, options []*pg.Node) error {
	seq := *old
	var restart *pg.DefElem
	var rest []*pg.Node
	for _, o := range options {
		if d := o.GetDefElem(); d.Defname == "restart" {
			restart = d
		} else {
			rest = append(rest, o)
		}
	}
	if err := s.sequenceOptions(&seq, rest, false); err != nil {
		return err
	}
	s.Change.Put(&seq)
	if restart == nil {
		return nil
	}
	value := seq.Start
	if err := sequenceNumber(restart, &value); err != nil {
		return err
	}
	switch {
	case value < seq.Min:
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", value, seq.Min)
	case value > seq.Max:
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", value, seq.Max)
	}
	return s.restartSequence(ctx, &seq, value)
}

// restartSequence gives the sequence a fresh physical identity that begins at
// value: rolled back, the old one goes on as if nothing had happened.
func (s *statement) restartSequence(ctx context.Context, old *catalog.Sequence, value int64) error {
	seq := *old
	var err error
	if seq.Physical, err = s.Allocate.Physical(ctx); err != nil {
		return err
	}
	s.Change.Put(&seq)
	if value == seq.Start {
		return nil
	}
	return s.Rows.SetSequence(ctx, &seq, value, false)
}
