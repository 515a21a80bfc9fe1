package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pegmatitedb/pegmatite/shard/log"
)

// newRegistry collects the node's metrics. Values are read when they are asked
// for; before the node is open they are 0.
func newRegistry(n *Node) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(n.statements.took, n.statements.failed)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, m := range nodeMetrics {
		o := prometheus.Opts{Namespace: "pegmatite", Name: m.name, Help: m.help}
		read := func() float64 {
			if !n.open.Load() {
				return 0
			}
			return m.read(n)
		}
		if m.counter {
			r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts(o), read))
		} else {
			r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts(o), read))
		}
	}
	return r
}

// statements counts what sessions run; it implements session.Metrics.
type statements struct {
	took   prometheus.Histogram
	failed prometheus.Counter
}

func newStatements() *statements {
	return &statements{
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "pegmatite", Name: "statement_seconds", Help: "How long statements took, by the client's Query or Execute message.",
			Buckets: []float64{.0001, .00025, .001, .0025, .01, .025, .1, .25, 1, 2.5, 10, 60},
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "pegmatite", Name: "statements_failed_total", Help: "Statements that ended with an error.",
		}),
	}
}

// Statement implements session.Metrics.
func (s *statements) Statement(took time.Duration, failed bool) {
	s.took.Observe(took.Seconds())
	if failed {
		s.failed.Inc()
	}
}

// metric is one figure of the node.
type metric struct {
	name, help string
	counter    bool
	read       func(n *Node) float64
}

var nodeMetrics = []metric{
	{"connections", "Open client sessions.", false, func(n *Node) float64 { return float64(n.wire.Connections()) }},
	{"commits_one_log_total", "Transactions committed by one command in one log.", true,
		func(n *Node) float64 { return float64(n.coordinator.Metrics().OneLog.Load()) }},
	{"commits_two_phase_total", "Transactions committed by two phases over several logs.", true,
		func(n *Node) float64 { return float64(n.coordinator.Metrics().TwoPhase.Load()) }},
	{"commits_aborted_total", "Transactions that asked to commit and could not.", true,
		func(n *Node) float64 { return float64(n.coordinator.Metrics().Aborted.Load()) }},
	{"commits_unknown_total", "Transactions whose outcome could not be found out (08007).", true,
		func(n *Node) float64 { return float64(n.coordinator.Metrics().Unknown.Load()) }},
	{"deadlocks_total", "Deadlocks broken (40P01).", true,
		func(n *Node) float64 { return float64(n.engine.Metrics().Deadlocks.Load()) }},
	{"settled_rows_total", "Row versions written from memory to SQLite.", true,
		func(n *Node) float64 { return float64(n.engine.Metrics().Settled.Load()) }},
	{"spilled_bytes_total", "Bytes of old row images written to scratch files.", true,
		func(n *Node) float64 { return float64(n.engine.Metrics().Spilled.Load()) }},
	{"log_appends_total", "Records appended to the logs.", true,
		func(n *Node) float64 { return n.logSum(func(m *log.Metrics) int64 { return m.Appends.Load() }) }},
	{"log_fsyncs_total", "fsyncs of the logs.", true,
		func(n *Node) float64 { return n.logSum(func(m *log.Metrics) int64 { return m.Syncs.Load() }) }},
	{"log_bytes_total", "Bytes appended to the logs.", true,
		func(n *Node) float64 { return n.logSum(func(m *log.Metrics) int64 { return m.Bytes.Load() }) }},
	{"shards", "Shards that the node has.", false, func(n *Node) float64 { return float64(len(n.engine.Engines())) }},
	{"shards_moved_total", "Shards that have moved away to other nodes.", true, func(n *Node) float64 { return float64(n.moves.shards.Load()) }},
	{"shards_taken_total", "Shards that have come from other nodes.", true, func(n *Node) float64 { return float64(n.moves.taken.Load()) }},
	{"shard_moves_failed_total", "Moves of shards to other nodes that were given up; they are tried again.", true,
		func(n *Node) float64 { return float64(n.moves.failed.Load()) }},
	{"shard_moved_bytes_total", "Bytes of shards' files sent to other nodes.", true, func(n *Node) float64 { return float64(n.moves.bytes.Load()) }},
	{"snapshots", "Registered snapshots in use.", false, func(n *Node) float64 { return float64(n.oracle.Registered()) }},
}

// logSum adds a figure up over the node's logs.
func (n *Node) logSum(f func(*log.Metrics) int64) float64 {
	var sum int64
	for _, p := range n.engine.Participants() {
		sum += f(p.LogMetrics())
	}
	return float64(sum)
}
