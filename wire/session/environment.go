package session

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
)

// environment is what planning and execution need of the session, derived from
// its settings and kept until one of them changes.
type environment struct {
	session *Session
	made    *types.Env // nil: to be derived anew
	base    types.Env  // of made, without the transaction's time
	printed types.Env  // base, for what the client gets
	read    types.Env  // made, for what the client gives
	baseAt  uint64
	path    []catalog.OID // explicit
	full    []catalog.OID // and what is searched before
	first   string        // the first name of it that stands for a schema, or would: pg_temp
	pathAt  version
	role    *catalog.Role
	roleAt  version
	roleFor string // the setting that role was found for: it may be renamed since
	derived derived
	// Of every run's environment, made once.
	cluster exec.Cluster
	draw    func(context.Context) (txn.Timestamp, error)
	notice  func(*pgerr.E)
}

func newEnvironment(s *Session) environment {
	return environment{session: s, cluster: s.cluster(), draw: s.node.Oracle.Commit, notice: s.Notice}
}

// version says of what something was derived: settings and catalog.
type version struct {
	changed  uint64 // setting.Store's, plus one
	snapshot *catalog.Snapshot
}

// stale forgets what depends on the transaction.
func (e *environment) stale() { e.made = nil }

// version is the present one.
func (e *environment) version() version {
	return version{e.session.settings.Changed + 1, e.session.snapshot()}
}

// derived are settings that every statement asks for, as numbers.
type derived struct {
	changed                           uint64 // of version
	statementTimeoutMS, lockTimeoutMS int
	idleTransactionMS, idleSessionMS  int
	workMemKB                         int
	isolation                         string // default_transaction_isolation
	readOnly, deferrable              bool   // default_transaction_…
	minMessages                       int    // rank of client_min_messages
	dialect                           sqlparse.Dialect
	quoting                           sqlparse.Quoting
}

// derived returns the session's settings as numbers.
func (s *Session) derived() *derived {
	d := &s.env.derived
	if now := s.settings.Changed + 1; d.changed != now {
		*d = derived{
			changed:            now,
			statementTimeoutMS: s.number("statement_timeout"), lockTimeoutMS: s.number("lock_timeout"),
			idleTransactionMS: s.number("idle_in_transaction_session_timeout"), idleSessionMS: s.number("idle_session_timeout"),
			workMemKB:   s.number("work_mem"),
			isolation:   s.settings.Get("default_transaction_isolation"),
			readOnly:    s.settings.Get("default_transaction_read_only") == "on",
			deferrable:  s.settings.Get("default_transaction_deferrable") == "on",
			minMessages: severityRank(pgerr.Severity(upper(s.settings.Get("client_min_messages")))),
			dialect:     sqlparse.DialectNamed(s.settings.Get("sql_dialect")),
		}
		if d.dialect == sqlparse.Postgres {
			d.quoting = sqlparse.Quoting{
				Backslashes:      s.settings.Get("standard_conforming_strings") == "off",
				Warn:             s.settings.Get("escape_string_warning") == "on",
				NoBackslashQuote: s.settings.Get("backslash_quote") == "off",
			}
		}
	}
	return d
}

// dialect is the language of the texts that the client sends.
func (s *Session) dialect() sqlparse.Dialect { return s.derived().dialect }

// duration is a setting's milliseconds.
func duration(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }

// types are the settings that values' text forms depend on. The value does not
// change: each transaction has its own.
func (e *environment) types() *types.Env {
	if now := e.session.settings.Changed + 1; e.baseAt != now {
		e.base, e.baseAt, e.made = e.derive(), now, nil
		e.printed = e.base
		e.printed.Names = e.session
	}
	if e.made == nil {
		env := e.base
		env.Now = e.session.statementStart
		if e.session.tx != nil {
			env.Now = e.session.tx.started
		}
		e.made, e.read = &env, env
		e.read.Names = e.session
	}
	return e.made
}

// input are the same for values that come from the client: names of objects are theirs there.
func (e *environment) input() *types.Env {
	e.types()
	return &e.read
}

// output are the same for values that go to the client: objects have names there.
func (e *environment) output() *types.Env {
	e.types()
	return &e.printed
}

// derive reads the settings.
func (e *environment) derive() types.Env {
	s := e.session
	env := *types.DefaultEnv()
	if loc := types.FindZone(s.settings.Get("TimeZone")); loc != nil {
		env.Location = loc
	}
	style, order, _ := strings.Cut(s.settings.Get("DateStyle"), ", ")
	env.DateStyle = map[string]types.DateStyle{
		"ISO": types.DateISO, "SQL": types.DateSQL, "Postgres": types.DatePostgres, "German": types.DateGerman}[style]
	env.DateOrder = map[string]types.DateOrder{"MDY": types.OrderMDY, "DMY": types.OrderDMY, "YMD": types.OrderYMD}[order]
	env.IntervalStyle = map[string]types.IntervalStyle{
		"postgres": types.IntervalPostgres, "postgres_verbose": types.IntervalPostgresVerbose,
		"sql_standard": types.IntervalSQLStandard, "iso_8601": types.IntervalISO8601}[s.settings.Get("IntervalStyle")]
	env.ExtraFloatDigits = s.number("extra_float_digits")
	env.MaxStackKB = s.number("max_stack_depth")
	env.ByteaEscape = s.settings.Get("bytea_output") == "escape"
	env.TextSearchConfig = textSearchConfig(s.settings.Get("default_text_search_config"))
	return env
}

