package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The aggregates that a moving window frame takes rows back from: those that
// are exact, as PostgreSQL's with an inverse transition function.
var (
	_ expr.Remover = (*countState)(nil)
	_ expr.Remover = (*boolState)(nil)
	_ expr.Remover = (*foldState)(nil)
	_ expr.Remover = (*intSum)(nil)
	_ expr.Remover = (*wideSum)(nil)
	_ expr.Remover = (*intAvg)(nil)
	_ expr.Remover = (*numericSum)(nil)
	_ expr.Remover = (*numericAvg)(nil)
	_ expr.Remover = (*intervalSum)(nil)
	_ expr.Remover = (*intervalAvg)(nil)
	_ expr.Remover = (*moments)(nil)
)

// placeCount knows how many of the added numbers have the most places, which a
// sum has too: the last of them cannot be taken back, nor the last number at
// all, and no NaN or infinity.
type placeCount struct {
	most int32
	n    int64
	all  int64
}

func (p *placeCount) add(v *apd.Decimal) {
	p.all++
	switch places := -v.Exponent; {
	case v.Form != apd.Finite || places < p.most:
	case places == p.most:
		p.n++
	default:
		p.most, p.n = places, 1
	}
}

func (p *placeCount) remove(v *apd.Decimal) bool {
	p.all--
	if v.Form != apd.Finite || p.all == 0 {
		return false
	}
	if -v.Exponent == p.most {
		p.n--
	}
	return p.n > 0 || p.most == 0
}

func (s *countState) Remove([]types.Datum) (bool, error) {
	s.n--
	return true, nil
}

func (s *boolState) Remove(a []types.Datum) (bool, error) {
	s.n--
	if a[0].Bool() {
		s.trues--
	}
	return true, nil
}

func (s *foldState) Remove(a []types.Datum) (bool, error) {
	s.n--
	if s.back == nil || s.n == 0 {
		return false, nil
	}
	var err error
	s.value, err = s.back(s.value, a[0])
	return true, err
}

func (s *intSum) Remove(a []types.Datum) (bool, error) {
	s.sum -= a[0].Int() // what is left is a sum of as few
	s.n--
	return true, nil
}

// removeInt takes an addend back.
func (s *exactSum) removeInt(v int64) error {
	if rest := s.low - v; (rest < s.low) == (v > 0) {
		s.low = rest
		return nil
	}
	var err error
	s.high, err = types.NumericSub(s.total(), types.NumericFromInt(v))
	s.low = 0
	return err
}

func (s *wideSum) Remove(a []types.Datum) (bool, error) {
	s.n--
	return true, s.sum.removeInt(a[0].Int())
}

func (s *intAvg) Remove(a []types.Datum) (bool, error) {
	s.n--
	return true, s.sum.removeInt(a[0].Int())
}

func (s *numericSum) Remove(a []types.Datum) (ok bool, err error) {
	if ok = s.places.remove(a[0].Decimal()); ok {
		s.sum, err = types.NumericSub(s.sum, a[0].Decimal())
	}
	return ok, err
}

func (s *numericAvg) Remove(a []types.Datum) (bool, error) {
	s.n--
	return s.sum.Remove(a)
}

func (s *intervalSum) Remove(a []types.Datum) (ok bool, err error) {
	s.n--
	sum, err := types.IntervalSub(s.sum, a[0].Interval())
	s.sum = sum
	return err == nil, nil
}

func (s *intervalAvg) Remove(a []types.Datum) (bool, error) {
	s.n--
	return s.sum.Remove(a)
}

func (m *moments) Remove(a []types.Datum) (bool, error) {
	v := m.value(a[0])
	if !m.places.remove(v) {
		return false, nil
	}
	m.n--
	m.sum, m.squares = types.WideSub(m.sum, v), types.WideSub(m.squares, types.WideMul(v, v))
	return true, nil
}
