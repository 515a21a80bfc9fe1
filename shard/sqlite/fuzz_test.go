package sqlite

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// columnsOf counts the columns of a packed row by Go's reading.
func columnsOf(row []byte) (n int, ok bool) {
	for len(row) > 0 {
		if _, row, ok = types.NextPacked(row); !ok {
			return n, false
		}
		n++
	}
	return n, true
}

// C and Go must agree on which bytes are a packed row, and on its values.
func FuzzParameters(f *testing.F) {
	db, err := Open(":memory:", Options{})
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	for _, row := range [][]byte{nil, pack(1, "a"), pack(1.5, nil), pack([]byte{1}, int64(1<<40)), {99}, {types.TagText, 0xff, 0xff, 0xff, 0xff}} {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		c := reader(t, db)
		defer c.Release()
		st, err := c.Prepare("SELECT ?1, ?2")
		if err != nil {
			t.Fatal(err)
		}
		defer st.Done()
		n, ok := columnsOf(row)
		page, err := st.Query(ctx, nil, row)
		if (err == nil) != (ok && n == 2) {
			t.Fatalf("%x: %d columns (%v) in Go, %v in C", row, n, ok, err)
		}
		if err != nil {
			if !pgerr.HasCode(err, pgerr.InternalError) {
				t.Fatal(err)
			}
			return
		}
		if m, ok := columnsOf(page.Rows[4:]); m != 2 || !ok {
			t.Fatalf("%x came back as %x", row, page.Rows)
		}
		again, err := st.Query(ctx, nil, page.Rows[4:])
		if err != nil || string(again.Rows) != string(page.Rows) {
			t.Fatalf("%x is not stable: %x", page.Rows, again.Rows)
		}
		_, _ = st.ExecMany(row)
		set := NewKeySet(1)
		defer set.Free()
		set.Add(row)
		set.Add(row)
		if set.Len() != 1 {
			t.Fatal("one key counted twice")
		}
	})
}
