package auth

import (
	"bytes"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Names of SASL mechanisms (RFC 7677).
const (
	plain = "SCRAM-SHA-256"
	plus  = "SCRAM-SHA-256-PLUS"
)

// Exchange is the server's side of one SCRAM exchange: Begin takes the
// client's first message, Finish its last. Errors are what the client is told.
type Exchange struct {
	role         Role
	binding      scram.ChannelBinding
	conversation *scram.ServerConversation
}

// NewExchange begins to authenticate a role. endpoint is the hash of the
// server's certificate on this connection (RFC 5929, tls-server-end-point), nil
// without TLS or where none is defined.
func NewExchange(r Role, endpoint []byte) *Exchange {
	x := &Exchange{role: r}
	if endpoint != nil {
		x.binding = scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: endpoint}
	}
	return x
}

// Mechanisms are what the client may choose from, the best first.
func (x *Exchange) Mechanisms() []string {
	if x.binding.IsSupported() {
		return []string{plus, plain}
	}
	return []string{plain}
}

// Begin takes the mechanism that the client chose and its first message, and
// returns the challenge.
func (x *Exchange) Begin(mechanism string, message []byte) ([]byte, error) {
	if mechanism != plain && (mechanism != plus || !x.binding.IsSupported()) {
		return nil, pgerr.New(pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism")
	}
	if err := wellFormed(message); err != nil {
		return nil, err
	}
	if err := x.checkHeader(mechanism, string(message)); err != nil {
		return nil, err
	}
	server, err := scram.SHA256.NewServer(x.credentials)
	if err != nil {
		return nil, pgerr.Internal("%v", err)
	}
	x.conversation = server.NewConversationWithChannelBinding(x.binding)
	challenge, err := x.conversation.Step(string(message))
	if err != nil {
		return nil, malformed("%v.", err)
	}
	return []byte(challenge), nil
}

// credentials are the role's, whatever name the SCRAM message has: libpq leaves it
// empty, for the start-up packet has said it.
func (x *Exchange) credentials(string) (scram.StoredCredentials, error) {
	k := x.role.Keys
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(k.Salt), Iters: k.Iterations}, StoredKey: k.Stored, ServerKey: k.Server,
	}, nil
}

// checkHeader compares the message's channel binding flag with the mechanism,
// and refuses what PostgreSQL does (read_client_first_message).
func (x *Exchange) checkHeader(mechanism, message string) error {
	flag, rest, _ := strings.Cut(message, ",")
	bound := strings.HasPrefix(flag, "p=")
	switch {
	case !bound && flag != "n" && flag != "y":
		return malformed("Unexpected channel-binding flag %q.", flag)
	case mechanism == plus && !bound:
		return malformed("The client selected %s, but the SCRAM message does not include channel binding data.", plus)
	case mechanism == plain && bound:
		return malformed("The client selected %s without channel binding, but the SCRAM message includes channel binding data.", plain)
	case flag == "y" && x.binding.IsSupported():
		return pgerr.New(pgerr.InvalidAuthorizationSpecification, "SCRAM channel binding negotiation error").
			WithDetail("The client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.")
	case bound && flag != "p="+string(scram.ChannelBindingTLSServerEndpoint):
		return pgerr.New(pgerr.ProtocolViolation, "unsupported SCRAM channel-binding type %q", flag[len("p="):])
	case strings.HasPrefix(rest, "a="):
		return pgerr.New(pgerr.FeatureNotSupported, "client uses authorization identity, but it is not supported")
	case strings.HasPrefix(rest, ",m="):
		return pgerr.New(pgerr.FeatureNotSupported, "client requires an unsupported SCRAM extension")
	}
	return nil
}

// Finish takes the client's proof and returns the server's. A client that does
// not know the password is refused with 28P01 in the same words whatever the reason.
func (x *Exchange) Finish(message []byte) ([]byte, error) {
	if err := wellFormed(message); err != nil {
		return nil, err
	}
	answer, err := x.conversation.Step(string(message))
	switch {
	case answer == scram.ErrChannelBindingsDontMatch:
		return nil, pgerr.New(pgerr.InvalidAuthorizationSpecification, "SCRAM channel binding check failed")
	case answer == "":
		return nil, malformed("%v.", err)
	case err != nil && answer != scram.ErrInvalidProof:
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid SCRAM response").WithDetail("%v.", err)
	case err != nil || !x.conversation.Valid() || x.role.Refused != "":
		return nil, pgerr.New(pgerr.InvalidPassword, "password authentication failed for user %q", x.role.Name)
	}
	return []byte(answer), nil
}

// wellFormed refuses what is no text (pg_be_scram_exchange).
func wellFormed(message []byte) error {
	switch {
	case len(message) == 0:
		return malformed("The message is empty.")
	case bytes.IndexByte(message, 0) >= 0:
		return malformed("Message length does not match input length.")
	}
	return nil
}

func malformed(detail string, args ...any) error {
	return pgerr.New(pgerr.ProtocolViolation, "malformed SCRAM message").WithDetail(detail, args...)
}
