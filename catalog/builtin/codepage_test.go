package builtin

import (
	"crypto/md5"
	encodinghex "encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// TestCodePages compares all characters of all encodings, both ways, with what
// PostgreSQL has (testdata/codepages.sh), by digests.
func TestCodePages(t *testing.T) {
	b, err := os.ReadFile("testdata/codepages.answers")
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		n, ok := findEncoding(f[0])
		if !ok {
			t.Fatal("no encoding", f[0])
		}
		answered[f[0]] = true
		if got := digestOf(decodedBy(n)); got != f[1] {
			t.Errorf("%s: what its bytes mean differs", f[0])
		}
		if got := digestOf(codedBy(n)); got != f[2] {
			t.Errorf("%s: what Unicode becomes differs", f[0])
		}
	}
	for _, e := range encodings {
		if e.table != nil && !answered[e.name] {
			t.Errorf("%s is not compared", e.name)
		}
	}
}

func digestOf(lines []string) string {
	sum := md5.Sum([]byte(strings.Join(lines, "\n")))
	return encodinghex.EncodeToString(sum[:])
}

// decodedBy are the characters of one or two bytes: bytes and code point.
func decodedBy(n int) (out []string) {
	try := func(b ...byte) {
		s, err := recode(&expr.Context{}, b, n, encodingUTF8)
		if r, size := utf8.DecodeRune(s); err == nil && size == len(s) {
			out = append(out, encodinghex.EncodeToString(b)+":"+strconv.Itoa(int(r)))
		}
	}
	for i := 0x80; i <= 0xff; i++ {
		if encodings[n].maxBytes == 1 {
			try(byte(i))
			continue
		}
		for j := 0x30; j <= 0xff; j++ {
			try(byte(i), byte(j))
		}
	}
	return out
}

// codedBy are the characters of Unicode's first plane: code point and bytes.
func codedBy(n int) (out []string) {
	for r := rune(0x80); r <= 0xffff; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		if b, err := recode(&expr.Context{}, []byte(string(r)), encodingUTF8, n); err == nil {
			out = append(out, strconv.Itoa(int(r))+":"+encodinghex.EncodeToString(b))
		}
	}
	return out
}
