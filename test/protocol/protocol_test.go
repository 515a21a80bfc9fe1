package protocol

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

var record = flag.String("record", "", "host:port of a PostgreSQL 15 (user postgres, trusted) to record the answers from")

// database is where the conversations happen.
const database = "protocol"

// answerTimeout bounds the wait for one answer; it is reached only by a failing test.
const answerTimeout = 20 * time.Second

// quiet is how long silence lasts before a recording takes it for the end of an answer.
const quiet = 300 * time.Millisecond

func TestTranscripts(t *testing.T) {
	if *record != "" {
		transcripts(t, *record)
		return
	}
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprintf("nodes=%d", nodes), func(t *testing.T) { transcripts(t, startNodes(t, nodes, nil)...) })
	}
}

// transcripts plays all, through one node after the other, in databases that another one makes.
func transcripts(t *testing.T, addresses ...string) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for i, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			freshDatabase(t, addresses[(i+1)%len(addresses)])
			transcript(t, addresses[i%len(addresses)], f)
		})
	}
}

func freshDatabase(t *testing.T, address string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "postgres://postgres@"+address+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	// The sessions of the conversation before may not have ended yet.
	for deadline := time.Now().Add(answerTimeout); ; {
		_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+database)
		if err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+database+" TEMPLATE template0")
	}
	if err != nil {
		t.Fatal(err)
	}
}

func transcript(t *testing.T, address, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := parseScript(string(text))
	c := &speaker{t: t, address: address}
	defer c.close()
	for i := range blocks {
		b := &blocks[i]
		got := c.exchange(b)
		if *record != "" {
			b.answers = got
			continue
		}
		if !slices.Equal(got, b.answers) {
			t.Errorf("> %s\ngot:\n%s\nwant:\n%s", strings.Join(b.sent, "\n> "), indent(got), indent(b.answers))
		}
	}
	if *record != "" {
		if err := os.WriteFile(file, []byte(format(blocks)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func indent(lines []string) string { return "< " + strings.Join(lines, "\n< ") }

// speaker is one side of a conversation.
type speaker struct {
	t        *testing.T
	address  string
	net      net.Conn
	frontend *pgproto3.Frontend
}

func (c *speaker) close() {
	if c.net != nil {
		c.net.Close()
	}
}

// connect opens a socket in place of the one before.
func (c *speaker) connect() {
	c.close()
	nc, err := net.Dial("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.net, c.frontend = nc, pgproto3.NewFrontend(nc, nc)
}

// exchange sends a block and reads its answers.
func (c *speaker) exchange(b *block) []string {
	c.prepare(b.sent[0])
	var data []byte
	ready := 0
	for _, line := range b.sent {
		if line == "Connect" || line == "Hangup" {
			continue
		}
		d, r := encode(line)
		data, ready = append(data, d...), ready+r
	}
	c.net.Write(data) // an error shows in what is read
	last := b.sent[len(b.sent)-1]
	if last == "Hangup" {
		c.net.(*net.TCPConn).CloseWrite()
	}
	if isRaw(last) {
		return c.oneByte()
	}
	if *record == "" {
		ready = 0
		for _, a := range b.answers {
			if strings.HasPrefix(a, "ReadyForQuery") {
				ready++
			}
		}
	}
	return c.answers(ready, len(b.answers))
}

// isRaw recognizes SSLRequest and GSSENCRequest, which are answered by one byte.
func isRaw(line string) bool {
	return strings.HasPrefix(line, "Raw 00000008 04d2162f") || strings.HasPrefix(line, "Raw 00000008 04d21630")
}

// prepare opens the connection that a block needs: Connect asks for a bare one,
// otherwise the first block gets one that has been started up.
func (c *speaker) prepare(first string) {
	if first == "Connect" {
		c.connect()
		return
	}
	if c.net != nil {
		return
	}
	c.connect()
	c.net.Write(startup([]string{"user=postgres", "database=" + database}))
	if got := c.answers(1, 0); got[len(got)-1] != "ReadyForQuery I" {
		c.t.Fatalf("start-up: %q", got)
	}
}

// oneByte reads the answer to SSLRequest and GSSENCRequest.
func (c *speaker) oneByte() []string {
	b := make([]byte, 1)
	c.net.SetReadDeadline(time.Now().Add(answerTimeout))
	if _, err := c.net.Read(b); err != nil {
		return []string{"EOF"}
	}
	return []string{"byte " + string(b)}
}

// answers reads up to the number of ReadyForQuery, or of messages when none is
// due. A recording ends with silence too.
func (c *speaker) answers(ready, expected int) []string {
	var got []string
	timeout := answerTimeout
	switch {
	case *record != "" && ready == 0:
		timeout = quiet
	case *record != "":
		timeout = 10 * quiet
	}
	for statuses := 0; ready == 0 && (*record != "" || len(got) < expected) || statuses < ready; {
		c.net.SetReadDeadline(time.Now().Add(timeout))
		m, err := c.frontend.Receive()
		var network net.Error
		switch {
		case errors.As(err, &network) && network.Timeout():
			if *record == "" {
				got = append(got, "nothing more")
			}
			return sortedStatus(got)
		case err != nil:
			return append(sortedStatus(got), "EOF")
		}
		got = append(got, render(m))
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			statuses++
		}
	}
	return sortedStatus(got)
}

// sortedStatus orders each run of ParameterStatus: their order means nothing.
func sortedStatus(lines []string) []string {
	for i := 0; i < len(lines); i++ {
		j := i
		for j < len(lines) && strings.HasPrefix(lines[j], "ParameterStatus") {
			j++
		}
		slices.Sort(lines[i:j])
		i = max(i, j-1)
	}
	return lines
}
