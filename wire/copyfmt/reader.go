package copyfmt

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Field is one value of a line. Text is valid until the next call of Next.
type Field struct {
	Text []byte
	Null bool
}

// Reader reads lines of fields from a stream of bytes.
type Reader struct {
	o      Options
	src    io.Reader
	buf    []byte // bytes read and not consumed: buf[at:]
	at     int
	eof    bool
	ended  bool // the data have ended, perhaps before the source
	eol    eol
	line   int    // number of the current line, from 1
	raw    []byte // the current line
	fields []Field
	text   []byte // unescaped fields of the current line
	spans  []span
}

// span is a field in Reader.text.
type span struct {
	from, to int
	null     bool
}

// readBytes is how much is asked of the source at a time.
const readBytes = 64 << 10

// maxLineBytes is how long a line may be: MaxAllocSize.
const maxLineBytes = 0x3fffffff

// NewReader reads src in the format that o (finished) describes.
func NewReader(src io.Reader, o Options) *Reader { return &Reader{o: o, src: src} }

// Line is the number of the line that Next returned last, from 1.
func (r *Reader) Line() int { return r.line }

// Text is the line that Next returned last, as it was written.
func (r *Reader) Text() string { return string(r.raw) }

// Raw is Text without a copy, valid until the next call of Next.
func (r *Reader) Raw() []byte { return r.raw }

// Next returns the next line's fields; nil at the end of the data (or \.).
func (r *Reader) Next() ([]Field, error) {
	raw, err := r.rawLine()
	if r.ended && !r.eof && err == nil {
		raw = bytes.Clone(raw)
		r.drain()
	}
	if raw == nil || err != nil {
		return nil, err
	}
	r.raw = raw
	if !utf8.Valid(raw) {
		return nil, badEncoding(raw)
	}
	r.text, r.spans = r.text[:0], r.spans[:0]
	if r.o.CSV {
		err = r.splitCSV(raw)
	} else {
		err = r.splitText(raw)
	}
	if err != nil {
		return nil, err
	}
	r.fields = r.fields[:0]
	for _, s := range r.spans {
		r.fields = append(r.fields, Field{Text: r.text[s.from:s.to], Null: s.null})
	}
	return r.fields, nil
}

// badEncoding is pg_verify_mbstr's error for the first bad sequence.
func badEncoding(b []byte) error {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", b[0])
		}
		b = b[n:]
	}
	return nil
}

// drain reads the rest of the data away, after \.
func (r *Reader) drain() {
	r.at, r.buf = 0, nil
	io.Copy(io.Discard, r.src)
	r.eof = true
}

// eol is how lines end: the first one says how the others must
// (copyfromparse.c, CopyReadLineText).
type eol uint8

const (
	eolUnknown eol = iota
	eolNL
	eolCR
	eolCRNL
)

// rawLine returns the next line without its end, nil at the end of data. In
// CSV, line ends inside quotes belong to the line.
func (r *Reader) rawLine() ([]byte, error) {
	if line, ok := r.plainLine(); ok {
		return line, nil
	}
	if r.ended {
		return nil, nil
	}
	r.line++
	l := lineScan{r: r}
	for {
		c, ok, err := r.peek(l.at)
		switch {
		case err != nil:
			r.line--
			return nil, err
		case !ok:
			return r.lastLine(l.quoted)
		}
		if ends, err := l.step(c); err != nil || ends {
			line := r.buf[r.at : r.at+l.length]
			r.at += l.at
			if err == nil && r.ended && len(line) == 0 {
				return nil, nil
			}
			return line, err
		}
	}
}

// lineScan goes through a line, which begins at Reader.at.
type lineScan struct {
	r               *Reader
	at              int // bytes looked at
	length          int // of the line, when it has ended
	quoted, escaped bool
}

// step looks at the next byte; ends is true behind the line's end.
func (l *lineScan) step(c byte) (ends bool, err error) {
	r := l.r
	l.at++
	switch {
	case l.escaped:
		l.escaped = false
	case r.o.CSV && l.quoted && c == r.o.Escape[0] && r.o.Escape != r.o.Quote:
		l.escaped = true
	case r.o.CSV && c == r.o.Quote[0]:
		l.quoted = !l.quoted
	case l.quoted:
		if c == '\n' && r.eol == eolNL || c == '\r' && r.eol > eolNL {
			r.line++
		}
	case c == '\r' || c == '\n':
		l.length = l.at - 1
		return l.lineEnd(c)
	case c == '\\' && (!r.o.CSV || l.at == 1):
		return l.backslash()
	}
	return false, nil
}

