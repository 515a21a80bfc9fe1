// Package setting is a session's run-time parameters: what PostgreSQL calls
// GUC (src/backend/utils/misc/guc.c). Which parameters there are, with their
// limits and defaults, comes from PostgreSQL 15's own pg_settings.
//
//	definition.go  the parameters that exist
//	value.go       reading and showing values: units, enums, ranges
//	store.go       a session's values: SET, SET LOCAL, RESET, rolled back with transactions
package setting

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Definition is one parameter: a row of pg_settings without its value.
type Definition struct {
	Name     string
	Boot     string // default, in Unit
	Unit     string // "" none, "8kB", "kB", "MB", "B", "ms", "s", "min"
	Category string
	Short    string // description
	Extra    string // more of it, or ""
	Context  string // internal, postmaster, sighup, superuser-backend, backend, superuser, user
	Type     string // bool, integer, real, string, enum
	Min, Max float64
	Enum     []string
	Report   bool // clients are told of changes (GUC_REPORT)
}

//go:embed pg_settings.tsv
var pgSettings string

// reported are the parameters with GUC_REPORT.
var reported = map[string]bool{
	"application_name": true, "client_encoding": true, "DateStyle": true,
	"default_transaction_read_only": true, "in_hot_standby": true, "integer_datetimes": true,
	"IntervalStyle": true, "is_superuser": true, "server_encoding": true, "server_version": true,
	"session_authorization": true, "standard_conforming_strings": true, "TimeZone": true,
}

// extra are the parameters that are not in PostgreSQL's table: hidden ones of
// its own, and ours.
var extra = []Definition{
	{Name: "is_superuser", Boot: "off", Context: "internal", Type: "bool", Category: "Ungrouped"},
	{Name: "session_authorization", Context: "user", Type: "string", Category: "Ungrouped"},
	{Name: "role", Boot: "none", Context: "user", Type: "string", Category: "Ungrouped"},
	{Name: "default_with_oids", Boot: "off", Context: "user", Type: "bool", Category: "Ungrouped"},
	{Name: "seed", Context: "user", Type: "real", Min: -1, Max: 1, Category: "Ungrouped"},
	{Name: "pegmatite.etcd", Context: "internal", Type: "string", Category: "Pegmatite",
		Short: "Client URLs of the metadata store."},
	{Name: "pegmatite.shards", Context: "internal", Type: "integer", Category: "Pegmatite",
		Short: "Number of shards of the cluster."},
	{Name: "sql_dialect", Boot: "postgres", Context: "user", Type: "enum", Enum: sqlparse.Dialects,
		Category: "Pegmatite", Short: "The SQL dialect that statements are read in."},
}

// Definitions returns all parameters by lower-case name. The map is shared:
// read only.
var Definitions = sync.OnceValue(func() map[string]*Definition {
	defs := map[string]*Definition{}
	for _, line := range strings.Split(strings.TrimRight(pgSettings, "\n"), "\n") {
		f := strings.Split(line, "\t")
		d := &Definition{Name: f[0], Boot: f[1], Unit: f[2], Category: f[3], Short: f[4], Context: f[5], Type: f[6]}
		d.Min, _ = strconv.ParseFloat(f[7], 64)
		d.Max, _ = strconv.ParseFloat(f[8], 64)
		if f[9] != "" {
			d.Enum = strings.Split(f[9], ",")
		}
		d.Extra = f[10]
		defs[strings.ToLower(d.Name)] = d
	}
	for i := range extra {
		defs[strings.ToLower(extra[i].Name)] = &extra[i]
	}
	for _, d := range defs {
		d.Report = reported[d.Name]
	}
	return defs
})

// Lookup finds a parameter by name in any case. A name with a dot in it that
// nobody defined is a custom parameter (manual 20.16): a string.
func Lookup(name string) (*Definition, *pgerr.E) {
	if d := Definitions()[strings.ToLower(name)]; d != nil {
		return d, nil
	}
	if prefix, rest, ok := strings.Cut(name, "."); ok {
		if !customName(prefix) || !customName(rest) {
			return nil, pgerr.New(pgerr.InvalidName, "invalid configuration parameter name %q", name).
				WithDetail("Custom parameter names must be two or more simple identifiers separated by dots.")
		}
		return &Definition{Name: name, Context: "user", Type: "string", Category: "Customized Options"}, nil
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// List reports whether a parameter takes a list of values (GUC_LIST_INPUT).
func (d *Definition) List() bool { return lists[d.Name] }

var lists = map[string]bool{
	"DateStyle": true, "search_path": true, "temp_tablespaces": true, "session_preload_libraries": true,
	"local_preload_libraries": true, "shared_preload_libraries": true, "unix_socket_directories": true,
	"listen_addresses": true, "synchronous_standby_names": true, "log_destination": true, "wal_consistency_checking": true,
}

// customName is valid_custom_variable_name for one part.
func customName(s string) bool {
	for _, part := range strings.Split(s, ".") {
		for i, r := range part {
			letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
			if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '$')) {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}
