package builtin

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	encodinghex "encoding/hex"
	"hash"
	"math/bits"
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// byteaImpls are the functions of bytea, encodings and digests (varlena.c,
// encode.c, cryptohashfuncs.c).
var byteaImpls = impls{
	"byteacat": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return joinBytes(ctx, a[0].Bytes(), a[1].Bytes())
	},
	"byteaoctetlen": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Bytes()))), nil
	},
	"bit_length(bytea)": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Bytes())) * 8), nil
	},
	"bytea_bit_count": bitCount,
	"byteapos": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		i, err := index(ctx, textOf(a[0].Bytes()), textOf(a[1].Bytes()))
		return types.Int(int64(i + 1)), err
	},
	"bytea_substr":        byteaSubstr,
	"bytea_substr_no_len": byteaSubstr,
	"byteaoverlay":        byteaOverlay, "byteaoverlay_no_len": byteaOverlay,
	"byteatrim": byteaTrim(true, true), "bytealtrim": byteaTrim(true, false), "byteartrim": byteaTrim(false, true),
	"byteaGetByte": getByte, "byteaSetByte": setByte, "byteaGetBit": getBit, "byteaSetBit": setBit,
	"binary_encode": encodeBytes, "binary_decode": decodeBytes,
	"md5_text": md5Hex, "md5_bytea": md5Hex,
	"sha224_bytea": digest(sha256.New224), "sha256_bytea": digest(sha256.New),
	"sha384_bytea": digest(sha512.New384), "sha512_bytea": digest(sha512.New),
}

// hex is to_hex: without leading zeros.
func hex(v uint64) string { return strconv.FormatUint(v, 16) }

func md5Hex(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	sum, err := sumOf(ctx, md5.New(), a[0].Bytes())
	return types.Text(encodinghex.EncodeToString(sum)), err
}

func digest(start func() hash.Hash) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		sum, err := sumOf(ctx, start(), a[0].Bytes())
		return types.Bytes(sum), err
	}
}

// sumOf is a digest, piece by piece.
func sumOf(ctx *expr.Context, h hash.Hash, b []byte) ([]byte, error) {
	if err := eachChunk(ctx, b, func(chunk []byte) { h.Write(chunk) }); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

func bitCount(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	n := 0
	err := eachChunk(ctx, a[0].Bytes(), func(chunk []byte) {
		for _, b := range chunk {
			n += bits.OnesCount8(b)
		}
	})
	return types.Int(int64(n)), err
}

// byteaSubstr is substring(b, from [, length]); bytes count from 1.
func byteaSubstr(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b := a[0].Bytes()
	from, to, err := substringPlace(int64(len(b)), a)
	if err != nil || from == to {
		return types.Bytes([]byte{}), err
	}
	return types.Bytes(b[from:to:to]), nil
}

// substringPlace is where substring(s, from [, length]) begins and ends in an s of
// n bytes or bits, from 0; both are the same when nothing of s is left.
func substringPlace(n int64, a []types.Datum) (from, to int64, err error) {
	from, to = a[1].Int(), n+1
	if len(a) > 2 {
		if a[2].Int() < 0 {
			return 0, 0, errNegativeLength()
		}
		to = min(to, from+a[2].Int())
	}
	if from = max(from, 1); from >= to {
		return 0, 0, nil
	}
	return from - 1, to - 1, nil
}

// overlayPlace is what overlay(s, with, from [, length]) leaves of an s of n bytes
// or bits: what is before head, and from tail on. length is with's without another one.
func overlayPlace(n, length int64, a []types.Datum) (head, tail int64, err error) {
	from := a[2].Int()
	if len(a) > 3 {
		length = a[3].Int()
	}
	if from <= 0 {
		return 0, 0, errNegativeLength()
	}
	end, err := int4Limits.add(from, length)
	return min(from-1, n), min(max(end-1, 0), n), err
}

func byteaOverlay(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	b, with := a[0].Bytes(), a[1].Bytes()
	head, tail, err := overlayPlace(int64(len(b)), int64(len(with)), a)
	if err != nil {
		return types.Null, err
	}
	return joinBytes(ctx, b[:head], with, b[tail:])
}

func byteaTrim(left, right bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		b, set := a[0].Bytes(), a[1].Bytes()
		cut := 0
		step := func() error {
			if cut++; cut%pieceBytes != 0 {
				return nil
			}
			return ctx.Spend(pieceBytes)
		}
		for left && len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
			b = b[1:]
			if err := step(); err != nil {
				return types.Null, err
			}
		}
		for right && len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
			b = b[:len(b)-1]
			if err := step(); err != nil {
				return types.Null, err
			}
		}
		return types.Bytes(b), nil
	}
}

func byteIndex(n int64, size int) error {
	if n < 0 || n >= int64(size) {
		return pgerr.New(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", n, size-1)
	}
	return nil
}

func getByte(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := byteIndex(a[1].Int(), len(a[0].Bytes())); err != nil {
		return types.Null, err
	}
	return types.Int(int64(a[0].Bytes()[a[1].Int()])), nil
}

func setByte(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := byteIndex(a[1].Int(), len(a[0].Bytes())); err != nil {
		return types.Null, err
	}
	copied, err := joinBytes(ctx, a[0].Bytes())
	if err != nil {
		return types.Null, err
	}
	b := copied.Bytes()
	b[a[1].Int()] = byte(a[2].Int())
	return types.Bytes(b), nil
}

func getBit(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := a[1].Int()
	if err := byteIndex(n, len(a[0].Bytes())*8); err != nil {
		return types.Null, err
	}
	return types.Int(int64(a[0].Bytes()[n/8] >> (n % 8) & 1)), nil
}

func setBit(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	n, v := a[1].Int(), a[2].Int()
	if err := byteIndex(n, len(a[0].Bytes())*8); err != nil {
		return types.Null, err
	}
	if v != 0 && v != 1 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	copied, err := joinBytes(ctx, a[0].Bytes())
	if err != nil {
		return types.Null, err
	}
	b := copied.Bytes()
	b[n/8] = b[n/8]&^(1<<(n%8)) | byte(v)<<(n%8)
	return types.Bytes(b), nil
}

// validUTF8 is types.ValidateUTF8 of a text that may be long.
func validUTF8(ctx *expr.Context, s string) error {
	valid := true
	err := eachPiece(ctx, s, func(piece string) { valid = valid && types.ValidateUTF8(piece) == nil })
	if err == nil && !valid {
		return types.ValidateUTF8(s) // which bytes may lie in two pieces
	}
	return err
}
