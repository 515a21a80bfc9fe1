package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	passwords "github.com/pegmatitedb/pegmatite/internal/scram"
)

// now is when the tests' clients come.
var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// roles are a catalog of one role with a password.
func roles(t *testing.T, change func(*catalog.Role)) *catalog.Snapshot {
	t.Helper()
	verifier, err := passwords.NewVerifier("sésame")
	if err != nil {
		t.Fatal(err)
	}
	r := &catalog.Role{OID: 20000, Name: "alice", Login: true, Verifier: verifier}
	if change != nil {
		change(r)
	}
	c := catalog.NewChange(catalog.NewSnapshot(nil))
	c.Put(r)
	return c.Snapshot()
}

// attempt is a client's whole exchange. Its error is the server's or, when the
// server's proof is wrong, the client's.
func attempt(t *testing.T, r Role, password string, endpoint, seen []byte) error {
	t.Helper()
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		t.Fatal(err)
	}
	x := NewExchange(r, endpoint)
	mechanism, conversation := plain, client.NewConversation()
	if seen != nil {
		mechanism = plus
		conversation = client.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: seen})
	}
	first, err := conversation.Step("")
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := x.Begin(mechanism, []byte(first))
	if err != nil {
		return err
	}
	last, err := conversation.Step(string(challenge))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := x.Finish([]byte(last))
	if err != nil {
		return err
	}
	_, err = conversation.Step(string(proof))
	return err
}

