package pgcatalog

import "github.com/pegmatitedb/pegmatite/catalog"

// Functions that the row types of all relations name (pg_proc.dat).
const (
	arraySubscriptHandler = 6179
	arrayIn, arrayOut     = 750, 751
	arrayRecv, arraySend  = 2400, 2401
	arrayTypanalyze       = 3816
	recordIn, recordOut   = 2290, 2291
	recordRecv            = 2402
	recordSend            = 2403
)

// rowTypes makes the rows of pg_type for a relation's rows and arrays of them.
func (g *generator) rowTypes(relation catalog.Relation, rowType catalog.OID) {
	if rowType == 0 {
		return
	}
	ref := relation.Ref()
	arrayType, arrayName := catalog.RowArray(relation)
	if r := g.begin("pg_type"); r != nil {
		r.oid("oid", rowType).text("typname", ref.Name).oid("typnamespace", ref.Schema).oid("typowner", ref.Owner)
		r.text("typtype", "c").text("typcategory", "C").oid("typrelid", ref.OID).oid("typarray", arrayType)
		r.oid("typinput", recordIn).oid("typoutput", recordOut).oid("typreceive", recordRecv).oid("typsend", recordSend).done()
	}
	if arrayType == 0 {
		return
	}
	if r := g.begin("pg_type"); r != nil {
		r.oid("oid", arrayType).text("typname", arrayName).oid("typnamespace", ref.Schema).oid("typowner", ref.Owner)
		r.text("typtype", "b").text("typcategory", "A").oid("typelem", rowType).oid("typsubscript", arraySubscriptHandler)
		r.oid("typinput", arrayIn).oid("typoutput", arrayOut).oid("typreceive", arrayRecv).oid("typsend", arraySend)
		r.oid("typanalyze", arrayTypanalyze).done()
	}
}
