// Package textsearch is full text search as PostgreSQL has it (src/backend/tsearch,
// src/backend/utils/adt/ts*.c): the values of tsvector and tsquery and what makes, matches
// and ranks them. It knows no SQL and no types: text and lists go in and come out.
//
//	vector.go        Vector: lexemes with positions and weights; vector_text.go its text form,
//	                 vector_binary.go the wire's and the stored one, vector_ops.go what is done to it
//	word.go          one word with positions, as both text forms write it
//	query.go         Query: operands and operators; query_text.go and query_binary.go its forms,
//	                 query_parse.go the languages it is written in, query_clean.go stop words
//	                 and NOTs taken out, query_ops.go what is made of it, rewrite.go ts_rewrite
//	match.go         whether a Query holds of words at positions
//	token.go         the tokens of the parser "default"; parser.go runs it, parser_states.go is
//	                 its table, class.go what kinds of characters there are
//	dictionary.go    simple and english_stem; config.go which token goes to which
//	document.go      texts made into vectors, and into queries
//	rank.go          ts_rank; rank_cover.go ts_rank_cd; statistics.go ts_stat
//	headline.go      ts_headline; headline_options.go what it can be told, headline_cover.go
//	                 what it shows
package textsearch

import (
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The bounds of ts_type.h.
const (
	// MaxWordBytes is one more than the longest lexeme has (MAXSTRLEN).
	MaxWordBytes = 1<<11 - 1
	// MaxVectorBytes is how much lexemes and positions of a vector take (MAXSTRPOS).
	MaxVectorBytes = 1<<20 - 1
	// MaxPlace is one more than the last position that is told apart (MAXENTRYPOS).
	MaxPlace = 1 << 14
	// MaxPlaces is how many positions a lexeme has at most (MAXNUMPOS).
	MaxPlaces = 256
)

// Work is told how much has been done, in bytes read or written; its error ends
// what is being done. nil is asked nothing.
type Work func(bytes int) error

func (w Work) spend(bytes int) error {
	if w == nil {
		return nil
	}
	return w(bytes)
}

// Weight is the class of a position: 0 is D, 3 is A.
type Weight uint8

// The weights.
const (
	WeightD Weight = iota
	WeightC
	WeightB
	WeightA
)

// WeightOf is the weight that a letter names.
func WeightOf(letter byte) (Weight, bool) {
	switch letter {
	case 'A', 'a':
		return WeightA, true
	case 'B', 'b':
		return WeightB, true
	case 'C', 'c':
		return WeightC, true
	case 'D', 'd':
		return WeightD, true
	}
	return 0, false
}

// Letter is the weight's name.
func (w Weight) Letter() byte { return 'D' - byte(w) }

// Position is where a lexeme stands, from 1, in the low 14 bits, and its weight in the high two.
type Position uint16

// At makes a position; places beyond the last are the last.
func At(place int, w Weight) Position {
	return Position(min(place, MaxPlace-1)&(MaxPlace-1)) | Position(w)<<14
}

// Place is the position without its weight.
func (p Position) Place() int { return int(p & (MaxPlace - 1)) }

// Weight is the position's weight.
func (p Position) Weight() Weight { return Weight(p >> 14) }

// Lexeme is a word and where it stands; without positions it stands somewhere.
type Lexeme struct {
	Word      string
	Positions []Position
}

// Vector is lexemes in the order of their bytes. It is not changed once made.
type Vector []Lexeme

// dataBytes is what lexemes and positions take in PostgreSQL, where positions
// begin at an even place.
func (v Vector) dataBytes() int {
	n := 0
	for _, l := range v {
		n += len(l.Word)
		if len(l.Positions) > 0 {
			n += n&1 + 2 + 2*len(l.Positions)
		}
	}
	return n
}

// The sizes of the parts of PostgreSQL's struct.
const (
	vectorHeaderBytes = 8
	vectorEntryBytes  = 4
)

// bytes is the size of PostgreSQL's value, which comparison asks first.
func (v Vector) bytes() int { return vectorHeaderBytes + vectorEntryBytes*len(v) + v.dataBytes() }

func errVectorTooLong(bytes int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "string is too long for tsvector (%d bytes, max %d bytes)", bytes, MaxVectorBytes)
}

func errWordTooLong(bytes int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "word is too long (%d bytes, max %d bytes)", bytes, MaxWordBytes-1)
}

// checked refuses a vector that PostgreSQL has no room for.
func (v Vector) checked() (Vector, error) {
	if n := v.dataBytes(); n > MaxVectorBytes {
		return nil, errVectorTooLong(n)
	}
	return v, nil
}

// find is where word is or would be.
func (v Vector) find(word string) (int, bool) {
	return slices.BinarySearchFunc(v, word, func(l Lexeme, w string) int { return strings.Compare(l.Word, w) })
}

// withPrefix are the lexemes that begin with word.
func (v Vector) withPrefix(word string) Vector {
	i, _ := v.find(word)
	n := i
	for n < len(v) && strings.HasPrefix(v[n].Word, word) {
		n++
	}
	return v[i:n]
}

// gather sorts lexemes and joins those of one word (uniqueentry). It keeps the list's memory.
func gather(list []Lexeme) Vector {
	slices.SortStableFunc(list, func(a, b Lexeme) int { return strings.Compare(a.Word, b.Word) })
	out := list[:0]
	for _, l := range list {
		if n := len(out); n > 0 && out[n-1].Word == l.Word {
			out[n-1].Positions = append(out[n-1].Positions, l.Positions...)
			continue
		}
		out = append(out, l)
	}
	for i := range out {
		out[i].Positions = uniquePositions(out[i].Positions)
	}
	return out
}

// uniquePositions sorts, keeps the highest weight of each place, and cuts what
// is too much. It keeps the list's memory.
func uniquePositions(list []Position) []Position {
	if len(list) <= 1 {
		return list
	}
	slices.SortStableFunc(list, func(a, b Position) int { return a.Place() - b.Place() })
	n := 0
	for _, p := range list[1:] {
		switch {
		case p.Place() != list[n].Place():
			n++
			list[n] = p
			if n >= MaxPlaces-1 || p.Place() == MaxPlace-1 {
				return list[:n+1]
			}
		case p.Weight() > list[n].Weight():
			list[n] = p
		}
	}
	return list[:n+1]
}
