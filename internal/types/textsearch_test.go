package types

import (
	"encoding/hex"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TestTextSearchWireForms holds what PostgreSQL 15's send functions send.
func TestTextSearchWireForms(t *testing.T) {
	for _, c := range []struct {
		typ       *Type
		text, hex string
	}{
		{TTSVector, "'a':1A,2 'bc'", "0000000261000002c00100026263000000"},
		{TTSVector, "", "00000000"},
		{TTSQuery, "'a':*B & !'b' <3> 'c'", "000000060202020400030100006300020101000062000104016100"},
	} {
		d, err := c.typ.Parse(env, c.text, -1)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(c.typ.Encode(env, nil, d)); got != c.hex {
			t.Errorf("%s is sent as %s, not %s", c.text, got, c.hex)
		}
		b, _ := hex.DecodeString(c.hex)
		back, err := c.typ.Decode(env, b, -1)
		if err != nil || show(c.typ, back) != c.text {
			t.Errorf("%s is read as %s, %v", c.hex, show(c.typ, back), err)
		}
	}
}

// TestTextSearchRefusesMalformedMessages holds the errors of the receive functions.
func TestTextSearchRefusesMalformedMessages(t *testing.T) {
	for _, c := range []struct {
		typ       *Type
		hex, want string
		code      pgerr.Code
	}{
		{TTSVector, "", "insufficient data left in message", pgerr.ProtocolViolation},
		{TTSVector, "ffffffff", "invalid size of tsvector", pgerr.InternalError},
		{TTSVector, "0000000161", "invalid string in message", pgerr.ProtocolViolation},
		{TTSVector, "00000001610000", "insufficient data left in message", pgerr.ProtocolViolation},
		{TTSVector, "0000000161000002000200", "insufficient data left in message", pgerr.ProtocolViolation},
		{TTSVector, "000000016100000200020001", "position information is misordered", pgerr.InternalError},
		{TTSVector, "0000000161000101", "unexpected number of tsvector positions", pgerr.InternalError},
		{TTSVector, "00000001ff000000", `invalid byte sequence for encoding "UTF8": 0xff`, pgerr.CharacterNotInRepertoire},
		{TTSVector, "0000000000", "incorrect binary data format", pgerr.InvalidBinaryRepresentation},
		{TTSQuery, "ffffffff", "invalid size of tsquery", pgerr.InternalError},
		{TTSQuery, "0000000103", "unrecognized tsquery node type: 3", pgerr.InternalError},
		{TTSQuery, "0000000101100061", "invalid string in message", pgerr.ProtocolViolation},
		{TTSQuery, "000000010110006100", "invalid tsquery: invalid weight bitmap", pgerr.InternalError},
		{TTSQuery, "0000000202050100006100", "invalid tsquery: unrecognized operator type 5", pgerr.InternalError},
		{TTSQuery, "000000010201", "invalid pointer to right operand", pgerr.InternalError},
		{TTSQuery, "0000000202020100006100", "malformed tsquery: operand not found", pgerr.InternalError},
		{TTSQuery, "0000000201000061000100006100", "malformed tsquery: extra nodes", pgerr.InternalError},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.typ.Decode(env, b, -1)
		if !pgerr.HasCode(err, c.code) || pgerr.From(err).Message != c.want || pgerr.From(err).IsBroken() {
			t.Errorf("%s %s: %v, not %s", c.typ.Name, c.hex, err, c.want)
		}
	}
}
