// Package session is what happens between a client's messages and the
// planner: settings, the transaction's status, prepared statements, portals,
// and the commands that are not plans (SET, BEGIN, COPY, EXPLAIN …).
//
//	session.go      Session and what it asks of its node (this file: the contract)
//	node.go         Node: what all sessions of a process share; cluster.go the shards as a session sees them
//	status.go       the transaction status table
//	transaction.go  begin, commit, savepoints; begin.go the commands for them; outcomes.go what became of it
//	query.go        the simple protocol; extended.go the extended one
//	prepared.go     prepared statements; portal.go portals
//	execute.go      one statement, by whichever protocol, to its result; output.go how that is sent
//	objects.go      locks on tables and names; parts.go columns and constraints that are on their way
//	foreignkeys.go  foreign keys, behind the statements that change them; foreignkeysql.go by which statements; constraints.go what waits for the commit
//	retry.go        statements that shards refuse for stale versions; place.go errors at literals
//	environment.go  what planning and running need of the settings
//	utility.go      which command is which
//	define.go       DDL, with globalindex.go and createas.go; temporary.go the objects that go with the session; show.go SET and SHOW, with check*.go and commandline.go
//	explain.go, discard.go, vacuum*.go, analyze.go, copy*.go   the other commands
//	functions.go    functions that ask about the session, functions_*.go by subject; advisory.go its locks;
//	                textsearch.go names of text search, userproc.go functions that are not built in; queryoftext.go functions that run a query;
//	                routine.go functions that users make: routine_sql.go, routine_plpgsql.go in those languages, call.go CALL
//	dynamic.go      rows of relations that no descriptor answers, dynamic_*.go by subject
//	setting/        run-time parameters; sample/ ANALYZE's statistics
//
// A Session belongs to one goroutine, its connection's.
package session

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
	"github.com/pegmatitedb/pegmatite/wire/frame"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// Catalog is the node's view of the cluster's descriptors.
type Catalog interface {
	// Snapshot is the newest published state that this node knows.
	Snapshot() *catalog.Snapshot
	// Confirm returns when Snapshot has all that was acknowledged anywhere before the call.
	Confirm(ctx context.Context) error
}

// SchemaChanges ends transactions with DDL: the change is published and the
// data committed as one (rule 21).
type SchemaChanges interface {
	Commit(ctx context.Context, t *txn.Txn, c *catalog.Change) error
	Rollback(ctx context.Context, t *txn.Txn, c *catalog.Change)
	// DropTemporary drops the temporary objects of a session that has ended.
	DropTemporary(ctx context.Context, database, schema catalog.OID) error
}

// Client is one client as its session sees it.
type Client struct {
	Reader  *frame.Reader
	Writer  *frame.Writer
	PID     int32
	Address net.Addr // the client's
	Local   net.Addr // where it has connected to
	// TLS is the connection's encryption, nil without.
	TLS *tls.ConnectionState
	// Interrupts cancels this session's running statement.
	Interrupts Interrupter
}

// Interrupter stops what a session is running.
type Interrupter interface {
	// Interrupt ends the running statement with an error.
	Interrupt(reason error)
	// Terminate ends the session, with a reason for the client.
	Terminate(reason *pgerr.E)
}

// Session is one client's session.
type Session struct {
	node       *Node
	client     Client
	database   catalog.OID
	user       catalog.OID
	login      string // the user's name when the session began
	settings   *setting.Store
	env        environment
	status     status
	tx         *transaction // nil when idle
	prepared   map[string]*prepared
	portals    map[string]*portal
	sequence   sequenceMemory
	temporary  atomic.Uint32   // the OID of the schema of its temporary objects; others read it
	random     *builtin.Random // of setseed; nil before
	activity   activity
	advisory   advisory
	reported   map[string]string // what clients were told of reported settings
	reportedAt uint64            // the count of changes that they were told up to

	// locks are the transaction's on tables and other objects; planned is the
	// catalog that the present statement was last planned with.
	locks   *objectlock.Holder
	planned *catalog.Snapshot

	// statement is what runs, for the places of literals in errors.
	statement *sqlparse.Statement
	// desynchronized: the connection ends after the next error.
	desynchronized bool
	// routines are users' functions made ready; depth is how many are running within each other.
	routines map[catalog.OID][]*routine
	depth    int
	// several: a query string of several statements runs, a block of its own kind.
	several bool
	// notedAt is the count of changes of settings that activity knows.
	notedAt uint64

	statementStart time.Time
	backendStart   time.Time
}

// Open starts a session from the start-up packet's parameters. Errors are
// those of PostgreSQL's InitPostgres.
func Open(n *Node, params map[string]string, c Client) (*Session, error) {
	s := &Session{
		node: n, client: c,
		settings: setting.NewStore(n.Defaults), prepared: map[string]*prepared{}, portals: map[string]*portal{},
		reported: map[string]string{}, backendStart: time.Now(),
	}
	s.env = newEnvironment(s)
	if err := s.identify(params); err != nil {
		return nil, err
	}
	if err := s.startupSettings(params); err != nil {
		return nil, err
	}
	s.locks = n.Locks.Join()
	n.sessions.add(s)
	return s, nil
}

