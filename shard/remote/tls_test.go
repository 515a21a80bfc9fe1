package remote_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

func clusterKey(t *testing.T, key string) *nodetls.Credentials {
	t.Helper()
	c, err := nodetls.FromKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClusterKey: nodes with one key reach each other's shards; one with another
// key, or none, is told why it does not.
func TestClusterKey(t *testing.T) {
	const ours = "0123456789abcdef0123456789abcdef"
	f := &fake{write: func(context.Context, *shard.WriteRequest) (*shard.WriteReply, error) {
		return &shard.WriteReply{Count: 7}, nil
	}}
	s := start(t, "127.0.0.1:0", f, noParticipants, grpc.Creds(credentials.NewTLS(clusterKey(t, ours).ServerTLS())))
	as := func(c *nodetls.Credentials) grpc.DialOption {
		return grpc.WithTransportCredentials(credentials.NewTLS(c.ClientTLS()))
	}
	c := dial(t, s.address, as(clusterKey(t, ours)))
	if reply, err := c.Write(t.Context(), anyWrite()); err != nil || reply.Count != 7 {
		t.Errorf("%+v, %v", reply, err)
	}
	_, err := dial(t, s.address, as(clusterKey(t, "another key, which nobody here has"))).Write(t.Context(), anyWrite())
	wantCode(t, err, pgerr.ConnectionFailure, "connection to the node at "+s.address+" failed")
	if detail := pgerr.From(err).Detail; !strings.Contains(detail, "the other side is not of this cluster") {
		t.Errorf("another key: %s", detail)
	}
	_, err = dial(t, s.address).Write(t.Context(), anyWrite())
	wantCode(t, err, pgerr.ConnectionFailure, "connection to the node at "+s.address+" failed")
}
