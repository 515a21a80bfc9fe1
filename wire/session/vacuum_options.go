package session

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// maxParallelWorkers bounds VACUUM (PARALLEL n) (MAX_PARALLEL_WORKER_LIMIT).
const maxParallelWorkers = 1024

// readVacuumOptions checks the options as ExecVacuum does. Those about
// PostgreSQL's files (FREEZE, INDEX_CLEANUP, TRUNCATE …) have nothing to act on here.
func readVacuumOptions(st *sqlparse.Statement, n *pg.VacuumStmt) (*vacuumOptions, error) {
	o := &vacuumOptions{command: "ANALYZE", analyze: true}
	if n.IsVacuumcmd {
		o.command, o.analyze = "VACUUM", false
	}
	parallel, skipping := 0, false
	for _, node := range n.Options {
		d := node.GetDefElem()
		on, err := optionBool(d)
		switch {
		case d.Defname == "verbose":
			o.verbose = on
		case d.Defname == "skip_locked":
			o.skip = on
		case !n.IsVacuumcmd:
			return nil, unrecognizedOption(st, o, d)
		case d.Defname == "analyze":
			o.analyze = on
		case d.Defname == "full":
			o.full = on
		case d.Defname == "disable_page_skipping":
			skipping = on
		case d.Defname == "freeze", d.Defname == "process_toast", d.Defname == "truncate":
		case d.Defname == "index_cleanup":
			if err != nil && strings.EqualFold(optionText(d), "auto") {
				err = nil
			}
		case d.Defname == "parallel":
			parallel, err = parallelWorkers(st, d)
		default:
			return nil, unrecognizedOption(st, o, d)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case o.full && parallel > 0:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "VACUUM FULL cannot be performed in parallel")
	case o.full && skipping:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL")
	}
	return o, nil
}

func unrecognizedOption(st *sqlparse.Statement, o *vacuumOptions, d *pg.DefElem) error {
	return pgerr.New(pgerr.SyntaxError, "unrecognized %s option %q", o.command, d.Defname).WithPosition(st.Position(d.Location))
}

func parallelWorkers(st *sqlparse.Statement, d *pg.DefElem) (int, error) {
	if d.Arg == nil {
		return 0, pgerr.New(pgerr.SyntaxError, "parallel option requires a value between 0 and %d", maxParallelWorkers).
			WithPosition(st.Position(d.Location))
	}
	n, err := strconv.Atoi(optionText(d))
	if err != nil {
		return 0, pgerr.New(pgerr.SyntaxError, "parallel requires an integer value")
	}
	if n < 0 || n > maxParallelWorkers {
		return 0, pgerr.New(pgerr.SyntaxError, "parallel workers for vacuum must be between 0 and %d", maxParallelWorkers).
			WithPosition(st.Position(d.Location))
	}
	return n, nil
}

// optionText is an option's value as text.
func optionText(d *pg.DefElem) string {
	switch a := d.Arg.GetNode().(type) {
	case *pg.Node_Integer:
		return strconv.Itoa(int(a.Integer.Ival))
	case *pg.Node_Float:
		return a.Float.Fval
	case *pg.Node_Boolean:
		return strconv.FormatBool(a.Boolean.Boolval)
	}
	return d.Arg.GetString_().GetSval()
}

// optionBool is defGetBoolean: an option without a value is on.
func optionBool(d *pg.DefElem) (bool, error) {
	if d.Arg == nil {
		return true, nil
	}
	switch strings.ToLower(optionText(d)) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", d.Defname)
}