// identify finds the role and the database.
func (s *Session) identify(params map[string]string) error {
	snap := s.node.Catalog.Snapshot()
	name := params["user"]
	role := snap.Role(name)
	if role == nil {
		return pgerr.New(pgerr.InvalidAuthorizationSpecification, "role %q does not exist", name)
	}
	if !role.Login {
		return pgerr.New(pgerr.InvalidAuthorizationSpecification, "role %q is not permitted to log in", name)
	}
	dbname := params["database"]
	if dbname == "" {
		dbname = name
	}
	db := snap.Database(dbname)
	if db == nil {
		return pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", dbname)
	}
	if !db.AllowConn {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "database %q is not currently accepting connections", dbname)
	}
	s.user, s.login, s.database = role.OID, name, db.OID
	s.settings.Internal("session_authorization", name)
	return s.defaults(role.Settings, db.Settings)
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// defaults applies ALTER ROLE/DATABASE … SET, the role's over the database's.
func (s *Session) defaults(role, db map[string]string) error {
	for _, m := range []map[string]string{db, role} {
		for k, v := range m {
			if err := s.settings.Default(k, v); err != nil {
				s.Notice(pgerr.From(err).WithSeverity(pgerr.SeverityWarning))
			}
		}
	}
	return nil
}

// startupSettings applies what the packet sets beside user and database:
// command-line style options, and over them any parameter by name.
func (s *Session) startupSettings(params map[string]string) error {
	if err := s.commandLine(params["options"]); err != nil {
		return err
	}
	for k, v := range params {
		switch k {
		case "user", "database", "replication", "options":
			continue
		}
		if err := s.startupSetting(k, v); err != nil {
			return err
		}
	}
	return nil
}

// startupSetting applies one; also those that can be set then and not later.
func (s *Session) startupSetting(name, value string) error {
	value, err := s.checkSetting(name, value)
	if err != nil {
		return err
	}
	return s.settings.Startup(name, value)
}

// Superuser reports whether the session's role is one.
func (s *Session) Superuser() bool { return s.currentUser().Super }

// Report tells the client of reported settings that changed, before it is
// told that the server is ready.
func (s *Session) Report() {
	if s.settings.Changed == s.reportedAt {
		return
	}
	s.reportedAt = s.settings.Changed
	for _, d := range reportedSettings() {
		v, err := s.showValue(d.Name)
		if err != nil {
			continue
		}
		if old, told := s.reported[d.Name]; !told || old != v {
			s.reported[d.Name] = v
			s.client.Writer.Send(&pgproto3.ParameterStatus{Name: d.Name, Value: v})
		}
	}
}

// IdleLimit is how long the client may stay silent now (0 is for ever), and the
// error that ends the session then.
func (s *Session) IdleLimit() (time.Duration, error) {
	if s.status == idle {
		return duration(s.derived().idleSessionMS), errIdleSession
	}
	return duration(s.derived().idleTransactionMS), errIdleTransaction
}

var (
	errIdleSession     = pgerr.New(pgerr.IdleSessionTimeout, "terminating connection due to idle-session timeout").WithSeverity(pgerr.SeverityFatal)
	errIdleTransaction = pgerr.New(pgerr.IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout").WithSeverity(pgerr.SeverityFatal)
)

// Status is the letter of ReadyForQuery.
func (s *Session) Status() byte { return s.status.letter() }

// Settled reports whether the session can end without breaking a transaction.
func (s *Session) Settled() bool { return s.status == idle }

// Notice sends a notice or warning, if client_min_messages lets it through.
func (s *Session) Notice(n *pgerr.E) {
	if severityRank(n.Severity) >= s.derived().minMessages {
		s.client.Writer.Send(frame.NoticeMessage(n))
	}
}

// severityRank orders severities as client_min_messages does (manual table 20.2).
func severityRank(v pgerr.Severity) int {
	switch v {
	case "DEBUG5", "DEBUG4", "DEBUG3", "DEBUG2", "DEBUG1", pgerr.SeverityDebug:
		return 0
	case pgerr.SeverityLog:
		return 1
	case pgerr.SeverityNotice, "":
		return 2
	case pgerr.SeverityWarning:
		return 3
	case pgerr.SeverityInfo: // always sent
		return 9
	}
	return 4
}

// Close ends the session; an open transaction is rolled back.
func (s *Session) Close() {
	if s.tx != nil {
		s.rollback(context.Background())
	}
	s.closePortals()
	s.advisory.close()
	s.locks.Leave()
	s.endTemporary()
	s.node.sessions.remove(s)
}

// pid is the number that pg_backend_pid answers.
func (s *Session) pid() int32 { return s.client.PID }

// activity is what pg_stat_activity shows; other sessions read it.
type activity struct {
	query  atomic.Pointer[string]
	name   atomic.Pointer[string] // application_name
	active atomic.Bool
	// changed is when active last became what it is (µs since 2000-01-01 UTC); failed is of the transaction.
	changed, started atomic.Int64
	transaction      atomic.Pointer[openTransaction] // nil when idle
}

// openTransaction is the part of a transaction that others may look at.
type openTransaction struct {
	txn       *txn.Txn // for ID, Drawn and Wrote alone
	isolation txn.Isolation
	started   time.Time
}

// run notes that a statement begins or (false) has ended.
func (a *activity) run(active bool, at time.Time) {
	a.active.Store(active)
	a.changed.Store(types.TimestampFromTime(at))
	if active {
		a.started.Store(types.TimestampFromTime(at))
	}
}

func (a *activity) application() string {
	if p := a.name.Load(); p != nil {
		return *p
	}
	return ""
}

func (a *activity) set(text string) { a.query.Store(&text) }

func (a *activity) text() string {
	if p := a.query.Load(); p != nil {
		return *p
	}
	return ""
}
