// Package server puts a node together: configuration, what starts and stops in
// which order, the data directory, the HTTP port.
//
//	config.go   Config: flags, environment and file say the same things
//	datadir.go  DIR: lock, version, identity
//	tls.go      the certificate that clients are shown
//	nodetls.go  how the cluster's processes know each other; what may not be listened on without
//	password.go the superuser's first password; who may be listened to without one
//	server.go   Run: a process that serves until it is told to stop
//	ports.go    what it listens on
//	node.go     Node: what is opened and closed, in which order
//	layers.go   Layers: what tests put between its parts
//	membership.go  the node's part in the cluster; cluster/ is the others, as it sees them
//	alone.go    RunEtcd: a process that is the cluster's metadata store, and nothing else
//	alonemark.go  how its directory is told from a node's
//	operate.go  Operate: a process that steers the cluster; operator/ is how
//	etcdtls.go  with which certificate an embedded etcd is reached
//	metadata.go what others ask of the metadata store; maintenance.go what statements ask of the files
//	schema.go   commit of transactions with DDL
//	mover.go    shards that belong on other nodes go there; incoming.go: and come here; moving.go: how far they are
//	sweep.go    physical tables that nobody names any more go
//	temporary.go temporary objects of sessions that were broken off go too
//	memory.go   Go's memory limit; reserve.go disk space that a start on a full disk needs
//	deadlock.go names for the parties of a deadlock
//	views.go    readable views in the shards' files
//	metrics.go  what is counted; version.go what the server calls itself
//	admin/      metrics and health over HTTP
//	catalogshard/  pg_catalog as a shard
package server

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/pegmatitedb/pegmatite/catalog/placement"
)

// Config is everything that `pegmatite serve` can be told. Every field has
// one name in three spellings: flag --statement-log-ms, environment
// PEGMATITE_STATEMENT_LOG_MS, file key statement-log-ms.
type Config struct {
	Data           string // directory of the node's files
	Listen         string // host:port for PostgreSQL clients
	HTTP           string // host:port for metrics and health; "" is none
	Node           string // the node's name in the cluster, fixed with DIR; "" is what DIR has, or DefaultName
	NodeListen     string // host:port for other nodes; "" is none
	Etcd           string // client URLs of an external etcd, comma-separated; "" embeds one
	Weight         int    // the node's share of the shards, relative to the other nodes' weights; 0 is none
	EtcdListen     string // host:port where the embedded etcd is for other nodes; "" is none
	Shards         int    // of the cluster, fixed when it is made; 0 is what DIR has, or 8
	Logs           int    // logs that this node's shards share; 0 is what DIR has, or 1
	MaxConnections int
	MoveRateMB     int // of a shard that is copied to another node, a second; 0 is no bound
	MemoryMB       int // budget of recent versions, all shards together
	DrainS         int // how long a stop waits for running transactions
	LogLevel       string
	LogFormat      string // text or json
	SlowMS         int    // statements at least this long are logged; -1 is none
	File           string // the file that settings were read from; "" is none
	TLSCert        string // file of the certificate that clients are shown; "" is no TLS
	TLSKey         string // file of its key
	ClusterKey     string // file of the secret that the cluster's processes share; "" is none
	NodeTLSCA      string // instead of it: files of an operator's certificates between nodes
	NodeTLSCert    string
	NodeTLSKey     string
	PasswordFile   string // its first line is the superuser's password, if none has one; "" is none
	TrustLoopback  bool   // clients of loopback addresses need no password
	SharedFiles    bool   // let other processes open the shard files while the server runs (slower)
}

// Defaults.
const (
	DefaultShards = 8
	DefaultLogs   = 1
	DefaultName   = "one"
)

// What settings can be at most: 16 TB, so that bytes can be counted, a day, and a hundred others' shares.
const (
	maxMemoryMB   = 16 << 20
	maxMoveRateMB = 1 << 20
	maxDrainS     = 24 * 60 * 60
	maxWeight     = 100 // each has 256 points on the ring, which every node sorts
)

// Default is the configuration without flags.
func Default() Config {
	return Config{
		Data: "data", Listen: "127.0.0.1:5432", Weight: 1,
		TrustLoopback: true, MaxConnections: 100, MemoryMB: 256, MoveRateMB: 100, DrainS: 30, LogLevel: "info", LogFormat: "text", SlowMS: -1,
	}
}

// Option is one setting of a Config, for flags, environment and file alike.
type Option struct {
	Name  string // as a flag without dashes, and as a key of the file
	Help  string
	Value func(*Config) any // *string, *int or *bool
}

