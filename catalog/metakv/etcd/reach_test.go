package etcd_test

import (
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
)

// hangUp closes what it accepts.
type hangUp struct{ net.Listener }

func (h hangUp) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	if err == nil {
		io.ReadFull(c, make([]byte, 24)) // HTTP/2's preface: else closing would reset the connection
		c.Close()
	}
	return c, err
}

// TestWhySilent: who gets no answer is told the reason that a connection shows.
func TestWhySilent(t *testing.T) {
	encrypted := httptest.NewUnstartedServer(nil)
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	silent := httptest.NewUnstartedServer(nil)
	silent.Listener = hangUp{silent.Listener}
	silent.Start()
	t.Cleanup(silent.Close)
	for url, want := range map[string]string{
		gone.URL:   "connection refused",
		plain.URL:  "it is no etcd",
		silent.URL: "it wants https, or is no etcd",
		strings.Replace(plain.URL, "http", "https", 1): "it does not speak https",
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
