package regex

import "unicode"

// class is a class of characters ([:alpha:]).
type class uint8

const (
	alnum class = iota
	alpha
	asciiChars
	blank
	cntrl
	digits
	graph
	lower
	printable
	punct
	space
	upper
	xdigit
	word
	numClasses
)

var classNames = map[string]class{
	"alnum": alnum, "alpha": alpha, "ascii": asciiChars, "blank": blank, "cntrl": cntrl, "digit": digits, "graph": graph,
	"lower": lower, "print": printable, "punct": punct, "space": space, "upper": upper, "xdigit": xdigit, "word": word,
}

// The classes are those of PostgreSQL's C library (glibc 2.36 in C.UTF-8, made from
// Unicode 14 by its gen_unicode_ctype): mostly what Unicode's properties say; Go
// knows a later Unicode, so what has come since is left out.

// since14 are the characters that came after Unicode 14.
var since14 = &unicode.RangeTable{
	R16: []unicode.Range16{{0xcf3, 0xcf3, 1}, {0xece, 0xece, 1}},
	R32: []unicode.Range32{
		{0x10efd, 0x10eff, 1}, {0x1123f, 0x11241, 1}, {0x11b00, 0x11b09, 1}, {0x11f00, 0x11f10, 1}, {0x11f12, 0x11f3a, 1}, {0x11f3e, 0x11f59, 1},
		{0x1342f, 0x1342f, 1}, {0x13439, 0x13455, 1}, {0x1b132, 0x1b132, 1}, {0x1b155, 0x1b155, 1}, {0x1d2c0, 0x1d2d3, 1}, {0x1df25, 0x1df2a, 1},
		{0x1e030, 0x1e06d, 1}, {0x1e08f, 0x1e08f, 1}, {0x1e4d0, 0x1e4f9, 1}, {0x1f6dc, 0x1f6dc, 1}, {0x1f774, 0x1f776, 1}, {0x1f77b, 0x1f77f, 1},
		{0x1f7d9, 0x1f7d9, 1}, {0x1fa75, 0x1fa77, 1}, {0x1fa87, 0x1fa88, 1}, {0x1faad, 0x1faaf, 1}, {0x1fabb, 0x1fabd, 1}, {0x1fabf, 0x1fabf, 1},
		{0x1face, 0x1facf, 1}, {0x1fada, 0x1fadb, 1}, {0x1fae8, 0x1fae8, 1}, {0x1faf7, 0x1faf8, 1}, {0x2b739, 0x2b739, 1}, {0x31350, 0x323af, 1},
	},
}

// notLower are letters that were made lower case after Unicode 14.
var notLower = &unicode.RangeTable{R16: []unicode.Range16{{0x10fc, 0x10fc, 1}, {0xa7f2, 0xa7f4, 1}, {0xab69, 0xab69, 1}}}

// notAlphabetic are marks that became alphabetic after Unicode 14.
var notAlphabetic = &unicode.RangeTable{
	R16: []unicode.Range16{{0xc04, 0xc04, 1}, {0xf82, 0xf83, 1}},
	R32: []unicode.Range32{{0x11080, 0x11081, 1}},
}

// inClassOf reports whether a character is of a class; with inASCII (collation C) only
// those of ASCII are of one.
func inClassOf(c class, r rune, inASCII bool) bool {
	switch c {
	case asciiChars:
		return r <= unicode.MaxASCII
	case blank:
		return r == ' ' || r == '\t'
	case cntrl:
		return r < ' ' || r >= 0x7f && r <= 0x9f
	case digits:
		return isDigit(r)
	case xdigit:
		return isDigit(r) || r|0x20 >= 'a' && r|0x20 <= 'f'
	}
	if r <= unicode.MaxASCII {
		return inASCIIClass(c, r)
	}
	return !inASCII && !unicode.Is(since14, r) && inUnicodeClass(c, r)
}

func inASCIIClass(c class, r rune) bool {
	isLower, isUpper := r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z'
	isAlnum := isLower || isUpper || isDigit(r)
	switch c {
	case alnum:
		return isAlnum
	case word:
		return isAlnum || r == '_'
	case alpha:
		return isLower || isUpper
	case lower:
		return isLower
	case upper:
		return isUpper
	case space:
		return r == ' ' || r >= '\t' && r <= '\r'
	case graph:
		return r > ' ' && r < 0x7f
	case printable:
		return r >= ' ' && r < 0x7f
	}
	return r > ' ' && r < 0x7f && !isAlnum // punct
}

func inUnicodeClass(c class, r rune) bool {
	switch c {
	case alnum, alpha, word:
		return isLetter(r)
	case lower:
		return (unicode.ToUpper(r) != r || unicode.In(r, unicode.Ll, unicode.Other_Lowercase)) && !unicode.Is(notLower, r)
	case upper:
		return unicode.ToLower(r) != r || unicode.In(r, unicode.Lu, unicode.Other_Uppercase)
	case space:
		return isSpace(r)
	case graph:
		return isPrintable(r) && !isSpace(r)
	case printable:
		return isPrintable(r)
	}
	return isPrintable(r) && !isSpace(r) && !isLetter(r) // punct
}

// isLetter includes the digits of other scripts.
func isLetter(r rune) bool {
	if unicode.IsLetter(r) {
		return true
	}
	return unicode.In(r, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic) && !unicode.Is(notAlphabetic, r)
}

// isSpace is without the spaces that do not break.
func isSpace(r rune) bool {
	switch r {
	case 0x1680, 0x2028, 0x2029, 0x205f, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200a && r != 0x2007
}

// isPrintable is of all characters that there are but controls and separators of lines.
func isPrintable(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co)
}

// toLower and toUpper are the simple mappings, which are the C library's.
func toLower(r rune, inASCII bool) rune {
	if inASCII && r > unicode.MaxASCII {
		return r
	}
	return unicode.ToLower(r)
}

func toUpper(r rune, inASCII bool) rune {
	if inASCII && r > unicode.MaxASCII {
		return r
	}
	return unicode.ToUpper(r)
}
