package textsearch

import "math"

// window is some of a text's words.
type window []headWord

func (w window) look(o *Query, places *[]int) answer {
	out := no
	for i := range w {
		if w[i].operand != o {
			continue
		}
		if places == nil {
			return yes
		}
		if n := len(*places); n == 0 || (*places)[n-1] < w[i].place {
			*places = append(*places, w[i].place)
		}
		out = yes
	}
	return out
}

// nextNamed is the first word from i on that the query has; -1 when there is none.
func (t *headText) nextNamed(i int) int {
	for ; i < len(t.words); i++ {
		if t.words[i].operand != nil {
			return i
		}
	}
	return -1
}

// maxCover is how many words a cover has at most.
func (o *HeadlineOptions) maxCover() int {
	n := max(o.MaxWords*10, 100)
	if o.MaxFragments > 0 {
		n *= o.MaxFragments
	}
	return n
}

// cover is the earliest, shortest piece from a word on that matches the query (hlCover).
func (t *headText) cover(from int) (first, last int, found bool, err error) {
	if t.query == nil {
		return 0, 0, false, nil
	}
	limit, cost := t.options.maxCover(), t.query.cost()
	for first = t.nextNamed(from); first >= 0; first = t.nextNamed(first + 1) {
		for last = first; last >= 0 && (last == first || last-first < limit); last = t.nextNamed(last + 1) {
			if err := t.work.spend(cost + last - first); err != nil {
				return 0, 0, false, err
			}
			if matches(t.query, window(t.words[first:last+1])) {
				return first, last, true, nil
			}
		}
	}
	return 0, 0, false, nil
}

// headline is a piece that may be shown: what it has of the query decides.
type headline struct {
	first, last int
	named       int
	whole       bool // it has the whole cover
}

// tally counts the words of a piece, and those of the query.
type tally struct{ words, named int }

func (c *tally) add(w *headWord, sign int) {
	if !w.uncounted() {
		c.words += sign
	}
	if w.named() {
		c.named += sign
	}
}

// chooseWords shows the best piece around a cover (mark_hl_words).
func (t *headText) chooseWords() error {
	if t.options.HighlightAll {
		t.show(0, len(t.words)-1)
		return nil
	}
	best := headline{named: -1, last: -1}
	for from := 0; ; from++ {
		first, last, found, err := t.cover(from)
		if err != nil {
			return err
		}
		if !found {
			break
		}
		from = first
		h := t.around(first, last)
		switch {
		case h.whole != best.whole && h.whole,
			h.whole == best.whole && h.named > best.named,
			h.whole == best.whole && h.named == best.named && !t.badEnd(h.last) && t.badEnd(best.last):
			best = h
		}
	}
	if best.named < 0 {
		t.showBeginning()
		return nil
	}
	t.show(best.first, best.last)
	return nil
}

// around fits a cover into the number of words that there may be.
func (t *headText) around(first, last int) headline {
	o := t.options
	var c tally
	begin, end, i := first, first, first
	for ; i <= last && c.words < o.MaxWords; i++ {
		c.add(&t.words[i], 1)
		end = i
	}
	if c.words < o.MaxWords {
		for i--; i < len(t.words) && c.words < o.MaxWords; i++ {
			if i > last {
				c.add(&t.words[i], 1)
			}
			end = i
			if !t.badEnd(i) && c.words >= o.MinWords {
				break
			}
		}
		if c.words < o.MinWords {
			for i = first - 1; i >= 0; i-- {
				c.add(&t.words[i], 1)
				if c.words >= o.MaxWords || !t.badEnd(i) && c.words >= o.MinWords {
					break
				}
			}
			begin = max(i, 0)
		}
	} else {
		for i = min(i, last); c.words > o.MinWords && t.badEnd(i); i-- {
			c.add(&t.words[i], -1)
			end = i - 1
		}
	}
	return headline{begin, end, c.named, begin <= first && end >= last}
}

// showBeginning shows the first words, when nothing matches.
func (t *headText) showBeginning() {
	var c tally
	end := 0
	for i := 0; i < len(t.words) && c.words < t.options.MinWords; i++ {
		c.add(&t.words[i], 1)
		end = i
	}
	t.show(0, min(end, len(t.words)-1))
}

// fragment is a piece of a cover.
type fragment struct {
	first, last    int
	count          tally
	chosen, barred bool
}

// chooseFragments shows the best pieces of covers (mark_hl_fragments).
func (t *headText) chooseFragments() error {
	list, err := t.fragments()
	if err != nil {
		return err
	}
	shown := 0
	for ; shown < t.options.MaxFragments; shown++ {
		f := bestFragment(list)
		if f == nil {
			break
		}
		f.chosen = true
		if f.count.words < t.options.MaxWords {
			t.stretch(f)
		}
		t.show(f.first, f.last)
		for i := range list {
			g := &list[i]
			if g != f && g.first <= f.last && g.last >= f.first {
				g.barred = true
			}
		}
	}
	if shown == 0 {
		t.showBeginning()
	}
	return nil
}

// fragments cuts the covers into pieces of as many words as there may be.
func (t *headText) fragments() ([]fragment, error) {
	var list []fragment
	for from := 0; ; from++ {
		first, last, found, err := t.cover(from)
		if err != nil || !found {
			return list, err
		}
		from = first
		for begin := first; begin <= last; {
			f := t.cut(begin, last)
			list = append(list, f)
			begin = f.last + 1
		}
	}
}

// cut is the first piece of a cover; it begins and ends with words of the query
// (get_next_fragment).
func (t *headText) cut(first, last int) fragment {
	for i := first; i <= last; i++ {
		first = i
		if t.words[i].named() {
			break
		}
	}
	f := fragment{first: first, last: last}
	i := first
	for ; i <= last && f.count.words < t.options.MaxWords; i++ {
		f.count.add(&t.words[i], 1)
	}
	if last <= i {
		return f
	}
	for ; i >= first; i-- {
		f.last = i
		if t.words[i].named() {
			break
		}
		if !t.words[i].uncounted() {
			f.count.words--
		}
	}
	return f
}

// bestFragment has the most words of the query, and of those the fewest others.
func bestFragment(list []fragment) *fragment {
	var best *fragment
	named, words := 0, math.MaxInt32
	for i := range list {
		f := &list[i]
		if f.chosen || f.barred || f.count.named < named || f.count.named == named && f.count.words >= words {
			continue
		}
		best, named, words = f, f.count.named, f.count.words
	}
	return best
}

// stretch adds words on both sides, up to what is shown already.
func (t *headText) stretch(f *fragment) {
	room, added := (t.options.MaxWords-f.count.words)/2, 0
	mark := f.first
	for i := f.first - 1; i >= 0 && added < room && !t.words[i].shown; i-- {
		if !t.words[i].uncounted() {
			f.count.words++
			added++
		}
		mark = i
	}
	for ; mark < f.first && t.badEnd(mark); mark++ {
		if !t.words[mark].uncounted() {
			f.count.words--
		}
	}
	f.first = mark
	mark = f.last
	for i := f.last + 1; i < len(t.words) && f.count.words < t.options.MaxWords && !t.words[i].shown; i++ {
		if !t.words[i].uncounted() {
			f.count.words++
		}
		mark = i
	}
	for ; mark > f.last && t.badEnd(mark); mark-- {
		if !t.words[mark].uncounted() {
			f.count.words--
		}
	}
	f.last = mark
}
