package session

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// Activity is a session as the node tells of it whose it is. Times are µs since
// 2000-01-01 UTC, 0 for none.
type Activity struct {
	Process        int32
	Database, User catalog.OID
	Began          int64 // the session
	State          string
	Query          string
	Started        int64 // the query
	Changed        int64 // the state
	Application    string
	Active         bool
	Waits          string // the event of a wait for a lock that is no shard's
	Address        string // the client's IP address; "" for a Unix socket
	Port           int
	// Txn is the present transaction, zero without; Wrote whether it has written.
	Txn      txn.ID
	TxnBegan int64
	Wrote    bool
	// TLS is how the connection is encrypted, nil for not at all.
	TLS *Encryption
}

// Encryption is a TLS connection's version and cipher suite (crypto/tls).
type Encryption struct {
	Version, Cipher uint16
}

// Activities are this node's sessions.
func (n *Node) Activities() []Activity {
	waits := objectWaits(n)
	var out []Activity
	for _, o := range n.sessions.list() {
		a := &o.activity
		x := Activity{
			Process: o.pid(), Database: o.database, User: o.user, Began: types.TimestampFromTime(o.backendStart),
			State: a.state(), Query: a.text(), Started: a.started.Load(), Changed: a.changed.Load(),
			Application: a.application(), Active: a.active.Load(), Port: unixClientPort,
		}
		if t := a.transaction.Load(); t != nil {
			x.Txn, x.TxnBegan, x.Wrote = t.txn.ID(), types.TimestampFromTime(t.started), t.txn.Wrote()
			x.Waits = waitEvent(waits[x.Txn])
		}
		if tcp, ok := o.client.Address.(*net.TCPAddr); ok {
			x.Address, x.Port = tcp.AddrPort().Addr().Unmap().WithZone("").String(), tcp.Port
		}
		if c := o.client.TLS; c != nil {
			x.TLS = &Encryption{c.Version, c.CipherSuite}
		}
		out = append(out, x)
	}
	return out
}

// waitEvent is what pg_stat_activity calls a wait for a lock that is no shard's (manual table 28.4 and following).
func waitEvent(e *objectlock.Entry) string {
	switch {
	case e == nil:
		return ""
	case e.Key.Space == lock.Relation:
		return "relation"
	case e.Key.Space == lock.Advisory:
		return "advisory"
	}
	return "object"
}

// activities are the sessions of all nodes that answer.
func (s *Session) activities(ctx context.Context) []Activity {
	others, silent := s.node.Others.Activities(ctx)
	s.warnOfSilent("sessions", silent)
	return append(s.node.Activities(), others...)
}

// warnOfSilent says what the rows do not have.
func (s *Session) warnOfSilent(what string, nodes []string) {
	for _, name := range nodes {
		s.Notice(pgerr.New(pgerr.Warning, "the %s of node %q are not known: it does not answer", what, name).WithSeverity(pgerr.SeverityWarning))
	}
}

// activityRows makes pg_stat_activity: the sessions of all nodes.
func (s *Session) activityRows(ctx context.Context, emit func(row)) {
	snap := s.node.Catalog.Snapshot()
	list := s.activities(ctx)
	waiting := s.shardWaits(ctx, list)
	for i := range list {
		a := &list[i]
		r := row{
			"pid": types.Int(int64(a.Process)), "datid": types.Int(int64(a.Database)), "usesysid": types.Int(int64(a.User)),
			"backend_start": types.Int(a.Began), "state": types.Text(a.State), "query": types.Text(a.Query),
			"application_name": types.Text(a.Application), "backend_type": types.Text("client backend"), "client_port": types.Int(int64(a.Port)),
		}
		if a.Started != 0 {
			r["query_start"], r["state_change"] = types.Int(a.Started), types.Int(a.Changed)
		}
		if !a.Txn.IsZero() {
			r["xact_start"] = types.Int(a.TxnBegan)
		}
		if a.Wrote {
			r["backend_xid"] = types.Int(shortTransactionNumber(a.Txn.Seq))
		}
		if db := snap.DatabaseByOID(a.Database); db != nil {
			r["datname"] = types.Text(db.Name)
		}
		if u := snap.RoleByOID(a.User); u != nil {
			r["usename"] = types.Text(u.Name)
		}
		switch {
		case a.Waits != "":
			r["wait_event_type"], r["wait_event"] = types.Text("Lock"), types.Text(a.Waits)
		case waiting[a.Txn]:
			r["wait_event_type"], r["wait_event"] = types.Text("Lock"), types.Text("transactionid")
		case !a.Active:
			r["wait_event_type"], r["wait_event"] = types.Text("Client"), types.Text("ClientRead")
		}
		if addr, err := netip.ParseAddr(a.Address); err == nil {
			r["client_addr"] = types.Inet{Addr: addr, Bits: addr.BitLen()}.Datum()
		}
		emit(r)
	}
}

