package builtin

import "testing"

// Every window function of pg_proc can be computed: resolving a call asks no more.
func TestWindowFunctionsAreThere(t *testing.T) {
	n := 0
	for _, p := range Default().Procs() {
		if p.Kind != 'w' {
			continue
		}
		if n++; p.Window == nil || p.Window.New == nil {
			t.Errorf("%s has no implementation", p.Name)
		}
	}
	if n != 15 {
		t.Errorf("%d window functions, PostgreSQL 15 has 15", n)
	}
}
