package protocol

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// play is sessions that wait for each other, of one server or of a cluster's
// nodes in turn: "0" is the first node's.
type play struct {
	t         *testing.T
	nodes     []*node.Node // of a cluster
	addresses []string
	look      []*pgx.Conn // of each node, for what its sessions wait for
	conns     map[string]*pgx.Conn
	results   map[string]chan string
}

// onOneAndThree plays on one node, and with each session on another of three.
func onOneAndThree(t *testing.T, run func(t *testing.T, p *play)) {
	t.Run("nodes=1", func(t *testing.T) { run(t, newPlay(t)) })
	t.Run("nodes=3", func(t *testing.T) { run(t, newClusterPlay(t)) })
}

// newClusterPlay is a play on three nodes, which hear of what others publish
// later than the next line is played.
func newClusterPlay(t *testing.T) *play {
	nodes := node.StartClusterWith(t, 3, 6, nil, func(int) server.Layers { return node.Late(10 * time.Millisecond) }).Nodes
	p := newPlayOn(t, addressesOf(nodes)...)
	p.nodes = nodes
	return p
}

// startNodes starts a server, or a cluster of several, and returns where they are.
func startNodes(t *testing.T, nodes int, change func(*server.Config)) []string {
	if nodes == 1 {
		return []string{node.Start(t, change).Address()}
	}
	return addressesOf(node.StartCluster(t, nodes, 6, func(_ int, c *server.Config) {
		if change != nil {
			change(c)
		}
	}).Nodes)
}

func addressesOf(nodes []*node.Node) (addresses []string) {
	for _, n := range nodes {
		addresses = append(addresses, n.Address())
	}
	return addresses
}

func newPlay(t *testing.T) *play { return newPlayOn(t, node.Start(t, nil).Address()) }

// newLargePlay is a play on shards all of whose commits are large ones, which leave no chains.
func newLargePlay(t *testing.T) *play {
	return newPlayOn(t, node.StartWith(t, t.TempDir(), nil, server.Layers{WriteSetBytes: 1}).Address())
}

func newPlayOn(t *testing.T, addresses ...string) *play {
	p := &play{t: t, addresses: addresses, conns: map[string]*pgx.Conn{}, results: map[string]chan string{}}
	for _, a := range addresses {
		p.look = append(p.look, client.Connect(t, a))
	}
	return p
}

// at is the number of the node that a session is on.
func (p *play) at(who string) int { return int(who[0]-'0') % len(p.addresses) }

// run plays a script: "a: SQL" must answer, "a waits: SQL" must wait for a
// lock, "a ends: result" that it is granted after what came before, with that
// result. "-> result" after SQL says what it answers.
func (p *play) run(script string) {
	p.t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		who, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		rest = strings.TrimSpace(rest)
		who, verb, _ := strings.Cut(who, " ")
		sql, want, checked := strings.Cut(rest, " ->")
		want = strings.TrimSpace(want)
		switch verb {
		case "":
			if got := p.do(who, sql); checked && got != want || !checked && isError(got) {
				p.t.Errorf("%s: %s", line, got)
			}
		case "waits":
			p.start(who, sql)
		case "ends":
			if got := p.end(who); got != strings.TrimSpace(rest) {
				p.t.Errorf("%s: %s", line, got)
			}
		}
	}
}

// end is what a session that waited answers.
func (p *play) end(who string) string {
	p.t.Helper()
	select {
	case got := <-p.results[who]:
		return got
	case <-time.After(client.Patience):
		p.t.Fatalf("%s goes on waiting", who)
		return ""
	}
}

func isError(result string) bool {
	return len(result) > 5 && result[5] == ' ' && result[:5] == strings.ToUpper(result[:5])
}

func (p *play) conn(who string) *pgx.Conn {
	if p.conns[who] == nil {
		p.conns[who] = client.Connect(p.t, p.addresses[p.at(who)])
	}
	return p.conns[who]
}

// do answers with the rows' values, or the error's code and message. A COPY has no rows.
func (p *play) do(who, sql string) string {
	var results []*pgconn.Result
	var err error
	if strings.HasPrefix(sql, "COPY ") && strings.Contains(sql, " FROM STDIN") {
		_, err = p.conn(who).PgConn().CopyFrom(context.Background(), strings.NewReader(""), sql)
	} else {
		results, err = p.conn(who).PgConn().Exec(context.Background(), sql).ReadAll()
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code + " " + e.Message
	}
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, r := range results {
		for _, row := range r.Rows {
			for _, v := range row {
				out = append(out, string(v))
			}
		}
	}
	return strings.Join(out, ",")
}

// start returns when the session waits for a lock.
func (p *play) start(who, sql string) {
	p.t.Helper()
	pid, done := p.conn(who).PgConn().PID(), make(chan string, 1)
	p.results[who] = done
	go func() { done <- p.do(who, sql) }()
	for {
		var waits bool
		if err := p.look[p.at(who)].QueryRow(context.Background(), fmt.Sprintf("SELECT count(*) > 0 FROM pg_locks WHERE pid = %d AND NOT granted", pid)).Scan(&waits); err != nil {
			p.t.Fatal(err)
		}
		if waits {
			return
		}
		select {
		case got := <-done:
			done <- got
			p.t.Errorf("%s: %s does not wait: %s", who, sql, got)
			return
		default:
			runtime.Gosched()
		}
	}
}
