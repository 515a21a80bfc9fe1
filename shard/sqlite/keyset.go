package sqlite

/*
#include <stdlib.h>
#include "keyset.h"
*/
import "C"

import (
	"encoding/binary"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// KeySet is a set of keys for the SQL function pegmatite_recent(set, column...),
// which says whether the key that the columns make is in it. Keys are packed
// columns; a real that equals zero is packed as +0. A KeySet is filled by one
// goroutine and only read after that, by any number of statements; it holds C
// memory until Free.
type KeySet struct {
	c *C.peg_keyset
}

// minPlaces is the smallest table; tables are at most half full.
const minPlaces = 16

// NewKeySet makes a set with room for n keys; it grows when there are more.
func NewKeySet(n int) *KeySet {
	s := &KeySet{c: (*C.peg_keyset)(C.calloc(1, C.sizeof_peg_keyset))}
	places := minPlaces
	for places < 2*n {
		places *= 2
	}
	s.allocate(places)
	return s
}

func (s *KeySet) allocate(places int) {
	s.c.keys = (*C.peg_key)(C.calloc(C.size_t(places), C.sizeof_peg_key))
	s.c.mask = C.uint64_t(places - 1)
}

// table is the places as a Go slice over C memory.
func (s *KeySet) table() []C.peg_key { return unsafe.Slice(s.c.keys, int(s.c.mask)+1) }

// Len is the number of keys.
func (s *KeySet) Len() int { return int(s.c.count) }

// Free gives the memory back. No statement may be bound to s any more.
func (s *KeySet) Free() {
	C.free(unsafe.Pointer(s.c.keys))
	C.free(unsafe.Pointer(s.c.bytes))
	C.free(unsafe.Pointer(s.c))
	s.c = nil
}

// Add adds a key: the packed columns of it.
func (s *KeySet) Add(key []byte) {
	if v, rest, ok := types.NextPacked(key); ok && len(rest) == 0 && v.Tag == types.TagInt64 {
		s.AddInt(v.Int())
		return
	}
	h := hashBytes(key)
	at, found := s.find(h, func(k *C.peg_key) bool {
		return int(k.len) == len(key) && string(s.stored(k)) == string(key)
	})
	if found {
		return
	}
	offset := s.store(key)
	s.insert(at, C.peg_key{hash: C.uint64_t(h), value: C.int64_t(offset), len: C.int64_t(len(key))})
}

// AddInt adds a key that is one integer.
func (s *KeySet) AddInt(key int64) {
	h := hashInt(key)
	at, found := s.find(h, func(k *C.peg_key) bool { return k.len == -1 && int64(k.value) == key })
	if !found {
		s.insert(at, C.peg_key{hash: C.uint64_t(h), value: C.int64_t(key), len: -1})
	}
}

// find returns the place of the key with hash h for which same holds, or the
// free place where it belongs.
func (s *KeySet) find(h uint64, same func(*C.peg_key) bool) (at int, found bool) {
	table, mask := s.table(), uint64(s.c.mask)
	for i := h >> 20; ; i++ {
		k := &table[i&mask]
		if k.hash == 0 {
			return int(i & mask), false
		}
		if uint64(k.hash) == h && same(k) {
			return int(i & mask), true
		}
	}
}

func (s *KeySet) insert(at int, k C.peg_key) {
	s.table()[at] = k
	s.c.count++
	if 2*int(s.c.count) > len(s.table()) {
		s.grow()
	}
}

func (s *KeySet) grow() {
	old, memory := s.table(), s.c.keys
	s.allocate(2 * len(old))
	for _, k := range old {
		if k.hash != 0 {
			at, _ := s.find(uint64(k.hash), func(*C.peg_key) bool { return false })
			s.table()[at] = k
		}
	}
	C.free(unsafe.Pointer(memory))
}

// stored is the packed key of k.
func (s *KeySet) stored(k *C.peg_key) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(s.c.bytes), int(k.value))), int(k.len))
}

// store appends key to the arena and returns where it lies.
func (s *KeySet) store(key []byte) int {
	used := int(s.c.used)
	if need := used + len(key); need > int(s.c.cap) {
		size := max(256, 2*need)
		s.c.bytes = (*C.uint8_t)(C.realloc(unsafe.Pointer(s.c.bytes), C.size_t(size)))
		s.c.cap = C.int64_t(size)
	}
	copy(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(s.c.bytes), used)), len(key)), key)
	s.c.used += C.int64_t(len(key))
	return used
}

// The hashes of keyset.c; the two must agree bit for bit.

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return h
}

// goldenRatio is 2^64 divided by the golden ratio.
const goldenRatio = 0x9e3779b97f4a7c15

func hashInt(v int64) uint64 { return mix(uint64(v)*goldenRatio) | 1 }

func hashBytes(b []byte) uint64 {
	h := uint64(len(b)) * goldenRatio
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h^binary.LittleEndian.Uint64(b)) * goldenRatio
	}
	var tail [8]byte
	copy(tail[:], b)
	return mix(h^binary.LittleEndian.Uint64(tail[:])) | 1
}
