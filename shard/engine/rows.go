package engine

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// appendKeyDatum appends a datum of a key column to an ordered key.
func appendKeyDatum(dst []byte, c column, d types.Datum) []byte {
	return recent.AppendKey(dst, c.t.StoreKey(c.typmod, d))
}

// appendDatum appends a datum to a packed row.
func appendDatum(dst []byte, c column, d types.Datum) []byte {
	return c.t.Store(c.typmod, d).AppendPacked(dst)
}

func errMalformedRow() error { return pgerr.New(pgerr.DataCorrupted, "malformed row image") }

// decodeRow reads a packed row whose columns are all there. The datums share
// the row's memory.
func decodeRow(dst []types.Datum, columns []column, row []byte) error {
	for i := range columns {
		v, rest, ok := types.NextPacked(row)
		if !ok {
			return errMalformedRow()
		}
		d, err := columns[i].t.Load(columns[i].typmod, v)
		if err != nil {
			return err
		}
		dst[i], row = d, rest
	}
	return nil
}

// decodeImage reads the needed columns (nil: all) of a row of a table; images
// older than a column hold its Missing value.
func decodeImage(dst []types.Datum, t *shard.Table, row []byte, needed []bool) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		v, rest, ok := types.NextPacked(row)
		if !ok {
			if len(row) > 0 {
				return errMalformedRow()
			}
			dst[i] = c.Missing
			continue
		}
		row = rest
		if needed != nil && !needed[i] {
			continue
		}
		d, err := c.Type.Load(c.Typmod, v)
		if err != nil {
			return err
		}
		dst[i] = d
	}
	return nil
}

// appendImage appends the packed image of a row of a table.
func appendImage(dst []byte, t *shard.Table, row []types.Datum) []byte {
	for i := range t.Columns {
		c := &t.Columns[i]
		dst = c.Type.Store(c.Typmod, row[i]).AppendPacked(dst)
	}
	return dst
}

// appendFetched appends the Fetch columns of an image. row is scratch for the
// table's columns, decoded already.
func (p *program) appendFetched(dst []byte, c *expr.Context, row []types.Datum) ([]byte, error) {
	for i, eval := range p.fetch {
		v, err := eval(c, row)
		if err != nil {
			return dst, err
		}
		dst = appendDatum(dst, p.fetched[i], v)
	}
	return dst, nil
}

// packedKey is the packed columns of an ordered key, as a KeySet takes them.
func packedKey(dst []byte, key string) []byte { return recent.PackKey(dst, key) }
