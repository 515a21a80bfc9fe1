package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const db = catalog.PostgresOID

func open(t testing.TB, kv metakv.Store) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), kv, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// table is a table of ten columns, as wide as everyday ones.
func table(oid catalog.OID, name string) *catalog.Table {
	t := &catalog.Table{
		OID: oid, Database: db, Schema: catalog.PublicOID, Name: name, Owner: catalog.SuperuserOID,
		Persistence: catalog.Permanent, RowType: oid + 1, ArrayType: oid + 2, Physical: uint64(oid),
		Key: []catalog.ColumnID{1}, ShardKey: 1, NextColumn: 11, NextAttnum: 11, Stats: catalog.Statistics{Rows: -1},
		Indexes: []catalog.Index{
			{OID: oid + 3, Constraint: oid + 4, ID: 1, Name: name + "_pkey", Primary: true, Unique: true, Method: "btree",
				Columns: []catalog.IndexColumn{{Column: 1}}, Valid: true},
			{OID: oid + 5, ID: 2, Name: name + "_v", Method: "btree", Columns: []catalog.IndexColumn{{Column: 2, Desc: true, NullsFirst: true}}, Valid: true},
		},
		Checks: []catalog.Check{{OID: oid + 6, Name: name + "_check", Expr: "(c3 > 0)", Columns: []catalog.ColumnID{3}, Valid: true}},
	}
	for i := range catalog.ColumnID(10) {
		t.Columns = append(t.Columns, catalog.Column{ID: i + 1, Attnum: int16(i + 1), Name: fmt.Sprintf("c%d", i+1), Type: types.TInt8, Typmod: -1, Storage: 'p', Stats: -1})
	}
	t.Columns[0].NotNull = true
	t.Columns[4].Type, t.Columns[4].Missing, t.Columns[4].Storage = types.TText, types.Text("old"), 'x'
	return t
}

func publish(t testing.TB, s *store.Store, put ...catalog.Object) uint64 {
	t.Helper()
	c := catalog.NewChange(s.Snapshot())
	for _, o := range put {
		c.Put(o)
	}
	revision, err := s.Publish(context.Background(), c, store.Decision{})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// objects are all descriptors with their revisions, for comparing snapshots.
func objects(s *catalog.Snapshot) map[catalog.Object]uint64 {
	all := make(map[catalog.Object]uint64)
	for o, at := range s.Objects() {
		all[o] = at
	}
	return all
}

func sameCatalog(t *testing.T, a, b *catalog.Snapshot) {
	t.Helper()
	if a.Revision() != b.Revision() {
		t.Errorf("revisions %d and %d", a.Revision(), b.Revision())
	}
	if n, m := len(objects(a)), len(objects(b)); n != m {
		t.Errorf("%d and %d objects", n, m)
	}
	for o, at := range a.Objects() {
		other := b.Object(o.ObjectKey())
		if !sameObject(o, other) {
			t.Fatalf("%v differs", o.ObjectKey())
		}
		if b.RevisionOf(o.ObjectKey()) != at {
			t.Fatalf("%+v: revisions %d and %d", o.ObjectKey(), at, b.RevisionOf(o.ObjectKey()))
		}
	}
}

// sameObject is deep equality, with values compared as values.
func sameObject(a, b catalog.Object) bool {
	x, ok := a.(*catalog.Table)
	y, both := b.(*catalog.Table)
	if !ok || !both {
		return sameFields(a, b)
	}
	withoutValues := func(t *catalog.Table) *catalog.Table {
		copied := *t
		copied.Columns = slices.Clone(t.Columns)
		for i := range copied.Columns {
			copied.Columns[i].Missing = types.Null
		}
		return &copied
	}
	for i := range x.Columns {
		if i >= len(y.Columns) || x.Columns[i].Type.Compare(x.Columns[i].Missing, y.Columns[i].Missing) != 0 {
			return false
		}
	}
	return sameFields(withoutValues(x), withoutValues(y))
}

// sameFields leaves out what descriptors have for themselves, such as the types made of them.
func sameFields(a, b catalog.Object) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) || b == nil {
		return false
	}
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range x.NumField() {
		if x.Type().Field(i).IsExported() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return false
		}
	}
	return true
}

func TestNewCluster(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	if a.ClusterID() != b.ClusterID() {
		t.Error("two nodes see two clusters")
	}
	s := a.Snapshot()
	if s.Revision() != 1 || s.Database("postgres") == nil || s.Role("postgres") == nil || s.Schema(db, "public") == nil {
		t.Error("a new cluster lacks what initdb makes")
	}
	sameCatalog(t, a.Snapshot(), b.Snapshot())
}

