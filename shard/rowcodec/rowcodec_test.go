package rowcodec

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// numeric52 is the typmod of numeric(5,2).
const numeric52 = (5<<16 | 2) + 4

var columns = []Column{{types.TInt4, -1}, {types.TText, -1}, {types.TFloat8, -1}, {types.TNumeric, -1},
	{types.TNumeric, numeric52}, {types.TBool, -1}, {types.TBytea, -1}, {types.TVarchar, -1}, {types.TInt8, -1}}

// texts are the text forms of one row of columns each; "" is NULL.
var texts = [][]string{
	{"1", "a", "1.5", "1.00", "1.00", "t", `\x00ff`, "one day", "1577934245678000"},
	{"-2147483648", "Zürich", "NaN", "NaN", "NaN", "f", `\x`, "-1 mon", "9223372036854775807"},
	{"", "", "", "", "", "", "", "", ""},
	{"70000", " ", "-0", "-0.000", "-999.99", "t", `\x01`, "30 days", "-9223372036854775808"},
}

func parse(t testing.TB, c Column, text string) types.Datum {
	t.Helper()
	if text == "" {
		return types.Null
	}
	d, err := c.Type.Parse(types.DefaultEnv(), text, c.Typmod)
	if err != nil {
		t.Fatalf("%s %q: %v", c.Type.Name, text, err)
	}
	return d
}

func rowOf(t testing.TB, texts []string) []types.Datum {
	t.Helper()
	row := make([]types.Datum, len(texts))
	for i, s := range texts {
		row[i] = parse(t, columns[i], s)
	}
	return row
}

func same(c Column, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	env := types.DefaultEnv()
	return string(c.Type.Format(env, nil, a)) == string(c.Type.Format(env, nil, b))
}

func TestDecodeGivesBackWhatAppendPacked(t *testing.T) {
	for _, row := range texts {
		want := rowOf(t, row)
		packed := Append(nil, columns, want)
		got := make([]types.Datum, len(columns))
		if err := Decode(got, packed, columns); err != nil {
			t.Fatal(err)
		}
		for i, c := range columns {
			if !same(c, got[i], want[i]) {
				t.Errorf("%s %q came back otherwise", c.Type.Name, row[i])
			}
		}
		if rest, ok := Skip(packed, len(columns)); len(rest) != 0 || !ok {
			t.Errorf("%d bytes behind the last column", len(rest))
		}
		for _, wanted := range [][]int{nil, {0}, {8}, {1, 3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8}} {
			some := make([]types.Datum, len(wanted))
			if err := DecodeSome(some, packed, columns, wanted); err != nil {
				t.Fatal(err)
			}
			for i, pos := range wanted {
				if !same(columns[pos], some[i], want[pos]) {
					t.Errorf("column %d of %v differs", pos, wanted)
				}
			}
		}
	}
}

func TestMalformedRowsAreRefused(t *testing.T) {
	packed := Append(nil, columns, rowOf(t, texts[0]))
	dst := make([]types.Datum, len(columns))
	for n := range packed {
		if err := Decode(dst, packed[:n], columns); !pgerr.HasCode(err, pgerr.DataCorrupted) {
			t.Fatalf("%d of %d bytes: %v", n, len(packed), err)
		}
		if err := DecodeSome(dst, packed[:n], columns, []int{8}); !pgerr.HasCode(err, pgerr.DataCorrupted) {
			t.Fatalf("some of %d bytes: %v", n, err)
		}
	}
	if err := Decode(dst, append(packed, types.TagNull), columns); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("a column too many: %v", err)
	}
	if err := Decode(dst, []byte{types.TagText, 0, 0, 0, 0}, columns[:1]); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("a text for an integer: %v", err)
	}
}

func TestBatch(t *testing.T) {
	var b shard.Batch
	var want []byte
	for _, text := range texts {
		row := rowOf(t, text)
		AddRow(&b, columns, row)
		packed := Append(nil, columns, row)
		want = append(binary.LittleEndian.AppendUint32(want, uint32(len(packed))), packed...)
	}
	if b.Count != len(texts) || !bytes.Equal(b.Data, want) {
		t.Errorf("%d rows: %x, want %x", b.Count, b.Data, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, row := range texts {
		f.Add(Append(nil, columns, rowOf(f, row)))
	}
	f.Add(types.TextValue("é").AppendPacked(types.RealValue(math.Inf(1)).AppendPacked(nil)))
	f.Fuzz(func(t *testing.T, row []byte) {
		dst := make([]types.Datum, len(columns))
		err := Decode(dst, row, columns)
		if err == nil {
			again := make([]types.Datum, len(columns))
			if err := Decode(again, Append(nil, columns, dst), columns); err != nil {
				t.Fatalf("a decoded row does not decode again: %v", err)
			}
			for i, c := range columns {
				if c.Type.Compare(dst[i], again[i]) != 0 {
					t.Fatalf("column %d changed", i)
				}
			}
		}
		_ = DecodeSome(dst, row, columns, []int{2, 5})
		if rest, ok := Skip(row, len(columns)); err == nil && (!ok || len(rest) != 0) {
			t.Fatal("Decode and Skip disagree")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	packed := Append(nil, columns[:3], rowOf(b, texts[0])[:3])
	dst := make([]types.Datum, 3)
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(dst, packed, columns[:3]); err != nil {
			b.Fatal(err)
		}
	}
}
