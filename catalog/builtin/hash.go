package builtin

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/pghash"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// hasher makes PostgreSQL's hash values, with a seed those of 64 bits. It is
// for functions that are called by name: rows find their places by other hashes.
type hasher struct {
	extended bool
	seed     uint64
	work     types.Work
}

func (h *hasher) bytes(b []byte) uint64 {
	if h.extended {
		return pghash.BytesExtended(b, h.seed)
	}
	return uint64(pghash.Bytes(b))
}

func (h *hasher) word(v uint32) uint64 {
	if h.extended {
		return pghash.WordExtended(v, h.seed)
	}
	return uint64(pghash.Word(v))
}

// long is hashint8: equal to the hash of the same number in fewer bits.
func (h *hasher) long(v int64) uint64 {
	low, high := uint32(v), uint32(v>>32)
	if v < 0 {
		high = ^high
	}
	return h.word(low ^ high)
}

// plain is the hash of what is the same in all values: 0, and the seed where there is one.
func (h *hasher) plain() uint64 {
	if h.extended {
		return h.seed
	}
	return 0
}

// turned rotates by one bit; of 64 bits both halves apart.
func (h *hasher) turned(v uint64) uint64 {
	low := bits.RotateLeft32(uint32(v), 1)
	return uint64(bits.RotateLeft32(uint32(v>>32), 1))<<32 | uint64(low)
}

// result is the function's value.
func (h *hasher) result(v uint64) types.Datum {
	if h.extended {
		return types.Int(int64(v))
	}
	return types.Int(int64(int32(v)))
}

// typeHash is the hash function of a type's values that are not NULL.
type typeHash = func(h *hasher, t *types.Type, d types.Datum) (uint64, error)

// hashTable is what hashFunctions answers. It has no initial value: the functions
// of arrays and rows look into it themselves.
var hashTable struct {
	once      sync.Once
	functions map[string]typeHash
}

// hashFunctions are those of pg_proc by prosrc, without the ones of 64 bits:
// their names end in _extended, or in extended behind a name without underscores.
func hashFunctions() map[string]typeHash {
	hashTable.once.Do(func() { hashTable.functions = makeHashFunctions() })
	return hashTable.functions
}

func makeHashFunctions() map[string]typeHash {
	word := func(h *hasher, _ *types.Type, d types.Datum) (uint64, error) { return h.word(uint32(d.Int())), nil }
	long := func(h *hasher, _ *types.Type, d types.Datum) (uint64, error) { return h.long(d.Int()), nil }
	float := func(h *hasher, _ *types.Type, d types.Datum) (uint64, error) { return h.float(d.Float()), nil }
	return map[string]typeHash{
		"hashchar": hashChar, "hashint2": word, "hashint4": word, "hashint8": long, "hashoid": word, "hashenum": hashEnum,
		"hashfloat4": float, "hashfloat8": float, "hash_numeric": hashNumeric,
		"hashname": hashBytes, "hashtext": hashBytes, "hashbpchar": hashBpchar, "hashvarlena": hashBytes, "uuid_hash": hashBytes,
		"hashmacaddr": hashBytes, "hashmacaddr8": hashBytes, "hashinet": hashInet, "hashtid": hashTID, "hashoidvector": hashOIDVector,
		"time_hash": long, "timestamp_hash": long, "timetz_hash": hashTimeTZ, "interval_hash": hashInterval, "pg_lsn_hash": long,
		"jsonb_hash": hashJSONB, "hash_array": hashArray, "hash_record": hashRecord, "hash_range": hashRange, "hash_multirange": hashMultirange,
	}
}

// hashBinds are all of them: those of arrays, rows, ranges and enums hash by their call's types.
var hashBinds = makeHashBinds()

func makeHashBinds() bindImpls {
	out := bindImpls{}
	for name, f := range hashFunctions() {
		extended := name + "extended"
		if strings.Contains(name, "_") {
			extended = name + "_extended"
		}
		out[name], out[extended] = bindHash(f), bindHash(f)
	}
	return out
}

func bindHash(f typeHash) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			h := &hasher{work: ctx.Spend}
			if len(a) > 1 {
				h.extended, h.seed = true, uint64(a[1].Int())
			}
			v, err := f(h, args[0], a[0])
			return h.result(v), err
		}
	}
}

// hashOf is the function that a type's values are hashed with where they are
// parts of others; nil for a type that has none, or whose parts have none.
func hashOf(t *types.Type) typeHash {
	b := t.Base()
	if f := hashFunctions()[hashName(b)]; f != nil && partsHash(b) {
		return f
	}
	return nil
}

// partsHash reports whether everything that values of a type are made of can be hashed.
func partsHash(t *types.Type) bool {
	switch {
	case t == types.TRecord:
		return false // PostgreSQL does not look into rows of no type
	case t.Elem != nil:
		return hashOf(t.Elem) != nil
	case t.Ranges() != nil:
		return hashOf(t.Ranges().Subtype) != nil
	}
	return !slices.ContainsFunc(t.Columns(), func(c types.Column) bool { return hashOf(c.Type) == nil })
}

func hashName(b *types.Type) string {
	switch {
	case b == types.TVarchar, b == types.TText:
		return "hashtext"
	case b == types.TBpchar:
		return "hashbpchar"
	case b == types.TChar, b == types.TBool:
		return "hashchar"
	case b == types.TOIDVector:
		return "hashoidvector"
	case b.Elem != nil:
		return "hash_array"
	case b.Kind == 'e':
		return "hashenum"
	case b.Datum == types.KindRow:
		return "hash_record"
	case b.IsRange():
		return "hash_range"
	case b.IsMultirange():
		return "hash_multirange"
	case strings.HasPrefix(b.Name, "reg") && b.Kind == 'b':
		return "hashoid"
	}
	return plainHashes()[b]
}

