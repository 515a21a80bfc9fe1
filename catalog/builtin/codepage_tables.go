package builtin

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// codePage is an encoding's characters of one or two bytes, of two bytes as
// first·256 + second, and what they are in Unicode (utils/mb/Unicode/*.map).
type codePage struct {
	toRune   map[uint16]rune
	fromRune map[rune]uint16
}

func (p *codePage) put(char uint16, r rune) {
	p.toRune[char] = r
	if _, ok := p.fromRune[r]; !ok {
		p.fromRune[r] = char
	}
}

func (p *codePage) remove(char uint16) {
	delete(p.fromRune, p.toRune[char])
	delete(p.toRune, char)
}

func newCodePage() *codePage {
	p := &codePage{toRune: map[uint16]rune{}, fromRune: map[rune]uint16{}}
	for c := range uint16(utf8.RuneSelf) {
		p.put(c, rune(c))
	}
	return p
}

// singleBytes is a code page of one byte, with what PostgreSQL has otherwise:
// the controls of ISO 8859, and three characters.
func singleBytes(name string, m *charmap.Charmap) *codePage {
	p := newCodePage()
	iso := m.DecodeByte(0xa0) == 0xa0 && m.DecodeByte(0x80) == utf8.RuneError && m.DecodeByte(0x85) == utf8.RuneError
	for c := uint16(utf8.RuneSelf); c <= 0xff; c++ {
		r := m.DecodeByte(byte(c))
		if r == utf8.RuneError && iso && c < 0xa0 {
			r = rune(c)
		}
		if r != utf8.RuneError {
			p.put(c, r)
		}
	}
	switch name {
	case "KOI8U":
		p.change(0xae, 0x255d)
		p.change(0xbe, 0x256c)
	case "WIN1255":
		p.remove(0xca)
	}
	return p
}

// change gives a character another meaning.
func (p *codePage) change(char uint16, r rune) {
	p.remove(char)
	p.put(char, r)
}

// doubleBytes is a code page of two bytes: what another has, as far as it is wanted.
func doubleBytes(from encoding.Encoding, variant codePageVariant) *codePage {
	p, decoder := newCodePage(), from.NewDecoder()
	if variant.kana {
		for c := uint16(0xa1); c <= 0xdf; c++ {
			p.put(c, rune(c)-0xa1+0xff61)
		}
	}
	for _, leads := range variant.leads {
		for lead := leads.from; lead <= leads.to; lead++ {
			for trail := variant.trail; trail < 0xff; trail++ {
				decoder.Reset()
				b, err := decoder.Bytes([]byte{byte(lead), byte(trail)})
				r, n := utf8.DecodeRune(b)
				if char := lead<<8 | trail; err == nil && n == len(b) && r != utf8.RuneError && !variant.lacks(char) {
					p.put(char, r)
				}
			}
		}
	}
	for char, r := range variant.with {
		p.change(char, r)
	}
	for r, char := range variant.also {
		p.fromRune[r] = char
	}
	return p
}

// codePageVariant is how a code page of two bytes differs from another.
type codePageVariant struct {
	leads   []charRange // of characters that mean the same, what Unicode becomes is the first of these
	trail   uint16      // from where on second bytes are
	kana    bool        // has katakana of half width, of one byte
	without []charRange
	with    map[uint16]rune
	also    map[rune]uint16 // what becomes a character that means another
}

type charRange struct{ from, to uint16 }

func (v *codePageVariant) lacks(char uint16) bool {
	return slices.ContainsFunc(v.without, func(r charRange) bool { return char >= r.from && char <= r.to })
}

// The variants of x/text's code pages that are PostgreSQL's.
var (
	gb2312 = codePageVariant{
		leads: []charRange{{0xa1, 0xa9}, {0xb0, 0xf7}}, trail: 0xa1,
		without: []charRange{{0xa2a1, 0xa2aa}, {0xa2e3, 0xa2e3}, {0xa6e0, 0xa6f5}, {0xa8bb, 0xa8bb}, {0xa8bd, 0xa8c0}},
		with:    map[uint16]rune{0xa1a4: 0x30fb, 0xa1aa: 0x2015},
	}
	cp936 = codePageVariant{
		leads: []charRange{{0x81, 0xfe}}, trail: 0x40,
		without: []charRange{{0xa2e3, 0xa2e3}, {0xa3a0, 0xa3a0}, {0xa8bf, 0xa8bf}, {0xa989, 0xa995}, {0xfe50, 0xfea0}},
		also:    map[rune]uint16{0x20ac: 0x80},
	}
	ksx1001 = codePageVariant{leads: []charRange{{0xa1, 0xfe}}, trail: 0xa1, with: map[uint16]rune{0xa2e8: 0x327e}}
	cp949   = codePageVariant{leads: []charRange{{0x81, 0xfe}}, trail: 0x40, with: cp949Private()}
	cp932   = codePageVariant{
		leads: []charRange{{0x81, 0x86}, {0x88, 0x9f}, {0xe0, 0xec}, {0xfa, 0xfc}, {0x87, 0x87}, {0xed, 0xf9}}, trail: 0x40, kana: true,
		also: map[rune]uint16{0xa2: 0x8191, 0xa3: 0x8192, 0xa5: '\\', 0xac: 0x81ca, 0x2016: 0x8161, 0x203e: '~', 0x2212: 0x817c, 0x301c: 0x8160},
	}
)

// cp949Private are two rows of characters for private use, and one that came late.
func cp949Private() map[uint16]rune {
	out := map[uint16]rune{0xa2e8: 0x327e}
	for trail := uint16(0xa1); trail <= 0xfe; trail++ {
		out[0xc900|trail], out[0xfe00|trail] = rune(0xe000+trail-0xa1), rune(0xe05e+trail-0xa1)
	}
	return out
}
