package pgcatalog

import "github.com/pegmatitedb/pegmatite/catalog"

// DomainName is the name of one of information_schema's domains; ok is false
// for an OID that is none. They have no types.Type: clients see their base types.
func DomainName(oid catalog.OID) (name string, ok bool) {
	d, ok := domains[oid]
	return d.name, ok
}
