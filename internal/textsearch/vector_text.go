package textsearch

import "strconv"

// ParseVector reads the text form (tsvectorin): 42601 where it is none, 54000
// where it is too long.
func ParseVector(text string, work Work) (Vector, error) {
	r := wordReader{in: text, all: text, work: work}
	var list []Lexeme
	total := 0
	for {
		word, positions, found, err := r.next()
		switch {
		case err != nil:
			return nil, err
		case !found:
			return gather(list).checked()
		case len(word) >= MaxWordBytes:
			return nil, errWordTooLong(len(word))
		case total > MaxVectorBytes:
			return nil, errVectorTooLong(total)
		}
		list = append(list, Lexeme{string(word), positions})
		total += len(word)
	}
}

// AppendText appends the text form (tsvectorout).
func (v Vector) AppendText(dst []byte) []byte {
	for i, l := range v {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendQuoted(dst, l.Word)
		for j, p := range l.Positions {
			sep := byte(':')
			if j > 0 {
				sep = ','
			}
			dst = strconv.AppendInt(append(dst, sep), int64(p.Place()), 10)
			if p.Weight() != WeightD {
				dst = append(dst, p.Weight().Letter())
			}
		}
	}
	return dst
}
