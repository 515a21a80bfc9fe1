package textsearch

import (
	"math"
	"slices"
	"strings"
)

// Strip is the vector without positions.
func (v Vector) Strip() Vector {
	out := make(Vector, len(v))
	for i, l := range v {
		out[i].Word = l.Word
	}
	return out
}

// mapPositions makes other positions of a lexeme's; the list may not be changed.
func (v Vector) mapPositions(f func(l Lexeme) []Position) Vector {
	out := slices.Clone(v)
	for i, l := range v {
		out[i].Positions = f(l)
	}
	return out
}

// SetWeight gives every position a weight.
func (v Vector) SetWeight(w Weight) Vector {
	return v.mapPositions(func(l Lexeme) []Position { return weighted(l.Positions, w) })
}

// SetWeightOf is SetWeight of some words' positions.
func (v Vector) SetWeightOf(w Weight, words map[string]bool) Vector {
	return v.mapPositions(func(l Lexeme) []Position {
		if !words[l.Word] {
			return l.Positions
		}
		return weighted(l.Positions, w)
	})
}

func weighted(list []Position, w Weight) []Position {
	out := make([]Position, len(list))
	for i, p := range list {
		out[i] = At(p.Place(), w)
	}
	return out
}

// Filter keeps the positions of some weights (a bit 1<<weight each) and the
// lexemes that have one.
func (v Vector) Filter(weights uint8) Vector {
	var out Vector
	for _, l := range v {
		var kept []Position
		for _, p := range l.Positions {
			if weights&(1<<p.Weight()) != 0 {
				kept = append(kept, p)
			}
		}
		if kept != nil {
			out = append(out, Lexeme{l.Word, kept})
		}
	}
	return out
}

// Delete is the vector without some words.
func (v Vector) Delete(words map[string]bool) Vector {
	return slices.DeleteFunc(slices.Clone(v), func(l Lexeme) bool { return words[l.Word] })
}

// OfWords is the vector of words without positions; 54000 where it is too long.
// The list's memory is kept.
func OfWords(words []string) (Vector, error) {
	slices.Sort(words)
	words = slices.Compact(words)
	v := make(Vector, len(words))
	for i, w := range words {
		if len(w) >= MaxWordBytes {
			return nil, errWordTooLong(len(w))
		}
		v[i].Word = w
	}
	return v.checked()
}

// Concat is v, and what is in w behind it: its positions begin where v's end.
func (v Vector) Concat(w Vector) (Vector, error) {
	last := 0
	for _, l := range v {
		for _, p := range l.Positions {
			last = max(last, p.Place())
		}
	}
	out := make(Vector, 0, len(v)+len(w))
	for len(v) > 0 || len(w) > 0 {
		c := math.MaxInt
		switch {
		case len(v) == 0:
			c = 1
		case len(w) == 0:
			c = -1
		default:
			c = strings.Compare(v[0].Word, w[0].Word)
		}
		var l Lexeme
		if c <= 0 {
			l, v = Lexeme{v[0].Word, slices.Clip(v[0].Positions)}, v[1:]
		}
		if c >= 0 {
			l.Word, l.Positions = w[0].Word, behind(l.Positions, w[0].Positions, last)
			w = w[1:]
		}
		out = append(out, l)
	}
	if n := out.dataBytes(); n > MaxVectorBytes {
		return nil, errVectorTooLong(n)
	}
	return out, nil
}

// behind appends positions moved by offset, as far as there is room (add_pos).
func behind(list, more []Position, offset int) []Position {
	for _, p := range more {
		if n := len(list); n >= MaxPlaces || n > 0 && list[n-1].Place() == MaxPlace-1 {
			break
		}
		list = append(list, At(p.Place()+offset, p.Weight()))
	}
	return list
}
