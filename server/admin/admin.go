// Package admin is the node's HTTP port: Prometheus metrics and health.
//
//	/metrics  Prometheus text format
//	/healthz  200 as long as the process can answer
//	/readyz   200 when clients are served, 503 while starting or draining
//	/debug/pprof/  profiles of the process (Go's net/http/pprof)
package admin

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server is the HTTP server.
type Server struct {
	http  *http.Server
	on    net.Addr
	ready atomic.Bool
	done  chan struct{}
}

// Start serves registry's metrics on l.
func Start(l net.Listener, registry *prometheus.Registry) *Server {
	s := &Server{on: l.Addr(), done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(s.done)
		s.http.Serve(l)
	}()
	return s
}

// Address is where it serves, host:port.
func (s *Server) Address() string { return s.on.String() }

// SetReady changes what /readyz answers.
func (s *Server) SetReady(ready bool) { s.ready.Store(ready) }

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ready\n"))
}

// Close stops serving and waits.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.http.Shutdown(ctx)
	<-s.done
}
