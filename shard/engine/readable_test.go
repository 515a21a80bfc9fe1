package engine_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestViewsShowValues: the view of a stopped shard shows every value as PostgreSQL prints it.
func TestViewsShowValues(t *testing.T) {
	numeric := func(precision, scale int32) int32 { return (precision<<16 | scale) + 4 }
	kinds := []struct {
		column string
		t      *types.Type
		typmod int32
		values []string
	}{
		{"bool", types.TBool, -1, []string{"t", "f"}},
		{"int8", types.TInt8, -1, []string{"0", "-9223372036854775808", "9223372036854775807"}},
		{"numeric", types.TNumeric, -1, []string{"0", "0.000", "1", "-1", "10", "100.00", "0.001", "-0.0012300", "123456789012345678901234567890.123456789", "-99.99",
			"1000000", "12345", "0.1", "1e-20", "-1e40", "NaN", "Infinity", "-Infinity"}},
		{"price", types.TNumeric, numeric(10, 2), []string{"0", "-0.05", "12345678.90", "NaN"}},
		{"thousands", types.TNumeric, numeric(5, -3), []string{"0", "12000", "-7000"}},
		{"wide", types.TNumeric, numeric(30, 5), []string{"0", "1234567890123456789012345.12345", "-0.00001"}},
		{"char", types.TBpchar, 5 + 4, []string{"ab", "", "é", "abcde"}},
		{"bpchar", types.TBpchar, -1, []string{"ab", "b  "}},
		{"float8", types.TFloat8, -1, []string{"0.5", "-1.25", "NaN", "Infinity", "-Infinity"}},
		{"float4", types.TFloat4, -1, []string{"0.5", "NaN", "Infinity", "-Infinity"}},
		{"text", types.TText, -1, []string{"", "a b", "it's", "é"}},
		{"bytea", types.TBytea, -1, []string{`\x`, `\x00ff`}},
		{"uuid", types.TUUID, -1, []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
		{"date", types.TDate, -1, []string{"2000-01-01", "1999-12-31", "0001-01-01", "0001-12-31 BC", "4713-11-24 BC", "9999-12-31", "10000-01-01", "5874897-12-31",
			"2400-02-29", "infinity", "-infinity"}},
		{"time", types.TTime, -1, []string{"00:00:00", "24:00:00", "23:59:59.999999", "12:34:56.5"}},
		{"timetz", types.TTimeTZ, -1, []string{"00:00:00+00", "24:00:00-08", "12:34:56.5+05:30", "01:00:00+15:59:59"}},
		{"timestamp", types.TTimestamp, -1, []string{"2000-01-01 00:00:00", "1969-07-20 20:17:40.5", "1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC",
			"294276-12-31 23:59:59.999999", "4713-11-24 00:00:00 BC", "infinity", "-infinity"}},
		{"timestamptz", types.TTimestamptz, -1, []string{"2024-02-29 12:34:56.78+00", "0044-03-15 12:00:00+00 BC", "20000-01-01 00:00:00+00"}},
		{"interval", types.TInterval, -1, []string{"00:00:00", "1 year", "2 years 1 mon", "-1 mons +1 day -00:00:01", "3 days", "-3 days", "1 day -00:00:00.5", "100:00:00",
			"-100:00:00.000001", "1 mon -1 days", "-1 years -2 mons +3 days 04:05:06.789", "178000000 years", "-178000000 years", "1 day 24:00:00"}},
		{"bools", types.TBool.Array, -1, []string{"{t,f,NULL}", "{}"}},
		{"ints", types.TInt4.Array, -1, []string{"{1,-2,NULL,2147483647}", "{}", "{NULL}"}},
		{"longs", types.TInt8.Array, -1, []string{"{9223372036854775807,-9223372036854775808,0}"}},
		{"floats", types.TFloat8.Array, -1, []string{"{0.5,-1.25,1024.5,NaN,Infinity,-Infinity,NULL,0.001}"}},
		{"texts", types.TText.Array, -1, []string{`{a,"b c","",NULL,"NULL","q\"x","b\\s","{}","a,b",é}`, "{}"}},
		{"chars", types.TBpchar.Array, -1, []string{`{a,"b  "}`}},
		{"numerics", types.TNumeric.Array, -1, []string{"{1.50,-0.001,NULL,0,0.00,NaN,Infinity,123456789012345678901234567890,-100}", "{}"}},
		{"dates", types.TDate.Array, -1, []string{`{2024-02-29,infinity,"0044-03-15 BC",NULL}`}},
		{"timestamps", types.TTimestamp.Array, -1, []string{`{"2024-02-29 12:34:56.5",-infinity}`}},
		{"intervals", types.TInterval.Array, -1, []string{`{"1 year -00:00:01",00:00:00,NULL,"-1 days"}`}},
		{"times", types.TTime.Array, -1, []string{"{24:00:00,00:00:00.1}"}},
		{"byteas", types.TBytea.Array, -1, []string{`{"\\x","\\x00","\\xa00ff50001","\\x00ff0000",NULL}`}},
		{"uuids", types.TUUID.Array, -1, []string{"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,00000000-0000-0000-0000-0000000000ff,NULL}"}},
		{"timetzs", types.TTimeTZ.Array, -1, []string{"{12:00:00+01,00:00:00-11:30}"}},
	}
	dir := t.TempDir()
	in := open(t, config(dir, shardtest.NewOracle(), 1, 1))
	env := types.DefaultEnv()
	var tables []*shard.Table
	for i, k := range kinds {
		table := &shard.Table{Physical: uint64(10 + i), Relation: types.OID(10 + i), Version: 1, Schema: "postgres.public", Name: k.column, KeyName: "k", Key: []int{0},
			Columns: []shard.Column{{Name: "id", Type: types.TInt8, Typmod: -1}, {Name: "v", Type: k.t, Typmod: k.typmod}}}
		tables = append(tables, table)
		var rows [][]byte
		for j, text := range append(k.values, "") {
			row := types.TInt8.Store(-1, types.Int(int64(j))).AppendPacked(nil)
			if j == len(k.values) {
				rows = append(rows, types.NullValue.AppendPacked(row))
				continue
			}
			d, err := k.t.Parse(env, text, k.typmod)
			if err != nil {
				t.Fatalf("%s %s: %v", k.column, text, err)
			}
			if back := string(k.t.Format(env, nil, d)); back == "" && text != "" {
				t.Fatalf("%s: %s is written %s", k.column, text, back)
			}
			rows = append(rows, k.t.Store(k.typmod, d).AppendPacked(row))
		}
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(rows...)})
		commit(t, tx)
	}
	control(t, in, &shard.ControlRequest{Op: shard.ControlViews, Tables: tables})
	stop(t, in)
	file := filepath.Join(dir, "shards", "0000.db")
	read := map[string]func(sql string) string{"here": func(sql string) string { return readView(t, file, sql) }}
	// Distributions' sqlite3 is older than ours, and its parser's stack smaller.
	if path, err := exec.LookPath("sqlite3"); err == nil {
		read[path] = func(sql string) string {
			out, err := exec.Command(path, "-readonly", file, sql).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", sql, err)
			}
			return strings.TrimSuffix(string(out), "\n")
		}
	}
	for _, k := range kinds {
		want := make([]string, 0, len(k.values)+1)
		for _, text := range k.values {
			d, _ := k.t.Parse(env, text, k.typmod)
			want = append(want, string(k.t.Format(env, nil, d)))
		}
		want = append(want, "none")
		for by, read := range read {
			got := strings.Split(read(`SELECT COALESCE(v, 'none') FROM "postgres.public.`+k.column+`" ORDER BY id`), "\n")
			if !slices.Equal(got, want) {
				t.Errorf("%s, read by %s:\ngot  %q\nwant %q", k.column, by, got, want)
			}
		}
	}
}
