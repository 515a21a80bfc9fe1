package types

import "strings"

// quoteIdent is quote_identifier for the names of types; keywords are the
// concern of those who know the grammar.
func quoteIdent(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9' {
			continue
		}
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	if s == "" {
		return `""`
	}
	return s
}

// NewArrayOf makes the array type over a user-defined elem (which is not
// changed; SetArray ties the two together). name is its pg_type.typname,
// usually elem's with a leading underscore.
func NewArrayOf(elem *Type, oid OID, name string) *Type {
	align := byte('i')
	if elem.Align == 'd' {
		align = 'd'
	}
	return &Type{
		OID: oid, Name: name, SQLName: elem.SQLName + "[]", Len: -1, Align: align, Storage: 'x',
		Kind: 'b', Category: CategoryArray, Delim: ',', Elem: elem, Collates: elem.Collates,
		Datum: KindArray, Storing: StoreBlob, codec: arrayCodec{},
	}
}

// SetArray records array as the type of arrays over t; only for a t that
// nobody else has seen yet.
func (t *Type) SetArray(array *Type) { t.Array = array }

// NewDomain makes a domain over base, of a length or precision (-1 is none): its
// values, forms and order are base's. Constraints are others' to apply. sqlName
// is the name that format_type shows ("" for name, quoted where it must be).
func NewDomain(base *Type, typmod int32, oid OID, name, sqlName string) *Type {
	t := *base
	t.OID, t.Name, t.SQLName = oid, name, orQuoted(sqlName, name)
	t.Kind, t.Preferred, t.Array = 'd', false, nil
	t.Elem, t.family, t.codec = nil, nil, domainCodec{base, typmod}
	return &t
}

// Base returns the type that a domain stands on, through nested domains; t
// itself when it is no domain.
func (t *Type) Base() *Type {
	for {
		d, ok := t.codec.(domainCodec)
		if !ok {
			return t
		}
		t = d.base
	}
}

// Under returns the type that a domain is made of, which may be a domain, and
// its typmod; nil for every other type.
func (t *Type) Under() (*Type, int32) {
	if d, ok := t.codec.(domainCodec); ok {
		return d.base, d.typmod
	}
	return nil, -1
}

// BaseTypmod is the typmod that values of a domain have as Base's: that of the
// first domain, from the outside, that has one; -1 for none and for other types.
func (t *Type) BaseTypmod() int32 {
	for {
		under, typmod := t.Under()
		if under == nil || typmod >= 0 {
			return typmod
		}
		t = under
	}
}

// NewComposite makes a row type with the given columns, which it keeps.
func NewComposite(oid OID, name, sqlName string, columns []Column) *Type {
	return &Type{
		OID: oid, Name: name, SQLName: orQuoted(sqlName, name), Len: -1, Align: 'd', Storage: 'x',
		Kind: 'c', Category: CategoryComposite, Delim: ',',
		Datum: KindRow, Storing: StoreBlob, codec: recordCodec{columns},
	}
}

// NewRecord makes the type of anonymous rows that have the given columns: what
// a column definition list says of a function that returns record.
func NewRecord(columns []Column) *Type {
	t := *TRecord
	t.codec = recordCodec{columns}
	return &t
}

// Column is one attribute of a composite type.
type Column struct {
	Name   string
	Type   *Type
	Typmod int32
}

// Columns returns a composite type's columns; nil for every other type.
func (t *Type) Columns() []Column {
	r, _ := t.Base().codec.(recordCodec)
	return r.columns
}

// NewEnum makes an enum type. Its values are KindInt sort keys, as stored.
func NewEnum(oid OID, name, sqlName string, labels []EnumLabel) *Type {
	return &Type{
		OID: oid, Name: name, SQLName: orQuoted(sqlName, name), Len: 4, ByVal: true, Align: 'i', Storage: 'p',
		Kind: 'e', Category: CategoryEnum, Delim: ',',
		Datum: KindInt, Storing: StoreInteger, codec: newEnumCodec(labels),
	}
}

// RangeNames are the numbers and names of a range type and of the multirange
// type that is made beside it; the SQL names may be "", as those of other types,
// and the constructors' zero, where nobody prints calls of them.
type RangeNames struct {
	OID                   OID
	Name, SQLName         string
	Multirange            OID
	MultirangeName        string
	MultirangeSQLName     string
	Constructor           RangeConstructor
	MultirangeConstructor RangeConstructor
}

// RangeConstructor is the function by which a user-defined range or multirange type is made.
type RangeConstructor struct {
	OID  OID
	Name string
}

// NewRange makes a range type over subtype, and its multirange type, which its Ranges have.
func NewRange(n RangeNames, subtype *Type) *Type {
	align := byte('i')
	if subtype.Align == 'd' {
		align = 'd'
	}
	make := func(kind byte, oid OID, name, sqlName string) *Type {
		t := &Type{
			OID: oid, Name: name, SQLName: orQuoted(sqlName, name), Len: -1, Align: align, Storage: 'x',
			Kind: kind, Category: CategoryRange, Delim: ',', Datum: KindRange, Storing: StoreBlob, codec: rangeCodec{},
		}
		if kind == 'm' {
			t.Datum, t.codec = KindMultirange, multirangeCodec{}
		}
		return t
	}
	f := &RangeFamily{Subtype: subtype, constructor: n.Constructor, multirangeConstructor: n.MultirangeConstructor}
	f.Range = make('r', n.OID, n.Name, n.SQLName)
	f.Multirange = make('m', n.Multirange, n.MultirangeName, n.MultirangeSQLName)
	f.Range.family, f.Multirange.family = f, f
	return f.Range
}

// EnumLabel is one value of an enum: the integer that stands for it orders it
// among its fellows and never changes.
type EnumLabel struct {
	Sort  int64
	Label string
	// Fresh: the transaction that added the label has not committed, and may not use it.
	Fresh bool
}

// Unresolved stands for a user-defined type of which the number alone is known,
// until the catalog that names it has been read.
func Unresolved(oid OID) *Type {
	return &Type{OID: oid, Name: "???", SQLName: "???", codec: unsupportedCodec{}}
}

// Labels returns an enum's labels in order; nil for every other type.
func (t *Type) Labels() []EnumLabel {
	if e, ok := t.Base().codec.(*enumCodec); ok {
		return e.labels
	}
	return nil
}

func orQuoted(sqlName, name string) string {
	if sqlName != "" {
		return sqlName
	}
	return quoteIdent(name)
}

// domainCodec answers for base, with base as the type.
type domainCodec struct {
	base   *Type
	typmod int32
}

func (c domainCodec) parse(env *Env, _ *Type, s string, typmod int32) (Datum, error) {
	return c.base.Parse(env, s, max(typmod, c.typmod))
}

func (c domainCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	return c.base.Format(env, dst, d)
}

func (c domainCodec) decode(env *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	return c.base.Decode(env, b, max(typmod, c.typmod))
}

func (c domainCodec) encode(env *Env, _ *Type, dst []byte, d Datum) []byte {
	return c.base.Encode(env, dst, d)
}

func (c domainCodec) compare(_ *Type, a, b Datum) int { return c.base.Compare(a, b) }

func (c domainCodec) hash(_ *Type, h uint64, d Datum) uint64 { return c.base.Hash(h, d) }
