package protocol

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestAdvisoryLocks: who has one keeps others out, as often as it took it, in
// its database; its kinds and modes are told apart; the session's end gives all back.
func TestAdvisoryLocks(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(`
			1: SELECT pg_advisory_lock(7), pg_try_advisory_lock(7), pg_advisory_lock(1, 7) -> ,t,
			2: SELECT pg_try_advisory_lock(7), pg_try_advisory_lock_shared(7), pg_try_advisory_lock(1, 7) -> f,f,f
			2: SELECT pg_try_advisory_lock(4294967303) -> t
			2: SELECT pg_advisory_unlock(4294967303), pg_advisory_unlock(7) -> t,f
			1: SELECT pg_advisory_unlock(7), pg_advisory_unlock(1, 7) -> t,t
			2: SELECT pg_try_advisory_lock(7), pg_try_advisory_lock(1, 7) -> f,t
			0 waits: SELECT pg_advisory_lock(7)
			1: SELECT pg_advisory_unlock(7), pg_advisory_unlock(7) -> t,f
			0 ends:
			0: DISCARD ALL
			2: SELECT pg_try_advisory_lock(7) -> t
			1 waits: SELECT pg_advisory_lock_shared(7)
			0 waits: SELECT pg_advisory_xact_lock_shared(7)
			2: SELECT pg_advisory_unlock_all() ->
			1 ends:
			0 ends:
			2: SELECT pg_try_advisory_lock_shared(7), pg_try_advisory_lock(7) -> t,f
			1: SELECT pg_advisory_unlock(7), pg_advisory_unlock_shared(7) -> f,t
			2: SELECT pg_try_advisory_lock(7), pg_advisory_unlock_shared(7), pg_try_advisory_lock(7) -> t,t,t
			0 waits: SELECT pg_advisory_lock_shared(7)`)
		p.conn("2").Close(context.Background())
		delete(p.conns, "2")
		p.run(`
			0 ends:
			0: SELECT pg_advisory_unlock_shared(7) -> t
			0: CREATE DATABASE other`)
		elsewhere := client.ConnectTo(t, p.addresses[p.at("1")], "other")
		if _, err := elsewhere.Exec(context.Background(), "SELECT pg_advisory_lock(7)"); err != nil {
			t.Error(err)
		}
		p.run("2: SELECT pg_try_advisory_lock(7) -> t")
	})
}

// TestAdvisoryLocksOfTransactions go with them, or what has taken them in them,
// and not before; the session's stay.
func TestAdvisoryLocksOfTransactions(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(`
			1: BEGIN
			1: SELECT pg_advisory_xact_lock(1), pg_advisory_lock(2), pg_try_advisory_xact_lock(2) -> ,,t
			1: SELECT pg_advisory_unlock(1), pg_advisory_unlock_all() -> f,
			2: SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2) -> f,f
			1: SELECT pg_advisory_lock(2) ->
			1: SAVEPOINT a
			1: SELECT pg_advisory_xact_lock(3), pg_advisory_xact_lock(1), pg_advisory_lock(4) -> ,,
			1: ROLLBACK TO a
			2: SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2), pg_try_advisory_lock(3), pg_try_advisory_lock(4) -> f,f,t,f
			0 waits: SELECT pg_advisory_lock(1)
			1: COMMIT
			0 ends:
			2: SELECT pg_try_advisory_lock(2), pg_try_advisory_lock(4) -> f,f
			1: SELECT pg_advisory_unlock_all() ->
			2: SELECT pg_try_advisory_lock(2), pg_try_advisory_lock(4) -> t,t
			0: SELECT pg_advisory_unlock_all() ->
			2: SELECT pg_advisory_unlock_all() ->
			1: BEGIN; SELECT pg_advisory_xact_lock(1); SAVEPOINT a; SELECT pg_advisory_xact_lock(2)
			1: SELECT pg_advisory_lock(3) FROM (SELECT 1) x WHERE pg_advisory_xact_lock(4) IS NOT NULL AND 1 / 0 > 0 -> 22012 division by zero
			2: SELECT pg_try_advisory_xact_lock(1), pg_try_advisory_xact_lock(2) -> f,t
			1: ROLLBACK TO a
			1: SELECT 1 / 0 -> 22012 division by zero
			1: ROLLBACK
			2: SELECT pg_try_advisory_xact_lock(1) -> t
			1: BEGIN; SELECT pg_advisory_xact_lock(1), pg_advisory_lock(2)
			1: SELECT 1 / 0 -> 22012 division by zero
			2: SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2) -> t,f
			1: ROLLBACK`)
	})
}

// TestWaitingForAdvisoryLocksEnds by lock_timeout, statement_timeout, a cancel,
// a termination; and leaves nothing behind.
func TestWaitingForAdvisoryLocksEnds(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(`
			1: SELECT pg_advisory_lock(7)
			2: SET lock_timeout = 1
			2: SELECT pg_advisory_lock(7) -> 55P03 canceling statement due to lock timeout
			2: SET lock_timeout = 0; SET statement_timeout = 50
			2: SELECT pg_advisory_lock(7) -> 57014 canceling statement due to statement timeout
			2: SET statement_timeout = 0
			2 waits: SELECT pg_advisory_lock(7)`)
		p.do("0", fmt.Sprintf("SELECT pg_cancel_backend(%d)", p.conn("2").PgConn().PID()))
		p.run(`
			2 ends: 57014 canceling statement due to user request
			2 waits: SELECT pg_advisory_lock(7)`)
		p.do("0", fmt.Sprintf("SELECT pg_terminate_backend(%d)", p.conn("2").PgConn().PID()))
		p.run(`
			2 ends: 57P01 terminating connection due to administrator command
			1: SELECT pg_advisory_unlock(7) -> t
			0: SELECT pg_try_advisory_lock(7) -> t`)
	})
}

