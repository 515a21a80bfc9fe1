package exec

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

func byFirst(a, b Row) (int, error) { return cmp.Compare(a[0].Int(), b[0].Int()), nil }

// What PostgreSQL 15 answers to: SELECT string_agg(i::text, ' ' ORDER BY r)
// FROM (SELECT i, row_number() OVER (ORDER BY k) r FROM …) x.
func TestTiesComeAsInPostgres(t *testing.T) {
	for _, c := range []struct {
		n    int64
		key  func(i int64) int64
		want string
	}{
		{6, func(i int64) int64 { return 5 - i/2 }, "4 5 2 3 0 1"},
		{10, func(i int64) int64 { return i % 3 }, "0 3 6 9 4 1 7 5 8 2"},
		{50, func(i int64) int64 { return i * 7 % 4 }, "24 20 4 16 0 40 36 44 8 32 28 48 12 19 3 7 11 15 23 27 31 35 39 43 47 38 2 10 26 42 18 34 14 46 22 6 30 25 13 29 45 9 33 37 49 5 41 17 21 1"},
	} {
		var rows []Row
		for i := range c.n {
			rows = append(rows, Row{types.Int(c.key(i)), types.Int(i)})
		}
		if err := sortAsPostgres(rows, byFirst); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, line(row[1:]))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%d rows: %s, not %s", c.n, s, c.want)
		}
	}
}

func TestQuickSortSorts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		rows := make([]Row, n)
		for i := range rows {
			rows[i] = Row{types.Int(random.Int64N(int64(1 + n%40)))}
		}
		if err := sortAsPostgres(rows, byFirst); err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(rows, func(a, b Row) int { return cmp.Compare(a[0].Int(), b[0].Int()) }) {
			t.Fatalf("%d rows are not sorted", n)
		}
	}
}

func TestQuickSortEndsWithAnError(t *testing.T) {
	rows := stepped(500)
	left, want := 1000, errors.New("enough")
	err := sortAsPostgres(rows, func(a, b Row) (int, error) {
		if left--; left <= 0 {
			return 0, want
		}
		return byFirst(a, b)
	})
	if !errors.Is(err, want) || left != 0 {
		t.Errorf("%v, %d calls left", err, left)
	}
}
