package types

import "testing"

// TestHashesNeverChange: rows lie on disk where these numbers have put them.
func TestHashesNeverChange(t *testing.T) {
	for _, c := range []struct {
		typ  *Type
		in   string
		want uint64
	}{
		{TBool, `t`, 0x4c8bacdbec683fa2},
		{TInt2, `1`, 0x4c8bacdbec683fa2},
		{TInt4, `1`, 0x4c8bacdbec683fa2},
		{TInt8, `-1`, 0x6a420d19f0ab2d14},
		{TInt8, `9223372036854775807`, 0xf78503439e935fe0},
		{TOID, `1`, 0x4c8bacdbec683fa2},
		{TNumeric, `1.00`, 0x4c8bacdbec683fa2},
		{TNumeric, `0.5`, 0xbc25b32e5052c9a},
		{TNumeric, `-12345678901234567890`, 0xaab25189b2d81d1c},
		{TNumeric, `NaN`, 0x8544ee50681b312d},
		{TFloat4, `1.5`, 0x7fa344d5515226b5},
		{TFloat8, `-0`, 0},
		{TFloat8, `NaN`, 0xabbed39d31be9cc3},
		{TText, `hello`, 0xd5a3ecf2c6ca8c81},
		{TVarchar, `hello`, 0xd5a3ecf2c6ca8c81},
		{TBpchar, `hello  `, 0xd5a3ecf2c6ca8c81},
		{TText, ``, 0xbf9c09a741a137fc},
		{TName, `pg_class`, 0xf1a57768c034c30},
		{TBytea, `\x00ff`, 0x59f543f77f3f0ce3},
		{TUUID, `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`, 0x4f0d63473728d1f6},
		{TDate, `2000-01-02`, 0x4c8bacdbec683fa2},
		{TTime, `00:00:01`, 0x847ce41ad780775d},
		{TTimeTZ, `00:00:01+01`, 0x108b1d7b7668a1e},
		{TTimestamp, `2000-01-02`, 0x22fee75b73b72da3},
		{TTimestamptz, `infinity`, 0xf78503439e935fe0},
		{TInterval, `1 mon`, 0xf331be55d1609d5f},
		{TInterval, `-30 days -1:00`, 0x8beacc8388b56ffa},
		{TJSONB, `{"a": 1.0}`, 0x862d2a59029b8895},
		{TInt4Array, `{1,NULL,3}`, 0xac3c62a2bb8814e3},
		{TTextArray, `{}`, 0},
	} {
		d, err := c.typ.Parse(env, c.in, -1)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.typ.Hash(0, d); got != c.want {
			t.Errorf("{T%s, %q, %#x},", c.typ.Name, c.in, got)
		}
	}
	if got := TInt4.Hash(0, Null); got != 0xa7a5eeff5041598f {
		t.Errorf("NULL: %#x", got)
	}
}