// TestDeadlockOfAdvisoryLocks also through rows, tables and other nodes: one is
// ended, and told of whom it waited for, where; the others go on.
func TestDeadlockOfAdvisoryLocks(t *testing.T) {
	for name, c := range map[string]struct{ has, wants [3]string }{
		"advisory": {
			[3]string{"SELECT pg_advisory_lock(1)", "BEGIN; SELECT pg_advisory_xact_lock(2)", "SELECT pg_advisory_lock_shared(3)"},
			[3]string{"SELECT pg_advisory_lock(2)", "SELECT pg_advisory_xact_lock(3)", "SELECT pg_advisory_lock_shared(1)"},
		},
		"rows": { // locked in an earlier transaction than the one that waits
			[3]string{"SELECT pg_advisory_lock(1)", "BEGIN; UPDATE t SET v = 0 WHERE id = 1", "BEGIN; UPDATE t SET v = 0 WHERE id = 2"},
			[3]string{"UPDATE t SET v = 1 WHERE id = 1", "UPDATE t SET v = 1 WHERE id = 2", "SELECT pg_advisory_lock_shared(1)"},
		},
		"tables": {
			[3]string{"SELECT pg_advisory_lock(1)", "BEGIN; SELECT FROM t", "BEGIN; SELECT pg_advisory_xact_lock(2)"},
			[3]string{"TRUNCATE t", "SELECT pg_advisory_lock(2)", "SELECT pg_advisory_xact_lock(1)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onOneAndThree(t, func(t *testing.T, p *play) {
				p.run(reset)
				for i, sql := range c.has {
					p.run(fmt.Sprintf("%d: %s", i, sql))
				}
				ended := make(chan error, len(c.wants))
				for i, sql := range c.wants {
					conn := p.conn(fmt.Sprint(i)).PgConn()
					go func() {
						_, err := conn.Exec(context.Background(), sql).ReadAll()
						// What it has keeps the others: all of it goes.
						conn.Exec(context.Background(), "ROLLBACK; SELECT pg_advisory_unlock_all()").ReadAll()
						ended <- err
					}()
				}
				victims := 0
				for range c.wants {
					err := <-ended
					var e *pgconn.PgError
					if !errors.As(err, &e) {
						continue
					}
					victims++
					if e.Code != "40P01" || strings.Count(e.Detail, "Process ") != 3 || !strings.Contains(e.Detail, "Lock on advisory lock [") {
						t.Errorf("%v\n%s", e, e.Detail)
					}
					for i := range c.wants {
						pid := p.conn(fmt.Sprint(i)).PgConn().PID()
						if !strings.Contains(e.Detail, fmt.Sprintf("Process %d waits for", pid)) || !strings.Contains(e.Detail, fmt.Sprintf("blocked by process %d.", pid)) {
							t.Errorf("process %d is not in\n%s", pid, e.Detail)
						}
					}
				}
				if victims != 1 {
					t.Errorf("%d victims", victims)
				}
			})
		})
	}
}

// TestActivityAndLocksOfAllNodes: each node shows all sessions and what they
// hold and wait for.
func TestActivityAndLocksOfAllNodes(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: SET application_name = 'holder'
			2: SET application_name = 'waiter'
			1: BEGIN; SELECT pg_advisory_lock(-1), pg_advisory_xact_lock_shared(1, -2); SELECT FROM t`)
		for _, want := range []struct{ sql, event, mode string }{
			{"SELECT pg_advisory_lock(-1)", "Lock,advisory", "ExclusiveLock"},
			{"TRUNCATE t", "Lock,relation", "AccessExclusiveLock"},
		} {
			p.run("2 waits: " + want.sql)
			for _, who := range []string{"0", "4", "5"} {
				p.run(who + `: SELECT application_name, state FROM pg_stat_activity WHERE application_name IN ('holder', 'waiter') ORDER BY 1 -> holder,idle in transaction,waiter,active
					` + who + `: SELECT wait_event_type, wait_event, query FROM pg_stat_activity WHERE application_name = 'waiter' -> ` + want.event + "," + want.sql + `
					` + who + `: SELECT a.application_name, l.classid, l.objid, l.objsubid, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory' AND granted ORDER BY l.objsubid -> holder,4294967295,4294967295,1,ExclusiveLock,holder,1,4294967294,2,ShareLock
					` + who + `: SELECT a.application_name, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND locktype IN ('advisory', 'relation') -> waiter,` + want.mode)
			}
			p.do("0", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'waiter'")
			p.run("2 ends: 57014 canceling statement due to user request")
		}
		p.run(`
			0: SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name IN ('holder', 'waiter') -> 2
			0: SELECT numbackends = (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) FROM pg_stat_database WHERE datname = current_database() -> t`)
	})
}
