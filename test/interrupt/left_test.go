package interrupt

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/test/client"
)

// nothingLeft settles and sweeps, and then finds in the shards' files only what
// the catalog names, and in the metadata store nothing that waits. The server runs with shared-files.
func nothingLeft(t *testing.T, c *pgx.Conn, dir string) {
	t.Helper()
	client.Exec(t, c, "VACUUM")
	names := catalogNames(t, c)
	files, err := filepath.Glob(filepath.Join(dir, "shards", "*.db"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		for _, have := range objects(t, f) {
			if !names[have] {
				t.Errorf("%s has %s, which the catalog does not name", filepath.Base(f), have)
			}
		}
	}
}

// catalogNames are the names that objects on the shards may have, as the
// metadata store has them.
func catalogNames(t *testing.T, c *pgx.Conn) map[string]bool {
	t.Helper()
	kv, err := etcd.Dial(context.Background(), []string{client.One(t, c, "SHOW pegmatite.etcd")})
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	s, err := store.Open(context.Background(), kv, store.Options{System: pgcatalog.New().Relations()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if d, err := s.Decisions(context.Background()); err != nil || len(d) > 0 {
		t.Errorf("decisions are left: %v, %v", d, err)
	}
	if d, err := s.Dropped(context.Background()); err != nil || len(d) > 0 {
		t.Errorf("drops are not swept: %v, %v", d, err)
	}
	names := map[string]bool{}
	for db := range s.Snapshot().Databases() {
		for table := range s.Snapshot().Tables(db.OID) {
			addNames(names, table)
		}
	}
	return names
}

// addNames adds what a table may have on a shard: in SQLite's schema, and in
// what the file says of itself.
func addNames(names map[string]bool, t *catalog.Table) {
	table := func(physical uint64) {
		names[shard.TableName(physical)] = true
		names[fmt.Sprintf("shape.%d", physical)] = true
		names[fmt.Sprintf("rows.%d", physical)] = true
		names[fmt.Sprintf("width.%d", physical)] = true
	}
	table(t.Physical)
	names[fmt.Sprintf("fence.%d", t.OID)] = true
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		names[shard.IndexName(t.Physical, ix.ID)] = true
		if ix.Global != 0 {
			table(ix.Global)
			names[fmt.Sprintf("fence.%d", ix.OID)] = true
		}
	}
}

// objects are the tables and indexes of a shard's file, and what it says of them.
func objects(t *testing.T, path string) []string {
	t.Helper()
	db, err := sqlite.Open(path, sqlite.Options{VFS: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var names []string
	for _, sql := range []string{
		"SELECT name FROM sqlite_schema WHERE type <> 'view' AND name GLOB 't[0-9]*'",
		"SELECT name FROM pegmatite WHERE name GLOB '*.*' AND name NOT GLOB 'sequence.*'",
	} {
		names = append(names, column(t, db, sql)...)
	}
	slices.Sort(names)
	return names
}

// column reads a query's only column, which is text.
func column(t *testing.T, db *sqlite.DB, sql string) (values []string) {
	t.Helper()
	conn, err := db.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	st, err := conn.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	page, err := st.Query(context.Background(), nil, nil)
	for ; ; page, err = st.Fetch(context.Background(), page.Rows[:0]) {
		if err != nil {
			t.Fatal(err)
		}
		for rows := page.Rows; len(rows) > 0; {
			size := binary.LittleEndian.Uint32(rows)
			name, _, _ := types.NextPacked(rows[4 : 4+size])
			values = append(values, strings.Clone(name.Text()))
			rows = rows[4+size:]
		}
		if !page.More {
			return values
		}
	}
}