// errNoHash is 42883 for a type that has no hash function.
func errNoHash(what string, t *types.Type) error {
	return pgerr.New(pgerr.UndefinedFunction, "could not identify %s function for type %s", what, t.SQLName)
}

// ofPart is hashOf a part of an array or a row.
func (h *hasher) ofPart(t *types.Type) (typeHash, error) {
	if f := hashOf(t); f != nil {
		return f, nil
	}
	if h.extended {
		return nil, errNoHash("an extended hash", t)
	}
	return nil, errNoHash("a hash", t)
}

// ofBound is hashOf the values that a range or multirange type is made of.
func ofBound(t *types.Type) (typeHash, error) {
	if f := hashOf(t.Ranges().Subtype); f != nil {
		return f, nil
	}
	return nil, errNoHash("a hash", t.Ranges().Subtype)
}

// plainHashes are the functions of the types that have one of their own.
var plainHashes = sync.OnceValue(func() map[*types.Type]string {
	return map[*types.Type]string{
		types.TInt2: "hashint2", types.TInt4: "hashint4", types.TInt8: "hashint8", types.TOID: "hashoid", types.TXID: "hashint4", types.TCID: "hashint4", types.TXID8: "hashint8",
		types.TFloat4: "hashfloat4", types.TFloat8: "hashfloat8", types.TNumeric: "hash_numeric", types.TName: "hashname", types.TBytea: "hashvarlena", types.TUUID: "uuid_hash",
		types.TDate: "hashint4", types.TTime: "time_hash", types.TTimeTZ: "timetz_hash", types.TTimestamp: "timestamp_hash", types.TTimestamptz: "timestamp_hash", types.TInterval: "interval_hash",
		types.TMacaddr: "hashmacaddr", types.TMacaddr8: "hashmacaddr8", types.TInet: "hashinet", types.TCidr: "hashinet", types.TTID: "hashtid", types.TPGLSN: "pg_lsn_hash", types.TJSONB: "jsonb_hash",
	}
})

// hashChar is of "char" and of boolean.
func hashChar(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	v := byte(0)
	switch {
	case d.Kind() == types.KindBool:
		if d.Bool() {
			v = 1
		}
	case d.Text() != "":
		v = d.Text()[0]
	}
	return h.word(uint32(int32(int8(v)))), nil
}

// hashEnum is of what stands for the label here, where PostgreSQL has its number in pg_enum.
func hashEnum(h *hasher, _ *types.Type, d types.Datum) (uint64, error) { return h.long(d.Int()), nil }

func (h *hasher) float(v float64) uint64 {
	if v == 0 {
		return h.plain()
	}
	n := math.Float64bits(v)
	if math.IsNaN(v) {
		n = 0x7ff8000000000000
	}
	return h.bytes(binary.LittleEndian.AppendUint64(nil, n))
}

func hashBytes(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	return h.bytes(d.Bytes()), h.work(d.ByteLen())
}

func hashBpchar(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	return h.bytes([]byte(types.TrimBpchar(d.Text()))), h.work(d.ByteLen())
}

// hashNumeric is of the digits to the base of 10,000 without zeros at either
// end, and of where they begin: the sign does not count.
func hashNumeric(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	// The binary form: how many digits, weight, sign, scale, each 2 bytes; the digits.
	form := types.TNumeric.Encode(nil, nil, d)
	weight, sign := int16(binary.BigEndian.Uint16(form[2:])), binary.BigEndian.Uint16(form[4:])
	if sign&0xc000 == 0xc000 { // NaN and the infinities
		return h.plain(), nil
	}
	var digits []byte
	for form = form[8:]; len(form) >= 2; form = form[2:] {
		digit := binary.BigEndian.Uint16(form)
		if digit == 0 && len(digits) == 0 {
			weight--
			continue
		}
		digits = binary.LittleEndian.AppendUint16(digits, digit)
	}
	for n := len(digits); n > 0 && digits[n-1] == 0 && digits[n-2] == 0; n -= 2 {
		digits = digits[:n-2]
	}
	if len(digits) == 0 {
		return h.plain() - 1, nil
	}
	return h.bytes(digits) ^ uint64(int64(weight)), h.work(len(digits))
}

// hashInet is of family, length of the prefix, and address.
func hashInet(h *hasher, t *types.Type, d types.Datum) (uint64, error) {
	// The binary form: family, bits, whether it is a cidr, length, address.
	form := t.Encode(nil, nil, d)
	return h.bytes(append(form[:2:2], form[4:]...)), nil
}

func hashTID(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	v := uint64(d.Int())
	key := binary.LittleEndian.AppendUint16(nil, uint16(v>>32))
	key = binary.LittleEndian.AppendUint16(key, uint16(v>>16))
	return h.bytes(binary.LittleEndian.AppendUint16(key, uint16(v))), nil
}

func hashOIDVector(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	var key []byte
	for _, e := range d.Array().Elems {
		key = binary.LittleEndian.AppendUint32(key, uint32(e.Int()))
	}
	return h.bytes(key), h.work(len(key))
}

func hashTimeTZ(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	v := d.TimeTZ()
	return h.long(v.Micros) ^ h.word(uint32(v.ZoneWestS)), nil
}

// hashInterval is of the lower 64 bits of the microseconds, at 30 days to a month.
func hashInterval(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	const dayMicros = 24 * 60 * 60 * 1000000
	v := d.Interval()
	return h.long((int64(v.Months)*30+int64(v.Days))*dayMicros + v.Micros), nil
}