func TestOtherFormat(t *testing.T) {
	kv := memory.New()
	open(t, kv)
	if _, err := kv.Commit(t.Context(), metakv.Txn{Then: []metakv.Op{metakv.Put("/pegmatite/format", []byte("2"))}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), kv, store.Options{}); err == nil || !strings.Contains(err.Error(), "format") {
		t.Errorf("a store of another format opens: %v", err)
	}
}

func TestPublishAndFollow(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	revision := publish(t, a, table(20000, "t"))
	if a.Snapshot().Table(20000) == nil {
		t.Error("the publisher does not know its own change")
	}
	s, err := b.WaitFor(t.Context(), revision)
	if err != nil {
		t.Fatal(err)
	}
	sameCatalog(t, a.Snapshot(), s)
	sameCatalog(t, a.Snapshot(), open(t, kv).Snapshot())
	if s.Table(20000).Columns[4].Missing.Text() != "old" {
		t.Error("the missing value is lost")
	}
}

func TestConfirm(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	publish(t, a, table(20000, "t"))
	s, err := b.Confirm(t.Context())
	if err != nil || s.Table(20000) == nil {
		t.Errorf("after Confirm the table is missing (%v)", err)
	}
}

// TestThousandsOfObjects: a change beyond all limits of one transaction is
// published whole, on etcd too, and loads fast.
func TestThousandsOfObjects(t *testing.T) {
	server, err := etcd.Embed(t.Context(), filepath.Join(t.TempDir(), "etcd"), true, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	const n = 5000
	s := open(t, server.Store())
	c := catalog.NewChange(s.Snapshot())
	for i := range n {
		c.Put(table(catalog.OID(20000+10*i), fmt.Sprintf("table_%d", i)))
	}
	start := time.Now()
	if _, err := s.Publish(t.Context(), c, store.Decision{Txn: "1.1.1", Value: []byte("committed")}); err != nil {
		t.Fatal(err)
	}
	published := time.Now()
	again := open(t, server.Store())
	t.Logf("published in %v, loaded in %v", published.Sub(start), time.Since(published))
	sameCatalog(t, s.Snapshot(), again.Snapshot())
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameCatalog(t, s.Snapshot(), open(t, server.Store()).Snapshot())
	s.Close()
	again.Close()
}

func TestConflicts(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	publish(t, a, table(20000, "t"))
	if _, err := b.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine, theirs := catalog.NewChange(a.Snapshot()), catalog.NewChange(b.Snapshot())
	for _, c := range []*catalog.Change{mine, theirs} {
		renamed := *c.Snapshot().Table(20000)
		renamed.Name = "u"
		c.Put(&renamed)
	}
	if _, err := b.Publish(t.Context(), theirs, store.Decision{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Publish(t.Context(), mine, store.Decision{Txn: "1.1.2", Value: []byte("x")}); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("two renames of one table: %v", err)
	}
	if _, decided, _ := a.Decided(t.Context(), "1.1.2"); decided {
		t.Error("a refused change has left a decision")
	}
}

// TestConcurrentPublications: changes that do not contradict each other all get through.
func TestConcurrentPublications(t *testing.T) {
	kv := memory.New()
	nodes := []*store.Store{open(t, kv), open(t, kv), open(t, kv)}
	var group sync.WaitGroup
	for i, s := range nodes {
		group.Go(func() {
			for j := range 30 {
				publish(t, s, table(catalog.OID(20000+1000*i+10*j), fmt.Sprintf("t_%d_%d", i, j)))
			}
		})
	}
	group.Wait()
	for _, s := range nodes {
		if _, err := s.Confirm(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := s.Snapshot().Revision(); r != 91 {
			t.Errorf("revision %d, want 91", r)
		}
		sameCatalog(t, nodes[0].Snapshot(), s.Snapshot())
	}
}

func TestDecisions(t *testing.T) {
	s := open(t, memory.New())
	c := catalog.NewChange(s.Snapshot())
	c.Put(table(20000, "t"))
	if _, err := s.Publish(t.Context(), c, store.Decision{Txn: "1.1.1", Value: []byte("committed at 7")}); err != nil {
		t.Fatal(err)
	}
	// A participant in doubt tries to give up too late.
	if got, err := s.Decide(t.Context(), "1.1.1", []byte("aborted")); err != nil || string(got) != "committed at 7" {
		t.Errorf("decided %q, %v", got, err)
	}
	// One that gives up first keeps the coordinator from publishing.
	if got, err := s.Decide(t.Context(), "1.1.2", []byte("aborted")); err != nil || string(got) != "aborted" {
		t.Errorf("decided %q, %v", got, err)
	}
	late := catalog.NewChange(s.Snapshot())
	late.Put(table(21000, "late"))
	if _, err := s.Publish(t.Context(), late, store.Decision{Txn: "1.1.2", Value: []byte("committed")}); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("publishing what was aborted: %v", err)
	}
	if s.Snapshot().Table(21000) != nil {
		t.Error("an aborted transaction's table is there")
	}
	all, err := s.Decisions(t.Context())
	if err != nil || len(all) != 2 || string(all["1.1.2"]) != "aborted" {
		t.Errorf("decisions %q, %v", all, err)
	}
	if err := s.Forget(t.Context(), "1.1.1"); err != nil {
		t.Fatal(err)
	}
	if _, decided, _ := s.Decided(t.Context(), "1.1.1"); decided {
		t.Error("a forgotten decision is there")
	}
}

func TestExtraCompares(t *testing.T) {
	s := open(t, memory.New())
	m, err := placement.New(8, []ring.Member{{Node: 1, Weight: 1}})
	if err != nil {
		t.Fatal(err)
	}
	none, compare, err := s.Placement(t.Context())
	if err != nil || none != nil {
		t.Fatalf("a map before the first: %v, %v", none, err)
	}
	if err := s.SetPlacement(t.Context(), m, compare); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPlacement(t.Context(), m, compare); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("two first maps: %v", err)
	}
	got, compare, err := s.Placement(t.Context())
	if err != nil || got.Shards() != 8 {
		t.Fatalf("map %v, %v", got, err)
	}
	c := catalog.NewChange(s.Snapshot())
	c.Put(table(20000, "t"))
	if err := s.SetPlacement(t.Context(), got.Moved(1, 2), compare); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(t.Context(), c, store.Decision{}, compare); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("publishing over a changed shard map: %v", err)
	}
}

