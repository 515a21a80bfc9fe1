package types

import (
	"time"
	"unsafe"
)

// OID is PostgreSQL's object identifier.
type OID uint32

// Category is pg_type.typcategory, which operator resolution asks for
// (manual 10.2, table 53.65).
type Category byte

// The categories of PostgreSQL.
const (
	CategoryArray       Category = 'A'
	CategoryBoolean     Category = 'B'
	CategoryComposite   Category = 'C'
	CategoryDateTime    Category = 'D'
	CategoryEnum        Category = 'E'
	CategoryGeometric   Category = 'G'
	CategoryNetwork     Category = 'I'
	CategoryNumeric     Category = 'N'
	CategoryPseudo      Category = 'P'
	CategoryRange       Category = 'R'
	CategoryString      Category = 'S'
	CategoryTimespan    Category = 'T'
	CategoryUser        Category = 'U'
	CategoryBitString   Category = 'V'
	CategoryUnknown     Category = 'X'
	CategoryInternalUse Category = 'Z'
)

// Type is what is known of an SQL type: its row in pg_type and its codec.
// Types are immutable and compared by pointer within a process; there is one
// *Type per OID for the built-in ones (ByOID, ByName).
type Type struct {
	OID       OID
	Name      string // pg_type.typname: "int4", "_int4", "bpchar"
	SQLName   string // format_type's name: "integer", "integer[]", "character"
	Len       int16  // typlen: -1 is variable
	ByVal     bool
	Align     byte // typalign: c s i d
	Storage   byte // typstorage: p e m x
	Kind      byte // typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange
	Category  Category
	Preferred bool
	Delim     byte  // of its array's text form; ',' but for box
	Elem      *Type // element type of an array type, also of int2vector and oidvector; nil otherwise
	Array     *Type // the array type over this one; nil if none
	Datum     Kind  // the form of its non-NULL values (Kind of a Datum)
	Storing   Storing
	Collates  bool // takes a collation

	codec  codec
	family *RangeFamily // of a range or multirange type; nil otherwise
}

// codec is the behaviour of a type. Every method but compare may assume a
// non-NULL Datum of the type's Kind. parse and decode must accept any bytes at
// all and answer malformed ones with 22P02, 22P03, 22003 or 22007/22008 as PostgreSQL does.
type codec interface {
	// parse is the input function; typmod -1 is none. s is not retained.
	parse(env *Env, t *Type, s string, typmod int32) (Datum, error)
	// format is the output function: it appends the text form.
	format(env *Env, t *Type, dst []byte, d Datum) []byte
	// decode is the receive function. b is not retained.
	decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error)
	// encode is the send function.
	encode(env *Env, t *Type, dst []byte, d Datum) []byte
	// compare is the default btree order: -1, 0, 1. NaN sorts as PostgreSQL sorts it.
	compare(t *Type, a, b Datum) int
	// hash appends to h, equal for values that compare equal, also across the
	// types of one hash family (int2/4/8 and numeric, text and varchar, …).
	hash(t *Type, h uint64, d Datum) uint64
}

// Env is the session's settings that text forms depend on. The zero Env is
// not valid; DefaultEnv is PostgreSQL's default with UTC.
type Env struct {
	Location         *time.Location
	DateStyle        DateStyle
	DateOrder        DateOrder
	IntervalStyle    IntervalStyle
	ExtraFloatDigits int
	ByteaEscape      bool // bytea_output = escape
	MaxStackKB       int  // max_stack_depth, which bounds how deep values are nested; 0 is the default
	TextSearchConfig OID  // default_text_search_config; 0 where there is no session
	// Now is the transaction's start: 'now', 'today' and friends as input.
	Now time.Time
	// Names prints and reads values of the reg… types; with nil they are their
	// numbers. Set only where values go to a client or come from one.
	Names Namer
}

// Namer knows objects by name.
type Namer interface {
	// ObjectName is the text of a value of a reg… type.
	ObjectName(t *Type, oid OID) string
	// FindObject is what a name means as a reg… type's input: its error says that there is none.
	FindObject(t *Type, name string) (OID, error)
}

// DateStyle is the output half of the DateStyle setting.
type DateStyle uint8

// The date styles.
const (
	DateISO DateStyle = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the input half of the DateStyle setting.
type DateOrder uint8

// The date orders.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IntervalStyle is the IntervalStyle setting.
type IntervalStyle uint8

// The interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQLStandard
	IntervalISO8601
)

// DefaultEnv is what a session has that set nothing.
func DefaultEnv() *Env {
	return &Env{Location: time.UTC, ExtraFloatDigits: 1, Now: time.Now()}
}

// Parse reads the text form (the type's input function), applying typmod
// (length or precision check as in an explicit column's input; -1 is none).
func (t *Type) Parse(env *Env, s string, typmod int32) (Datum, error) {
	return t.codec.parse(env, t, s, typmod)
}

// ParseBytes is Parse of bytes, without copying them first; they are not kept.
func (t *Type) ParseBytes(env *Env, b []byte, typmod int32) (Datum, error) {
	return t.codec.parse(env, t, unsafe.String(unsafe.SliceData(b), len(b)), typmod)
}

// Format appends the text form of the non-NULL d.
func (t *Type) Format(env *Env, dst []byte, d Datum) []byte { return t.codec.format(env, t, dst, d) }

// Decode reads the binary form (the type's receive function).
func (t *Type) Decode(env *Env, b []byte, typmod int32) (Datum, error) {
	return t.codec.decode(env, t, b, typmod)
}

// Encode appends the binary form of the non-NULL d.
func (t *Type) Encode(env *Env, dst []byte, d Datum) []byte { return t.codec.encode(env, t, dst, d) }

// Compare orders two values; NULL sorts after everything and equals NULL.
func (t *Type) Compare(a, b Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	}
	return t.codec.compare(t, a, b)
}

// Hash continues h with d; NULL hashes to a constant of its own.
func (t *Type) Hash(h uint64, d Datum) uint64 {
	if d.IsNull() {
		return mix(h, 0x9e3779b97f4a7c15)
	}
	return t.codec.hash(t, h, d)
}

// mix is one step of a multiply-xorshift hash over 64-bit words. It is part of
// the on-disk contract: the slot of a row's shard key comes from it.
func mix(h, v uint64) uint64 {
	h ^= v
	h *= 0xff51afd7ed558ccd
	h ^= h >> 32
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 29
	return h
}
