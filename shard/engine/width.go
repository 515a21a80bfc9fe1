package engine

import (
	"context"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// checkWidth refuses an image with a value too wide for the primary key or an index.
func (w *write) checkWidth(image []byte) error {
	if len(image) <= shard.MaxIndexRowBytes {
		return nil
	}
	t := w.r.Table
	values := w.shape.split(nil, image, len(t.Columns))
	if n := indexRowBytes(values, t.Key); n > shard.MaxIndexRowBytes {
		return shard.IndexRowTooLarge(t, t.KeyName, n)
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if n := indexRowBytes(values, ix.Columns); n > shard.MaxIndexRowBytes {
			return shard.IndexRowTooLarge(t, ix.Name, n)
		}
	}
	return nil
}

func indexRowBytes(values []types.Value, columns []int) (n int) {
	for _, c := range columns {
		if v := values[c]; v.Tag == types.TagText || v.Tag == types.TagBlob {
			n += len(v.Bytes())
		}
	}
	return n
}

// checkWidths refuses an index over rows that are in SQLite already, one of
// which is too wide for it.
func checkWidths(ctx context.Context, conn *sqlite.Conn, t *shard.Table, ix *shard.Index) error {
	names := make([]string, len(ix.Columns))
	for i, c := range ix.Columns {
		names[i] = "ifnull(octet_length(" + shard.ColumnName(c) + "), 0)"
	}
	st, err := conn.Prepare("SELECT max(" + strings.Join(names, " + ") + ") FROM " + shard.TableName(t.Physical))
	if err != nil {
		return err
	}
	defer st.Done()
	page, err := st.Query(ctx, nil, nil)
	if err != nil {
		return err
	}
	image, _ := nextRow(page.Rows)
	if v, _, ok := types.NextPacked(image); ok && v.Tag == types.TagInt64 && v.Int() > shard.MaxIndexRowBytes {
		return shard.IndexRowTooLarge(t, ix.Name, int(v.Int()))
	}
	return nil
}
