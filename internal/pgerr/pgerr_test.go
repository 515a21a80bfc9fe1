package pgerr

import "testing"

// TestQuoted: names stand in messages as they are.
func TestQuoted(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{New(UndefinedTable, "relation %q does not exist", `a"b\c`+"\xff").Message, `relation "a"b\c` + "\xff" + `" does not exist`},
		{New(UndefinedTable, "%q of %s, %d", "a", "b", 3).Message, `"a" of b, 3`},
		{New(UndefinedTable, "kind %q", 'b').Message, `kind 'b'`},
		{Unsupported("%q", "\n").Message, "\"\n\" is not supported"},
		{New(UndefinedTable, "100%").Message, "100%"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
