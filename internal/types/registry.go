package types

import "math"

// typeRow is one row of pg_type, in the order of its fields here.
type typeRow struct {
	oid       OID
	name      string
	sqlName   string
	len       int16
	byVal     bool
	align     byte
	storage   byte
	kind      byte
	category  byte
	preferred bool
	delim     byte
	elem      OID // 0 unless it is a true array type
	array     OID
	collates  bool
}

// builtinTypes holds every type of typeRows; it does not change after it is made.
var builtinTypes = makeBuiltinTypes()

type typeTable struct {
	all    []*Type
	byOID  map[OID]*Type
	byName map[string]*Type
}

func makeBuiltinTypes() *typeTable {
	table := &typeTable{
		byOID:  make(map[OID]*Type, len(typeRows)),
		byName: make(map[string]*Type, len(typeRows)),
	}
	for _, r := range typeRows {
		t := &Type{
			OID: r.oid, Name: r.name, SQLName: r.sqlName, Len: r.len, ByVal: r.byVal,
			Align: r.align, Storage: r.storage, Kind: r.kind, Category: Category(r.category),
			Preferred: r.preferred, Delim: r.delim, Collates: r.collates,
		}
		table.all = append(table.all, t)
		table.byOID[t.OID], table.byName[t.Name] = t, t
	}
	for i, r := range typeRows {
		t := table.all[i]
		t.Elem, t.Array = table.byOID[r.elem], table.byOID[r.array]
		behave(t)
	}
	table.tieRanges()
	return table
}

// rangeRow is a row of pg_range.
type rangeRow struct {
	rng, multirange, subtype OID
	next                     func(Datum) (Datum, error)
}

func rangeRows() []rangeRow {
	outOfRange := func(name string) func() error { return func() error { return OutOfRange(name) } }
	return []rangeRow{
		{3904, 4451, 23, nextInteger(math.MaxInt32, outOfRange("integer"))},
		{3906, 4532, 1700, nil},
		{3908, 4533, 1114, nil},
		{3910, 4534, 1184, nil},
		{3912, 4535, 1082, nextDate},
		{3926, 4536, 20, nextInteger(math.MaxInt64, outOfRange("bigint"))},
	}
}

func (table *typeTable) tieRanges() {
	for _, r := range rangeRows() {
		f := &RangeFamily{Subtype: table.byOID[r.subtype], Range: table.byOID[r.rng], Multirange: table.byOID[r.multirange], next: r.next}
		f.Range.family, f.Multirange.family = f, f
	}
}

// behave gives a built-in type its form and codec.
func behave(t *Type) {
	b, ok := behaviours[t.OID]
	switch {
	case ok:
	case t.Elem != nil:
		b = behaviour{KindArray, StoreBlob, arrayCodec{}}
	case t.Kind == 'r':
		b = behaviour{KindRange, StoreBlob, rangeCodec{}}
	case t.Kind == 'm':
		b = behaviour{KindMultirange, StoreBlob, multirangeCodec{}}
	case t.Kind == 'p':
		b = behaviour{KindText, StoreText, pseudoCodec{}}
	default:
		b = behaviour{KindText, StoreText, unsupportedCodec{}}
	}
	t.Datum, t.Storing, t.codec = b.datum, b.storing, b.codec
}

// behaviour is what pg_type does not say of a type.
type behaviour struct {
	datum   Kind
	storing Storing
	codec   codec
}

