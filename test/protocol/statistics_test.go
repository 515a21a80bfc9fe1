package protocol

import (
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestStatisticsViews: every view of statistics answers, but for those of what
// there is none of here, which docs/compatibility.md lists.
func TestStatisticsViews(t *testing.T) {
	c := client.Connect(t, node.Start(t, nil).Address())
	client.Exec(t, c, "CREATE TABLE counted (a int PRIMARY KEY, b int)")
	client.Exec(t, c, "INSERT INTO counted SELECT g FROM generate_series(1, 7) g")
	client.Exec(t, c, "ANALYZE counted")
	rows, _ := c.Query(t.Context(), "SELECT viewname::text FROM pg_views WHERE viewname ~ '^pg_stat' ORDER BY 1")
	var views, refused []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		views = append(views, name)
	}
	if len(views) < 40 {
		t.Fatalf("views of statistics: %q", views)
	}
	for _, name := range views {
		if _, err := c.Exec(t.Context(), "SELECT * FROM "+name); client.Code(err) == "0A000" {
			refused = append(refused, name)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	want := []string{"pg_stat_archiver", "pg_stat_bgwriter", "pg_stat_progress_analyze", "pg_stat_progress_basebackup", "pg_stat_progress_cluster",
		"pg_stat_progress_copy", "pg_stat_progress_create_index", "pg_stat_progress_vacuum", "pg_stat_recovery_prefetch", "pg_stat_slru", "pg_stat_wal"}
	if !slices.Equal(refused, want) {
		t.Errorf("refused: %q", refused)
	}
	for sql, want := range map[string]string{
		"SELECT (seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_live_tup, last_vacuum, last_analyze, vacuum_count)::text FROM pg_stat_user_tables WHERE relname = 'counted'": "(0,0,0,0,0,7,,,0)",
		"SELECT (idx_scan, idx_tup_read, idx_tup_fetch)::text FROM pg_stat_user_indexes WHERE relname = 'counted'":                                                                          "(0,0,0)",
		"SELECT (heap_blks_read, heap_blks_hit, idx_blks_read, toast_blks_read)::text FROM pg_statio_user_tables WHERE relname = 'counted'":                                                 "(0,0,0,)",
		"SELECT count(*)::text FROM pg_stat_user_functions": "0",
	} {
		if got := client.One(t, c, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}
