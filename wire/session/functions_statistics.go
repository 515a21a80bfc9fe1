package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// statisticsFunctions are what the views of statistics ask about tables,
// indexes, sequences, functions and standbys. Nobody counts here what they
// count, so they answer what PostgreSQL does where nothing was counted; the
// rows of a table are those that ANALYZE found.
var statisticsFunctions = merge(
	answering(types.Int(0),
		"pg_stat_get_numscans", "pg_stat_get_tuples_returned", "pg_stat_get_tuples_fetched", "pg_stat_get_tuples_inserted",
		"pg_stat_get_tuples_updated", "pg_stat_get_tuples_deleted", "pg_stat_get_tuples_hot_updated", "pg_stat_get_dead_tuples",
		"pg_stat_get_mod_since_analyze", "pg_stat_get_ins_since_vacuum", "pg_stat_get_blocks_fetched", "pg_stat_get_blocks_hit",
		"pg_stat_get_vacuum_count", "pg_stat_get_autovacuum_count", "pg_stat_get_analyze_count", "pg_stat_get_autoanalyze_count",
		"pg_stat_get_xact_numscans", "pg_stat_get_xact_tuples_returned", "pg_stat_get_xact_tuples_fetched", "pg_stat_get_xact_tuples_inserted",
		"pg_stat_get_xact_tuples_updated", "pg_stat_get_xact_tuples_deleted", "pg_stat_get_xact_tuples_hot_updated",
		"pg_stat_get_xact_blocks_fetched", "pg_stat_get_xact_blocks_hit",
		"pg_stat_get_db_conflict_all", "pg_stat_get_db_conflict_tablespace", "pg_stat_get_db_conflict_lock", "pg_stat_get_db_conflict_snapshot",
		"pg_stat_get_db_conflict_bufferpin", "pg_stat_get_db_conflict_startup_deadlock"),
	answering(types.Null,
		"pg_stat_get_last_vacuum_time", "pg_stat_get_last_autovacuum_time", "pg_stat_get_last_analyze_time", "pg_stat_get_last_autoanalyze_time",
		"pg_stat_get_function_calls", "pg_stat_get_function_total_time", "pg_stat_get_function_self_time",
		"pg_stat_get_xact_function_calls", "pg_stat_get_xact_function_total_time", "pg_stat_get_xact_function_self_time"),
	map[string]function{
		"pg_stat_get_live_tuples": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
			if t := s.snapshot().Table(oidArg(args)); t != nil {
				return types.Int(int64(max(t.Stats.Rows, 0))), nil
			}
			return types.Int(0), nil
		},
	})

// answering are functions that always answer d.
func answering(d types.Datum, names ...string) map[string]function {
	out := make(map[string]function, len(names))
	for _, name := range names {
		out[name] = constant(d)
	}
	return out
}
