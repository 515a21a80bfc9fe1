package sqlparse

import (
	"strings"
	"unicode/utf8"
)

// characters counts the characters of s.
func characters(s string) int { return utf8.RuneCountInString(s) }

// Position turns a node's location into the character position, from 1, in
// the client's query string that errors carry; 0 for a node without one.
func (s *Statement) Position(location int32) int {
	at := int(location) - s.tree.base
	if location < 0 || at < 0 || at > len(s.tree.text) {
		return 0
	}
	if s.tree.text != s.Text {
		at = moved(s.tree.text, s.Text, at)
	}
	if at > len(s.Text) {
		return 0
	}
	return s.before + characters(s.Text[:at]) + 1
}

// InText is the character position in the client's string of the at-th character
// of Text, from 1.
func (s *Statement) InText(at int) int { return s.before + at }

// LiteralPosition is the character position of Lifted[i].
func (s *Statement) LiteralPosition(i int) int {
	return s.before + characters(s.Text[:s.Lifted[i].start]) + 1
}

// Place is the character position of the first string literal with that value;
// 0 when it was not written as a plain one.
func (s *Statement) Place(value string) int {
	at := strings.Index(s.Text, "'"+strings.ReplaceAll(value, "'", "''")+"'")
	if at < 0 {
		return 0
	}
	return s.before + characters(s.Text[:at]) + 1
}

// moved finds the place in one text that corresponds to a place in another of
// the same shape: they differ in their literals' lengths only.
func moved(from, to string, at int) int {
	var a, b scan
	if !a.run(from) || !b.run(to) || len(a.literals) != len(b.literals) {
		return at
	}
	delta := 0
	for i, l := range a.literals {
		if l.start >= at {
			break
		}
		delta += (b.literals[i].end - b.literals[i].start) - (l.end - l.start)
	}
	return at + delta
}

// Before is the location of the last c before a location of the tree; the
// location itself when there is none.
func (s *Statement) Before(location int32, c byte) int32 {
	at := int(location) - s.tree.base
	if at <= 0 || at > len(s.tree.text) {
		return location
	}
	if i := strings.LastIndexByte(s.tree.text[:at], c); i >= 0 {
		return int32(i + s.tree.base)
	}
	return location
}
