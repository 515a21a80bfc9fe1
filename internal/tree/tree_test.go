package tree

import (
	"errors"
	"slices"
	"testing"
)

func TestMapper(t *testing.T) {
	double := func(n int) (int, error) {
		if n < 0 {
			return 0, errors.New("negative")
		}
		return n % 3 * 2, nil
	}
	in := []int{0, 3, 4}
	m := NewMapper(double)
	out := m.List(in)
	if !slices.Equal(out, []int{0, 0, 2}) || !slices.Equal(in, []int{0, 3, 4}) {
		t.Errorf("%v of %v", out, in)
	}
	if got, err := Result(m, "old", "new"); got != "new" || err != nil {
		t.Errorf("%s %v", got, err)
	}
	same := NewMapper(func(n int) (int, error) { return n, nil })
	if out := same.List(in); &out[0] != &in[0] {
		t.Error("a list that does not change is copied")
	}
	if got, _ := Result(same, "old", "new"); got != "old" {
		t.Error("a node whose parts do not change is rebuilt")
	}
	if m.One(-1) != -1 || m.One(4) != 4 {
		t.Error("parts are mapped after an error")
	}
	if got, err := Result(m, "old", "new"); got != "" || err == nil {
		t.Errorf("%s %v", got, err)
	}
}
