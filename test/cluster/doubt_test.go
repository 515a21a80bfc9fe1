package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// states are how transactions stand on the nodes that answer, by the first
// columns of pegmatite.transactions.
func states(t *testing.T, c *pgx.Conn) (list []string) {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT DISTINCT state FROM pegmatite.transactions WHERE reason IS DISTINCT FROM 'has nothing on a shard'")
	if err != nil {
		t.Fatal(err)
	}
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestInDoubtOverRestarts: a transaction whose participants are on two nodes,
// and its coordinator on a third, is still in doubt after either or both of them
// have started again, and resolves by itself once they hear of each other.
func TestInDoubtOverRestarts(t *testing.T) {
	net := newNetwork(*seed)
	c := node.StartClusterWith(t, 3, 9, nil, net.layers)
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	quiet(t, conns)
	f := &fates{known: map[string]bool{}}
	accounts := accountsElsewhere(t, net, 0, conns[0])
	for i, doubt := range []struct {
		what   string
		told   string   // to the client: an SQLSTATE, or none
		drops  []string // messages that nobody gets
		stands []string // as it is left
		again  []int    // the nodes that start again
	}{
		{"undecided", "08007", []string{codec.Decide, codec.Resolve, codec.Ask}, []string{"prepared"}, []int{1, 2}},
		{"decided", "", []string{codec.Resolve, codec.Ask}, []string{"committed", "prepared"}, []int{1}},
		{"decided", "", []string{codec.Resolve, codec.Ask}, []string{"committed", "prepared"}, []int{2}},
		{"decided", "", []string{codec.Resolve, codec.Ask}, []string{"committed", "prepared"}, []int{1, 2}},
	} {
		name := fmt.Sprintf("%s, nodes %v start again", doubt.what, doubt.again)
		net.drop(doubt.drops...)
		err := f.transfer(t.Context(), conns[0], fmt.Sprint(i, strings.Repeat("+", len(accounts))), accounts...)
		if doubt.told == "" && err != nil || doubt.told != "" && client.Code(err) != doubt.told {
			t.Errorf("%s: the client is told %v", name, err)
		}
		for _, n := range doubt.again {
			if err := c.Nodes[n].Stop(); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range doubt.again {
			c.Start(t, n)
			conns[n] = connect(t, c.Nodes[n])
		}
		if got := states(t, conns[0]); !slices.Equal(got, doubt.stands) {
			t.Errorf("%s: after the start it is %v, want %v", name, got, doubt.stands)
		}
		net.drop()
		quiet(t, conns)
		f.check(t, conns)
	}
}
