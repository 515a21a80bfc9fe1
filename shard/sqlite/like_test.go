package sqlite

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The outcomes of likeReference.
const (
	likeNo = iota
	likeYes
	likeAbort // the text ran out: no later start can match either
	likeError
)

// likeReference is LIKE by plain recursion over characters, with PostgreSQL's
// rule of when a trailing escape is noticed.
func likeReference(t, p string) int {
	for t != "" && p != "" {
		switch p[0] {
		case '%':
			return likePercent(t, p)
		case '_':
			_, n := utf8.DecodeRuneInString(t)
			t, p = t[n:], p[1:]
			continue
		case '\\':
			if p = p[1:]; p == "" {
				return likeError
			}
		}
		if t[0] != p[0] {
			return likeNo
		}
		t, p = t[1:], p[1:]
	}
	if t != "" {
		return likeNo
	}
	if strings.Trim(p, "%") == "" {
		return likeYes
	}
	return likeAbort
}

func likePercent(t, p string) int {
	for p != "" && (p[0] == '%' || p[0] == '_') {
		if p[0] == '_' {
			if t == "" {
				return likeAbort
			}
			_, n := utf8.DecodeRuneInString(t)
			t = t[n:]
		}
		p = p[1:]
	}
	switch p {
	case "":
		return likeYes
	case "\\":
		return likeError
	}
	first := p[0]
	if first == '\\' {
		first = p[1]
	}
	for t != "" {
		if t[0] == first {
			if r := likeReference(t, p); r != likeNo {
				return r
			}
		}
		_, n := utf8.DecodeRuneInString(t)
		t = t[n:]
	}
	return likeAbort
}

func TestLikeAgainstReference(t *testing.T) {
	db := openMemory(t)
	c := reader(t, db)
	defer c.Release()
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(alphabet []string, n int) string {
		var b strings.Builder
		for range rng.IntN(n) {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	letters := []string{"a", "b", "A", "é", "É", "日", "%", "\\"}
	wild := append([]string{"%", "%", "_", "_", "\\"}, letters...)
	seen := map[int]int{}
	for range 20000 {
		text, pattern := random(letters, 9), random(wild, 8)
		for sql, want := range map[string]int{
			"SELECT pg_like(?1, ?2)":  likeReference(text, pattern),
			"SELECT pg_ilike(?1, ?2)": likeReference(strings.ToLower(text), strings.ToLower(pattern)),
		} {
			seen[want]++
			got, err := tryQuery(t, c, sql, text, pattern)
			if want == likeError != pgerr.HasCode(err, pgerr.InvalidEscapeSequence) || err == nil && (got == "1") != (want == likeYes) {
				t.Fatalf("%s of %q, %q: got %s, %v; want %d", sql, text, pattern, got, err, want)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("outcomes seen: %v", seen)
	}
}
