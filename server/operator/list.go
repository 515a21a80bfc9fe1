package operator

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/pegmatitedb/pegmatite/server/cluster"
)

// List prints a line for each node.
func (o *Operator) List(ctx context.Context) error {
	s, err := o.look(ctx)
	if err != nil {
		return err
	}
	all := make([]uint32, s.shards.Shards())
	for i := range all {
		all[i] = uint32(i)
	}
	sizes := o.sizes(ctx, s.shards, all)
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tNUMBER\tSTATE\tCLIENTS\tWEIGHT\tSHARDS\tBYTES")
	for _, n := range s.nodes {
		own := s.shards.ShardsOf(n.ID)
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%d\t%s\n", n.Name, n.ID, cluster.NodeState(n), n.Clients, n.Weight, len(own), sizes.of(own...))
	}
	return w.Flush()
}
