package engine

import (
	"fmt"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Values that lie in SQLite as BLOBs (internal/types, storekey.go) become text
// in the views by SQL alone: slow, but the file needs nobody else to be read.
// In these expressions b is the BLOB and h its hexadecimal digits; positions count bytes from 1.

// decoded gives an expression b and h to work on.
func decoded(x, sql string) string {
	return fmt.Sprintf("(SELECT CASE WHEN b IS NOT NULL THEN %s END FROM (SELECT %s AS b, hex(%s) AS h))", sql, x, x)
}

// let names a value that an expression needs several times.
func let(name, value, sql string) string {
	return fmt.Sprintf("(SELECT %s FROM (SELECT %s AS %s))", sql, value, name)
}

// bigEndian is the n bytes at a position as an unsigned number; flipped undoes
// the change of the sign bit, which makes it a signed one (of 8 bytes).
func bigEndian(at string, n int, flipped bool) string {
	// A step for each of n digits j: an expression each would be thrice as long. The digit 0 is the one not found.
	digit := "instr('123456789ABCDEF', substr(h, i, 1))"
	if flipped {
		digit += " + 8 * (j = 0)" // what is above 64 bits is lost
	}
	return fmt.Sprintf("(WITH RECURSIVE w(i, j, v) AS (SELECT 2 * (%s) - 1, 0, 0 UNION ALL SELECT i + 1, j + 1, v << 4 | %s FROM w WHERE j < %d) SELECT v FROM w WHERE j = %d)",
		at, digit, 2*n, 2*n)
}

// int32At is a signed number of 4 bytes, int32Flipped one whose sign bit is changed.
func int32At(at string) string { return "(" + bigEndian(at, 4, false) + " << 32 >> 32)" }

func int32Flipped(at string) string { return "(" + bigEndian(at, 4, false) + " - 2147483648)" }

// numericText is a numeric whose key begins at byte p and, if it has digits,
// ends at byte e; scale is how many digits it shows behind the point.
func numericText(p, e, scale string) string {
	// The bytes of a negative number's key are complemented: k is what they differ by.
	const digit = "abs(instr('123456789ABCDEF', substr(h, 2 * i - 1, 1)) * 16 + instr('123456789ABCDEF', substr(h, 2 * i, 1)) - k) - 1"
	digits := fmt.Sprintf("(WITH RECURSIVE d(i, s) AS (SELECT %s + 4, '' UNION ALL SELECT i + 1, s || printf('%%02d', %s) FROM d WHERE i < %s) "+
		"SELECT s FROM d ORDER BY i DESC LIMIT 1)", p, digit, e)
	top := fmt.Sprintf("abs(%s - 65793 * k) - 8388608", bigEndian(p+" + 1", 3, false))
	whole := "CASE WHEN t > 0 THEN substr(d || " + zeros("t") + ", 1, t) ELSE '0' END"
	rest := "substr('.', 1 + (n = 0)) || substr(" + zeros("max(-t, 0)") + " || substr(d, max(t, 0) + 1) || " + zeros("n") + ", 1, n)"
	return fmt.Sprintf("(SELECT CASE c WHEN '01' THEN '-Infinity' WHEN '05' THEN 'Infinity' WHEN '06' THEN 'NaN' WHEN '03' THEN '0' || substr('.', 1 + (n = 0)) || %s "+
		"ELSE substr('-', 1 + (k = 0)) || %s || %s END FROM (SELECT c, n, k, %s AS d, %s AS t FROM (SELECT c, 255 * (c = '02') AS k, %s AS n FROM (SELECT substr(h, 2 * (%s) - 1, 2) AS c))))",
		zeros("n"), whole, rest, digits, top, scale, p)
}

// zeros is so many of them.
func zeros(n string) string { return fmt.Sprintf("substr(hex(zeroblob((%s) / 2 + 1)), 1, %s)", n, n) }

// intervalText is an interval whose key begins at byte p and whose months and
// days, as they are shown, lie at byte q: as IntervalStyle postgres has it.
func intervalText(p, q string) string {
	part := func(v, unit, before string) string {
		return fmt.Sprintf("CASE WHEN %s <> 0 THEN CASE WHEN %s AND %s > 0 THEN ' +' ELSE ' ' END || %s || ' %s' || CASE WHEN %s <> 1 THEN 's' ELSE '' END ELSE '' END",
			v, before, v, v, unit, v)
	}
	date := part("y", "year", "0") + " || " + part("m", "mon", "y < 0") + " || " + part("d", "day", "CASE WHEN m <> 0 THEN m < 0 ELSE y < 0 END")
	clock := "CASE WHEN t <> 0 OR (y = 0 AND m = 0 AND d = 0) THEN ' ' || CASE WHEN t < 0 THEN '-' WHEN CASE WHEN d <> 0 THEN d < 0 WHEN m <> 0 THEN m < 0 ELSE y < 0 END THEN '+' ELSE '' END || " +
		clockText("abs(t)") + " ELSE '' END"
	months, days := int32At(q), int32At("("+q+") + 4")
	total := "(" + bigEndian(p, 6, false) + " - 140737488355328)"
	micros := bigEndian("("+p+") + 6", 6, false)
	return fmt.Sprintf("(SELECT ltrim(%s || %s) FROM (SELECT mo / 12 AS y, mo %% 12 AS m, da AS d, (total - mo * 30 - da) * 86400000000 + us AS t "+
		"FROM (SELECT %s AS mo, %s AS da, %s AS total, %s AS us)))", date, clock, months, days, total, micros)
}

// clockText is hh:mm:ss.ffffff of so many µs, as far as they need.
func clockText(x string) string {
	return fmt.Sprintf("rtrim(rtrim(printf('%%02d:%%02d:%%02d.%%06d', (%[1]s) / 3600000000, (%[1]s) / 60000000 %% 60, (%[1]s) / 1000000 %% 60, (%[1]s) %% 1000000), '0'), '.')", x)
}

// timetzText is a time with its zone.
func timetzText(p string) string {
	zone := "CASE WHEN z > 0 THEN '-' ELSE '+' END || printf('%02d', abs(z) / 3600) || CASE WHEN z % 3600 <> 0 THEN printf(':%02d', abs(z) / 60 % 60) ELSE '' END" +
		" || CASE WHEN z % 60 <> 0 THEN printf(':%02d', abs(z) % 60) ELSE '' END"
	return fmt.Sprintf("(SELECT %s || %s FROM (SELECT utc - z * 1000000 AS l, z FROM (SELECT %s AS utc, %s AS z)))",
		clockText("l"), zone, bigEndian(p, 8, true), int32Flipped("("+p+") + 8"))
}

// floatValue is the number of the ordered bits at byte p.
func floatValue(p string) string {
	power := "1.0"
	for _, f := range []struct {
		bit  int
		text string
	}{{1, "2.0"}, {2, "4.0"}, {4, "16.0"}, {8, "256.0"}, {16, "65536.0"}, {32, "4294967296.0"}, {64, "18446744073709551616.0"},
		{128, "3.402823669209384634633746e38"}, {256, "1.157920892373161954235710e77"}, {512, "1.340780792994259709957402e154"}} {
		power += fmt.Sprintf(" * CASE WHEN k & %d THEN %s ELSE 1.0 END", f.bit, f.text)
	}
	// k is the exponent's size; 1024 and more only below 1, where two divisions keep in range.
	value := "s * CASE WHEN x >= 0 THEN m * (" + power + ") ELSE m / (" + power + ") / CASE WHEN k >= 1024 THEN 1.340780792994259709957402e154 * 1.340780792994259709957402e154 / 2.0 * 2.0 ELSE 1.0 END END"
	value = fmt.Sprintf("CASE WHEN e = 2047 THEN CASE WHEN s < 0 THEN '-Infinity' ELSE 'Infinity' END ELSE %s END", value)
	bits := "CASE WHEN o < 0 THEN o & 9223372036854775807 ELSE ~o & 9223372036854775807 END"
	return fmt.Sprintf("(SELECT CASE WHEN o = -1 THEN 'NaN' ELSE (SELECT %s FROM (SELECT s, e, m, x, abs(x) AS k FROM (SELECT s, e, CASE WHEN e = 0 THEN f ELSE f | 4503599627370496 END AS m, max(e, 1) - 1075 AS x "+
		"FROM (SELECT CASE WHEN o < 0 THEN 1 ELSE -1 END AS s, (v >> 52) & 2047 AS e, v & 4503599627370495 AS f FROM (SELECT %s AS v))))) END FROM (SELECT %s AS o))", value, bits, bigEndian(p, 8, false))
}

// bytesAt is the hexadecimal digits of the bytes whose key begins at byte p: a
// zero byte has another behind it there.
func bytesAt(p string) string {
	return fmt.Sprintf("(WITH RECURSIVE u(i, s) AS (SELECT %s, '' UNION ALL SELECT i + CASE substr(h, 2 * i - 1, 2) WHEN '00' THEN 2 ELSE 1 END, s || substr(h, 2 * i - 1, 2) "+
		"FROM u WHERE substr(h, 2 * i - 1, 4) <> '0001') SELECT lower(s) FROM u ORDER BY i DESC LIMIT 1)", p)
}

// readableHex is a bytea or uuid of its hexadecimal digits.
func readableHex(t *types.Type, h string) string {
	if t.Base() == types.TUUID {
		return fmt.Sprintf("substr(%s, 1, 8) || '-' || substr(%s, 9, 4) || '-' || substr(%s, 13, 4) || '-' || substr(%s, 17, 4) || '-' || substr(%s, 21)", h, h, h, h, h)
	}
	return `'\x' || ` + h
}

// element is how a value inside an array is read: its key begins at byte p + 1,
// its display part at byte q.
type element struct {
	text    string
	keyLen  string // bytes
	display int    // bytes
}

// elementOf returns nothing for types that are shown in hexadecimal.
func elementOf(t *types.Type) (element, bool) {
	b := t.Base()
	switch {
	case b == types.TJSONB, b == types.TTSQuery:
		return element{}, false
	case t.Datum == types.KindBool:
		return element{text: "CASE substr(h, 2 * p + 1, 2) WHEN '00' THEN 'f' ELSE 't' END", keyLen: "1"}, true
	case t.Datum == types.KindInt:
		return element{text: let("v", bigEndian("p + 1", 8, b != types.TXID8 && b != types.TPGLSN), readable(t, -1, "v")), keyLen: "8"}, true
	case t.Datum == types.KindFloat:
		return element{text: floatValue("p + 1"), keyLen: "8", display: 1}, true
	case t.Datum == types.KindText:
		e := element{text: "CAST(substr(b, p + 1, instr(substr(b, p + 1), x'00') - 1) AS TEXT)", keyLen: "instr(substr(b, p + 1), x'00')"}
		if b == types.TBpchar {
			e.text, e.display = e.text+" || printf('%*s', "+bigEndian("q", 4, false)+", '')", 4
		}
		return e, true
	case t.Datum == types.KindBytes:
		return element{text: let("v", bytesAt("p + 1"), readableHex(t, "v")), keyLen: "instr(substr(b, p + 1), x'0001') + 1"}, true
	case t.Datum == types.KindDecimal:
		end := "CASE substr(h, 2 * p + 1, 2) WHEN '04' THEN 4 + instr(substr(b, p + 5), x'00') WHEN '02' THEN 4 + instr(substr(b, p + 5), x'FF') ELSE 1 END"
		return element{text: numericText("p + 1", "p + "+end, bigEndian("q", 2, false)), keyLen: end, display: 2}, true
	case t.Datum == types.KindInterval:
		return element{text: intervalText("p + 1", "q"), keyLen: "12", display: 8}, true
	case t.Datum == types.KindTimeTZ:
		return element{text: timetzText("p + 1"), keyLen: "12"}, true
	}
	return element{}, false
}

// arrayText is an array of one dimension in PostgreSQL's form; others stay hexadecimal.
func arrayText(elem *types.Type) string {
	e, ok := elementOf(elem)
	if !ok {
		return "lower(h)"
	}
	start := "length(b) + 1"
	if !arrayKeyIsAll(elem) {
		start = "length(b) - 3 - " + bigEndian("length(b) - 3", 4, false)
	}
	mark := "substr(h, 2 * p - 1, 2)"
	quoted := `CASE WHEN e = '' OR lower(e) = 'null' OR e GLOB '*[{},"\ ' || char(9, 10, 11, 12, 13) || ']*' THEN '"' || replace(replace(e, '\', '\\'), '"', '\"') || '"' ELSE e END`
	// A value takes two steps: it is read into e, then put behind s. That keeps
	// the expression flat; sqlite3's parser has a small stack.
	step := func(null, read, put string) string {
		return fmt.Sprintf("CASE WHEN %s = '02' THEN %s WHEN e IS NULL THEN %s ELSE %s END", mark, null, read, put)
	}
	walk := "(WITH RECURSIVE a(p, q, s, e) AS (SELECT 1, " + start + ", '', NULL UNION ALL SELECT " +
		step("p + 1", "p", "p + 1 + "+e.keyLen) + ", " + step("q", "q", fmt.Sprintf("q + %d", e.display)) + ", " +
		step("s || ',NULL'", "s", "s || ',' || "+quoted) + ", " + step("NULL", "COALESCE("+e.text+", '?')", "NULL") +
		" FROM a WHERE " + mark + " IN ('01', '02')) SELECT CASE WHEN substr(h, 2 * p + 1, 2) = '00' THEN '{}' " +
		"WHEN substr(h, 2 * p + 1, 2) = '01' AND substr(h, 2 * p + 11, 8) = '80000001' THEN '{' || substr(s, 2) || '}' ELSE lower(h) END FROM a " +
		"ORDER BY p DESC LIMIT 1)"
	return walk
}

// arrayKeyIsAll reports whether an array of the type is its key alone.
func arrayKeyIsAll(elem *types.Type) bool {
	return elem.Array == nil || elem.Array.KeyIsStored(-1)
}
