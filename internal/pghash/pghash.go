// Package pghash is PostgreSQL's hash of bytes, with the values that its
// hash functions return (src/common/hashfn.c): Bob Jenkins' lookup3 with an end
// of its own. It is for those who ask for these values; nothing here is stored by them.
//
//	pghash.go  the two forms, of 32 and 64 bits, over bytes and over one word
package pghash

import (
	"encoding/binary"
	"math/bits"
)

// state is the three words that the input is mixed into.
type state struct{ a, b, c uint32 }

// begin is the state of an input of n bytes.
func begin(n int) state {
	v := 0x9e3779b9 + uint32(n) + 3923095
	return state{v, v, v}
}

// perturb takes the seed in; 0 is none.
func (s *state) perturb(seed uint64) {
	if seed != 0 {
		s.a += uint32(seed >> 32)
		s.b += uint32(seed)
		s.mix()
	}
}

func (s *state) mix() {
	a, b, c := s.a, s.b, s.c
	a, c = (a-c)^bits.RotateLeft32(c, 4), c+b
	b, a = (b-a)^bits.RotateLeft32(a, 6), a+c
	c, b = (c-b)^bits.RotateLeft32(b, 8), b+a
	a, c = (a-c)^bits.RotateLeft32(c, 16), c+b
	b, a = (b-a)^bits.RotateLeft32(a, 19), a+c
	c, b = (c-b)^bits.RotateLeft32(b, 4), b+a
	s.a, s.b, s.c = a, b, c
}

func (s *state) final() {
	a, b, c := s.a, s.b, s.c
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	s.a, s.b, s.c = a, b, c
}

// take mixes the bytes in: twelve at a time, and of the last ones those behind
// the eighth above the lowest byte of their word, which once held the length.
func (s *state) take(key []byte) {
	for ; len(key) >= 12; key = key[12:] {
		s.a += binary.LittleEndian.Uint32(key)
		s.b += binary.LittleEndian.Uint32(key[4:])
		s.c += binary.LittleEndian.Uint32(key[8:])
		s.mix()
	}
	for i, v := range key {
		switch {
		case i < 4:
			s.a += uint32(v) << (8 * i)
		case i < 8:
			s.b += uint32(v) << (8 * (i - 4))
		default:
			s.c += uint32(v) << (8 * (i - 7))
		}
	}
	s.final()
}

func (s *state) both() uint64 { return uint64(s.b)<<32 | uint64(s.c) }

// Bytes is hash_bytes.
func Bytes(key []byte) uint32 {
	s := begin(len(key))
	s.take(key)
	return s.c
}

// BytesExtended is hash_bytes_extended. Its lower half is Bytes where the seed is 0.
func BytesExtended(key []byte, seed uint64) uint64 {
	s := begin(len(key))
	s.perturb(seed)
	s.take(key)
	return s.both()
}

// Word is hash_bytes_uint32.
func Word(k uint32) uint32 {
	s := begin(4)
	s.a += k
	s.final()
	return s.c
}

// WordExtended is hash_bytes_uint32_extended.
func WordExtended(k uint32, seed uint64) uint64 {
	s := begin(4)
	s.perturb(seed)
	s.a += k
	s.final()
	return s.both()
}
