package textsearch

import (
	"cmp"
	"slices"
	"strings"
)

// Document gathers the lexemes of texts (ParsedText). The zero Document is empty.
type Document struct {
	place int // of the last word
	found []placed
}

// placed is a lexeme and its place, which may be beyond the last that is told apart.
type placed struct {
	word  string
	place int
}

// Add reads a text by a configuration (parsetext). Words that are too long are
// passed over.
func (d *Document) Add(c *Config, text string, work Work) error {
	p := NewParser(text, work)
	for {
		t, found, err := p.Next()
		if err != nil || !found {
			return err
		}
		dict := c.Dictionary(t.Type)
		if len(t.Text) >= MaxWordBytes || dict == nil {
			continue
		}
		d.place++ // of a stop word, too
		if lexeme, ok := dict.Lexize(t.Text); ok {
			d.found = append(d.found, placed{lexeme, d.place})
		}
	}
}

// AddElement is Add of one of several texts: if it has words, the next begins a place
// further on, so that no phrase spans the two (add_to_tsvector in to_tsany.c).
func (d *Document) AddElement(c *Config, text string, work Work) error {
	before := len(d.found)
	err := d.Add(c, text, work)
	if len(d.found) > before {
		d.place++
	}
	return err
}

// Empty reports whether there is no lexeme.
func (d *Document) Empty() bool { return len(d.found) == 0 }

// maxDocumentPlaces is how many positions a lexeme has in what is made of a text (uniqueWORD).
const maxDocumentPlaces = MaxPlaces - 1

// Vector is what has been gathered; 54000 where it is too much (make_tsvector).
func (d *Document) Vector() (Vector, error) {
	slices.SortStableFunc(d.found, func(a, b placed) int {
		return cmp.Or(strings.Compare(a.word, b.word), cmp.Compare(a.place, b.place))
	})
	var v Vector
	for _, f := range d.found {
		if n := len(v); n == 0 || v[n-1].Word != f.word {
			v = append(v, Lexeme{Word: f.word})
		}
		l := &v[len(v)-1]
		p := At(f.place, WeightD)
		if n := len(l.Positions); n == 0 || n < maxDocumentPlaces && l.Positions[n-1].Place() < p.Place() {
			l.Positions = append(l.Positions, p)
		}
	}
	return v.checked()
}

// ToVector reads a text by a configuration (to_tsvector).
func (c *Config) ToVector(text string, work Work) (Vector, error) {
	var d Document
	if err := d.Add(c, text, work); err != nil {
		return nil, err
	}
	return d.Vector()
}

// pushLexemes makes operands of the lexemes of a piece of text: between words op,
// and for each stop word a place that is left empty (pushval_morph).
func (c *Config) pushLexemes(op Op, work Work) pushWord {
	return func(b *queryBuilder, word []byte, weights uint8, prefix bool) error {
		var d Document
		if err := d.Add(c, string(word), work); err != nil {
			return err
		}
		if d.Empty() {
			b.stopWord()
			return nil
		}
		place, parts := 0, 0
		joined := func() error {
			if parts++; parts == 1 {
				return nil
			}
			return b.operator(op, 1)
		}
		for i, f := range d.found {
			if i > 0 && min(f.place, MaxPlace-1) == place { // places are told apart no longer
				if err := b.operand(f.word, weights, prefix); err != nil {
					return err
				}
				if err := b.operator(And, 0); err != nil {
					return err
				}
				continue
			}
			for ; place > 0 && place+1 < min(f.place, MaxPlace-1); place++ {
				b.stopWord()
				if err := joined(); err != nil {
					return err
				}
			}
			place = min(f.place, MaxPlace-1)
			if err := b.operand(f.word, weights, prefix); err != nil {
				return err
			}
			if err := joined(); err != nil {
				return err
			}
		}
		return nil
	}
}

// ToQuery reads operators between words (to_tsquery).
func (c *Config) ToQuery(text string, work Work) (*Query, error) {
	return parseQuery(text, standard, work, c.pushLexemes(Phrase, work))
}

// PlainQuery asks for all words of a text (plainto_tsquery).
func (c *Config) PlainQuery(text string, work Work) (*Query, error) {
	return parseQuery(text, plain, work, c.pushLexemes(And, work))
}

// PhraseQuery asks for the words of a text one after another (phraseto_tsquery).
func (c *Config) PhraseQuery(text string, work Work) (*Query, error) {
	return parseQuery(text, plain, work, c.pushLexemes(Phrase, work))
}

// WebQuery reads what people type into search engines (websearch_to_tsquery).
func (c *Config) WebQuery(text string, work Work) (*Query, error) {
	return parseQuery(text, web, work, c.pushLexemes(Phrase, work))
}
