package types

// StripJSONNulls is a json text without the members of objects that are null
// (json_strip_nulls). The rest keeps its order; white space goes.
func StripJSONNulls(s string, work Work) (string, error) {
	w := &jsonStripper{}
	err := parseJSON(nil, s, true, w, work)
	return textOf(w.out), err
}

// jsonStripper writes a parser's events.
type jsonStripper struct {
	out   []byte
	name  string // of the member that comes
	named bool
}

// begin writes what stands before a value: a comma, and a member's name.
func (w *jsonStripper) begin() {
	if n := len(w.out); n > 0 && w.out[n-1] != '{' && w.out[n-1] != '[' {
		w.out = append(w.out, ',')
	}
	if w.named {
		w.out = append(AppendJSONString(w.out, w.name), ':')
		w.named = false
	}
}

func (w *jsonStripper) scalar(tok jsonToken, text string) error {
	if w.named && tok != jsonString && text == "null" {
		w.named = false
		return nil
	}
	w.begin()
	if tok == jsonString {
		w.out = AppendJSONString(w.out, text)
	} else {
		w.out = append(w.out, text...)
	}
	return nil
}

func (w *jsonStripper) key(text string) error {
	w.name, w.named = text, true
	return nil
}

func (w *jsonStripper) open(tok jsonToken) error {
	w.begin()
	if tok == jsonObjectStart {
		w.out = append(w.out, '{')
	} else {
		w.out = append(w.out, '[')
	}
	return nil
}

func (w *jsonStripper) close(tok jsonToken) error {
	if tok == jsonObjectEnd {
		w.out = append(w.out, '}')
	} else {
		w.out = append(w.out, ']')
	}
	return nil
}
