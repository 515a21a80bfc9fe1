package textsearch

import (
	"errors"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// errStop is what ends work.
var errStop = errors.New("stop")

func stopAfter(bytes int) Work {
	return func(n int) error {
		if bytes -= n; bytes < 0 {
			return errStop
		}
		return nil
	}
}

func TestLongWorkCanBeEnded(t *testing.T) {
	text := strings.Repeat("cat_dog a ", 100_000)
	v, err := SimpleConfig.ToVector(strings.Repeat("cat dog ", 4000), nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ParseQuery("cat & dog & nothing", nil)
	if err != nil {
		t.Fatal(err)
	}
	ranking, err := NewRanking(DefaultWeights, 0)
	if err != nil {
		t.Fatal(err)
	}
	many, dog := manyOperands(t, 1000), manyOperands(t, 1)
	for name, f := range map[string]func(Work) error{
		"tsvectorin":           func(w Work) error { _, err := ParseVector(text, w); return err },
		"tsqueryin":            func(w Work) error { _, err := ParseQuery(strings.Repeat("a & ", 100_000)+"a", w); return err },
		"to_tsvector":          func(w Work) error { _, err := SimpleConfig.ToVector(text, w); return err },
		"plainto_tsquery":      func(w Work) error { _, err := SimpleConfig.PlainQuery(text, w); return err },
		"websearch_to_tsquery": func(w Work) error { _, err := SimpleConfig.WebQuery(text, w); return err },
		"ts_headline":          func(w Work) error { _, err := SimpleConfig.Headline(text, q, DefaultHeadline(), w); return err },
		"ts_rank_cd":           func(w Work) error { _, err := ranking.RankCover(v, q, w); return err },
		"ts_rewrite":           func(w Work) error { _, err := many.Rewrite(dog, q, w); return err },
	} {
		if err := f(stopAfter(10_000)); !errors.Is(err, errStop) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		make func() error
		code pgerr.Code
	}{
		"a word of 2047 bytes": {func() error { _, err := ParseVector(strings.Repeat("x", 2047), nil); return err }, pgerr.ProgramLimitExceeded},
		"a word of 2046 bytes": {func() error { _, err := ParseVector(strings.Repeat("x", 2046), nil); return err }, ""},
		"parentheses": {func() error {
			_, err := ParseQuery(strings.Repeat("(", maxParens+2)+"a", nil)
			return err
		}, pgerr.StatementTooComplex},
		"a tree": {func() error { _, err := ParseQuery(strings.Repeat("a&", maxDepth+1)+"a", nil); return err }, pgerr.StatementTooComplex},
		"a token's parts": {func() error {
			_, err := SimpleConfig.ToVector(strings.Repeat("a_", maxAttempts+1), nil)
			return err
		}, pgerr.ProgramLimitExceeded},
		"a deep tree": {func() error {
			q, err := ParseQuery(strings.Repeat("a&", maxDepth-1)+"a", nil)
			if err == nil && q.Nodes() != 2*maxDepth-1 {
				t.Error(q.Nodes())
			}
			return err
		}, ""},
	} {
		err := c.make()
		if c.code == "" && err != nil || c.code != "" && !pgerr.HasCode(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPositionsHaveBounds holds what of a document is kept: 255 positions of a
// lexeme, none told apart from 16383 on, and nothing that takes more than a megabyte.
func TestPositionsHaveBounds(t *testing.T) {
	v, err := SimpleConfig.ToVector(strings.Repeat("a ", 300)+strings.Repeat("b ", 17000)+"c", nil)
	if err != nil {
		t.Fatal(err)
	}
	last := v[2].Positions
	if len(v[0].Positions) != 255 || len(v[1].Positions) != 255 || len(last) != 1 || last[0].Place() != 16383 {
		t.Errorf("%d, %d positions, %v", len(v[0].Positions), len(v[1].Positions), last)
	}
	p, err := ParseVector("a:"+strings.Repeat("1,", 10)+"99999,16384,16383B", nil)
	if err != nil || string(p.AppendText(nil)) != "'a':1,16383" {
		t.Errorf("%s, %v", p.AppendText(nil), err)
	}
	var words []string
	for i := range 1100 {
		words = append(words, strings.Repeat(string(rune('a'+i%26)), 900)+strings.Repeat("z", i/26))
	}
	if _, err := SimpleConfig.ToVector(strings.Join(words, " "), nil); err != nil {
		t.Fatal(err)
	}
	for i := range words {
		words[i] += strings.Repeat("y", 100)
	}
	if _, err := SimpleConfig.ToVector(strings.Join(words, " "), nil); !pgerr.HasCode(err, pgerr.ProgramLimitExceeded) {
		t.Errorf("more than a megabyte: %v", err)
	}
}

func TestDecodingRefusesWhatIsDamaged(t *testing.T) {
	v, _ := ParseVector("a:1,2B bc d:3", nil)
	q, _ := ParseQuery("a:*A & (b <2> !c | d)", nil)
	vector, query := string(v.Encode()), string(q.Encode())
	for i := range len(vector) {
		if _, ok := DecodeVector(vector[:i]); ok {
			t.Errorf("%d bytes of a vector are one", i)
		}
	}
	for i := range len(query) {
		if _, ok := DecodeQuery(query[:i]); ok {
			t.Errorf("%d bytes of a query are one", i)
		}
		DecodeQuery(query[i:]) // may be anything, but for a panic
		DecodeQuery(query[:i] + "\xff" + query[i+1:])
	}
	if _, ok := DecodeVector(vector + "x"); ok {
		t.Error("a vector with something behind it is one")
	}
}

// manyOperands is a query of one operand n times.
func manyOperands(t *testing.T, n int) *Query {
	t.Helper()
	q, err := ParseQuery(strings.Repeat("dog | ", n-1)+"dog", nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestRewriteHasABound(t *testing.T) {
	many, dog := manyOperands(t, 3000), manyOperands(t, 1)
	_, err := many.Rewrite(dog, many, nil)
	var e *pgerr.E
	if !errors.As(err, &e) || e.Code != pgerr.ProgramLimitExceeded {
		t.Errorf("%v", err)
	}
}
