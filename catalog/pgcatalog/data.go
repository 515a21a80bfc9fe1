package pgcatalog

import (
	"embed"
	"iter"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// data is what extract.sql writes: one file a catalog, in COPY's text form.
//
//go:embed data/*.tsv
var data embed.FS

func hasData(relation string) bool {
	f, err := data.Open("data/" + relation + ".tsv")
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// dataRows walks the lines of a file, split into fields. The slice is reused.
func dataRows(relation string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		b, err := data.ReadFile("data/" + relation + ".tsv")
		if err != nil {
			return // the catalog of a new database is empty
		}
		var fields []string
		for line := range strings.Lines(string(b)) {
			fields = fields[:0]
			for field := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\t") {
				fields = append(fields, field)
			}
			if !yield(fields) {
				return
			}
		}
	}
}

const copyNull = `\N`

// unescape is COPY's text form backwards, for what these files contain.
func unescape(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' || i+1 == len(field) {
			b.WriteByte(field[i])
			continue
		}
		i++
		switch field[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		default:
			b.WriteByte(field[i])
		}
	}
	return b.String()
}

// number reads a field of digits, which the files' own columns have.
func number(field string) int64 {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		panic("pgcatalog: data: " + err.Error())
	}
	return n
}

func oidOf(field string) catalog.OID { return catalog.OID(number(field)) }

// numbers reads an int2vector or oidvector.
func numbers(field string) []int64 {
	var out []int64
	for f := range strings.FieldsSeq(field) {
		out = append(out, number(f))
	}
	return out
}

// staticRow makes a row of the built-in objects; the hidden row id, where there
// is one, counts the rows.
func (l *layout) staticRow(env *types.Env, fields []string, serial int64) []types.Datum {
	row := make([]types.Datum, len(l.table.Columns))
	shift := 0
	if l.table.Columns[0].Hidden {
		row[0], shift = types.Int(serial), 1
	}
	for i, field := range fields {
		if field == copyNull {
			continue
		}
		d, err := l.table.Columns[i+shift].Type.Parse(env, unescape(field), -1)
		if err != nil {
			panic("pgcatalog: data: " + l.table.Name + ": " + err.Error())
		}
		row[i+shift] = d
	}
	return row
}

// btreeAM is the OID of the access method btree in pg_am.
const btreeAM = 403

// accessMethods are the OIDs of index methods in pg_am.
var accessMethods = map[string]int64{"btree": btreeAM, "hash": 405, "gist": 783, "gin": 2742, "brin": 3580, "spgist": 4000}

// readOpclasses finds the default btree operator class of each type.
func readOpclasses() map[catalog.OID]opclass {
	out := make(map[catalog.OID]opclass)
	for f := range dataRows("pg_opclass") {
		// oid, opcmethod, opcname, opcnamespace, opcowner, opcfamily, opcintype, opcdefault, opckeytype
		if oidOf(f[1]) == btreeAM && f[7] == "t" {
			out[oidOf(f[6])] = opclass{oidOf(f[0]), oidOf(f[8])}
		}
	}
	return out
}

func readViewdefs() map[catalog.OID]string {
	out := make(map[catalog.OID]string)
	for f := range dataRows("viewdefs") {
		out[oidOf(f[0])] = unescape(f[1])
	}
	return out
}
