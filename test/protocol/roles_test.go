package protocol

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestRoleDroppedInUse: who is dropped while logged in, or lowered to, has no
// rights from then on, and nobody else's.
func TestRoleDroppedInUse(t *testing.T) {
	n := node.Start(t, nil)
	admin := client.Connect(t, n.Address())
	for _, c := range []struct{ name, become string }{
		{"login", ""},
		{"role", "SET ROLE gone"},
		{"authorization", "SET SESSION AUTHORIZATION gone"},
	} {
		client.Exec(t, admin, "CREATE ROLE gone LOGIN")
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
			client.Exec(t, s, c.become)
		}
		if got := client.One(t, s, "SELECT current_user"); got != "gone" {
			t.Errorf("%s: %s", c.name, got)
		}
		client.Exec(t, admin, "DROP ROLE gone")
		for sql, want := range map[string]string{
			"CREATE SCHEMA mine": "42501", "CREATE ROLE hacked SUPERUSER": "42501", "SELECT current_user": "42704",
		} {
			if _, err := s.Exec(t.Context(), sql); client.Code(err) != want {
				t.Errorf("%s: %s: %v", c.name, sql, err)
			}
		}
		client.Exec(t, s, `SELECT 1; SET search_path = "$user"; SELECT current_schemas(true)`)
		if got := client.One(t, s, "SHOW is_superuser"); got != "off" {
			t.Errorf("%s: superuser %s", c.name, got)
		}
	}
}

// TestRoleRenamedInUse: it goes on under its new name.
func TestRoleRenamedInUse(t *testing.T) {
	n := node.Start(t, nil)
	admin := client.Connect(t, n.Address())
	client.Exec(t, admin, "CREATE ROLE before SUPERUSER")
	s := client.Connect(t, n.Address())
	client.Exec(t, s, "SET ROLE before")
	if got := client.One(t, s, "SHOW is_superuser"); got != "on" {
		t.Errorf("superuser %s", got)
	}
	for _, change := range []string{"ALTER ROLE before RENAME TO after", "CREATE TABLE t (a int)", "ALTER ROLE after NOSUPERUSER"} {
		client.Exec(t, admin, change)
		if got := client.One(t, s, "SELECT current_user"); got != "after" {
			t.Errorf("current_user %s after %s", got, change)
		}
	}
	client.Exec(t, admin, "DROP ROLE after; CREATE ROLE before; CREATE ROLE after")
	if _, err := s.Exec(t.Context(), "SELECT current_user"); client.Code(err) != "42704" {
		t.Errorf("of a role that is gone: %v", err)
	}
	client.Exec(t, s, "RESET ROLE; SET ROLE before")
	if got := client.One(t, s, "SELECT current_user"); got != "before" {
		t.Errorf("current_user %s", got)
	}
}
