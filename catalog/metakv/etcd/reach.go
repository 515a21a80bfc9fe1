package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
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
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if u.Scheme == "https" {
		return lookTLS(ctx, conn, u, encrypted)
	}
	if _, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		return nil
	}
	// The first frame of HTTP/2 is SETTINGS; who wants TLS sends an alert, or nothing.
	const frameHeader, typeAt, settings = 9, 3, 4
	answer := make([]byte, frameHeader)
	n, err := conn.Read(answer)
	if errors.Is(err, os.ErrDeadlineExceeded) || n > typeAt && answer[typeAt] == settings {
		return nil
	}
	return errors.New("it wants https")
}

func lookTLS(ctx context.Context, conn net.Conn, u *url.URL, encrypted *tls.Config) error {
	config := &tls.Config{}
	if encrypted != nil {
		config = encrypted.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	c := tls.Client(conn, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("the two do not know each other's certificates: %w", err)
	}
	// With TLS 1.3 a server refuses a certificate when the handshake is over for the client.
	if _, err := c.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the two do not know each other's certificates: %w", err)
	}
	return nil
}
