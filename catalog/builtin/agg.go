package builtin

import (
	"maps"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// aggImpl is an aggregate's implementation; see expr.Aggregate for the fields.
type aggImpl struct {
	strict  bool
	ordered bool
	state   []*types.Type
	make    func(ctx *expr.Context) expr.Accumulator
	set     newSet // takes make's place in an ordered-set aggregate
	// bind replaces state and make for the call's actual types.
	bind func(args []*types.Type, result *types.Type) aggImpl
}

// aggImpls is keyed by signature, with pg_type's names: "sum(int4)".
type aggImpls map[string]aggImpl

func allAggregates() aggImpls {
	out := aggImpls{}
	for _, family := range []aggImpls{countAggs, sumAggs, avgAggs, minMaxAggs, logicAggs, varianceAggs, regressionAggs, collectAggs, rangeAggs, orderedSetAggs, hypotheticalAggs} {
		maps.Copy(out, family)
	}
	return out
}

// aggregate makes the Aggregate of a row of pg_proc.
func (t aggImpls) aggregate(p *Proc) *expr.Aggregate {
	a := &expr.Aggregate{OID: p.OID, Name: p.Name, Args: p.Args, Result: p.Result}
	m, ok := t[p.signature()]
	if !ok {
		return a
	}
	m.apply(a)
	if m.bind != nil {
		a.Bind = func(args []*types.Type, result *types.Type) *expr.Aggregate {
			bound := *a
			bound.Args, bound.Result = args, result
			m.bind(args, result).apply(&bound)
			return &bound
		}
	}
	return a
}

func (m aggImpl) apply(a *expr.Aggregate) {
	a.Strict, a.Ordered, a.State, a.New, a.Set = m.strict, m.ordered, m.state, m.make, m.set
}

// signature is name(typname,typname).
func (p *Proc) signature() string {
	s := p.Name + "("
	for i, t := range p.Args {
		if i > 0 {
			s += ","
		}
		s += t.Name
	}
	return s + ")"
}

// accumulator gives what aggregates share: those that cannot work in parts
// leave Merge and Partial to it, which nobody calls then.
type accumulator struct{}

func (accumulator) Merge([]types.Datum) error       { return errNoPartial() }
func (accumulator) Partial() ([]types.Datum, error) { return nil, errNoPartial() }

// countAggs count rows.
var countAggs = aggImpls{
	"count()":                   {state: int8State, make: newCount},
	"count(any)":                {strict: true, state: int8State, make: newCount},
	"regr_count(float8,float8)": {strict: true, state: int8State, make: newCount},
}

var int8State = []*types.Type{types.TInt8}

type countState struct{ n int64 }

func newCount(*expr.Context) expr.Accumulator { return &countState{} }

func (s *countState) Add([]types.Datum) error { s.n++; return nil }

func (s *countState) Merge(state []types.Datum) error { s.n += state[0].Int(); return nil }

func (s *countState) Partial() ([]types.Datum, error) { return []types.Datum{types.Int(s.n)}, nil }

func (s *countState) Result() (types.Datum, error) { return types.Int(s.n), nil }
