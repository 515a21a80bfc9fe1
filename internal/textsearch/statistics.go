package textsearch

import (
	"iter"
	"maps"
	"slices"
)

// Statistics counts the words of documents (ts_stat). The zero value counts all.
type Statistics struct {
	weights uint8 // a bit each; 0 is all, also words without positions
	words   map[string]WordCount
}

// WordCount is in how many documents a word is, and how often.
type WordCount struct{ Documents, Entries int }

// Weigh lets only places count that have one of the weights whose letters are
// in text. What is no such letter says nothing.
func (s *Statistics) Weigh(text string) {
	for i := range len(text) {
		if w, ok := WeightOf(text[i]); ok {
			s.weights |= 1 << w
		}
	}
}

// Add counts a document.
func (s *Statistics) Add(v Vector) {
	if s.words == nil {
		s.words = map[string]WordCount{}
	}
	for _, l := range v {
		n := s.entries(l)
		if n == 0 {
			continue
		}
		c := s.words[l.Word]
		s.words[l.Word] = WordCount{c.Documents + 1, c.Entries + n}
	}
}

// entries is how often a word counts.
func (s *Statistics) entries(l Lexeme) (n int) {
	if s.weights == 0 {
		return max(len(l.Positions), 1)
	}
	for _, p := range l.Positions {
		if s.weights&(1<<p.Weight()) != 0 {
			n++
		}
	}
	return n
}

// Words yields the words, as PostgreSQL does from the last to the first.
func (s *Statistics) Words() iter.Seq2[string, WordCount] {
	return func(yield func(string, WordCount) bool) {
		for _, w := range slices.Backward(slices.Sorted(maps.Keys(s.words))) {
			if !yield(w, s.words[w]) {
				return
			}
		}
	}
}
