package types

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TestJSONBVersion: XX000, as PostgreSQL has it, is no broken assumption of ours.
func TestJSONBVersion(t *testing.T) {
	_, err := TJSONB.Decode(DefaultEnv(), []byte("\x02{}"), -1)
	e := pgerr.From(err)
	if e == nil || e.Code != pgerr.InternalError || e.Message != "unsupported jsonb version number 2" || e.IsBroken() {
		t.Errorf("%#v", e)
	}
	if e := pgerr.Internal("an assumption"); !e.IsBroken() {
		t.Error("a broken assumption is not one")
	}
}
