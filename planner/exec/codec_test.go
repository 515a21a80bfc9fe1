package exec

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// TestEachRow: reading a batch row by row takes the memory of one row.
func TestEachRow(t *testing.T) {
	columns := []columnType{{types.TInt8, -1}, {types.TText, -1}}
	var b shard.Batch
	const rows = 1000
	for i := range rows {
		appendRow(&b, columns, Row{types.Int(int64(i)), types.Text("row")})
	}
	sum, count := int64(0), 0
	made := testing.AllocsPerRun(1, func() {
		sum, count = 0, 0
		err := eachRow(columns, &b, func(row Row) error {
			sum += row[0].Int()
			count += len(row[1].Text())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if sum != rows*(rows-1)/2 || count != 3*rows {
		t.Errorf("the sum is %d, the length %d", sum, count)
	}
	if made > 10 {
		t.Errorf("%v allocations for %d rows", made, rows)
	}
	b.Data = b.Data[:len(b.Data)-1]
	if err := eachRow(columns, &b, func(Row) error { return nil }); err == nil {
		t.Error("a batch that is cut off is read")
	}
}
