package pgcatalog

import "github.com/pegmatitedb/pegmatite/internal/types"

// blanks are the values that nearly all rows of a catalog have: PostgreSQL's
// for objects that use none of the features that we lack.
var blanks = map[string]map[string]types.Datum{
	"pg_class": {
		"reloftype": types.Int(0), "relam": types.Int(0), "relfilenode": types.Int(0), "reltablespace": types.Int(0),
		"relpages": types.Int(0), "reltuples": types.Float(-1), "relallvisible": types.Int(0), "reltoastrelid": types.Int(0),
		"relhasindex": types.False, "relisshared": types.False, "relpersistence": types.Text("p"), "relchecks": types.Int(0),
		"relhasrules": types.False, "relhastriggers": types.False, "relhassubclass": types.False,
		"relrowsecurity": types.False, "relforcerowsecurity": types.False, "relispopulated": types.True,
		"relreplident": types.Text("n"), "relispartition": types.False, "relrewrite": types.Int(0),
		"relfrozenxid": types.Int(0), "relminmxid": types.Int(0), "reltype": types.Int(0),
	},
	"pg_attribute": {
		"attstattarget": types.Int(-1), "attndims": types.Int(0), "attcacheoff": types.Int(-1), "atttypmod": types.Int(-1),
		"attcompression": types.Text(""), "attnotnull": types.False, "atthasdef": types.False, "atthasmissing": types.False,
		"attidentity": types.Text(""), "attgenerated": types.Text(""), "attisdropped": types.False,
		"attislocal": types.True, "attinhcount": types.Int(0), "attcollation": types.Int(0),
	},
	"pg_index": {
		"indisunique": types.False, "indnullsnotdistinct": types.False, "indisprimary": types.False,
		"indisexclusion": types.False, "indimmediate": types.True, "indisclustered": types.False, "indisvalid": types.True,
		"indcheckxmin": types.False, "indisready": types.True, "indislive": types.True, "indisreplident": types.False,
	},
	"pg_constraint": {
		"condeferrable": types.False, "condeferred": types.False, "convalidated": types.True, "contypid": types.Int(0),
		"conindid": types.Int(0), "conparentid": types.Int(0), "confrelid": types.Int(0), "confupdtype": types.Text(" "),
		"confdeltype": types.Text(" "), "confmatchtype": types.Text(" "), "conislocal": types.True,
		"coninhcount": types.Int(0), "connoinherit": types.True,
	},
	"pg_type": {
		"typlen": types.Int(-1), "typbyval": types.False, "typispreferred": types.False, "typisdefined": types.True,
		"typdelim": types.Text(","), "typrelid": types.Int(0), "typsubscript": types.Int(0), "typelem": types.Int(0),
		"typarray": types.Int(0), "typmodin": types.Int(0), "typmodout": types.Int(0), "typanalyze": types.Int(0),
		"typalign": types.Text("d"), "typstorage": types.Text("x"), "typnotnull": types.False, "typbasetype": types.Int(0),
		"typtypmod": types.Int(-1), "typndims": types.Int(0), "typcollation": types.Int(0),
	},
	"pg_rewrite": {
		"rulename": types.Text("_RETURN"), "ev_type": types.Text("1"), "ev_enabled": types.Text("O"),
		"is_instead": types.True, "ev_qual": types.Text("<>"), "ev_action": types.Text("<>"),
	},
	"pg_database": {
		"encoding": types.Int(utf8Encoding), "datlocprovider": types.Text("c"), "datfrozenxid": types.Int(0),
		"datminmxid": types.Int(0), "dattablespace": types.Int(defaultTablespace),
	},
	"pg_tables": {"hasrules": types.False, "hastriggers": types.False, "rowsecurity": types.False},
	"pg_roles":  {"rolpassword": types.Text("********")},
	"pg_user":   {"passwd": types.Text("********")},
}

const (
	// utf8Encoding is PG_UTF8 (mb/pg_wchar.h).
	utf8Encoding = 6
	// defaultTablespace is pg_default.
	defaultTablespace = 1663
	// heapAM is the access method heap.
	heapAM = 2
	// The collations default and C, and that of type name.
	defaultCollation = 100
	cCollation       = 950
	posixCollation   = 951
)

// The OIDs of catalogs, as classid and refclassid of pg_depend and classoid of pg_description.
const (
	typeClass       = 1247
	authidClass     = 1260
	databaseClass   = 1262
	classClass      = 1259
	attrdefClass    = 2604
	constraintClass = 2606
	namespaceClass  = 2615
	rewriteClass    = 2618
)
