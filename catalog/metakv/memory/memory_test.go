package memory_test

import (
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/metakvtest"
)

func TestConformance(t *testing.T) {
	s := memory.New()
	metakvtest.Run(t, s, func() { s.Advance(2 * time.Second) })
}
