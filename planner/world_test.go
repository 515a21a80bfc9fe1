package planner_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
)

var rewriteGolden = flag.Bool("rewrite", false, "write the golden files anew")

// world is a cluster in memory with a catalog made by hand.
type world struct {
	t       testing.TB
	change  *catalog.Change
	oid     catalog.OID
	plans   *planner.Cache
	node    *engine.Node
	placed  *placement.Map
	manager *txn.Manager
	oracle  txn.Oracle
	rowIDs  exec.RowIDs
	open    *txn.Txn // between BEGIN and COMMIT
	level   txn.Isolation
	workMem int64
	temp    string
}

func newWorld(t testing.TB, shards, logs int) *world {
	t.Helper()
	return newWorldOf(t, engine.Config{Shards: shards, Logs: logs})
}

func newWorldOf(t testing.TB, cfg engine.Config) *world {
	t.Helper()
	shards := cfg.Shards
	w := &world{t: t, temp: t.TempDir(), oid: catalog.FirstNormalOID, plans: planner.NewCache(planner.New(), 1<<20), oracle: shardtest.NewOracle()}
	w.change = catalog.NewChange(catalog.NewSnapshot(nil))
	for _, o := range catalog.Bootstrap() {
		w.change.Put(o)
	}
	ctx := context.Background()
	var err error
	cfg.Oracle = w.oracle
	if w.node, err = engine.OpenNode(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.node.Close() })
	if w.placed, err = placement.New(shards, []ring.Member{{Node: 1, Weight: 1}}); err != nil {
		t.Fatal(err)
	}
	find := func(id txn.LogID) txn.Participant { return w.node.Participant(id) }
	coordinator := twopc.NewCoordinator(w.oracle, find, func(txn.LogID) bool { return true })
	t.Cleanup(coordinator.Close)
	w.manager = txn.NewManager(1, 1, w.oracle, coordinator, w, func(id uint32) txn.LogID { return w.node.LogOf(shard.ID(id)) })
	return w
}

// Cut implements txn.Cutter.
func (w *world) Cut(ctx context.Context, id txn.ID, e txn.Enlistment, from, sent txn.Statement) error {
	return w.node.Cut(ctx, &shard.CutRequest{
		Header: shard.Header{Shard: shard.ID(e.Shard), Epoch: w.Epoch(), Txn: id, Incarnation: e.Incarnation}, From: from, Sent: sent,
	})
}

// Service, Shards, ShardOf and Epoch implement exec.Cluster.
func (w *world) Service(catalog.Home, shard.ID) shard.Service { return w.node }

func (w *world) Shards(catalog.Home) []shard.ID {
	ids := make([]shard.ID, w.placed.Shards())
	for i := range ids {
		ids[i] = shard.ID(i)
	}
	return ids
}

func (w *world) ShardOf(hash uint64) shard.ID { return shard.ID(w.placed.ShardOf(hash)) }
func (w *world) Epoch() uint64                { return w.placed.Epoch() }

// Away implements exec.Cluster.
func (w *world) Away(catalog.Home, shard.ID) bool { return false }

func (w *world) next() catalog.OID {
	w.oid++
	return w.oid
}

// table makes a table of "name type(mod) words…": key, notnull, default ….
// Lines "unique a, b" and "index a" make indexes; a unique one that lacks the
// key is a relation of its own.
func (w *world) table(name string, specs ...string) {
	w.t.Helper()
	t := &catalog.Table{OID: w.next(), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: name,
		RowType: w.next(), ArrayType: w.next(), Physical: uint64(w.next()), Version: 1}
	t.Stats.Rows = -1
	for _, spec := range specs {
		f := strings.Fields(spec)
		switch f[0] {
		case "unique", "index":
			w.index(t, f)
		default:
			w.column(t, f)
		}
	}
	if len(t.Key) == 0 {
		id := catalog.ColumnID(len(t.Columns) + 1)
		t.Columns = append(t.Columns, catalog.Column{ID: id, Name: "_rowid", Type: types.TInt8, Typmod: -1, NotNull: true, Hidden: true})
		t.Key = []catalog.ColumnID{id}
	} else {
		ix := catalog.Index{OID: w.next(), ID: 999, Name: name + "_pkey", Unique: true, Primary: true, Constraint: w.next(), Valid: true}
		for _, k := range t.Key {
			ix.Columns = append(ix.Columns, catalog.IndexColumn{Column: k})
		}
		t.Indexes = append(t.Indexes, ix)
	}
	t.ShardKey = len(t.Key)
	w.change.Put(t)
}

func (w *world) column(t *catalog.Table, f []string) {
	c := catalog.Column{ID: catalog.ColumnID(len(t.Columns) + 1), Attnum: int16(len(t.Columns) + 1), Name: f[0], Typmod: -1}
	name, mods, _ := strings.Cut(strings.TrimSuffix(f[1], ")"), "(")
	c.Type = types.ByName(name)
	if mods != "" {
		var list []int32
		for _, m := range strings.Split(mods, ",") {
			var n int32
			fmt.Sscan(m, &n)
			list = append(list, n)
		}
		var err error
		if c.Typmod, err = types.TypmodIn(c.Type, list); err != nil {
			w.t.Fatal(err)
		}
	}
	for i, word := range f[2:] {
		switch word {
		case "key":
			t.Key, c.NotNull = append(t.Key, c.ID), true
		case "notnull":
			c.NotNull = true
		case "default":
			c.Default = strings.Join(f[i+3:], " ")
		}
	}
	t.Columns = append(t.Columns, c)
}

