package exec

import (
	"encoding/binary"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// columnType is how a column of packed rows is read and written.
type columnType struct {
	t      *types.Type
	typmod int32
}

func typesOf(cols []plan.Column) []columnType {
	out := make([]columnType, len(cols))
	for i, c := range cols {
		out[i] = columnType{c.Type, c.Typmod}
	}
	return out
}

func tableTypes(t *shard.Table) []columnType {
	out := make([]columnType, len(t.Columns))
	for i := range t.Columns {
		out[i] = columnType{t.Columns[i].Type, t.Columns[i].Typmod}
	}
	return out
}

func exprTypes(list []expr.Expr) []columnType {
	out := make([]columnType, len(list))
	for i, e := range list {
		out[i] = columnType{e.Type(), e.Typmod()}
	}
	return out
}

func errPacked() error { return pgerr.New(pgerr.DataCorrupted, "malformed packed row") }

// decode reads a packed row into dst, which shares its memory.
func decode(dst Row, columns []columnType, b []byte) error {
	for i := range columns {
		v, rest, ok := types.NextPacked(b)
		if !ok {
			return errPacked()
		}
		c := &columns[i]
		d, err := c.t.Load(c.typmod, v)
		if err != nil {
			return err
		}
		dst[i], b = d, rest
	}
	return nil
}

// nextRow cuts the first row off a batch's data.
func nextRow(data []byte) (row, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errPacked()
	}
	n := binary.LittleEndian.Uint32(data)
	if data = data[4:]; uint64(n) > uint64(len(data)) {
		return nil, nil, errPacked()
	}
	return data[:n:n], data[n:], nil
}

// decodeBatch reads all rows of a batch. Its data must stay as it is as long
// as the rows are in use.
func decodeBatch(columns []columnType, b *shard.Batch) ([]Row, error) {
	if b == nil {
		return nil, nil
	}
	rows := make([]Row, b.Count)
	slab := make([]types.Datum, b.Count*len(columns))
	data := b.Data
	for i := range rows {
		row, rest, err := nextRow(data)
		if err != nil {
			return nil, err
		}
		rows[i], slab = slab[:len(columns):len(columns)], slab[len(columns):]
		if err := decode(rows[i], columns, row); err != nil {
			return nil, err
		}
		data = rest
	}
	return rows, nil
}

// eachRow reads the rows of a batch one by one, into a row that is used again
// for the next.
func eachRow(columns []columnType, b *shard.Batch, use func(Row) error) error {
	row := make(Row, len(columns))
	data := b.Data
	for range b.Count {
		packed, rest, err := nextRow(data)
		if err != nil {
			return err
		}
		if err := decode(row, columns, packed); err != nil {
			return err
		}
		if err := use(row); err != nil {
			return err
		}
		data = rest
	}
	return nil
}

// appendRow appends a row to a batch.
func appendRow(b *shard.Batch, columns []columnType, row Row) {
	start := len(b.Data)
	b.Data = append(b.Data, 0, 0, 0, 0)
	for i := range columns {
		c := &columns[i]
		b.Data = c.t.Store(c.typmod, row[i]).AppendPacked(b.Data)
	}
	binary.LittleEndian.PutUint32(b.Data[start:], uint32(len(b.Data)-start-4))
	b.Count++
}