// Options lists every setting of `pegmatite serve`; EtcdOptions are those of `pegmatite etcd`.
var Options = []Option{
	{"data", "directory of the node's files", func(c *Config) any { return &c.Data }},
	{"listen", "host:port for PostgreSQL clients; beyond loopback a superuser needs a password", func(c *Config) any { return &c.Listen }},
	{"http", "host:port for metrics (/metrics) and health (/healthz, /readyz); empty is none", func(c *Config) any { return &c.HTTP }},
	{"node", "the node's name in the cluster, fixed when DIR is made (default one)", func(c *Config) any { return &c.Node }},
	{"node-listen", "host:port for other nodes; empty is none", func(c *Config) any { return &c.NodeListen }},
	{"weight", "the node's share of the shards, relative to the other nodes' weights; 0 is none", func(c *Config) any { return &c.Weight }},
	{"etcd", "client URLs of an external etcd, comma-separated; empty embeds one", func(c *Config) any { return &c.Etcd }},
	{"etcd-listen", "host:port where the embedded etcd is for other nodes; empty is none", func(c *Config) any { return &c.EtcdListen }},
	{"shards", "number of shards, fixed when the cluster is made (default 8)", func(c *Config) any { return &c.Shards }},
	{"logs", "number of logs that the shards share (default 1)", func(c *Config) any { return &c.Logs }},
	{"tls-cert", "file of the certificate (PEM, with its chain) for clients that ask for TLS", func(c *Config) any { return &c.TLSCert }},
	{"tls-key", "file of the certificate's key (PEM)", func(c *Config) any { return &c.TLSKey }},
	{"cluster-key", "file of the key (pegmatite key) by which the cluster's processes know each other", func(c *Config) any { return &c.ClusterKey }},
	{"node-tls-ca", "instead of a cluster key: file of the authority (PEM) that vouches for the cluster's processes", func(c *Config) any { return &c.NodeTLSCA }},
	{"node-tls-cert", "file of this process's certificate (PEM) by that authority", func(c *Config) any { return &c.NodeTLSCert }},
	{"node-tls-key", "file of that certificate's key (PEM)", func(c *Config) any { return &c.NodeTLSKey }},
	{"password-file", "file whose first line becomes the superuser's password, as long as no superuser has one", func(c *Config) any { return &c.PasswordFile }},
	{"trust-loopback", "let clients of loopback addresses in without a password", func(c *Config) any { return &c.TrustLoopback }},
	{"max-connections", "limit on client sessions", func(c *Config) any { return &c.MaxConnections }},
	{"move-rate-mb", "how fast a shard is copied to another node at most, MB a second; 0 is no bound", func(c *Config) any { return &c.MoveRateMB }},
	{"memory-mb", "memory for recent row versions, MB", func(c *Config) any { return &c.MemoryMB }},
	{"drain-s", "how long a stop waits for running transactions, seconds", func(c *Config) any { return &c.DrainS }},
	{"log-level", "debug, info, warn or error", func(c *Config) any { return &c.LogLevel }},
	{"log-format", "text or json", func(c *Config) any { return &c.LogFormat }},
	{"slow-ms", "log statements that take at least this long, milliseconds; -1 is none", func(c *Config) any { return &c.SlowMS }},
	{"shared-files", "let sqlite3 open the shard files while the server runs (slower)", func(c *Config) any { return &c.SharedFiles }},
}

// Set gives an option a value from text.
func (o Option) Set(c *Config, text string) error {
	switch p := o.Value(c).(type) {
	case *string:
		*p = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number", o.Name, text)
		}
		switch { // a number that is given; 0 is one that is not
		case n == 0 && p == &c.Shards:
			return errShards(n)
		case n == 0 && p == &c.Logs:
			return errLogs(n)
		}
		*p = n
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s: %q is neither true nor false", o.Name, text)
		}
		*p = b
	}
	return nil
}

// Switch reports whether the option is on or off, so that its flag needs no value.
func (o Option) Switch() bool {
	_, ok := o.Value(new(Config)).(*bool)
	return ok
}

// Text is the option's value as text.
func (o Option) Text(c *Config) string {
	switch p := o.Value(c).(type) {
	case *string:
		return *p
	case *int:
		return strconv.Itoa(*p)
	case *bool:
		return strconv.FormatBool(*p)
	}
	return ""
}

// Environment is the option's variable: PEGMATITE_MAX_CONNECTIONS.
func (o Option) Environment() string {
	return "PEGMATITE_" + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_"))
}

// FromEnvironment applies the variables that are set.
func (c *Config) FromEnvironment(lookup func(string) (string, bool)) error {
	for _, o := range Options {
		if v, ok := lookup(o.Environment()); ok {
			if err := o.Set(c, v); err != nil {
				return fmt.Errorf("%s: %w", o.Environment(), err)
			}
		}
	}
	return nil
}

// FromFile applies a TOML file of `name = value` lines.
func (c *Config) FromFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		var where *toml.DecodeError
		if errors.As(err, &where) {
			line, _ := where.Position()
			return fmt.Errorf("%s, line %d: %w", path, line, err)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, o := range Options {
		if v, ok := values[o.Name]; ok {
			if err := o.Set(c, fmt.Sprint(v)); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			delete(values, o.Name)
		}
	}
	c.File = path
	if unknown := slices.Sorted(maps.Keys(values)); len(unknown) > 0 {
		return fmt.Errorf("%s: unknown setting %q", path, unknown[0])
	}
	return nil
}

