package protocol

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// FuzzStream: whatever a client sends after start-up, the server answers it or
// hangs up, and goes on serving others; the session and its goroutines end with it.
func FuzzStream(f *testing.F) {
	for _, lines := range [][]string{
		{`Query "SELECT 1; BEGIN; SELECT 1/0"`, `Query "COMMIT"`},
		{`Parse "s" "SELECT $1::int" 23`, `Bind "p" "s" b:00000001 rf=1`, `Describe S "s"`, `Describe P "p"`, `Execute "p" 1`, `Execute "p" 0`, `Close P "p"`, `Sync`},
		{`Parse "" "SELECT g FROM generate_series(1, 10) g"`, `Bind "" ""`, `Execute "" 3`, `Flush`, `Execute "" 3`, `Sync`},
		{`Parse "" "INSERT INTO t VALUES ($1, $2)"`, `Bind "" "" t:"1" null`, `Execute "" 0`, `Bind "" "" t:"1" t:"x"`, `Execute "" 0`, `Sync`, `Sync`},
		{`Query "COPY t FROM STDIN"`, `CopyData "7\tseven\n"`, `CopyDone`, `Query "COPY t TO STDOUT"`},
		{`Query "COPY t FROM STDIN"`, `CopyData "7\tse"`, `CopyFail "x"`, `Query "SELECT 1"`},
		{`Query "COPY t FROM STDIN"`, `Query "SELECT 1"`},
		{`Parse "" "COPY t FROM STDIN"`, `Bind "" ""`, `Execute "" 0`, `CopyData "x"`, `Sync`, `CopyDone`, `Sync`},
		{`Raw 46 00000010 000000010000000000000000`, `Sync`},
		{`Raw 51 0000000c 53454c45435420`, `Terminate`},
		{`Query "BEGIN; UPDATE t SET b = 'x'; SAVEPOINT a; SELECT nothing"`, `Query "ROLLBACK TO a"`},
		{`Query "SET search_path = 'a'; PREPARE q AS SELECT $1::text; EXECUTE q('x'); DEALLOCATE ALL; DISCARD ALL"`},
	} {
		var seed []byte
		for _, l := range lines {
			b, _ := encode(l)
			seed = append(seed, b...)
		}
		f.Add(seed)
	}
	n := node.Start(f, nil)
	watch := client.Connect(f, n.Address())
	client.Exec(f, watch, "CREATE TABLE t (a int PRIMARY KEY, b text)")
	client.Exec(f, watch, "SELECT 1")
	before := runtime.NumGoroutine()
	f.Fuzz(func(t *testing.T, input []byte) {
		nc, err := net.Dial("tcp", n.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(client.Patience))
		// statement_timeout: what the input asks for may take long, and is not the matter.
		nc.Write(startup([]string{"user=postgres", "database=postgres", "application_name=stream", "options=-c statement_timeout=1s"}))
		nc.Write(input)
		nc.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, nc); err != nil && isTimeout(err) {
			t.Fatal("the server neither answered to the end nor hung up")
		}
		for deadline := time.Now().Add(client.Patience); ; time.Sleep(time.Millisecond) {
			var open int
			if err := watch.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stream'").Scan(&open); err != nil {
				t.Fatal(err)
			}
			if open == 0 && runtime.NumGoroutine() <= before+20 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d sessions are left, %d goroutines of %d", open, runtime.NumGoroutine(), before)
			}
		}
	})
}

func isTimeout(err error) bool {
	network, ok := err.(net.Error)
	return ok && network.Timeout()
}
