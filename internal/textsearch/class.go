package textsearch

import "unicode"

// The classes of characters are those of the C library in a UTF-8 locale
// (iswalpha and its like, glibc's gen_unicode_ctype): what is a letter includes
// the digits of other scripts. Characters that came with Unicode 15 are letters
// here by Go's tables, which PostgreSQL's C library may not know.

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isASCIILetter(c rune) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isAlpha is iswalpha.
func isAlpha(c rune) bool {
	if c < unicode.MaxASCII {
		return isASCIILetter(c)
	}
	return unicode.IsLetter(c) || unicode.In(c, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic)
}

func isAlnum(c rune) bool { return isDigit(c) || isAlpha(c) }

// isSpace is iswspace: without the spaces that do not break.
func isSpace(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x1680, 0x2028, 0x2029, 0x205f, 0x3000:
		return true
	}
	return c >= 0x2000 && c <= 0x200a && c != 0x2007
}

// isMark is what does not end a word though it is no letter: PostgreSQL asks
// for no width on the screen, or one of a list of signs of Indian scripts. Of the
// rare characters of either list, some hundred are not those of Unicode's marks.
func isMark(c rune) bool {
	return c > unicode.MaxASCII && unicode.In(c, unicode.Mn, unicode.Me, unicode.Mc)
}
