package session

import (
	"context"
	"crypto/tls"
	"net"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// activityRows makes pg_stat_activity: the sessions of this node.
func (s *Session) activityRows(ctx context.Context, emit func(row)) {
	snap := s.node.Catalog.Snapshot()
	waiting := s.node.advisory.waiters()
	waitsFor := s.lockWaits(ctx)
	for _, o := range s.node.sessions.list() {
		a := &o.activity
		r := row{
			"pid": types.Int(int64(o.pid())), "datid": types.Int(int64(o.database)), "usesysid": types.Int(int64(o.user)),
			"backend_start": types.Int(types.TimestampFromTime(o.backendStart)), "state": types.Text(a.state()), "query": types.Text(a.text()),
			"application_name": types.Text(a.application()), "backend_type": types.Text("client backend"),
		}
		if at := a.started.Load(); at != 0 {
			r["query_start"], r["state_change"] = types.Int(at), types.Int(a.changed.Load())
		}
		if t := a.transaction.Load(); t != nil {
			r["xact_start"] = types.Int(types.TimestampFromTime(t.started))
			if t.txn.Wrote() {
				id := t.txn.ID()
				r["backend_xid"] = types.Int(shortTransactionNumber(id.Seq))
			}
		}
		if db := snap.DatabaseByOID(o.database); db != nil {
			r["datname"] = types.Text(db.Name)
		}
		if u := snap.RoleByOID(o.user); u != nil {
			r["usename"] = types.Text(u.Name)
		}
		switch {
		case waiting[o]:
			r["wait_event_type"], r["wait_event"] = types.Text("Lock"), types.Text("advisory")
		case waitsFor[o] != "":
			r["wait_event_type"], r["wait_event"] = types.Text("Lock"), types.Text(waitsFor[o])
		case !a.active.Load():
			r["wait_event_type"], r["wait_event"] = types.Text("Client"), types.Text("ClientRead")
		}
		if addr, ok := o.client.Address.(*net.TCPAddr); ok {
			r["client_addr"], r["client_port"] = hostOf(addr), types.Int(int64(addr.Port))
		} else {
			r["client_port"] = types.Int(unixClientPort)
		}
		emit(r)
	}
}

// lockWaits are the wait events of the sessions that wait for a lock on a shard
// or of the catalog. A shard that does not answer keeps nobody from seeing the rest.
func (s *Session) lockWaits(ctx context.Context) map[*Session]string {
	sessions := sessionsByTransaction(s.node)
	out := map[*Session]string{}
	others := false
	for _, o := range sessions {
		others = others || o != s && o.activity.active.Load()
	}
	if !others {
		return out
	}
	for _, id := range s.node.Cluster.Shards(catalog.HomeShards) {
		reply, err := s.askShard(ctx, id, shard.ControlTransactions)
		if err != nil {
			continue
		}
		for i := range reply.Transactions {
			if t := &reply.Transactions[i]; len(t.Waiting) > 0 {
				out[sessions[t.Txn.String()]] = "transactionid"
			}
		}
	}
	for _, e := range s.node.Locks.List() {
		switch {
		case e.Granted:
		case e.Key.Space == lock.Relation:
			out[sessions[e.Owner.String()]] = "relation"
		default:
			out[sessions[e.Owner.String()]] = "object"
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
func (s *Session) databaseRows(emit func(row)) {
	for d := range s.snapshot().Databases() {
		emit(row{
			"datid": types.Int(int64(d.OID)), "datname": types.Text(d.Name), "numbackends": types.Int(int64(s.node.sessions.inDatabase(d.OID))),
		})
	}
}

// encryptionRows makes pg_stat_ssl and pg_stat_gssapi: there is TLS and no GSS.
func (s *Session) encryptionRows(relation string, emit func(row)) {
	for _, o := range s.node.sessions.list() {
		r := row{"pid": types.Int(int64(o.pid()))}
		if relation == "pg_stat_ssl" {
			encryptionRow(o.client.TLS, r)
		} else {
			r["gss_authenticated"], r["encrypted"] = types.False, types.False
		}
		emit(r)
	}
}

// encryptionRow is how a session is encrypted.
func encryptionRow(c *tls.ConnectionState, r row) {
	r["ssl"] = types.Bool(c != nil)
	if c == nil {
		return
	}
	cipher := tls.CipherSuiteName(c.CipherSuite)
	bits := int64(256) // AES-256 and ChaCha20
	if strings.Contains(cipher, "AES_128") {
		bits = 128
	}
	version := strings.Replace(tls.VersionName(c.Version), "TLS ", "TLSv", 1)
	r["version"], r["cipher"], r["bits"] = types.Text(version), types.Text(cipher), types.Int(bits)
}

// sessionsByTransaction finds the sessions that run this node's transactions.
func sessionsByTransaction(n *Node) map[string]*Session {
	out := map[string]*Session{}
	for _, o := range n.sessions.list() {
		if t := o.activity.transaction.Load(); t != nil {
			out[t.txn.ID().String()] = o
		}
	}
	return out
}

// ProcessOf is the process id of the session that runs a transaction; 0 is none.
func (n *Node) ProcessOf(id txn.ID) int32 {
	for _, o := range n.sessions.list() {
		if t := o.activity.transaction.Load(); t != nil && t.txn.ID() == id {
			return o.pid()
		}
	}
	return 0
}
