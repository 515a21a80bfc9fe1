package exec

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// keyed is a table (id, a, b) with a foreign key over (a, b), and another that
// refers to its id.
func keyed(full bool) *plan.Relation {
	column := func(name string) shard.Column { return shard.Column{Name: name, Type: types.TNumeric, Typmod: -1} }
	return &plan.Relation{
		Table:      &shard.Table{Columns: []shard.Column{column("id"), column("a"), column("b")}},
		Refers:     []plan.KeyReference{{Constraint: 8, Columns: []int{1, 2}, Full: full}},
		Referenced: []plan.KeyReference{{Constraint: 9, Columns: []int{0}}, {Constraint: 7, Columns: []int{0}}},
	}
}

func numerics(t *testing.T, texts ...string) Row {
	t.Helper()
	row := make(Row, len(texts))
	for i, text := range texts {
		if text == "" {
			continue
		}
		d, err := types.TNumeric.Parse(types.DefaultEnv(), text, -1)
		if err != nil {
			t.Fatal(err)
		}
		row[i] = d
	}
	return row
}

// noted are the lists with their keys.
func noted(t *testing.T, c *KeyChanges) (out []string) {
	t.Helper()
	for _, l := range c.Lists() {
		line := fmt.Sprintf("%d referred=%v pairs=%v:", l.Constraint, l.Referred, l.Pairs)
		err := l.Each(2, func(keys []Row) error {
			for _, key := range keys {
				line += " "
				for i, d := range key {
					if i > 0 {
						line += ","
					}
					line += string(types.TNumeric.Format(types.DefaultEnv(), nil, d))
				}
			}
			line += ";"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	return out
}

// TestKeyChanges: which keys are looked at, each once and in order; lists are in
// the order of PostgreSQL's triggers.
func TestKeyChanges(t *testing.T) {
	rel := keyed(false)
	c := NewKeyChanges(testRun(t, 0).env)
	if !c.Empty() || !(*KeyChanges)(nil).Empty() {
		t.Error("not empty from the start")
	}
	ctx := t.Context()
	row := func(texts ...string) Row { return numerics(t, texts...) }
	steps := []error{
		c.came(ctx, rel, []Row{row("1", "1", "2"), nil, row("2", "1.0", "2"), row("3", "", "5"), row("4", "", ""), row("5", "3", "4")}),
		c.changed(ctx, rel, []Row{row("6", "1", "1"), row("6", "1", "1")}, []Row{row("6", "1.0", "1"), row("6", "9", "9")}), // equal: not looked for; another
		c.changed(ctx, rel, []Row{row("7", "1", "1"), row("8", "1", "1")}, []Row{nil, nil}),
		c.changed(ctx, rel, []Row{row("10", "1", "1"), row("11", "1", "1")}, []Row{row("12", "1", "1"), row("11.0", "1", "1")}),
	}
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"7 referred=true pairs=false: 7 8;", "7 referred=true pairs=true: 10,12 11,11.0;",
		"9 referred=true pairs=false: 7 8;", "9 referred=true pairs=true: 10,12 11,11.0;",
		"8 referred=false pairs=false: 1,2 3,4; 9,9;",
	}
	if got := noted(t, c); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	later := NewKeyChanges(testRun(t, 0).env)
	later.Serve(ctx)
	for _, l := range c.Lists() {
		if !l.Referred {
			if err := later.Take(l); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Close(); err != nil || !c.Empty() {
		t.Error("closing leaves something", err)
	}
	if got := noted(t, later); !slices.Equal(got, want[4:]) {
		t.Errorf("kept: %q, want %q", got, want[4:])
	}
	if err := later.Drop(later.Lists()[0]); err != nil || !later.Empty() {
		t.Error("a list that is dropped stays", err)
	}
}

// TestKeyChangesOfMatchFull: keys with some NULLs are looked at, those with nothing else are not.
func TestKeyChangesOfMatchFull(t *testing.T) {
	c := NewKeyChanges(testRun(t, 0).env)
	defer c.Close()
	if err := c.came(t.Context(), keyed(true), []Row{numerics(t, "1", "", "2"), numerics(t, "1", "", ""), numerics(t, "1", "2", "")}); err != nil {
		t.Fatal(err)
	}
	if lists := c.Lists(); len(lists) != 1 || lists[0].rows.count != 2 {
		t.Errorf("%d lists", len(lists))
	}
}

// TestKeyChangesSpill: many keys lie in files, which go.
func TestKeyChangesSpill(t *testing.T) {
	rel := keyed(false)
	c := NewKeyChanges(testRun(t, memoryBytes).env)
	for range 2 {
		for i := range memoryRows {
			if err := c.came(t.Context(), rel, []Row{numerics(t, "1", fmt.Sprint(i), fmt.Sprint(i))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := 0
	err := c.Lists()[0].Each(100, func(keys []Row) error {
		for _, key := range keys {
			if got := string(types.TNumeric.Format(types.DefaultEnv(), nil, key[0])); got != fmt.Sprint(next) {
				t.Fatalf("key %s, want %d", got, next)
			}
			next++
		}
		return nil
	})
	if err != nil || next != memoryRows {
		t.Errorf("%d keys, %v", next, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	bounded(t, c.run)
}
