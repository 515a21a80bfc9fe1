package textsearch

import "strings"

// headWord is a token of the text that a headline is made of. A token that more
// than one operand names stands there once for each: all but the first are repeats.
type headWord struct {
	token   Token
	place   int
	operand *Query // that names it
	repeat  bool

	shown, marked, blanked, skipped bool
}

// named reports whether it is a word of the query, told once.
func (w *headWord) named() bool { return w.operand != nil && !w.repeat }

// uncounted reports whether it is no word of its own.
func (w *headWord) uncounted() bool {
	return w.token.Type == Blank || w.token.Type == Tag || w.token.Type.compound()
}

// headText is a text as tokens (HeadlineParsedText).
type headText struct {
	words   []headWord
	query   *Query
	options *HeadlineOptions
	work    Work
}

// badEnd reports whether a headline should not end at a word.
func (t *headText) badEnd(i int) bool {
	w := &t.words[i]
	if w.named() {
		return false
	}
	switch w.token.Type {
	case SFloat, Version, Float, Int, UInt, Protocol, Entity:
		return true
	}
	return w.uncounted() || len(w.token.Text) <= t.options.ShortWord
}

// Headline shows where a text has the query's words (ts_headline).
func (c *Config) Headline(text string, q *Query, o *HeadlineOptions, work Work) (string, error) {
	t := &headText{query: q, options: o, work: work}
	if err := t.read(c, text); err != nil {
		return "", err
	}
	var err error
	if o.MaxFragments == 0 {
		err = t.chooseWords()
	} else {
		err = t.chooseFragments()
	}
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// read cuts the text into tokens and finds the operands that name them (hlparsetext).
func (t *headText) read(c *Config, text string) error {
	var operands []*Query
	t.query.Operands(func(o *Query) { operands = append(operands, o) })
	p, place := NewParser(text, t.work), 0
	for {
		token, found, err := p.Next()
		if err != nil || !found {
			return err
		}
		if len(token.Text) >= MaxWordBytes {
			continue
		}
		t.words = append(t.words, headWord{token: token})
		dict := c.Dictionary(token.Type)
		if dict == nil {
			continue
		}
		place++
		lexeme, ok := dict.Lexize(token.Text)
		if !ok {
			continue
		}
		if err := t.work.spend(len(operands)); err != nil {
			return err
		}
		t.name(lexeme, min(place, MaxPlace-1), operands)
	}
}

// name finds the operands that name the last word (hlfinditem).
func (t *headText) name(lexeme string, place int, operands []*Query) {
	at := len(t.words) - 1
	t.words[at].place = place
	for _, o := range operands {
		if o.Word != lexeme && !(o.Prefix && strings.HasPrefix(lexeme, o.Word)) {
			continue
		}
		if t.words[at].operand == nil {
			t.words[at].operand = o
			continue
		}
		again := t.words[at]
		again.operand, again.repeat = o, true
		t.words = append(t.words, again)
	}
}

// show marks a piece of the text as part of the headline (mark_fragment).
func (t *headText) show(first, last int) {
	for i := first; i <= last; i++ {
		w := &t.words[i]
		w.marked = w.marked || w.operand != nil
		switch {
		case w.token.Type.compound():
			w.skipped = true
		case w.token.Type == Tag && !t.options.HighlightAll:
			w.blanked = true
		}
		w.shown = !w.repeat
	}
}

// String is the headline (generateHeadline).
func (t *headText) String() string {
	var b strings.Builder
	fragments, inside := 0, false
	for i := range t.words {
		w := &t.words[i]
		switch {
		case w.repeat:
			continue
		case !w.shown:
			inside = false
			continue
		case !inside:
			inside = true
			if fragments++; fragments > 1 {
				b.WriteString(t.options.FragmentDelimiter)
			}
		}
		switch {
		case w.blanked:
			b.WriteByte(' ')
		case w.skipped:
		case w.marked:
			b.WriteString(t.options.StartSel + w.token.Text + t.options.StopSel)
		default:
			b.WriteString(w.token.Text)
		}
	}
	return b.String()
}
