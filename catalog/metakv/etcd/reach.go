package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
)

// lookWithin bounds the search for a reason.
const lookWithin = time.Second

// whySilent finds the reason why no endpoint has answered, as far as a connection
// shows it: etcd's client says only that its time is over. It is nil when none is seen.
func whySilent(ctx context.Context, endpoints []string, encrypted *tls.Config) (reason error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	for _, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" {
			continue
		}
		if err := look(ctx, u, encrypted); err != nil {
			reason = err
		}
	}
	return reason
}

// look connects to an endpoint as a client would, and reports what is wrong.
func look(ctx context.Context, u *url.URL, encrypted *tls.Config) error {
	var config *tls.Config
	if u.Scheme == "https" {
		config = &tls.Config{}
		if encrypted != nil {
			config = encrypted.Clone()
		}
		if config.ServerName == "" {
			config.ServerName = u.Hostname()
		}
	}
	err := nodetls.Look(ctx, u.Host, config)
	switch {
	case errors.Is(err, nodetls.ErrWantsTLS) && errors.Is(err, nodetls.ErrOther):
		return errors.New("it wants https, or is no etcd")
	case errors.Is(err, nodetls.ErrWantsTLS):
		return errors.New("it wants https")
	case errors.Is(err, nodetls.ErrHasNoTLS):
		return fmt.Errorf("it does not speak https: %w", err)
	case errors.Is(err, nodetls.ErrOther):
		return errors.New("it is no etcd")
	}
	return err
}
