// Package fixedseed lets tests that draw their inputs draw the same ones at
// every run, as what decides whether a change lands must.
package fixedseed

import (
	"flag"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// seed is where the inputs begin unless -rapid.seed says otherwise (0: somewhere).
const seed = "1"

var setSeed = sync.OnceValue(func() error {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.seed" })
	if given {
		return nil
	}
	return flag.Set("rapid.seed", seed)
})

// Check is rapid.Check with the same inputs at every run.
func Check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if err := setSeed(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, property)
}