// behaviours is keyed by pg_type.oid. A type that is not here cannot be read
// or written: its codec says so.
var behaviours = map[OID]behaviour{
	16:   {KindBool, StoreInteger, boolCodec{}},
	17:   {KindBytes, StoreBlob, byteaCodec{}},
	18:   {KindText, StoreText, charCodec{}},
	19:   {KindText, StoreText, nameCodec{}},
	20:   {KindInt, StoreInteger, intCodec{8}},
	21:   {KindInt, StoreInteger, intCodec{2}},
	22:   {KindArray, StoreBlob, vectorCodec{}},
	23:   {KindInt, StoreInteger, intCodec{4}},
	25:   {KindText, StoreText, textCodec{}},
	26:   {KindInt, StoreInteger, oidCodec{}},
	27:   {KindInt, StoreInteger, tidCodec{}},
	28:   {KindInt, StoreInteger, xidCodec{}},
	29:   {KindInt, StoreInteger, xidCodec{}},
	30:   {KindArray, StoreBlob, vectorCodec{}},
	114:  {KindText, StoreText, jsonCodec{}},
	194:  {KindText, StoreText, textCodec{}},
	600:  {KindBytes, StoreBlob, pointCodec{}},
	601:  {KindBytes, StoreBlob, lsegCodec{}},
	602:  {KindBytes, StoreBlob, pathCodec{}},
	603:  {KindBytes, StoreBlob, boxCodec{}},
	604:  {KindBytes, StoreBlob, polygonCodec{}},
	628:  {KindBytes, StoreBlob, lineCodec{}},
	718:  {KindBytes, StoreBlob, circleCodec{}},
	700:  {KindFloat, StoreAny, floatCodec{4}},
	701:  {KindFloat, StoreAny, floatCodec{8}},
	705:  {KindText, StoreText, textCodec{}},
	650:  {KindBytes, StoreBlob, inetCodec{cidr: true}},
	774:  {KindBytes, StoreBlob, macaddr8Codec{}},
	790:  {KindInt, StoreInteger, moneyCodec{intCodec{8}}},
	829:  {KindBytes, StoreBlob, macaddrCodec{}},
	869:  {KindBytes, StoreBlob, inetCodec{}},
	1033: {KindText, StoreText, aclitemCodec{}},
	1042: {KindText, StoreText, bpcharCodec{}},
	1043: {KindText, StoreText, varcharCodec{}},
	1082: {KindInt, StoreInteger, dateCodec{}},
	1083: {KindInt, StoreInteger, timeCodec{}},
	1114: {KindInt, StoreInteger, timestampCodec{}},
	1184: {KindInt, StoreInteger, timestampCodec{zoned: true}},
	1186: {KindInterval, StoreBlob, intervalCodec{}},
	1266: {KindTimeTZ, StoreBlob, timeTZCodec{}},
	1560: {KindText, StoreText, bitCodec{}},
	1562: {KindText, StoreText, bitCodec{varying: true}},
	1700: {KindDecimal, StoreAny, numericCodec{}},
	1790: {KindText, StoreText, textCodec{}},
	2249: {KindRow, StoreBlob, recordCodec{}},
	2275: {KindText, StoreText, textCodec{}},
	2278: {KindText, StoreText, voidCodec{}},
	2950: {KindBytes, StoreBlob, uuidCodec{}},
	3220: {KindInt, StoreInteger, lsnCodec{}},
	2970: {KindText, StoreText, snapshotCodec{}},
	3802: {KindText, StoreText, jsonbCodec{}},
	3614: {KindBytes, StoreBlob, tsvectorCodec{}},
	3615: {KindBytes, StoreBlob, tsqueryCodec{}},
	4072: {KindText, StoreText, jsonpathCodec{}},
	5038: {KindText, StoreText, snapshotCodec{}},
	5069: {KindInt, StoreInteger, xid8Codec{}},

	24:   {KindInt, StoreInteger, regCodec{}},
	2202: {KindInt, StoreInteger, regCodec{}},
	2203: {KindInt, StoreInteger, regCodec{}},
	2204: {KindInt, StoreInteger, regCodec{}},
	2205: {KindInt, StoreInteger, regCodec{}},
	2206: {KindInt, StoreInteger, regCodec{}},
	3734: {KindInt, StoreInteger, regCodec{}},
	3769: {KindInt, StoreInteger, regCodec{}},
	4089: {KindInt, StoreInteger, regCodec{}},
	4096: {KindInt, StoreInteger, regCodec{}},
	4191: {KindInt, StoreInteger, regCodec{}},
}

// builtin returns the built-in type of an OID that is known to exist.
func builtin(oid OID) *Type { return builtinTypes.byOID[oid] }

// ByOID returns the built-in type with that OID, or nil.
func ByOID(oid OID) *Type { return builtinTypes.byOID[oid] }

// ByName returns the type of pg_catalog with that typname ("int4", "_int4"), or nil.
func ByName(typname string) *Type { return builtinTypes.byName[typname] }

// All returns the built-in types in order of OID; callers must not change the slice.
func All() []*Type { return builtinTypes.all }

// Supported reports whether values of the type can be made: false for the
// types that only have their row in pg_type.
func (t *Type) Supported() bool {
	if t.Elem != nil {
		return t.Elem.Supported()
	}
	switch t.codec.(type) {
	case unsupportedCodec, pseudoCodec:
		return false
	}
	return true
}

// IsPolymorphic reports whether t is one of the any… pseudo-types whose real
// type a call decides (manual 38.2.5).
func (t *Type) IsPolymorphic() bool {
	switch t {
	case TAnyElement, TAnyArray, TAnyNonArray, TAnyEnum, TAnyRange, TAnyMultirange,
		TAnyCompatible, TAnyCompatibleArray, TAnyCompatibleNonArray, TAnyCompatibleRange, TAnyCompatibleMultirange:
		return true
	}
	return false
}
