package builtin

import (
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// encodingInfo is one of PostgreSQL's encodings (common/encnames.c, wchar.c).
// Its number is its place in encodings.
type encodingInfo struct {
	name     string
	maxBytes int                // of a character
	length   func(b []byte) int // of the character that b begins with, as its first byte claims
	valid    func(char []byte) bool
	// table is nil of those that nothing is converted from and to here.
	table func() *codePage
}

// encodings are those of PostgreSQL by their numbers (pg_wchar.h).
var encodings = [...]encodingInfo{
	{"SQL_ASCII", 1, oneByte, anyChar, nil},
	{"EUC_JP", 3, eucJPLength, eucJPChar, nil},
	{"EUC_CN", 3, twoBytes, eucChar, sync.OnceValue(func() *codePage { return doubleBytes(simplifiedchinese.GBK, gb2312) })},
	{"EUC_KR", 3, twoBytes, eucChar, sync.OnceValue(func() *codePage { return doubleBytes(korean.EUCKR, ksx1001) })},
	{"EUC_TW", 4, eucTWLength, eucTWChar, nil},
	{"EUC_JIS_2004", 3, eucJPLength, eucJPChar, nil},
	{"UTF8", 4, utf8Length, func(char []byte) bool { return types.ValidateUTF8(textOf(char)) == nil }, nil},
	{"MULE_INTERNAL", 4, muleLength, muleChar, nil},
	byteEncoding("LATIN1", charmap.ISO8859_1), byteEncoding("LATIN2", charmap.ISO8859_2), byteEncoding("LATIN3", charmap.ISO8859_3),
	byteEncoding("LATIN4", charmap.ISO8859_4), byteEncoding("LATIN5", charmap.ISO8859_9), byteEncoding("LATIN6", charmap.ISO8859_10),
	byteEncoding("LATIN7", charmap.ISO8859_13), byteEncoding("LATIN8", charmap.ISO8859_14), byteEncoding("LATIN9", charmap.ISO8859_15),
	byteEncoding("LATIN10", charmap.ISO8859_16), byteEncoding("WIN1256", charmap.Windows1256), byteEncoding("WIN1258", charmap.Windows1258),
	byteEncoding("WIN866", charmap.CodePage866), byteEncoding("WIN874", charmap.Windows874), byteEncoding("KOI8R", charmap.KOI8R),
	byteEncoding("WIN1251", charmap.Windows1251), byteEncoding("WIN1252", charmap.Windows1252), byteEncoding("ISO_8859_5", charmap.ISO8859_5),
	byteEncoding("ISO_8859_6", charmap.ISO8859_6), byteEncoding("ISO_8859_7", charmap.ISO8859_7), byteEncoding("ISO_8859_8", charmap.ISO8859_8),
	byteEncoding("WIN1250", charmap.Windows1250), byteEncoding("WIN1253", charmap.Windows1253), byteEncoding("WIN1254", charmap.Windows1254),
	byteEncoding("WIN1255", charmap.Windows1255), byteEncoding("WIN1257", charmap.Windows1257), byteEncoding("KOI8U", charmap.KOI8U),
	{"SJIS", 2, sjisLength, sjisChar, sync.OnceValue(func() *codePage { return doubleBytes(japanese.ShiftJIS, cp932) })},
	{"BIG5", 2, twoBytes, anyChar, nil},
	{"GBK", 2, twoBytes, anyChar, sync.OnceValue(func() *codePage { return doubleBytes(simplifiedchinese.GBK, cp936) })},
	{"UHC", 2, twoBytes, anyChar, sync.OnceValue(func() *codePage { return doubleBytes(korean.EUCKR, cp949) })},
	{"GB18030", 4, gb18030Length, gb18030Char, nil},
	{"JOHAB", 3, eucJPLength, johabChar, nil},
	{"SHIFT_JIS_2004", 2, sjisLength, sjisChar, nil},
}

func byteEncoding(name string, m *charmap.Charmap) encodingInfo {
	return encodingInfo{name, 1, oneByte, anyChar, sync.OnceValue(func() *codePage { return singleBytes(name, m) })}
}

// The encodings that are known by their numbers.
const (
	encodingASCII = 0
	encodingUTF8  = 6
)

// encodingAliases are further names, without what is neither letter nor digit.
var encodingAliases = map[string]string{
	"abc": "WIN1258", "alt": "WIN866", "iso88591": "LATIN1", "iso885910": "LATIN6", "iso885913": "LATIN7", "iso885914": "LATIN8",
	"iso885915": "LATIN9", "iso885916": "LATIN10", "iso88592": "LATIN2", "iso88593": "LATIN3", "iso88594": "LATIN4", "iso88599": "LATIN5",
	"koi8": "KOI8R", "mskanji": "SJIS", "shiftjis": "SJIS", "tcvn": "WIN1258", "tcvn5712": "WIN1258", "unicode": "UTF8", "vscii": "WIN1258",
	"win": "WIN1251", "win932": "SJIS", "win936": "GBK", "win949": "UHC", "win950": "BIG5",
	"windows932": "SJIS", "windows936": "GBK", "windows949": "UHC", "windows950": "BIG5",
}

// encodingNumbers are the numbers of names without what is neither letter nor digit.
var encodingNumbers = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for i, e := range encodings {
		name := cleanEncodingName(e.name)
		out[name] = i
		if number, ok := strings.CutPrefix(name, "win"); ok {
			out["windows"+number] = i
		}
	}
	for alias, name := range encodingAliases {
		out[alias] = out[cleanEncodingName(name)]
	}
	return out
})

// cleanEncodingName leaves the letters and digits of a name, in lower case.
func cleanEncodingName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// findEncoding is the number of an encoding by one of its names.
func findEncoding(name string) (number int, ok bool) {
	number, ok = encodingNumbers()[cleanEncodingName(name)]
	return number, ok
}