// WrongCall is the error of settings that are right by themselves and wrong for
// the directory or the cluster: the caller is to change them.
type WrongCall struct{ error }

// Unwrap gives what is wrong.
func (w WrongCall) Unwrap() error { return w.error }

func wrongCall(format string, args ...any) error { return WrongCall{fmt.Errorf(format, args...)} }

// What a directory and a cluster can have.
const (
	maxShards = placement.MaxShards
	maxLogs   = 64
)

func errShards(n int) error { return fmt.Errorf("shards: %d is not between 1 and %d", n, maxShards) }

func errLogs(n int) error { return fmt.Errorf("logs: %d is not between 1 and %d", n, maxLogs) }

// Validate says the first thing that is wrong.
func (c *Config) Validate() error {
	switch {
	case c.Shards < 0 || c.Shards > maxShards:
		return errShards(c.Shards)
	case c.Logs < 0 || c.Logs > maxLogs:
		return errLogs(c.Logs)
	case c.Shards > 0 && c.Logs > c.Shards:
		return fmt.Errorf("logs: %d logs for %d shards: a log without shards is of no use", c.Logs, c.Shards)
	case c.Weight < 0 || c.Weight > maxWeight:
		return fmt.Errorf("weight: %d is not between 0 and %d", c.Weight, maxWeight)
	case c.MaxConnections < 1 || c.MaxConnections > 262143:
		return fmt.Errorf("max-connections: %d is not between 1 and 262143", c.MaxConnections)
	case c.MoveRateMB < 0 || c.MoveRateMB > maxMoveRateMB:
		return fmt.Errorf("move-rate-mb: %d is not between 0 and %d", c.MoveRateMB, maxMoveRateMB)
	case c.MemoryMB < 8 || c.MemoryMB > maxMemoryMB:
		return fmt.Errorf("memory-mb: %d is not between 8 and %d", c.MemoryMB, maxMemoryMB)
	case c.DrainS < 0 || c.DrainS > maxDrainS:
		return fmt.Errorf("drain-s: %d is not between 0 and %d", c.DrainS, maxDrainS)
	case c.SlowMS < -1 || c.SlowMS > math.MaxInt32:
		return fmt.Errorf("slow-ms: %d is not between -1 and %d", c.SlowMS, math.MaxInt32)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fmt.Errorf("tls-cert and tls-key: one is of no use without the other")
	}
	if err := c.validateProcess(); err != nil {
		return err
	}
	if err := checkAddress("listen", c.Listen); err != nil {
		return err
	}
	if err := c.checkPrivate("node-listen", c.NodeListen); err != nil {
		return err
	}
	if err := c.checkPrivate("etcd-listen", c.EtcdListen); err != nil {
		return err
	}
	if c.EtcdListen != "" && c.Etcd != "" {
		return fmt.Errorf("etcd and etcd-listen: an external etcd is not listened for")
	}
	if everywhere(c.NodeListen) {
		return fmt.Errorf("node-listen: %q is every address; name the one that other nodes dial", c.NodeListen)
	}
	return c.checkPrivate("http", c.HTTP)
}

// validateProcess says the first thing that is wrong with what every process of
// the cluster is told.
func (c *Config) validateProcess() error {
	switch {
	case c.Data == "":
		return fmt.Errorf("data: a directory is needed")
	case c.Node != "" && !nodeName.MatchString(c.Node):
		return fmt.Errorf("node: %q is no name: up to 63 letters, digits, dots, hyphens and underscores", c.Node)
	case new(slog.Level).UnmarshalText([]byte(c.LogLevel)) != nil:
		return fmt.Errorf("log-level: %q is not debug, info, warn or error", c.LogLevel)
	case c.LogFormat != "text" && c.LogFormat != "json":
		return fmt.Errorf("log-format: %q is neither text nor json", c.LogFormat)
	}
	if err := c.checkEtcd(); err != nil {
		return err
	}
	return c.checkNodeTLS()
}

// nodeName is what a node may be called: names stand in logs, tables and commands.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,63}$`)

// checkEtcd refuses what is no URL of a metadata store. etcd's client would take
// a host and port alone, too, and speak to it in the clear.
func (c *Config) checkEtcd() error {
	if c.Etcd == "" {
		return nil
	}
	for _, text := range strings.Split(c.Etcd, ",") {
		u, err := url.Parse(text)
		if err != nil || !slices.Contains([]string{"http", "https", "unix"}, u.Scheme) || u.Scheme != "unix" && (u.Hostname() == "" || u.Port() == "") {
			return fmt.Errorf("etcd: %q is no URL: http://HOST:PORT, https://HOST:PORT or unix:///PATH", text)
		}
	}
	return nil
}

// Drain is DrainS as a duration.
func (c *Config) Drain() time.Duration { return time.Duration(c.DrainS) * time.Second }

// everywhere reports whether an address is all of this machine's.
func everywhere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "" || ip != nil && ip.IsUnspecified())
}

// checkAddress refuses what is not host:port.
func checkAddress(name, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: %q is not host:port", name, address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("%s: %q is not a port", name, port)
	}
	return nil
}
