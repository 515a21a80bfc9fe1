package etcd_test

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
)

// TestWhySilent: who gets no answer is told the reason that a connection shows.
func TestWhySilent(t *testing.T) {
	encrypted := httptest.NewUnstartedServer(nil)
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, want := range map[string]string{
		gone.URL:      "connection refused",
		encrypted.URL: "do not know each other's certificates",
		strings.Replace(encrypted.URL, "https", "http", 1): "it wants https",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s, err := etcd.Dial(t.Context(), []string{url})
			if err == nil {
				s.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "connecting to etcd at "+url) {
				t.Error(err)
			}
		})
	}
}
