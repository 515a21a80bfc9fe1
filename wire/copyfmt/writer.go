package copyfmt

import "bytes"

// Writer appends lines of fields to a buffer.
type Writer struct {
	o Options
}

// NewWriter writes in the format that o (finished) describes.
func NewWriter(o Options) *Writer { return &Writer{o: o} }

// Append appends one line.
func (w *Writer) Append(dst []byte, fields []Field) []byte {
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, w.o.Delimiter...)
		}
		switch {
		case f.Null:
			dst = append(dst, w.o.Null...)
		case w.o.CSV:
			dst = w.appendCSV(dst, f.Text, w.o.ForceQuoteAll || w.o.ForceQuote[i], len(fields) == 1)
		default:
			dst = w.appendText(dst, f.Text)
		}
	}
	return append(dst, '\n')
}

// AppendNames appends the header line: FORCE_QUOTE is about values, not about columns' names.
func (w *Writer) AppendNames(dst []byte, fields []Field) []byte {
	plain := *w
	plain.o.ForceQuoteAll, plain.o.ForceQuote = false, nil
	return plain.Append(dst, fields)
}

// appendText escapes what would be read as something else (CopyAttributeOutText).
func (w *Writer) appendText(dst, text []byte) []byte {
	for _, c := range text {
		switch c {
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\v':
			dst = append(dst, '\\', 'v')
		case '\\', w.o.Delimiter[0]:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendCSV quotes where it must (CopyAttributeOutCSV); a field \. alone on its
// line would be read as the end of data.
func (w *Writer) appendCSV(dst, text []byte, force, alone bool) []byte {
	quote, esc := w.o.Quote[0], w.o.Escape[0]
	needs := force || string(text) == w.o.Null || alone && string(text) == `\.` ||
		bytes.IndexByte(text, w.o.Delimiter[0]) >= 0 || bytes.IndexByte(text, quote) >= 0 || bytes.ContainsAny(text, "\r\n")
	if !needs {
		return append(dst, text...)
	}
	dst = append(dst, quote)
	for _, c := range text {
		if c == quote || c == esc {
			dst = append(dst, esc)
		}
		dst = append(dst, c)
	}
	return append(dst, quote)
}
