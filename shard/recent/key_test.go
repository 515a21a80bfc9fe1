package recent_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

func anyValue(t *rapid.T, name string) types.Value {
	switch rapid.IntRange(0, 4).Draw(t, name) {
	case 0:
		return types.NullValue
	case 1:
		return types.IntValue(rapid.Int64().Draw(t, name))
	case 2:
		return types.RealValue(rapid.Float64().Draw(t, name))
	case 3:
		return types.TextValue(rapid.StringMatching("[\x00\x01ab]{0,3}").Draw(t, name))
	}
	return types.BlobValue(rapid.SliceOfN(rapid.ByteRange(0, 2), 0, 3).Draw(t, name))
}

// compare is SQLite's order (sqlite.org/datatype3.html, 4.1) of values of one kind.
func compare(a, b types.Value) int {
	if a.Tag != b.Tag {
		return int(a.Tag) - int(b.Tag)
	}
	switch a.Tag {
	case types.TagInt64:
		return cmp(a.Int() < b.Int(), a.Int() > b.Int())
	case types.TagReal:
		return cmp(a.Real() < b.Real(), a.Real() > b.Real())
	case types.TagNull:
		return 0
	}
	return bytes.Compare(a.Bytes(), b.Bytes())
}

func cmp(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func TestKeysSortAsValues(t *testing.T) {
	fixedseed.Check(t, func(t *rapid.T) {
		a1, a2 := anyValue(t, "a1"), anyValue(t, "a2")
		b1, b2 := anyValue(t, "b1"), anyValue(t, "b2")
		ka := string(recent.AppendKey(recent.AppendKey(nil, a1), a2))
		kb := string(recent.AppendKey(recent.AppendKey(nil, b1), b2))
		want := compare(a1, b1)
		if want == 0 {
			want = compare(a2, b2)
		}
		if got := strings.Compare(ka, kb); cmp(got < 0, got > 0) != cmp(want < 0, want > 0) {
			t.Fatalf("order %d, want %d", got, want)
		}
		if p := string(recent.AppendKey(nil, a1)); !recent.Prefix(p).Contains(ka) || recent.Prefix(p).Contains(kb) != (compare(a1, b1) == 0) {
			t.Fatal("prefix")
		}
		if recent.HasNull(ka) != (a1.Tag == types.TagNull || a2.Tag == types.TagNull) {
			t.Fatal("null")
		}
		if got := recent.PackKey(nil, ka); string(recent.AppendKey(nil, mustValue(t, got))) != string(recent.AppendKey(nil, a1)) {
			t.Fatal("decoding")
		}
	})
}

func mustValue(t *rapid.T, packed []byte) types.Value {
	v, _, ok := types.NextPacked(packed)
	if !ok {
		t.Fatal("malformed")
	}
	return v
}

func FuzzDecodeKey(f *testing.F) {
	f.Add("")
	f.Add(string(recent.AppendKey(nil, types.TextValue("a\x00b"))))
	f.Fuzz(func(t *testing.T, key string) {
		for {
			_, rest, ok := recent.DecodeKey(key)
			if !ok {
				return
			}
			if len(rest) >= len(key) {
				t.Fatal("no progress")
			}
			key = rest
		}
	})
}