// lineEnd checks that the line ends as the first one did.
func (l *lineScan) lineEnd(c byte) (bool, error) {
	r := l.r
	if c == '\n' {
		if r.eol == eolCR || r.eol == eolCRNL {
			return false, r.strayEnd("newline", `\n`)
		}
		r.eol = eolNL
		return true, nil
	}
	if r.eol == eolUnknown || r.eol == eolCRNL {
		next, ok, err := r.peek(l.at)
		switch {
		case err != nil:
			return false, err
		case ok && next == '\n':
			l.at++
			r.eol = eolCRNL
			return true, nil
		case r.eol == eolCRNL:
			return false, r.strayEnd("carriage return", `\r`)
		}
		r.eol = eolCR
		return true, nil
	}
	if r.eol == eolNL {
		return false, r.strayEnd("carriage return", `\r`)
	}
	return true, nil
}

// strayEnd is 22P04 of a line end that is not one.
func (r *Reader) strayEnd(what, written string) error {
	r.raw = nil
	if r.o.CSV {
		return pgerr.New(pgerr.BadCopyFileFormat, "unquoted %s found in data", what).
			WithHint("Use quoted CSV field to represent %s.", what)
	}
	return pgerr.New(pgerr.BadCopyFileFormat, "literal %s found in data", what).
		WithHint("Use \"%s\" to represent %s.", written, what)
}

// backslash looks whether the data end here: \. and a line end. What stands
// before it in the line counts. Other characters behind a backslash are data.
func (l *lineScan) backslash() (bool, error) {
	r := l.r
	next, ok, err := r.peek(l.at)
	if err != nil || !ok {
		return false, err
	}
	if next != '.' {
		if !r.o.CSV {
			l.at++
		}
		return false, nil
	}
	end, n, err := r.endAt(l.at + 1)
	switch {
	case err != nil:
		return false, err
	case end == eolUnknown && r.o.CSV:
		return false, nil
	case end == eolUnknown:
		return false, r.corruptEnd("end-of-copy marker corrupt")
	case r.eol != eolUnknown && end != r.eol:
		return false, r.corruptEnd("end-of-copy marker does not match previous newline style")
	}
	l.length = l.at - 1
	l.at += 1 + n
	r.ended = true
	return true, nil
}

func (r *Reader) corruptEnd(message string) error {
	r.raw = nil
	return pgerr.New(pgerr.BadCopyFileFormat, "%s", message)
}

// endAt finds which line end stands at an offset, and how long it is. The end
// of the data is as good as any.
func (r *Reader) endAt(at int) (eol, int, error) {
	c, ok, err := r.peek(at)
	switch {
	case err != nil:
		return 0, 0, err
	case !ok:
		return max(r.eol, eolNL), 0, nil
	case c == '\n':
		return eolNL, 1, nil
	case c != '\r':
		return eolUnknown, 0, nil
	}
	if c, ok, err = r.peek(at + 1); err == nil && ok && c == '\n' {
		return eolCRNL, 2, nil
	}
	return eolCR, 1, err
}

// peek returns the byte at an offset from Reader.at; ok is false behind the end.
func (r *Reader) peek(at int) (c byte, ok bool, err error) {
	for r.at+at >= len(r.buf) {
		if more, err := r.fill(); err != nil || !more {
			return 0, false, err
		}
	}
	return r.buf[r.at+at], true, nil
}

// plainLine is rawLine's short cut: the next line, if all of it is here, it
// ends as the others did and nothing in it needs to be looked at.
func (r *Reader) plainLine() (line []byte, ok bool) {
	if r.eol != eolNL && r.eol != eolCRNL || r.ended {
		return nil, false
	}
	rest := r.buf[r.at:]
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		return nil, false
	}
	line = rest[:end]
	if r.eol == eolCRNL {
		if !bytes.HasSuffix(line, []byte{'\r'}) {
			return nil, false
		}
		line = line[:end-1]
	}
	hides := byte('\\')
	if r.o.CSV {
		hides = r.o.Quote[0]
	}
	if bytes.IndexByte(line, hides) >= 0 || bytes.IndexByte(line, '\r') >= 0 || bytes.HasPrefix(line, []byte{'\\'}) {
		return nil, false
	}
	r.at += end + 1
	r.line++
	return line, true
}

// lastLine is what stands after the last line end.
func (r *Reader) lastLine(quoted bool) ([]byte, error) {
	line := r.buf[r.at:]
	r.at = len(r.buf)
	r.ended = true
	if len(line) == 0 {
		r.line--
		return nil, nil
	}
	if quoted {
		r.raw = line
		return nil, pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
	}
	return line, nil
}

