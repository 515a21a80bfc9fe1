package protocol

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestRoleDroppedInUse: who is dropped while logged in, or lowered to, has no
// rights from then on, and nobody else's.
func TestRoleDroppedInUse(t *testing.T) {
	n := node.Start(t, nil)
	admin := dial(t, n.Address(), pgx.QueryExecModeSimpleProtocol)
	for _, c := range []struct{ name, become string }{
		{"login", ""},
		{"role", "SET ROLE gone"},
		{"authorization", "SET SESSION AUTHORIZATION gone"},
	} {
		exec(t, admin, "CREATE ROLE gone LOGIN")
		user := "postgres"
		if c.become == "" {
			user = "gone"
		}
		s, err := pgx.Connect(t.Context(), "postgres://"+user+"@"+n.Address()+"/postgres?sslmode=disable&default_query_exec_mode=simple_protocol")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(t.Context())
		if c.become != "" {
			exec(t, s, c.become)
		}
		if got := one(t, s, "SELECT current_user"); got != "gone" {
			t.Errorf("%s: %s", c.name, got)
		}
		exec(t, admin, "DROP ROLE gone")
		for sql, want := range map[string]string{
			"CREATE SCHEMA mine": "42501", "CREATE ROLE hacked SUPERUSER": "42501", "SELECT current_user": "42704",
		} {
			if _, err := s.Exec(t.Context(), sql); code(err) != want {
				t.Errorf("%s: %s: %v", c.name, sql, err)
			}
		}
		exec(t, s, `SELECT 1; SET search_path = "$user"; SELECT current_schemas(true)`)
		if got := one(t, s, "SHOW is_superuser"); got != "off" {
			t.Errorf("%s: superuser %s", c.name, got)
		}
	}
}

// TestRoleRenamedInUse: it goes on under its new name.
func TestRoleRenamedInUse(t *testing.T) {
	n := node.Start(t, nil)
	admin := dial(t, n.Address(), pgx.QueryExecModeSimpleProtocol)
	exec(t, admin, "CREATE ROLE before SUPERUSER")
	s := dial(t, n.Address(), pgx.QueryExecModeSimpleProtocol)
	exec(t, s, "SET ROLE before")
	if got := one(t, s, "SHOW is_superuser"); got != "on" {
		t.Errorf("superuser %s", got)
	}
	for _, change := range []string{"ALTER ROLE before RENAME TO after", "CREATE TABLE t (a int)", "ALTER ROLE after NOSUPERUSER"} {
		exec(t, admin, change)
		if got := one(t, s, "SELECT current_user"); got != "after" {
			t.Errorf("current_user %s after %s", got, change)
		}
	}
	exec(t, admin, "DROP ROLE after; CREATE ROLE before; CREATE ROLE after")
	if _, err := s.Exec(t.Context(), "SELECT current_user"); code(err) != "42704" {
		t.Errorf("of a role that is gone: %v", err)
	}
	exec(t, s, "RESET ROLE; SET ROLE before")
	if got := one(t, s, "SELECT current_user"); got != "before" {
		t.Errorf("current_user %s", got)
	}
}
