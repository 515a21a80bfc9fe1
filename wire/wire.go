// Package wire speaks PostgreSQL's protocol 3.0 (manual chapter 55) with
// clients: it listens, starts connections up, reads messages and hands them to
// a session; what they mean is wire/session's.
//
//	wire.go     this contract: Server, Config
//	listen.go   sockets, the connection limit, draining
//	startup.go  the first packets: SSL and GSS requests, cancel, versions, settings
//	encrypt.go  TLS; authenticate.go messages of authentication
//	conn.go     one connection: the message loop, error until Sync
//	cancel.go   CancelRequest finds its session; watch.go stops statements of clients that are gone
//	patience.go writing to clients that are sent away
//	auth/       who has to authenticate, and SCRAM
//	frame/      messages on a byte stream
//	session/    settings, transaction status, prepared statements, portals
//
// One goroutine owns a connection and its session's state.
package wire

import (
	"log/slog"
	"time"

	"github.com/pegmatitedb/pegmatite/wire/auth"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Config is what a Server needs to know.
type Config struct {
	// MaxConnections is the limit on sessions (53300 beyond).
	MaxConnections int
	// Reserved are those of them that only superusers get (superuser_reserved_connections).
	Reserved int
	// StartupTimeout bounds the first packets, as authentication_timeout does.
	StartupTimeout time.Duration
	// FirstProcess is where the node's process ids begin, a multiple of Processes.
	FirstProcess uint32
	// Elsewhere is told of CancelRequests for other nodes' sessions; nil drops them.
	Elsewhere func(process, secret uint32)
	// TrustLoopback lets clients of this machine's loopback addresses in without a
	// password, as clients of the Unix socket always are.
	TrustLoopback bool
	// Certificate is what clients that ask for TLS are shown, asked for at each one; nil is no TLS.
	Certificate func() *auth.Certificate
	// Secret is the cluster's: what roles that are not there show instead of a salt.
	Secret []byte
	Log    *slog.Logger
}

// Server accepts clients for one node.
type Server struct {
	config  Config
	node    *session.Node
	conns   registry
	closing chan struct{}
}

// NewServer makes a server of node's sessions; Serve starts it.
func NewServer(node *session.Node, c Config) *Server {
	return &Server{config: c, node: node, conns: newRegistry(c.FirstProcess), closing: make(chan struct{})}
}

// Connections is the number of open sessions, for metrics.
func (s *Server) Connections() int { return s.conns.count() }

// Cancel is a CancelRequest's effect: nobody learns whether there was such a
// session, here or on another node.
func (s *Server) Cancel(process, secret uint32) {
	switch victim := s.conns.find(process, secret); {
	case victim != nil:
		victim.cancelRunning()
	case !s.conns.own(process) && s.config.Elsewhere != nil:
		s.config.Elsewhere(process, secret)
	}
}
