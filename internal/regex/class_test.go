package regex

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"testing"
	"unicode"
)

// TestClasses: the classes have the characters that PostgreSQL 15 has found in them (glibc
// 2.36, C.UTF-8): of each class the MD5 of a 1 or 0 for each character.
func TestClasses(t *testing.T) {
	for name, want := range map[string]string{
		"alnum": "51a20f7a1cb071f507a7c287cd4e9318", "alpha": "704c8543adb308575b81da6fb204c2c5", "ascii": "ad042f4d73dfc12f1aa2a646f5d15251",
		"blank": "a700c342fd57c7aeb8d1d7ba5cbf25cc", "cntrl": "f1517fbccf3a1e505997b629a7c35306", "digit": "16bcaa6dcb2a8c7282a3e4d77b33498a",
		"graph": "0222876f6f0441dc8ab01cbd3cdf177e", "lower": "248574af8aa0a210175f418a37a4bd3a", "print": "576573c873532874757bb8752ee5ce9d",
		"punct": "abdfacac3d8d51dbb2422635052fe523", "space": "3e1f41890ddf3c90c1c4ba5431d4c5f9", "upper": "ac3e684d65bc2224d4a2b55011221e89",
		"word": "e1f944f19b03b8e700adf63900abf562", "xdigit": "e094145882256fe44753a5404c4aec72",
	} {
		var bits []byte
		eachCharacter(func(r rune) {
			bit := byte('0')
			if inClassOf(classNames[name], r, false) {
				bit = '1'
			}
			bits = append(bits, bit)
		})
		if sum := md5.Sum(bits); hex.EncodeToString(sum[:]) != want {
			t.Errorf("[:%s:] differs", name)
		}
	}
}

// TestCases: lower and upper cases are those of PostgreSQL 15.
func TestCases(t *testing.T) {
	var all []byte
	eachCharacter(func(r rune) {
		if all != nil {
			all = append(all, ',')
		}
		all = strconv.AppendInt(all, int64(toLower(r, false)), 10)
		all = append(all, ' ')
		all = strconv.AppendInt(all, int64(toUpper(r, false)), 10)
	})
	if sum := md5.Sum(all); hex.EncodeToString(sum[:]) != "ff160878100b3027de22e6d5c83add39" {
		t.Error("cases differ")
	}
}

// eachCharacter is of all that a text can have.
func eachCharacter(f func(rune)) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r < 0xd800 || r > 0xdfff {
			f(r)
		}
	}
}
