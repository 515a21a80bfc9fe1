package copyfmt

import (
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// null marks a NULL in the tables below.
const null = "<NULL>"

func readAll(t *testing.T, o Options, text string) ([][]string, error) {
	t.Helper()
	o.From = true
	if err := o.Finish(); err != nil {
		t.Fatal(err)
	}
	r := NewReader(iotest.OneByteReader(strings.NewReader(text)), o)
	var rows [][]string
	for {
		fields, err := r.Next()
		if err != nil || fields == nil {
			return rows, err
		}
		var row []string
		for _, f := range fields {
			if f.Null {
				row = append(row, null)
			} else {
				row = append(row, string(f.Text))
			}
		}
		rows = append(rows, row)
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		text string
		want [][]string
	}{
		{"text", Options{}, "1\ta\n2\t\\N\n", [][]string{{"1", "a"}, {"2", null}}},
		{"escapes", Options{}, `a\tb` + "\t" + `\x41\101\\n` + "\n", [][]string{{"a\tb", `AA\n`}}},
		{"escaped newline", Options{}, "a\\\nb\tc\n", [][]string{{"a\nb", "c"}}},
		{"no last line end", Options{}, "1\t2", [][]string{{"1", "2"}}},
		{"crlf", Options{}, "1\t2\r\n3\t4\r\n", [][]string{{"1", "2"}, {"3", "4"}}},
		{"end mark", Options{}, "1\t2\n\\.\n3\t4\n", [][]string{{"1", "2"}}},
		{"carriage returns", Options{}, "1\ta\r2\tb\r", [][]string{{"1", "a"}, {"2", "b"}}},
		{"end mark behind data", Options{}, "1\t2\\.\nrest\n", [][]string{{"1", "2"}}},
		{"csv end mark", Options{CSV: true}, "1,\\.\n\\.\nrest\n", [][]string{{"1", `\.`}}},
		{"csv line ends", Options{CSV: true}, "1,\"a\nb\"\r\n2,\"c\rd\"\r\n", [][]string{{"1", "a\nb"}, {"2", "c\rd"}}},
		{"empty fields", Options{}, "\t\n", [][]string{{"", ""}}},
		{"csv", Options{CSV: true}, "1,\"a,\"\"b\"\"\nc\",\n", [][]string{{"1", "a,\"b\"\nc", null}}},
		{"csv quoted empty", Options{CSV: true}, "\"\",x\n", [][]string{{"", "x"}}},
		{"csv escape", Options{CSV: true, Escape: `\`}, `"a\"b",2` + "\n", [][]string{{`a"b`, "2"}}},
		{"csv force not null", Options{CSV: true, ForceNotNull: map[int]bool{0: true}}, ",\n", [][]string{{"", null}}},
		{"delimiter", Options{Delimiter: "|", DelimiterGiven: true}, `a\|b|c` + "\n", [][]string{{"a|b", "c"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(t, c.o, c.text)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q: got %q, %v; want %q", c.text, got, err, c.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		o    Options
		text string
		code pgerr.Code
	}{
		{Options{CSV: true}, "\"abc\n", pgerr.BadCopyFileFormat},
		{Options{}, "a\xff\n", pgerr.CharacterNotInRepertoire},
		{Options{}, "a\nb\r\n", pgerr.BadCopyFileFormat},
		{Options{}, "a\r\nb\n", pgerr.BadCopyFileFormat},
		{Options{}, "a\rb\n", pgerr.BadCopyFileFormat},
		{Options{CSV: true}, "a\r\nb\rc\r\n", pgerr.BadCopyFileFormat},
		{Options{}, "a\n\\.b\n", pgerr.BadCopyFileFormat},
		{Options{}, "a\n\\.\r\n", pgerr.BadCopyFileFormat},
	} {
		if _, err := readAll(t, c.o, c.text); !pgerr.HasCode(err, c.code) {
			t.Errorf("%q: %v, want %s", c.text, err, c.code)
		}
	}
}

func TestWriteReadsBack(t *testing.T) {
	row := []Field{{Text: []byte("a\tb\\c\nd")}, {Null: true}, {Text: []byte(`x,"y"`)}, {Text: nil}}
	for _, o := range []Options{{}, {CSV: true}, {Delimiter: ";", DelimiterGiven: true, CSV: true}} {
		if err := o.Finish(); err != nil {
			t.Fatal(err)
		}
		line := NewWriter(o).Append(nil, row)
		got, err := NewReader(strings.NewReader(string(line)), o).Next()
		if err != nil || len(got) != len(row) {
			t.Fatalf("%q: %v, %v", line, got, err)
		}
		for i := range row {
			if got[i].Null != row[i].Null || string(got[i].Text) != string(row[i].Text) {
				t.Errorf("%q: field %d is %q", line, i, got[i].Text)
			}
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, o := range []Options{
		{Delimiter: "ab", DelimiterGiven: true}, {Delimiter: "\n", DelimiterGiven: true}, {Delimiter: "a", DelimiterGiven: true},
		{Quote: "'"}, {CSV: true, Quote: ","}, {CSV: true, Null: `"`, NullGiven: true}, {Null: "\n", NullGiven: true},
	} {
		if err := o.Finish(); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("1\ta\n", false)
	f.Add("1,\"a\n", true)
	f.Fuzz(func(t *testing.T, text string, csv bool) {
		o := Options{CSV: csv}
		o.From = true
		if err := o.Finish(); err != nil {
			t.Fatal(err)
		}
		r := NewReader(strings.NewReader(text), o)
		for {
			if fields, err := r.Next(); fields == nil || err != nil {
				return
			}
		}
	})
}
