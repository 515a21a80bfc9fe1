package nodetls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// What Look finds.
var (
	// ErrWantsTLS: the other side refuses what comes without TLS.
	ErrWantsTLS = errors.New("it wants TLS")
	// ErrHasNoTLS: it has none.
	ErrHasNoTLS = errors.New("it has no TLS")
	// ErrOther: it is something else than what is looked for.
	ErrOther = errors.New("it does not speak HTTP/2")
	// ErrStrangers: one of the two does not believe the other's certificate.
	ErrStrangers = errors.New("the two do not know each other's certificates")
)

// Look connects to a gRPC server as a client with these credentials (nil: without
// TLS) would, and reports why they cannot talk: one of the errors above, wrapped,
// or that of the network. It is nil when nothing is wrong, or when the other side
// says nothing until ctx ends. gRPC itself only tells that there is no connection.
func Look(ctx context.Context, address string, credentials *tls.Config) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	if credentials != nil {
		return lookTLS(ctx, conn, credentials)
	}
	return lookPlain(conn)
}

// lookPlain begins HTTP/2. The first frame of the answer is SETTINGS.
func lookPlain(conn net.Conn) error {
	if _, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		return nil
	}
	const frameHeader, typeAt, settings, tlsAlert = 9, 3, 4, 0x15
	answer := make([]byte, frameHeader)
	n, err := io.ReadFull(conn, answer)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) || n == frameHeader && answer[typeAt] == settings:
		return nil
	case n > 0 && answer[0] == tlsAlert:
		return ErrWantsTLS
	case n > 0:
		return ErrOther
	}
	return fmt.Errorf("%w, or %w", ErrWantsTLS, ErrOther) // it has closed the connection without a word
}

func lookTLS(ctx context.Context, conn net.Conn, credentials *tls.Config) error {
	credentials = credentials.Clone()
	credentials.NextProtos = []string{"h2"} // gRPC's servers hang up on who does not say so
	c := tls.Client(conn, credentials)
	err := c.HandshakeContext(ctx)
	if err == nil {
		// With TLS 1.3 a server refuses a certificate when the handshake is over for the client.
		_, err = c.Read(make([]byte, 1))
	} else if noTLS := (tls.RecordHeaderError{}); errors.As(err, &noTLS) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("%w: %w", ErrHasNoTLS, err)
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrStrangers, err)
}
