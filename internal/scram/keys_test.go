package scram

import (
	"bytes"
	"testing"
)

// TestFits: passwords fit the verifiers that PostgreSQL 15 made of them, prepared by SASLprep or not.
func TestFits(t *testing.T) {
	for _, c := range []struct{ password, verifier string }{
		{"ﬁsh²", "SCRAM-SHA-256$4096:ZhhOE0DDHzwCNn3tXq8G3Q==$YAVTiR07Sk2f03mw1jDtxl+jtEz6OQuQZM73qVc9zbQ=:C6jGmf2alnVpN6fNPykIviE2pDE0KcYwFCD0key/IlQ="},
		{"a\u00a0b\u00ad", "SCRAM-SHA-256$4096:uGiogch1hXvf0uULZQz2ig==$gHOfELOACagW6mTMuB17y9yQVSZ/QNSsnqSGdErwUMk=:rSXrU0kZyg8dVlQi4zr+C2CUoQl17fUC6uO+LQvvvic="},
		{"bell\a", "SCRAM-SHA-256$4096:aKtHF9CeqQAGxoww51IsGQ==$jRnxkPgziQkR9GMfdzuQpWAXHq2cWeXX/DcJ4kI2ap4=:h4WPS/0JZ/7tLG6RRqyK3Iddwt8/R1yAljBvvRN0uGE="},
		{"päss wörd", "SCRAM-SHA-256$4096:mOx8/F5p7rxPUdbfZ6tpxA==$SBV3p0YrUubDdF1n7T3CSoW0ipQHd4xwrbkkLMXcj4s=:p9jm+DKgpJdcT76rRAB562v44OciYXP6dMLhyewbQeY="},
	} {
		k, err := Parse(c.verifier)
		if err != nil {
			t.Fatal(err)
		}
		if !k.Fits(c.password) || k.Fits(c.password+"x") || k.Fits("") {
			t.Errorf("%q", c.password)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const keys = "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	for _, v := range []string{
		"", "pencil", "SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==" + keys, "SCRAM-SHA-256$99999999999:W22ZaJ0SNY7soEsUEjb6gQ==" + keys,
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=" + keys,
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4q==:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	} {
		if k, err := Parse(v); err == nil {
			t.Errorf("%q: %+v", v, k)
		}
	}
}

// TestMock: a name has the same salt each time, another name another one, another cluster too.
func TestMock(t *testing.T) {
	one := Mock([]byte("secret"), "one")
	if !bytes.Equal(one.Salt, Mock([]byte("secret"), "one").Salt) || len(one.Salt) != saltBytes || one.Iterations != iterations {
		t.Errorf("%+v", one)
	}
	for _, other := range []Keys{Mock([]byte("secret"), "two"), Mock([]byte("another"), "one")} {
		if bytes.Equal(one.Salt, other.Salt) {
			t.Errorf("%x twice", one.Salt)
		}
	}
	if one.Fits("") {
		t.Error("a password fits what has none")
	}
}
