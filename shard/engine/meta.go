package engine

import (
	"context"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// What a shard's file says of itself, in the SQLite table "pegmatite": names
// and values, written in the transaction that settles what they are about.
const (
	metaTable    = `CREATE TABLE IF NOT EXISTS pegmatite(name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID`
	metaFormat   = "format"    // of the file
	metaShard    = "shard"     // its number
	metaLog      = "log"       // the UUID of the log that it follows
	metaApplied  = "applied"   // all commands up to this position are in the file
	metaCommit   = "commit"    // the highest commit timestamp that may be in it
	metaShape    = "shape."    // + physical: the table's shape
	metaRows     = "rows."     // + physical: how many rows it has
	metaWidth    = "width."    // + physical: how long its rows are on average
	metaLoad     = "load."     // + physical: a transaction, not known to be committed, that fills the table
	metaReshape  = "reshape."  // + physical: the shape before a schema change that is not known to be committed
	metaSequence = "sequence." // + physical: last value, then is_called
	metaFence    = "fence."    // + relation: the oldest descriptor, from when on
	metaPut      = `INSERT OR REPLACE INTO pegmatite(name, value) VALUES(?, ?)`
	metaDelete   = `DELETE FROM pegmatite WHERE name = ?`
)

const fileFormat = 1

// meta is what the table said when the shard was opened.
type meta struct {
	format    int64
	shard     int64
	log       string
	applied   log.Position
	commit    txn.Timestamp
	shapes    []*shape
	rows      map[uint64]rowCount
	loads     map[uint64]struct{}
	reshapes  map[uint64]*shape
	sequences map[uint64]sequenceValue
	fences    map[types.OID]fence
}

func readMeta(conn *sqlite.Conn) (*meta, error) {
	if err := conn.Script(metaTable); err != nil {
		return nil, err
	}
	m := &meta{shard: -1, rows: map[uint64]rowCount{}, loads: map[uint64]struct{}{},
		reshapes: map[uint64]*shape{}, sequences: map[uint64]sequenceValue{}, fences: map[types.OID]fence{}}
	err := eachRow(conn, `SELECT name, value FROM pegmatite`, nil, func(row []byte) error {
		name, row, ok1 := types.NextPacked(row)
		value, _, ok2 := types.NextPacked(row)
		if !ok1 || !ok2 || name.Tag != types.TagText {
			return pgerr.New(pgerr.DataCorrupted, "malformed row about a shard")
		}
		return m.set(name.Text(), value)
	})
	return m, err
}

func (m *meta) set(name string, v types.Value) error {
	switch name {
	case metaFormat:
		m.format = v.Int()
	case metaShard:
		m.shard = v.Int()
	case metaLog:
		m.log = strings.Clone(v.Text())
	case metaApplied:
		m.applied = log.Position(v.Int())
	case metaCommit:
		m.commit = txn.Timestamp(v.Int())
	}
	at := strings.IndexByte(name, '.')
	if at < 0 {
		return nil
	}
	physical, err := strconv.ParseUint(name[at+1:], 10, 64)
	if err != nil {
		return pgerr.New(pgerr.DataCorrupted, "unknown entry \"%s\" about a shard", name)
	}
	switch name[:at+1] {
	case metaFence:
		r := reader{b: v.Bytes()}
		m.fences[types.OID(physical)] = fence{version: r.uint(), at: txn.Timestamp(r.int())}
		return r.end()
	case metaShape:
		s, err := decodeShape(owned(v.Bytes()))
		if err != nil {
			return err
		}
		m.shapes = append(m.shapes, s)
	case metaRows:
		m.rows[physical] = rowCount{v.Int(), m.rows[physical].width}
	case metaWidth:
		m.rows[physical] = rowCount{m.rows[physical].rows, v.Int()}
	case metaReshape:
		s, err := decodeShape(owned(v.Bytes()))
		m.reshapes[physical] = s
		return err
	case metaLoad:
		m.loads[physical] = struct{}{}
	case metaSequence:
		r := reader{b: v.Bytes()}
		m.sequences[physical] = sequenceValue{last: r.int(), called: r.bool()}
		return r.end()
	}
	return nil
}

// putMeta writes one entry; the caller has a transaction open.
func putMeta(conn *sqlite.Conn, name string, v types.Value) error {
	_, err := exec(conn, metaPut, v.AppendPacked(types.TextValue(name).AppendPacked(nil)))
	return err
}

func deleteMeta(conn *sqlite.Conn, name string) error {
	_, err := exec(conn, metaDelete, types.TextValue(name).AppendPacked(nil))
	return err
}

func numbered(prefix string, physical uint64) string {
	return prefix + strconv.FormatUint(physical, 10)
}

// exec runs one statement with packed parameters.
func exec(conn *sqlite.Conn, sql string, params []byte) (int64, error) {
	st, err := conn.Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer st.Done()
	return st.Exec(params)
}

// eachRow runs a query and calls f for every packed row, which is valid during the call.
func eachRow(conn *sqlite.Conn, sql string, params []byte, f func(row []byte) error) error {
	st, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer st.Done()
	page, err := st.Query(context.Background(), make([]byte, 0, pageBytes), params)
	for {
		if err != nil {
			return err
		}
		for rows := page.Rows; len(rows) > 0; {
			var row []byte
			row, rows = nextRow(rows)
			if err := f(row); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
		page, err = st.Fetch(context.Background(), page.Rows[:0])
	}
}
