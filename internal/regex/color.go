package regex

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// color stands for all characters that are in the same sets of an expression, so
// that automata have few transitions. 0 is the end of the text. Colors are given as
// characters are met.
type color uint32

const endOfText color = 0

// page are the colors of so many characters in a row; 0 is one not met yet.
const pageBits = 7

type page [1 << pageBits]color

// colors is the map from characters to colors.
type colors struct {
	sets     *sets
	ascii    page
	pages    map[rune]*page
	recent   *page // that of recentNo
	recentNo rune

	members [][]int32        // by color: the sets that its characters are in
	known   map[string]color // by what members has
	in      []int32          // of the character that is looked at
}

func newColors(s sets) *colors {
	return &colors{sets: &s, known: map[string]color{}, members: [][]int32{nil}, recentNo: -1}
}

// has reports whether the characters of a color are in a set.
func (c *colors) has(of color, set int32) bool {
	return slices.Contains(c.members[of], set)
}

// of is the color of a character.
func (c *colors) of(r rune) color {
	p := &c.ascii
	if r >= utf8.RuneSelf {
		p = c.page(r >> pageBits)
	}
	at := &p[r&(1<<pageBits-1)]
	if *at == endOfText {
		*at = c.find(r)
	}
	return *at
}

func (c *colors) page(no rune) *page {
	if no == c.recentNo {
		return c.recent
	}
	p := c.pages[no]
	if p == nil {
		if c.pages == nil {
			c.pages = map[rune]*page{}
		}
		p = &page{}
		c.pages[no] = p
	}
	c.recent, c.recentNo = p, no
	return p
}

// find finds the color of a character that has not been met.
func (c *colors) find(r rune) color {
	c.in = c.in[:0]
	if n, ok := c.sets.singles[r]; ok {
		c.in = append(c.in, int32(n))
	}
	for _, n := range c.sets.several {
		if c.sets.list[n].has(r) {
			c.in = append(c.in, int32(n))
		}
	}
	key := appendInts(nil, c.in)
	if found, ok := c.known[string(key)]; ok {
		return found
	}
	n := color(len(c.members))
	c.members = append(c.members, slices.Clone(c.in))
	c.known[string(key)] = n
	return n
}

// appendInts appends numbers to a key of a map.
func appendInts(key []byte, ints []int32) []byte {
	for _, i := range ints {
		key = binary.LittleEndian.AppendUint32(key, uint32(i))
	}
	return key
}
