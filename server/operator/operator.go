// Package operator is what `pegmatite node` does: it shows the cluster's nodes
// and says what is wanted of them. It moves nothing itself: nodes do, by the
// ring, and what is done here can be left at any time.
//
//	operator.go   Operator: the cluster at one moment, and waiting for the next
//	list.go       list: the nodes, with their shards and bytes
//	drain.go      drain: a node is to have no shards, until it has none
//	remove.go     remove: a node is none any more
//	rebalance.go  rebalance: what is to move, until it has
//	progress.go   how far the moves are that are waited for, and what they wait for
package operator

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Operator steers a cluster from outside of its nodes.
type Operator struct {
	Store *store.Store
	// Reach is the service of a shard on the node where the map has it.
	Reach func(m *placement.Map, id shard.ID) shard.Service
	// Moves are the shards that a node moves away, as it says.
	Moves func(ctx context.Context, node uint32) ([]cluster.Move, error)
	// Pause is between two looks at what has changed.
	Pause func(ctx context.Context) error
	Out   io.Writer
}

const (
	// lookEvery is how often the cluster is looked at while something is waited for.
	lookEvery = 500 * time.Millisecond
	// answerWithin bounds the wait for a node that may be dead.
	answerWithin = 5 * time.Second
	// askAtOnce is how many shards are asked at the same time.
	askAtOnce = 64
)

// Pause waits as long as it takes until something may have changed.
func Pause(ctx context.Context) error {
	return pause.For(ctx, lookEvery)
}

// NoSuchNode is the error of a name that is none of the nodes'.
type NoSuchNode struct{ text string }

func (e NoSuchNode) Error() string { return e.text }

// state is the cluster at one moment.
type state struct {
	shards *placement.Map
	plan   []uint32     // node by shard: where each is to be
	nodes  []store.Node // by number
}

// look reads the cluster's state.
func (o *Operator) look(ctx context.Context) (*state, error) {
	members, nodes, err := o.Store.RingMembers(ctx)
	if err != nil {
		return nil, err
	}
	m, _, err := o.Store.Placement(ctx)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("the cluster has no shards: its first node has not started yet")
	}
	slices.SortFunc(nodes, func(a, b store.Node) int { return cmp.Compare(a.ID, b.ID) })
	return &state{m, m.Plan(members), nodes}, nil
}

// find returns the node of a name.
func (s *state) find(name string) (store.Node, error) {
	var names []string
	for _, n := range s.nodes {
		if n.Name == name {
			return n, nil
		}
		names = append(names, fmt.Sprintf("%q", n.Name))
	}
	return store.Node{}, NoSuchNode{fmt.Sprintf("node: the cluster has no node %q; it has %s", name, strings.Join(names, ", "))}
}

// node returns the node of a number; one that has never joined has no name but that.
func (s *state) node(id uint32) store.Node {
	for _, n := range s.nodes {
		if n.ID == id {
			return n
		}
	}
	return store.Node{ID: id, Name: fmt.Sprint(id)}
}

// moves are the shards that are to move.
func (s *state) moves() (ids []uint32) {
	for id, node := range s.plan {
		if s.shards.Node(uint32(id)) != node {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// waits says of the nodes that are down, and that shards are to move from or to,
// that nothing moves there.
func (s *state) waits() (lines []string) {
	for _, id := range s.moves() {
		for _, node := range []uint32{s.shards.Node(id), s.plan[id]} {
			line := fmt.Sprintf("node %q is down: what is to move from it or to it waits until it is back", s.node(node).Name)
			if !s.node(node).Live && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// follow shows each the cluster's states, one after the other, until it says
// that it is done. How far the moves from some nodes are, and what is in the
// way, is said as it comes.
func (o *Operator) follow(ctx context.Context, now *state, from func(node uint32) bool, each func(now *state) (done bool)) error {
	var said []string
	p := progress{}
	for {
		if now != nil && each(now) {
			return nil
		}
		var lines []string
		if now == nil {
			lines = []string{"the metadata store does not answer: asking again"}
		} else {
			lines = append(now.waits(), o.progress(ctx, p, now, from)...)
		}
		for _, line := range lines {
			if !slices.Contains(said, line) {
				o.say("%s", line)
			}
		}
		said = lines
		if err := o.Pause(ctx); err != nil {
			return err
		}
		var err error
		if now, err = o.look(ctx); err != nil && !pgerr.HasCode(err, pgerr.SystemError) {
			return err
		}
	}
}

func (o *Operator) say(format string, args ...any) { fmt.Fprintf(o.Out, format+"\n", args...) }

// ask asks shards for something, many at once; who does not answer in time is
// left out of the replies, with the first one's error.
func (o *Operator) ask(ctx context.Context, m *placement.Map, ids []uint32, op shard.ControlOp) (map[uint32]*shard.ControlReply, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var all sync.WaitGroup
	got, errs := make([]*shard.ControlReply, len(ids)), make([]error, len(ids))
	slots := make(chan struct{}, askAtOnce)
	for i, id := range ids {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			got[i], errs[i] = o.Reach(m, shard.ID(id)).Control(ctx, &shard.ControlRequest{
				Header: shard.Header{Shard: shard.ID(id), Epoch: m.Epoch()}, Op: op,
			})
		})
	}
	all.Wait()
	replies, failed := map[uint32]*shard.ControlReply{}, error(nil)
	for i, id := range ids {
		if errs[i] == nil {
			replies[id] = got[i]
		} else if failed == nil {
			failed = errs[i]
		}
	}
	return replies, failed
}

// sizes are what shards' bytes come to, as text; "?" if one of them does not answer.
type sizes map[uint32]*shard.ControlReply

// sizes asks for the bytes of shards.
func (o *Operator) sizes(ctx context.Context, m *placement.Map, ids []uint32) sizes {
	replies, _ := o.ask(ctx, m, ids, shard.ControlStats)
	return replies
}

func (z sizes) of(ids ...uint32) string {
	var sum int64
	for _, id := range ids {
		reply := z[id]
		if reply == nil {
			return "?"
		}
		sum += reply.Bytes
	}
	return fmt.Sprint(sum)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
