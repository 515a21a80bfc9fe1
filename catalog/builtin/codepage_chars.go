package builtin

// How long characters are, as their first bytes claim, and which of that length
// there are (wchar.c). A character that is asked about is complete.

func oneByte([]byte) int { return 1 }

// twoBytes is of encodings whose characters but those of ASCII have two.
func twoBytes(b []byte) int {
	if b[0] >= 0x80 {
		return 2
	}
	return 1
}

// The bytes before characters of two further sets in EUC.
const (
	eucSet2 = 0x8e
	eucSet3 = 0x8f
)

func eucJPLength(b []byte) int {
	if b[0] == eucSet3 {
		return 3
	}
	return twoBytes(b)
}

func eucTWLength(b []byte) int {
	if b[0] == eucSet2 {
		return 4
	}
	return eucJPLength(b)
}

func sjisLength(b []byte) int {
	if between(b[0], 0xa1, 0xdf) { // katakana of half width
		return 1
	}
	return twoBytes(b)
}

func utf8Length(b []byte) int {
	switch c := b[0]; {
	case c&0xe0 == 0xc0:
		return 2
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf8 == 0xf0:
		return 4
	}
	return 1
}

func gb18030Length(b []byte) int {
	if b[0] >= 0x80 && len(b) > 1 && between(b[1], '0', '9') {
		return 4
	}
	return twoBytes(b)
}

func muleLength(b []byte) int {
	switch c := b[0]; {
	case between(c, 0x81, 0x8d):
		return 2
	case between(c, 0x90, 0x9b):
		return 3
	case between(c, 0x9c, 0x9d):
		return 4
	}
	return 1
}

func between(c, from, to byte) bool { return c >= from && c <= to }

// anyChar is of encodings in which any bytes but zero are characters.
func anyChar(char []byte) bool { return char[len(char)-1] != 0 }

// inEUC reports whether all bytes are in the range of EUC's sets.
func inEUC(b []byte) bool {
	for _, c := range b {
		if !between(c, 0xa1, 0xfe) {
			return false
		}
	}
	return true
}

func eucChar(char []byte) bool {
	return len(char) == 1 && anyChar(char) || len(char) > 1 && inEUC(char)
}

func eucJPChar(char []byte) bool {
	switch char[0] {
	case eucSet2:
		return between(char[1], 0xa1, 0xdf)
	case eucSet3:
		return inEUC(char[1:])
	}
	return eucChar(char)
}

func eucTWChar(char []byte) bool {
	switch char[0] {
	case eucSet2:
		return between(char[1], 0xa1, 0xa7) && inEUC(char[2:])
	case eucSet3:
		return false
	}
	return eucChar(char)
}

func johabChar(char []byte) bool { return anyChar(char) && inEUC(char[1:]) }

func sjisChar(char []byte) bool {
	if len(char) == 1 {
		return anyChar(char)
	}
	return (between(char[0], 0x81, 0x9f) || between(char[0], 0xe0, 0xfc)) && (between(char[1], 0x40, 0x7e) || between(char[1], 0x80, 0xfc))
}

func gb18030Char(char []byte) bool {
	switch len(char) {
	case 1:
		return anyChar(char)
	case 2:
		return between(char[0], 0x81, 0xfe) && (between(char[1], 0x40, 0x7e) || between(char[1], 0x80, 0xfe))
	}
	return between(char[0], 0x81, 0xfe) && between(char[2], 0x81, 0xfe) && between(char[3], '0', '9')
}

func muleChar(char []byte) bool {
	for _, c := range char[1:] {
		if c < 0x80 {
			return false
		}
	}
	return anyChar(char)
}