func TestStatistics(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	publish(t, s, table(20000, "t"))
	at := s.Snapshot().RevisionOf(s.Snapshot().Table(20000).ObjectKey())
	c := catalog.NewChange(s.Snapshot())
	renamed := *s.Snapshot().Table(20000)
	renamed.Name = "u"
	c.Put(&renamed)
	stats := catalog.Statistics{Rows: 7, Pages: 1, Columns: map[catalog.ColumnID]catalog.ColumnStatistics{
		2: {NullFraction: .5, Width: 8, Distinct: -1, MostCommon: []string{"1"}, Frequencies: []float64{.25}, Histogram: []string{"1", "9"}},
	}}
	if _, err := s.PublishStatistics(t.Context(), map[catalog.OID]catalog.Statistics{20000: stats, 999: {}}); err != nil {
		t.Fatal(err)
	}
	if s.Snapshot().RevisionOf(renamed.ObjectKey()) != at {
		t.Error("statistics raise the table's revision")
	}
	if _, err := s.Publish(t.Context(), c, store.Decision{}); err != nil {
		t.Errorf("DDL conflicts with ANALYZE: %v", err)
	}
	check := func(what string, s *catalog.Snapshot) {
		if got := s.Table(20000); got.Name != "u" || !reflect.DeepEqual(got.Stats, stats) {
			t.Errorf("%s: %s with %+v", what, got.Name, got.Stats)
		}
	}
	check("published", s.Snapshot())
	check("loaded", open(t, kv).Snapshot())
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("from a checkpoint", open(t, kv).Snapshot())
	truncated := *s.Snapshot().Table(20000)
	truncated.Physical = 99
	publish(t, s, &truncated)
	if rows := s.Snapshot().Table(20000).Stats.Rows; rows != -1 {
		t.Errorf("new rows have statistics of %v old ones", rows)
	}
}