// TestWho: who gets in, by which words others are kept out, and what the log says of it.
func TestWho(t *testing.T) {
	until := func(text string) func(*catalog.Role) { return func(r *catalog.Role) { r.ValidUntil = text } }
	for _, c := range []struct {
		name, user, password string
		change               func(*catalog.Role)
		in                   bool
		reason               string
	}{
		{"the password", "alice", "sésame", nil, true, ""},
		{"another", "alice", "sesame", nil, false, ""},
		{"none", "alice", "", nil, false, ""},
		{"a role without", "alice", "", func(r *catalog.Role) { r.Verifier = "" }, false, "the role has no password"},
		{"a damaged one", "alice", "sésame", func(r *catalog.Role) { r.Verifier = "md5" }, false, "the role's password is not a SCRAM-SHA-256 verifier"},
		{"no such role", "bob", "sésame", nil, false, "the role does not exist"},
		{"in time", "alice", "sésame", until("2030-01-01 00:00:01+00"), true, ""},
		{"for ever", "alice", "sésame", until("infinity"), true, ""},
		{"expired", "alice", "sésame", until("2029-12-31 23:59:59+00"), false, "the role's password has expired"},
		{"an unreadable moment", "alice", "sésame", until("soon"), false, "the role's password has expired"},
	} {
		r := FindRole(roles(t, c.change), c.user, []byte("secret"), now)
		if r.Refused != c.reason {
			t.Errorf("%s: %q", c.name, r.Refused)
		}
		err := attempt(t, r, c.password, nil, nil)
		if c.in {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if want := `password authentication failed for user "` + c.user + `"`; !pgerr.HasCode(err, pgerr.InvalidPassword) || pgerr.From(err).Message != want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestChallengesTellNothing: a role that is not there has a salt of the usual
// length, the same each time, and different for different names.
func TestChallengesTellNothing(t *testing.T) {
	s := roles(t, nil)
	salt := func(user string) string {
		challenge, err := NewExchange(FindRole(s, user, []byte("secret"), now), nil).Begin(plain, []byte("n,,n=,r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		_, salt, _ := strings.Cut(string(challenge), ",")
		return salt
	}
	if len(salt("alice")) != len(salt("bob")) || salt("bob") != salt("bob") || salt("bob") == salt("carol") {
		t.Errorf("%s, %s, %s, %s", salt("alice"), salt("bob"), salt("bob"), salt("carol"))
	}
}

// TestChannelBinding: with TLS a client may prove that it sees the server's own certificate.
func TestChannelBinding(t *testing.T) {
	r := FindRole(roles(t, nil), "alice", nil, now)
	certificate := []byte("hash of the certificate")
	if err := attempt(t, r, "sésame", certificate, certificate); err != nil {
		t.Error(err)
	}
	if err := attempt(t, r, "sésame", certificate, nil); err != nil {
		t.Error("without:", err)
	}
	err := attempt(t, r, "sésame", certificate, []byte("another's"))
	if !pgerr.HasCode(err, pgerr.InvalidAuthorizationSpecification) || pgerr.From(err).Message != "SCRAM channel binding check failed" {
		t.Errorf("another's: %v", err)
	}
	if got := strings.Join(NewExchange(r, certificate).Mechanisms(), " "); got != plus+" "+plain {
		t.Error(got)
	}
	if got := strings.Join(NewExchange(r, nil).Mechanisms(), " "); got != plain {
		t.Error(got)
	}
}

// TestBeginRefuses: first messages that PostgreSQL refuses, with its words.
func TestBeginRefuses(t *testing.T) {
	for _, c := range []struct {
		mechanism, message string
		endpoint           []byte
		code               pgerr.Code
		want               string
	}{
		{"SCRAM-SHA-1", "n,,n=,r=a", nil, pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism"},
		{plus, "p=tls-server-end-point,,n=,r=a", nil, pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism"},
		{plain, "", nil, pgerr.ProtocolViolation, "The message is empty."},
		{plain, "n,,n=,r=a\x00", nil, pgerr.ProtocolViolation, "Message length does not match input length."},
		{plain, "x,,n=,r=a", nil, pgerr.ProtocolViolation, `Unexpected channel-binding flag "x".`},
		{plain, "n", nil, pgerr.ProtocolViolation, "malformed SCRAM message"},
		{plain, "n,,r=a,n=", nil, pgerr.ProtocolViolation, "malformed SCRAM message"},
		{plain, "n,a=alice,n=,r=a", nil, pgerr.FeatureNotSupported, "client uses authorization identity, but it is not supported"},
		{plain, "n,,m=x,n=,r=a", nil, pgerr.FeatureNotSupported, "client requires an unsupported SCRAM extension"},
		{plain, "p=tls-server-end-point,,n=,r=a", []byte("x"), pgerr.ProtocolViolation, "the SCRAM message includes channel binding data."},
		{plus, "n,,n=,r=a", []byte("x"), pgerr.ProtocolViolation, "the SCRAM message does not include channel binding data."},
		{plus, "p=tls-unique,,n=,r=a", []byte("x"), pgerr.ProtocolViolation, `unsupported SCRAM channel-binding type "tls-unique"`},
		{plain, "y,,n=,r=a", []byte("x"), pgerr.InvalidAuthorizationSpecification, "SCRAM channel binding negotiation error"},
	} {
		_, err := NewExchange(Role{}, c.endpoint).Begin(c.mechanism, []byte(c.message))
		if e := pgerr.From(err); err == nil || e.Code != c.code || !strings.Contains(e.Message+" "+e.Detail, c.want) {
			t.Errorf("%s %q: %v", c.mechanism, c.message, err)
		}
	}
}

// TestFinishRefuses: last messages that are no proof at all are the protocol's matter.
func TestFinishRefuses(t *testing.T) {
	for _, message := range []string{"", "c=biws", "c=biws,r=x,p=!", "c=biws,r=another,p=" + strings.Repeat("A", 43) + "=", "c=biws,p=AAAA,r=abc"} {
		x := NewExchange(Role{}, nil)
		if _, err := x.Begin(plain, []byte("n,,n=,r=abc")); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Finish([]byte(message)); !pgerr.HasCode(err, pgerr.ProtocolViolation) {
			t.Errorf("%q: %v", message, err)
		}
	}
}