// shardWaits are the transactions that wait for a lock on a shard. A shard that
// does not answer keeps nobody from seeing the rest.
func (s *Session) shardWaits(ctx context.Context, sessions []Activity) map[txn.ID]bool {
	out := map[txn.ID]bool{}
	if !slices.ContainsFunc(sessions, func(a Activity) bool { return a.Active && !a.Txn.IsZero() && a.Process != s.pid() }) {
		return out
	}
	for _, answer := range s.askShards(ctx, shard.ControlTransactions) {
		if answer.err != nil {
			continue
		}
		for i := range answer.reply.Transactions {
			if t := &answer.reply.Transactions[i]; len(t.Waiting) > 0 {
				out[t.Txn] = true
			}
		}
	}
	return out
}

// unixClientPort is what pg_stat_activity shows for clients on a Unix socket.
const unixClientPort = -1

// state is pg_stat_activity.state.
func (a *activity) state() string {
	switch {
	case a.active.Load():
		return "active"
	case a.transaction.Load() != nil:
		return "idle in transaction"
	}
	return "idle"
}

// shortTransactionNumber is a transaction as xid shows it: the low half of its number.
func shortTransactionNumber(seq uint64) int64 { return int64(uint32(seq)) }

// databaseRows makes pg_stat_database; counters that nobody keeps stay zero.
func (s *Session) databaseRows(ctx context.Context, emit func(row)) {
	for d := range s.snapshot().Databases() {
		emit(row{
			"datid": types.Int(int64(d.OID)), "datname": types.Text(d.Name), "numbackends": types.Int(int64(s.node.InDatabase(d.OID) + s.node.Others.InDatabase(ctx, d.OID))),
		})
	}
}

// encryptionRows makes pg_stat_ssl and pg_stat_gssapi: there is TLS and no GSS.
func (s *Session) encryptionRows(ctx context.Context, relation string, emit func(row)) {
	for _, a := range s.activities(ctx) {
		r := row{"pid": types.Int(int64(a.Process))}
		if relation == "pg_stat_ssl" {
			encryptionRow(a.TLS, r)
		} else {
			r["gss_authenticated"], r["encrypted"] = types.False, types.False
		}
		emit(r)
	}
}

// encryptionRow is how a session is encrypted.
func encryptionRow(c *Encryption, r row) {
	r["ssl"] = types.Bool(c != nil)
	if c == nil {
		return
	}
	cipher := tls.CipherSuiteName(c.Cipher)
	bits := int64(256) // AES-256 and ChaCha20
	if strings.Contains(cipher, "AES_128") {
		bits = 128
	}
	version := strings.Replace(tls.VersionName(c.Version), "TLS ", "TLSv", 1)
	r["version"], r["cipher"], r["bits"] = types.Text(version), types.Text(cipher), types.Int(bits)
}

// ProcessOf is the process id of the session that runs a transaction, or that
// the locks call id; 0 is none.
func (n *Node) ProcessOf(id txn.ID) int32 {
	for _, o := range n.sessions.list() {
		if o.advisory.is(id) || o.transactionNow() == id {
			return o.pid()
		}
	}
	return 0
}