// fill reads more; it moves what is not consumed to the front.
func (r *Reader) fill() (bool, error) {
	if r.eof {
		return false, nil
	}
	if r.at > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.at:])]
		r.at = 0
	}
	if len(r.buf) > maxLineBytes {
		return false, pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", len(r.buf), readBytes)
	}
	if cap(r.buf)-len(r.buf) < readBytes {
		grown := make([]byte, len(r.buf), 2*cap(r.buf)+readBytes)
		copy(grown, r.buf)
		r.buf = grown
	}
	for {
		n, err := r.src.Read(r.buf[len(r.buf) : len(r.buf)+readBytes])
		r.buf = r.buf[:len(r.buf)+n]
		if err == io.EOF {
			r.eof = true
			return n > 0, nil
		}
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
}

// splitText splits a line of the text format and resolves its backslashes.
func (r *Reader) splitText(raw []byte) error {
	delim := r.o.Delimiter[0]
	if bytes.IndexByte(raw, '\\') < 0 {
		for {
			end := bytes.IndexByte(raw, delim)
			if end < 0 {
				r.textField(raw)
				return nil
			}
			r.textField(raw[:end])
			raw = raw[end+1:]
		}
	}
	for start, i := 0, 0; ; i++ {
		switch {
		case i < len(raw) && raw[i] == '\\' && i+1 < len(raw):
			i++
			continue
		case i < len(raw) && raw[i] != delim:
			continue
		}
		r.textField(raw[start:i])
		if i >= len(raw) {
			return nil
		}
		start = i + 1
	}
}

// textField appends one field: NULL when it is literally the null string.
func (r *Reader) textField(raw []byte) {
	from := len(r.text)
	if string(raw) == r.o.Null {
		r.spans = append(r.spans, span{from, from, true})
		return
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		r.text = append(r.text, raw...)
		r.spans = append(r.spans, span{from: from, to: len(r.text)})
		return
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			r.text = append(r.text, c)
			continue
		}
		i++
		i = r.escape(raw, i)
	}
	r.spans = append(r.spans, span{from: from, to: len(r.text)})
}

// escape resolves the backslash sequence whose second character is raw[i], and
// returns the place of its last one.
func (r *Reader) escape(raw []byte, i int) int {
	switch c := raw[i]; c {
	case 'b':
		r.text = append(r.text, '\b')
	case 'f':
		r.text = append(r.text, '\f')
	case 'n':
		r.text = append(r.text, '\n')
	case 'r':
		r.text = append(r.text, '\r')
	case 't':
		r.text = append(r.text, '\t')
	case 'v':
		r.text = append(r.text, '\v')
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 0
		for ; n < 3 && i+n < len(raw) && raw[i+n] >= '0' && raw[i+n] <= '7'; n++ {
			v = v<<3 | int(raw[i+n]-'0')
		}
		r.text = append(r.text, byte(v))
		return i + n - 1
	case 'x':
		v, n := 0, 0
		for ; n < 2 && i+1+n < len(raw) && hexDigit(raw[i+1+n]) >= 0; n++ {
			v = v<<4 | hexDigit(raw[i+1+n])
		}
		if n == 0 {
			r.text = append(r.text, 'x')
		} else {
			r.text = append(r.text, byte(v))
		}
		return i + n
	default:
		r.text = append(r.text, c)
	}
	return i
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// splitCSV splits a line of CSV.
func (r *Reader) splitCSV(raw []byte) error {
	delim, quote, esc := r.o.Delimiter[0], r.o.Quote[0], r.o.Escape[0]
	for i := 0; ; i++ {
		from, sawQuote, inQuote := len(r.text), false, false
		for ; i < len(raw); i++ {
			c := raw[i]
			switch {
			case inQuote && c == esc && i+1 < len(raw) && (raw[i+1] == quote || raw[i+1] == esc):
				i++
				r.text = append(r.text, raw[i])
			case c == quote:
				inQuote = !inQuote
				sawQuote = true
			case !inQuote && c == delim:
				goto end
			default:
				r.text = append(r.text, c)
			}
		}
		if inQuote {
			return pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
		}
	end:
		r.csvField(from, sawQuote)
		if i >= len(raw) {
			return nil
		}
	}
}

// csvField notes a field: an unquoted null string is NULL, unless FORCE_NOT_NULL.
func (r *Reader) csvField(from int, quoted bool) {
	n := len(r.spans)
	isNull := string(r.text[from:]) == r.o.Null && (!quoted && !r.o.ForceNotNull[n] || quoted && r.o.ForceNull[n])
	r.spans = append(r.spans, span{from, len(r.text), isNull})
}