// number is an integer setting's value, in its unit.
func (s *Session) number(name string) int {
	n, _ := strconv.Atoi(s.settings.Get(name))
	return n
}

// searchPath is the explicit search path: schemas that exist, in order.
func (e *environment) searchPath() []catalog.OID {
	now := e.version()
	if e.pathAt == now {
		return e.path
	}
	temporary := e.session.temporarySchema()
	e.path, e.full, e.first, e.pathAt = nil, nil, "", now
	for _, name := range splitIdentifiers(e.session.settings.Get("search_path")) {
		oid := e.pathSchema(name, temporary)
		if e.first == "" && (oid != 0 || name == temporaryAlias) {
			e.first = name
		}
		if oid != 0 {
			e.path = append(e.path, oid)
		}
	}
	for _, oid := range []catalog.OID{temporary, catalog.PgCatalogOID} {
		if oid != 0 && !slices.Contains(e.path, oid) {
			e.full = append(e.full, oid)
		}
	}
	e.full = append(e.full, e.path...)
	return e.path
}

// pathSchema is what a name in search_path stands for; 0 is nothing.
func (e *environment) pathSchema(name string, temporary catalog.OID) catalog.OID {
	switch name {
	case temporaryAlias:
		return temporary
	case "$user":
		name = e.session.currentUser().Name
	}
	if sc := e.session.snapshot().Schema(e.session.database, name); sc != nil {
		return sc.OID
	}
	return 0
}

// fullPath is the search path with the session's temporary schema and
// pg_catalog where they are searched (recomputeNamespacePath in namespace.c).
func (e *environment) fullPath() []catalog.OID {
	e.searchPath()
	return e.full
}

// makesTemporary reports whether what is made without a schema is temporary:
// pg_temp comes first in the search path.
func (e *environment) makesTemporary() bool {
	e.searchPath()
	return e.first == temporaryAlias
}

// bind is the environment of the binder.
func (e *environment) bind() *bind.Env {
	s := e.session
	now := s.snapshot()
	return &bind.Env{
		Snapshot: now, Since: e.since(now), Database: s.database, SearchPath: e.fullPath(), Role: s.currentUser().OID,
		Types: e.types(), Library: s.node.Library, Notice: e.notice,
	}
}

// since is bind.Env's: what the catalog was when the transaction's snapshot was fixed.
func (e *environment) since(now *catalog.Snapshot) *catalog.Snapshot {
	if t := e.session.tx; t != nil && t.since != now {
		return t.since
	}
	return nil
}

// exec is the environment of one run.
func (e *environment) exec(run *txn.Run) *exec.Env {
	s := e.session
	return &exec.Env{
		Cluster: e.cluster, Txn: run, Snapshots: run, Types: e.types(), Session: &running{s, run},
		TransactionMicros: types.TimestampFromTime(s.tx.started), StatementMicros: types.TimestampFromTime(s.statementStart),
		WorkMemBytes:  int64(s.derived().workMemKB) << 10,
		TempDir:       s.node.TempDir,
		LockTimeoutMS: int64(s.derived().lockTimeoutMS),
		Draw:          e.draw,
		RowIDs:        &s.node.rowIDs,
		TakeBack:      run.TakeBack,
		Notice:        e.notice,
	}
}

// currentUser is the role in force: SET ROLE's, or the session's.
func (s *Session) currentUser() *catalog.Role {
	if now := s.env.version(); s.env.roleAt != now {
		s.env.role, s.env.roleAt = s.findUser(now.snapshot), now
	}
	return s.env.role
}

func (s *Session) findUser(snap *catalog.Snapshot) *catalog.Role {
	last := s.env.role
	for _, name := range []string{s.settings.Get("role"), s.settings.Get("session_authorization")} {
		if name != "" && name != "none" && name != "default" {
			if last != nil && s.env.roleFor == name {
				return roleOrGone(snap, last)
			}
			if r := snap.Role(name); r != nil {
				s.env.roleFor = name
				return r
			}
		}
	}
	s.env.roleFor = ""
	return s.loginRole(snap)
}

// loginRole is the role that the client logged in as.
func (s *Session) loginRole(snap *catalog.Snapshot) *catalog.Role {
	return roleOrGone(snap, &catalog.Role{OID: s.user, Name: pgcatalog.UserByOID(snap, s.user)})
}

// roleOrGone is a role as it is now. One that was dropped meanwhile stays in force
// where it was: without any right, and never with somebody else's.
func roleOrGone(snap *catalog.Snapshot, last *catalog.Role) *catalog.Role {
	if r := snap.RoleByOID(last.OID); r != nil {
		return r
	}
	return &catalog.Role{OID: last.OID, Name: last.Name}
}

// splitIdentifiers reads a list of names as SplitIdentifierString does: folded
// to lower case unless quoted.
func splitIdentifiers(list string) []string {
	var names []string
	for rest := strings.TrimSpace(list); rest != ""; {
		var name string
		if rest[0] == '"' {
			name, rest = quotedName(rest[1:])
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			name, rest = strings.ToLower(strings.TrimSpace(rest[:end])), rest[end:]
		}
		names = append(names, name)
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), ","))
	}
	return names
}

// quotedName reads up to the closing quote.
func quotedName(s string) (name, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			if i+1 < len(s) && s[i+1] == '"' {
				i++
			} else {
				return b.String(), s[i+1:]
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// quoteIdent quotes a name where SQL needs it.
func quoteIdent(name string) string { return expr.QuoteIdent(name) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func upper(s string) string { return strings.ToUpper(s) }
