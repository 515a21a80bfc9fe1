package rowcodec

import (
	"bytes"
	"fmt"
	"math"
	"slices"
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
		if n, ok := Count(packed); n != len(columns) || !ok {
			t.Errorf("%d columns", n)
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
	if _, err := AppendKey(nil, packed[:1], columns, []int{0}); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("key of half a row: %v", err)
	}
	if _, err := AppendKey(nil, packed, columns, []int{3, 9}); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("key column beyond the row: %v", err)
	}
}

func TestEqualValuesHaveEqualKeys(t *testing.T) {
	// Each line: values that PostgreSQL holds equal, in the column's text form.
	for _, c := range []struct {
		pos   int
		equal []string
	}{{2, []string{"0", "-0"}}, {2, []string{"1.5"}}, {2, []string{"NaN"}}, {3, []string{"1", "1.0", "1.000"}}, {3, []string{"0", "0.00", "-0"}},
		{3, []string{"1e20", "100000000000000000000.0"}}, {3, []string{"NaN"}}, {4, []string{"1", "1.00"}}, {1, []string{""}}} {
		var first []byte
		for i, text := range c.equal {
			row := rowOf(t, texts[0])
			row[c.pos] = parse(t, columns[c.pos], text)
			key, err := AppendKey(nil, Append(nil, columns, row), columns, []int{c.pos})
			if err != nil {
				t.Fatal(err)
			}
			if of := AppendKeyOf(nil, row, columns, []int{c.pos}); !bytes.Equal(of, key) {
				t.Errorf("%s %q: the datum's key differs from the row's", columns[c.pos].Type.Name, text)
			}
			if i == 0 {
				first = key
			}
			if !bytes.Equal(key, first) {
				t.Errorf("%s: keys of %q and %q differ", columns[c.pos].Type.Name, c.equal[0], text)
			}
		}
	}
}

func TestKeyColumnsInAnyOrder(t *testing.T) {
	row := rowOf(t, texts[0])
	packed := Append(nil, columns, row)
	for _, key := range [][]int{{0}, {1, 0}, {8, 3, 3, 0}, {2, 7}} {
		got, err := AppendKey(nil, packed, columns, key)
		if want := AppendKeyOf(nil, row, columns, key); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x (%v)", key, got, want, err)
		}
	}
}

func packed(values ...types.Value) []byte {
	var b []byte
	for _, v := range values {
		b = v.AppendPacked(b)
	}
	return b
}

// ladder is in SQLite's order; keys on one line are equal.
var ladder = [][][]byte{
	{packed()},
	{packed(types.NullValue)},
	{packed(types.NullValue, types.IntValue(1))},
	{packed(types.RealValue(math.Inf(-1)))},
	{packed(types.RealValue(-1e300))},
	{packed(types.IntValue(math.MinInt64)), packed(types.RealValue(math.MinInt64))},
	{packed(types.IntValue(-300))},
	{packed(types.RealValue(-1.5))},
	{packed(types.IntValue(-1)), packed(types.RealValue(-1))},
	{packed(types.IntValue(0)), packed(types.RealValue(0)), packed(types.RealValue(math.Copysign(0, -1)))},
	{packed(types.IntValue(0), types.TextValue(""))},
	{packed(types.IntValue(1))},
	{packed(types.RealValue(1.5))},
	{packed(types.IntValue(2))},
	{packed(types.IntValue(255))},
	{packed(types.RealValue(1 << 53)), packed(types.IntValue(1 << 53))},
	{packed(types.IntValue(1<<53 + 1))},
	{packed(types.IntValue(math.MaxInt64))},
	{packed(types.RealValue(1 << 63))},
	{packed(types.RealValue(math.Inf(1)))},
	{packed(types.TextValue(""))},
	{packed(types.TextValue("A"))},
	{packed(types.TextValue("NaN"))},
	{packed(types.TextValue("a"))},
	{packed(types.TextValue("aa"))},
	{packed(types.TextValue("é"))},
	{packed(types.BlobValue([]byte{}))},
	{packed(types.BlobValue([]byte{0}))},
	{packed(types.BlobValue([]byte{0, 0}))},
	{packed(types.BlobValue([]byte{1}))},
}

func TestCompareKeys(t *testing.T) {
	for i, as := range ladder {
		for j, bs := range ladder {
			for _, a := range as {
				for _, b := range bs {
					if got := CompareKeys(a, b); got != sign(i-j) {
						t.Errorf("%x against %x: %d, want %d", a, b, got, sign(i-j))
					}
				}
			}
		}
	}
}

func sign(i int) int { return max(-1, min(1, i)) }

func TestBatch(t *testing.T) {
	var b shard.Batch
	var want []string
	for i := range 10 {
		row := rowOf(t, texts[i%len(texts)])
		AddRow(&b, columns, row)
		want = append(want, string(Append(nil, columns, row)))
		Add(&b, []byte(fmt.Sprint(i)))
		want = append(want, fmt.Sprint(i))
	}
	Add(&b, nil)
	want = append(want, "")
	if err := Check(&b); err != nil || b.Count != len(want) {
		t.Fatal(err, b.Count)
	}
	var got []string
	for row := range All(&b) {
		got = append(got, string(row))
	}
	if !slices.Equal(got, want) {
		t.Error("rows differ")
	}
	for range All(&b) {
		break
	}
	for n := 1; n < len(b.Data); n++ {
		if err := Check(&shard.Batch{Data: b.Data[:n], Count: b.Count}); !pgerr.HasCode(err, pgerr.ProtocolViolation) {
			t.Fatalf("%d of %d bytes: %v", n, len(b.Data), err)
		}
	}
	Reset(&b)
	if b.Count != 0 || len(b.Data) != 0 || Check(&b) != nil {
		t.Error("Reset left rows")
	}
}

func FuzzDecode(f *testing.F) {
	for _, row := range texts {
		f.Add(Append(nil, columns, rowOf(f, row)))
	}
	for _, step := range ladder {
		f.Add(step[0])
	}
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
		_, _ = AppendKey(nil, row, columns, []int{7, 3, 0})
		_ = DecodeSome(dst, row, columns, []int{2, 5})
		n, ok := Count(row)
		if _, fits := Skip(row, n); ok && !fits {
			t.Fatal("Count and Skip disagree")
		}
		if c := CompareKeys(row, row); c != 0 {
			t.Fatalf("a key compares %d with itself", c)
		}
		if other := ladder[len(row)%len(ladder)][0]; CompareKeys(row, other) != -CompareKeys(other, row) {
			t.Fatal("order is not antisymmetric")
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
