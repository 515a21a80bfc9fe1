package catalog

import "regexp"

// Collation is a row of pg_collation. All order by code point.
type Collation struct {
	OID  OID
	Name string
	// ASCII says that no other letters than ASCII's have cases, or belong to classes of characters (LC_CTYPE C).
	ASCII bool
}

// collations are those that there are, by OID. PostgreSQL's are what its initdb finds; C.UTF-8
// stands beside the name that glibc lists.
var collations = []Collation{
	{100, "default", false}, {950, "C", true}, {951, "POSIX", true},
	{12340, "ucs_basic", true}, {12341, "C.utf8", false}, {12342, "C.UTF-8", false},
}

// CollationByName returns a collation of pg_catalog, nil when there is none of that name.
func CollationByName(name string) *Collation {
	for i := range collations {
		if collations[i].Name == name {
			return &collations[i]
		}
	}
	return nil
}

// CollationByOID returns a collation, or nil.
func CollationByOID(oid OID) *Collation {
	for i := range collations {
		if collations[i].OID == oid {
			return &collations[i]
		}
	}
	return nil
}

var ofLocale = regexp.MustCompile(`^([a-z]{2,3}[-_.@].+|unicode)$`)

// IsLocaleCollation reports whether a name is one that PostgreSQL has where the locales
// are installed: of a language, whose order there is not here.
func IsLocaleCollation(name string) bool { return ofLocale.MatchString(name) }
