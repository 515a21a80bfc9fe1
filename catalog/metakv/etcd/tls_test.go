package etcd_test

import (
	"net/url"
	"testing"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/internal/nodetls"
)

func fromKey(t *testing.T, key string) *nodetls.Credentials {
	t.Helper()
	c, err := nodetls.FromKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDialTLS: any etcd that has a node's certificate in files is dialed by the
// cluster's key, and not by another.
func TestDialTLS(t *testing.T) {
	const ours = "0123456789abcdef0123456789abcdef"
	files, err := fromKey(t, ours).WriteFiles(t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	free := url.URL{Scheme: "https", Host: "127.0.0.1:0"}
	c := embed.NewConfig()
	c.Dir, c.LogLevel = t.TempDir(), "dpanic"
	c.ListenClientUrls, c.AdvertiseClientUrls, c.ListenPeerUrls = []url.URL{free}, []url.URL{free}, nil
	c.ClientTLSInfo = transport.TLSInfo{CertFile: files.Cert, KeyFile: files.Key, TrustedCAFile: files.CA, ClientCertAuth: true}
	c.TickMs, c.ElectionMs = 2, 10
	server, err := embed.StartEtcd(c)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	<-server.Server.ReadyNotify()
	at := []string{"https://" + server.Clients[0].Addr().String()}
	store, err := etcd.DialTLS(t.Context(), at, fromKey(t, ours).ClientTLS())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Get(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	if other, err := etcd.DialTLS(t.Context(), at, fromKey(t, "another key, which nobody here has").ClientTLS()); err == nil {
		other.Close()
		t.Error("another key is let in")
	}
}