// TestCheckpointCleans: a checkpoint leaves nothing of the log, nor chunks that
// a publisher left behind when it died.
func TestCheckpointCleans(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	for i := range 20 {
		publish(t, s, table(catalog.OID(20000+10*i), fmt.Sprintf("t%d", i)))
	}
	dead := metakv.Put("/pegmatite/catalog/chunk/dead/000000", []byte("x"))
	if _, err := kv.Commit(t.Context(), metakv.Txn{Then: []metakv.Op{dead}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		publish(t, s, &catalog.Role{OID: catalog.OID(30000 + s.Snapshot().Revision()), Name: fmt.Sprint("r", s.Snapshot().Revision())})
	}
	kvs, _, err := kv.Range(t.Context(), "/pegmatite/catalog/")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, kv := range kvs {
		keys = append(keys, strings.TrimPrefix(kv.Key, "/pegmatite/catalog/"))
	}
	if len(keys) != 4 { // base, one chunk, head, one entry
		t.Errorf("left: %q", keys)
	}
	sameCatalog(t, s.Snapshot(), open(t, kv).Snapshot())
}

// TestFollowerBehindTheCheckpoint: a node whose place in the log was cleaned
// away reads the catalog anew.
func TestFollowerBehindTheCheckpoint(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	gate := &gatedStore{Store: kv, open: make(chan struct{})}
	behind := open(t, gate)
	for i := range 5 {
		publish(t, s, table(catalog.OID(20000+10*i), fmt.Sprintf("t%d", i)))
	}
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, at, err := kv.Range(t.Context(), "/pegmatite/catalog/")
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Compact(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	close(gate.open)
	got, err := behind.WaitFor(t.Context(), s.Snapshot().Revision())
	if err != nil {
		t.Fatal(err)
	}
	sameCatalog(t, s.Snapshot(), got)
}

// gatedStore shows its watches nothing until open is closed.
type gatedStore struct {
	metakv.Store
	open chan struct{}
}

func (g *gatedStore) Watch(prefix string, from metakv.Revision) metakv.Watch {
	return &gatedWatch{g.Store.Watch(prefix, from), g.open}
}

type gatedWatch struct {
	metakv.Watch
	open chan struct{}
}

func (w *gatedWatch) Next(ctx context.Context) ([]metakv.Event, error) {
	select {
	case <-w.open:
		return w.Watch.Next(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// forgetfulStore does what it is told and says that it failed, or fails
// without doing it, whenever lose says so.
type forgetfulStore struct {
	metakv.Store
	mu   sync.Mutex
	lose func(t metakv.Txn) (do, fail bool) // protected by mu
}

func (f *forgetfulStore) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	f.mu.Lock()
	do, fail := true, false
	if f.lose != nil {
		do, fail = f.lose(t)
	}
	f.mu.Unlock()
	if do {
		if r, err := f.Store.Commit(context.WithoutCancel(ctx), t); err != nil || !fail {
			return r, err
		}
	}
	return metakv.Result{}, errors.New("no answer")
}

func isPublication(t metakv.Txn) bool {
	for _, op := range t.Then {
		if op.Key == "/pegmatite/catalog/head" {
			return true
		}
	}
	return false
}

// TestLostAnswer: a publication whose answer is lost is neither done twice nor
// taken for refused.
func TestLostAnswer(t *testing.T) {
	for _, done := range []bool{true, false} {
		kv := &forgetfulStore{Store: memory.New()}
		s := open(t, kv)
		lost := false
		kv.lose = func(t metakv.Txn) (bool, bool) {
			if !isPublication(t) || lost {
				return true, false
			}
			lost = true
			return done, true
		}
		c := catalog.NewChange(s.Snapshot())
		c.Put(table(20000, "t"))
		revision, err := s.Publish(t.Context(), c, store.Decision{Txn: "1.1.1", Value: []byte("x")})
		if err != nil || revision != 2 || s.Snapshot().Table(20000) == nil {
			t.Errorf("done %v: revision %d, %v", done, revision, err)
		}
		sameCatalog(t, s.Snapshot(), open(t, kv).Snapshot())
	}
}

// TestUnknownOutcome: when the time is up before an answer, the error is 08007,
// and the decision tells. Chunks that may be named stay.
func TestUnknownOutcome(t *testing.T) {
	kv := &forgetfulStore{Store: memory.New()}
	s := open(t, kv)
	ctx, cancel := context.WithCancel(t.Context())
	kv.lose = func(t metakv.Txn) (bool, bool) {
		if !isPublication(t) {
			return true, false
		}
		cancel()
		return true, true
	}
	c := catalog.NewChange(s.Snapshot())
	for i := range 500 {
		c.Put(table(catalog.OID(20000+10*i), fmt.Sprintf("t%d", i)))
	}
	if _, err := s.Publish(ctx, c, store.Decision{Txn: "1.1.1", Value: []byte("x")}); !pgerr.HasCode(err, pgerr.TransactionResolutionUnknown) {
		t.Fatalf("error %v, want 08007", err)
	}
	kv.lose = nil
	if _, decided, err := s.Decided(t.Context(), "1.1.1"); err != nil || !decided {
		t.Errorf("decided %v, %v", decided, err)
	}
	if n := len(objects(open(t, kv).Snapshot())); n < 500 {
		t.Errorf("%d objects after a publication of 500", n)
	}
}

func TestNumbers(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	seen := make(map[catalog.OID]bool)
	for range 3000 {
		for _, s := range []*store.Store{a, b} {
			first, err := s.NewOIDs(t.Context(), 3)
			if err != nil || first < catalog.FirstNormalOID {
				t.Fatal(first, err)
			}
			for oid := first; oid < first+3; oid++ {
				if seen[oid] {
					t.Fatalf("OID %d is handed out twice", oid)
				}
				seen[oid] = true
			}
		}
	}
	if first, err := a.NewOIDs(t.Context(), 50000); err != nil || seen[first] {
		t.Errorf("50,000 at once: %d, %v", first, err)
	}
	x, _ := a.NewPhysical(t.Context())
	y, _ := open(t, kv).NewPhysical(t.Context())
	if x == 0 || x == y {
		t.Errorf("physical IDs %d and %d", x, y)
	}
	for want := uint32(1); want <= 3; want++ {
		if boot, err := a.NextBoot(t.Context(), 7); err != nil || boot != want {
			t.Errorf("boot %d, %v; want %d", boot, err, want)
		}
	}
}

func TestBound(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	if bound, err := s.Bound(t.Context()); err != nil || bound != 0 {
		t.Fatal(bound, err)
	}
	if err := s.ExtendBound(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	for _, to := range []int64{100, 50} {
		if err := s.ExtendBound(t.Context(), to); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("lowering the bound to %d: %v", to, err)
		}
	}
	leader := metakv.Compare{Key: "/leader", Modified: 12345}
	if err := s.ExtendBound(t.Context(), 200, leader); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("a node that does not lead: %v", err)
	}
	if bound, err := open(t, kv).Bound(t.Context()); err != nil || bound != 100 {
		t.Errorf("bound %d, %v", bound, err)
	}
}

func TestDropped(t *testing.T) {
	s := open(t, memory.New())
	indexed := table(20000, "t")
	indexed.Indexes[1].Global = 77
	publish(t, s, indexed, table(21000, "u"), table(22000, "w"),
		&catalog.Sequence{OID: 23000, Database: db, Schema: catalog.PublicOID, Name: "q", Type: types.TInt8, Physical: 5, Persistence: 'p'})
	if all, err := s.Dropped(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("nothing is dropped: %+v, %v", all, err)
	}
	c := catalog.NewChange(s.Snapshot())
	c.Delete(s.Snapshot().Table(20000))
	c.Delete(s.Snapshot().Sequence(23000))
	truncated := *s.Snapshot().Table(21000)
	truncated.Physical = 99
	c.Put(&truncated)
	lighter := *s.Snapshot().Table(22000)
	lighter.Indexes = lighter.Indexes[:1]
	c.Put(&lighter)
	revision, err := s.Publish(t.Context(), c, store.Decision{Txn: "1.1.1", Value: []byte("at 5")})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Dropped(t.Context())
	want := []store.Dropped{{
		Revision: revision, Tables: []uint64{20000, 77, 21000}, Sequences: []uint64{5},
		Indexes: []store.DroppedIndex{{Table: 22000, Index: 2}}, Txn: "1.1.1", Outcome: []byte("at 5"),
	}}
	if err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("dropped %+v, %v; want %+v", all, err, want)
	}
	if err := s.Swept(t.Context(), revision); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Dropped(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("after the sweep: %+v, %v", all, err)
	}
}

// TestSecret: all nodes of a cluster have one, and no other cluster has it.
func TestSecret(t *testing.T) {
	kv := memory.New()
	secrets := map[string]bool{}
	for _, s := range []*store.Store{open(t, kv), open(t, kv), open(t, memory.New())} {
		for range 2 {
			secret, err := s.Secret(t.Context())
			if err != nil || len(secret) != 32 {
				t.Fatalf("%x, %v", secret, err)
			}
			secrets[string(secret)] = true
		}
	}
	if len(secrets) != 2 {
		t.Errorf("%d secrets of two clusters", len(secrets))
	}
}
