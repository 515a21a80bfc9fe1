package types

// boolCodec is bool (bool.c).
type boolCodec struct{}

func (boolCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	if v, ok := ParseBool(trimSpace(s)); ok {
		return Bool(v), nil
	}
	return Null, badSyntax(t.SQLName, s)
}

// ParseBool reads what boolin and the boolean settings accept: unique prefixes
// of true, false, yes, no, on and off, in any case, and 1 and 0.
func ParseBool(s string) (value, ok bool) {
	switch len(s) {
	case 0:
		return false, false
	case 1:
		switch s[0] {
		case '1':
			return true, true
		case '0':
			return false, true
		}
	}
	switch s[0] | 0x20 {
	case 't':
		return true, isPrefixFold(s, "true")
	case 'f':
		return false, isPrefixFold(s, "false")
	case 'y':
		return true, isPrefixFold(s, "yes")
	case 'n':
		return false, isPrefixFold(s, "no")
	case 'o':
		if len(s) == 2 && isPrefixFold(s, "on") {
			return true, true
		}
		return false, len(s) >= 2 && isPrefixFold(s, "off")
	}
	return false, false
}

// isPrefixFold reports whether s, ASCII case aside, begins the lower-case word.
func isPrefixFold(s, word string) bool {
	if len(s) > len(word) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func (boolCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	if d.Bool() {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

func (boolCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantByte(b); err != nil {
		return Null, err
	}
	return Bool(b[0] != 0), nil
}

func (boolCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	if d.Bool() {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func (boolCodec) compare(_ *Type, a, b Datum) int { return int(a.n) - int(b.n) }

func (boolCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, d.n) }