func (w *world) index(t *catalog.Table, f []string) {
	ix := catalog.Index{OID: w.next(), ID: uint32(len(t.Indexes) + 1), Valid: true, Unique: f[0] == "unique"}
	ix.Name = t.Name + "_" + strings.Join(f[1:], "_") + "_key"
	covers := 0
	for _, name := range f[1:] {
		c := t.ColumnByName(name)
		ix.Columns = append(ix.Columns, catalog.IndexColumn{Column: c.ID})
		for _, k := range t.Key {
			if k == c.ID {
				covers++
			}
		}
	}
	if ix.Unique && covers < len(t.Key) {
		ix.Global = uint64(w.next())
	}
	if ix.Unique {
		ix.Constraint = w.next()
	}
	t.Indexes = append(t.Indexes, ix)
}

func (w *world) env() *bind.Env {
	return &bind.Env{
		Snapshot: w.change.Snapshot(), Database: catalog.PostgresOID, SearchPath: []catalog.OID{catalog.PgCatalogOID, catalog.PublicOID},
		Role: catalog.SuperuserOID, Types: types.DefaultEnv(), Library: builtin.Default(),
	}
}

func (w *world) plan(sql string) (*plan.Statement, []types.Datum, error) {
	list, err := sqlparse.Parse(sql)
	if err != nil {
		return nil, nil, err
	}
	st, err := w.plans.Plan(w.env(), list[0], nil)
	if err != nil {
		return nil, nil, err
	}
	lifted := make([]types.Datum, len(st.Lifted))
	for i, l := range list[0].Lifted {
		if lifted[i], err = l.Datum(); err != nil {
			return nil, nil, err
		}
		if l.Kind == sqlparse.LiteralString && st.Lifted[i] != nil {
			if lifted[i], err = st.Lifted[i].Parse(types.DefaultEnv(), l.Text, -1); err != nil {
				return nil, nil, err
			}
		}
	}
	return st, lifted, nil
}

// exec runs a statement, in the open transaction or one of its own, and
// returns its rows as psql -At prints them and its tag.
func (w *world) exec(sql string) (string, error) {
	ctx := context.Background()
	switch word := strings.ToUpper(strings.Fields(sql)[0]); word {
	case "BEGIN":
		w.open = w.manager.Begin(w.level)
		return "BEGIN\n", nil
	case "COMMIT":
		tx := w.open
		w.open = nil
		return "COMMIT\n", tx.Commit(ctx)
	case "ROLLBACK":
		w.open.Rollback(ctx)
		w.open = nil
		return "ROLLBACK\n", nil
	}
	if w.open != nil {
		mark := w.open.Mark()
		out, err := w.statement(ctx, w.open, sql)
		if err != nil {
			if e := w.open.RollbackTo(ctx, mark); e != nil {
				return "", e
			}
		}
		return out, err
	}
	tx := w.manager.Begin(w.level)
	out, err := w.statement(ctx, tx, sql)
	if err != nil {
		tx.Rollback(ctx)
		return out, err
	}
	return out, tx.Commit(ctx)
}

func (w *world) statement(ctx context.Context, tx *txn.Txn, sql string) (string, error) {
	st, lifted, err := w.plan(sql)
	if err != nil {
		return "", err
	}
	run := tx.Run()
	defer run.Close()
	cursor, err := exec.Run(ctx, w.execEnv(run), st, nil, lifted)
	if err != nil {
		return "", err
	}
	defer cursor.Close()
	var b strings.Builder
	count := 0
	for {
		row, err := cursor.Next(ctx)
		if err != nil {
			return "", err
		}
		if row == nil {
			break
		}
		count++
		for i, d := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			if !d.IsNull() {
				b.Write(st.Result[i].Type.Format(types.DefaultEnv(), nil, d))
			}
		}
		b.WriteByte('\n')
	}
	if st.Tag != "SELECT" {
		fmt.Fprintf(&b, "%s %d\n", st.Tag, cursor.Affected())
	}
	return b.String(), cursor.Close()
}

func (w *world) execEnv(run *txn.Run) *exec.Env {
	return &exec.Env{
		Cluster: w, Txn: run, Snapshots: run, Types: types.DefaultEnv(), Draw: w.oracle.Commit, RowIDs: &w.rowIDs, TakeBack: run.TakeBack,
		TempDir: w.temp, WorkMemBytes: w.workMem,
	}
}

// must runs a statement that has to succeed.
func (w *world) must(sql string) string {
	w.t.Helper()
	out, err := w.exec(sql)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// failure is an error as transcripts show it.
func failure(err error) string {
	e := pgerr.From(err)
	s := fmt.Sprintf("ERROR %s: %s\n", e.Code, e.Message)
	if e.Detail != "" {
		s += "DETAIL: " + e.Detail + "\n"
	}
	return s
}

// transcript runs a file of statements: each is followed by a line "----" and
// what answer gave for it, up to an empty line. With -rewrite it is written anew.
func transcript(t *testing.T, path string, answer func(sql string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var sql, want []string
	inWant := false
	flush := func() {
		if len(sql) == 0 {
			return
		}
		statement := strings.Join(sql, "\n")
		got := answer(statement)
		if !*rewriteGolden && got != strings.Join(want, "\n")+"\n" && !(got == "" && len(want) == 0) {
			t.Errorf("%s\n%s\ngot:\n%swant:\n%s", path, statement, got, strings.Join(want, "\n"))
		}
		fmt.Fprintf(&out, "%s\n----\n%s\n", statement, got)
		sql, want, inWant = nil, nil, false
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "":
			flush()
		case strings.HasPrefix(line, "#") && len(sql) == 0:
			out.WriteString(line + "\n")
		case line == "----":
			inWant = true
		case inWant:
			want = append(want, line)
		default:
			sql = append(sql, line)
		}
	}
	flush()
	if *rewriteGolden {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
