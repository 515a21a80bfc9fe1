package sqlite

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Pages answers how many bytes of the database hold something and how many lie
// free in the file, for later rows (sqlite.org/fileformat2.html#the_freelist).
func (c *Conn) Pages() (used, free int64, err error) {
	all, err := c.int("PRAGMA page_count")
	if err != nil {
		return 0, 0, err
	}
	if free, err = c.int("PRAGMA freelist_count"); err != nil {
		return 0, 0, err
	}
	return (all - free) * pageBytes, free * pageBytes, nil
}

// int runs a statement without parameters and returns its one INTEGER.
func (c *Conn) int(sql string) (int64, error) {
	st, err := c.Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer st.Done()
	page, err := st.Query(context.Background(), nil, nil)
	if err != nil {
		return 0, err
	}
	const head = 4 // row length
	if len(page.Rows) > head {
		if v, _, ok := types.NextPacked(page.Rows[head:]); ok {
			return v.Int(), nil
		}
	}
	return 0, pgerr.Internal("%s answers no number", sql)
}

// vacuumInMemory bounds the copies that are made in memory; larger ones are
// made in the system's directory for temporary files.
const vacuumInMemory = 64 << 20

// Vacuum writes the database anew without its free pages: a copy, then, in one
// transaction, the copy into the WAL. The file is shorter after the next
// checkpoint that copies all. No transaction may be open.
func (c *Conn) Vacuum() error {
	used, _, err := c.Pages()
	if err != nil {
		return err
	}
	store := "FILE"
	if used <= vacuumInMemory {
		store = "MEMORY"
	}
	return c.Script("PRAGMA temp_store=" + store + "; VACUUM")
}
