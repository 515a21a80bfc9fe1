package textsearch

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// AppendWire appends what tsvectorsend sends: the number of lexemes; of each the
// word, a zero byte, the number of positions and the positions.
func (v Vector) AppendWire(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
	for _, l := range v {
		dst = append(append(dst, l.Word...), 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(l.Positions)))
		for _, p := range l.Positions {
			dst = binary.BigEndian.AppendUint16(dst, uint16(p))
		}
	}
	return dst
}

// maxItems is how many things of a size PostgreSQL has room for.
func maxItems(size int) int { return 0x3fffffff / size }

// VectorFromWire reads what tsvectorrecv reads. valid checks a word's encoding.
func VectorFromWire(b []byte, valid func(string) error) (Vector, error) {
	r := wireReader{b: b, valid: valid}
	n := int32(r.uint32())
	if r.err == nil && (n < 0 || int(n) > maxItems(vectorEntryBytes)) {
		return nil, pgerr.Raised("tsvectorrecv", "invalid size of tsvector")
	}
	var v Vector
	total, sorted := 0, true
	for i := 0; i < int(n) && r.err == nil; i++ {
		word := r.text()
		count := int(r.uint16())
		switch {
		case r.err != nil:
		case len(word) > MaxWordBytes:
			r.err = pgerr.Raised("tsvectorrecv", "invalid tsvector: lexeme too long")
		case total > MaxVectorBytes:
			r.err = pgerr.Raised("tsvectorrecv", "invalid tsvector: maximum total lexeme length exceeded")
		case count > MaxPlaces:
			r.err = pgerr.Raised("tsvectorrecv", "unexpected number of tsvector positions")
		}
		l := Lexeme{word, r.positions(count)}
		sorted = sorted && (i == 0 || v[i-1].Word < word)
		total += len(word) + 2*len(l.Positions)
		v = append(v, l)
	}
	if r.err != nil {
		return nil, r.err
	}
	if !sorted {
		slices.SortStableFunc(v, func(a, b Lexeme) int { return strings.Compare(a.Word, b.Word) })
	}
	return v, r.end()
}

// wireReader reads a message as pqformat.c does. After err is set, what it
// returns means nothing.
type wireReader struct {
	b     []byte
	valid func(string) error
	err   error
}

func (r *wireReader) take(n int) []byte {
	if r.err == nil && len(r.b) < n {
		r.err = pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	if r.err != nil {
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *wireReader) uint8() uint8   { return r.take(1)[0] }
func (r *wireReader) uint16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *wireReader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

// text reads up to a zero byte.
func (r *wireReader) text() string {
	n := slices.Index(r.b, 0)
	if r.err == nil && n < 0 {
		r.err = pgerr.New(pgerr.ProtocolViolation, "invalid string in message")
	}
	if r.err != nil {
		return ""
	}
	s := string(r.take(n + 1)[:n])
	r.err = r.valid(s)
	return s
}

func (r *wireReader) positions(n int) []Position {
	if r.err != nil || n == 0 {
		return nil
	}
	b := r.take(2 * n)
	out := make([]Position, n)
	for i := range out {
		out[i] = Position(binary.BigEndian.Uint16(b[2*i:]))
		if i > 0 && out[i].Place() <= out[i-1].Place() && r.err == nil {
			r.err = pgerr.Raised("tsvectorrecv", "position information is misordered")
		}
	}
	return out
}

func (r *wireReader) end() error {
	if r.err == nil && len(r.b) > 0 {
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return r.err
}

// The stored form of a vector orders as PostgreSQL compares vectors
// (silly_cmp_tsvector): its size there, the number of lexemes, and of each
//
//	0 with positions, 1 without
//	the word, 0
//	the number of positions, complemented      2 bytes
//	each position, weight last, complemented   2 bytes
//
// so what has positions, more of them or later ones is less.
const (
	storedWithPositions = iota
	storedBare
)

// Encode is the stored form.
func (v Vector) Encode() []byte {
	size := v.bytes()
	dst := make([]byte, 0, size+4*len(v)+8)
	dst = binary.BigEndian.AppendUint32(dst, uint32(size))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
	for _, l := range v {
		mark := byte(storedBare)
		if len(l.Positions) > 0 {
			mark = storedWithPositions
		}
		dst = append(append(append(dst, mark), l.Word...), 0)
		if mark == storedBare {
			continue
		}
		dst = binary.BigEndian.AppendUint16(dst, ^uint16(len(l.Positions)))
		for _, p := range l.Positions {
			dst = binary.BigEndian.AppendUint16(dst, ^(uint16(p)<<2 | uint16(p)>>14))
		}
	}
	return dst
}

// DecodeVector reads the stored form; ok is false when Encode cannot have made
// it. The words share the memory of s.
func DecodeVector(s string) (v Vector, ok bool) {
	if len(s) < 8 {
		return nil, false
	}
	n := be32(s[4:])
	s = s[8:]
	if n > math.MaxInt32 || int(n) > len(s)/2 {
		return nil, false
	}
	v = make(Vector, 0, n)
	for range n {
		end := strings.IndexByte(s[min(1, len(s)):], 0)
		if end < 0 {
			return nil, false
		}
		l := Lexeme{Word: s[1 : 1+end]}
		bare := s[0] == storedBare
		s = s[end+2:]
		if !bare {
			if l.Positions, s, ok = storedPositions(s); !ok {
				return nil, false
			}
		}
		v = append(v, l)
	}
	return v, s == ""
}

func storedPositions(s string) (list []Position, rest string, ok bool) {
	if len(s) < 2 {
		return nil, "", false
	}
	n := int(^be16(s))
	if n > MaxPlaces || len(s) < 2+2*n {
		return nil, "", false
	}
	list = make([]Position, n)
	for i := range list {
		p := ^be16(s[2+2*i:])
		list[i] = Position(p>>2 | p<<14)
	}
	return list, s[2+2*n:], true
}

func be16(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }

func be32(s string) uint32 { return uint32(be16(s))<<16 | uint32(be16(s[2:])) }
