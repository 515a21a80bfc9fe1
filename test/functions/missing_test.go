package functions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
)

// reasons say why functions are missing, by name; the first that matches counts.
var reasons = []struct {
	why   string
	names *regexp.Regexp
}{
	{"XML", regexp.MustCompile(`xml|^xpath`)},
	{"large objects", regexp.MustCompile(`^lo_|^loread$|^lowrite$`)},
	{"files of the server's machine", regexp.MustCompile(`^pg_(ls_|read_|stat_file|current_logfile|rotate_logfile|hba_file|ident_file|show_all_file|config$|import_system_collations)`)},
	{"replication, the write-ahead log, backup and recovery, which are PostgreSQL's own",
		regexp.MustCompile(`replication|logical|^pg_(wal|walfile|switch_wal|backup|create_restore|promote|last_wal|last_xact|last_committed|is_wal|current_wal|get_wal|control_|xact_commit|stat_get_(wal|subscription|recovery))|publication|_slot`)},
	{"pg_upgrade and pg_dump's extensions", regexp.MustCompile(`^binary_upgrade|extension`)},
	{"counters of PostgreSQL's statistics collector, which its views ask", regexp.MustCompile(`^pg_stat_`)},
	{"PostgreSQL's memory, locks and index pages", regexp.MustCompile(`^pg_(get_(backend_memory|shmem|multixact)|log_backend|indexam|isolation_test|safe_snapshot|nextoid|stop_making)|^(brin|gin)_|_(freeze|desummarize)`)},
	{"foreign data, partitions and triggers", regexp.MustCompile(`fdw|^satisfies_hash_partition$|partition|event_trigger|^pg_options_to_table$`)},
	{"system functions that nothing answers yet", regexp.MustCompile(`.`)},
}

// writeMissing lists what SQL may call in PostgreSQL and not here.
func writeMissing(b *strings.Builder, l *builtin.Library) {
	missing := map[string][]string{}
	for _, p := range l.Procs() {
		if p.Kind == 'f' && !answered(p) && callable(p) || p.Kind == 'a' && (p.Agg == nil || !p.Agg.Implemented()) {
			for _, r := range reasons {
				if r.names.MatchString(p.Name) {
					missing[r.why] = append(missing[r.why], "`"+p.Name+"`")
					break
				}
			}
		}
	}
	for _, r := range reasons {
		if names := missing[r.why]; names != nil {
			slices.Sort(names)
			fmt.Fprintf(b, "- %s: %s\n", r.why, strings.Join(slices.Compact(names), ", "))
		}
	}
}
