package types

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Inet is an address with the length of its network's prefix.
type Inet struct {
	Addr netip.Addr // without zone
	Bits int
}

// Network is the address with what is right of the prefix cleared.
func (i Inet) Network() netip.Addr {
	p, _ := i.Addr.Prefix(i.Bits) // the length fits the address
	return p.Addr()
}

// MaxBits is 32 or 128.
func (i Inet) MaxBits() int { return i.Addr.BitLen() }

// Host is the address alone, as PostgreSQL writes it: with a dotted end where
// exactly the first six groups are zero, too.
func (i Inet) Host() string {
	if b := i.Addr.As16(); i.Addr.Is6() && [12]byte(b[:12]) == [12]byte{} && b[12]|b[13] != 0 {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return i.Addr.String()
}

// Text is the host with its prefix's length.
func (i Inet) Text() string { return i.Host() + "/" + strconv.Itoa(i.Bits) }

// Datum is the value: the family, the network, the prefix's length and the
// address, each in bytes that sort as PostgreSQL compares addresses (network_cmp).
func (i Inet) Datum() Datum {
	network, addr := i.Network().AsSlice(), i.Addr.AsSlice()
	b := make([]byte, 0, 2+2*len(addr))
	b = append(b, familyOf(i.Addr))
	b = append(b, network...)
	b = append(b, byte(i.Bits))
	return Bytes(append(b, addr...))
}

// Inet is a value of inet or cidr.
func (d Datum) Inet() Inet {
	b := d.Bytes()
	n := (len(b) - 2) / 2
	addr, _ := netip.AddrFromSlice(b[2+n:])
	return Inet{addr, int(b[1+n])}
}

// The families in the binary form (utils/inet.h): AF_INET and one more.
const (
	family4 = 2
	family6 = 3
)

func familyOf(a netip.Addr) byte {
	if a.Is4() {
		return family4
	}
	return family6
}

// inetCodec is inet and cidr (network.c); cidr has nothing right of its prefix.
type inetCodec struct {
	byteaCodec
	cidr bool
}

func (c inetCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	var i Inet
	var ok bool
	if strings.Contains(s, ":") {
		i, ok = parseInet6(s)
	} else {
		i, ok = parseInet4(s, c.cidr)
	}
	if !ok {
		return Null, badSyntax(t.SQLName, s)
	}
	if c.cidr && i.Network() != i.Addr {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).
			WithDetail("Value has bits set to right of mask.")
	}
	return i.Datum(), nil
}

// prefixLength reads what is behind the slash.
func prefixLength(s string, most int) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && s[0] != '+' && s[0] != '-' && n >= 0 && n <= most
}

func parseInet6(s string) (i Inet, ok bool) {
	host, bits, slash := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || !addr.Is6() {
		return i, false
	}
	i = Inet{addr, addr.BitLen()}
	if slash {
		if i.Bits, ok = prefixLength(bits, i.Bits); !ok || len(bits) > 1 && bits[0] == '0' {
			return i, false
		}
	}
	return i, true
}

// parseInet4 reads up to four octets and a prefix's length. Of inet all that the
// prefix covers has to be there; cidr completes it, and has a prefix by the
// address's class when none is given (inet_net_pton.c).
func parseInet4(s string, cidr bool) (i Inet, ok bool) {
	host, length, slash := strings.Cut(s, "/")
	var octets []byte
	if digits, hexadecimal := strings.CutPrefix(strings.ToLower(host), "0x"); hexadecimal && cidr {
		if octets, ok = hexOctets(digits); !ok {
			return i, false
		}
	} else if octets, ok = dottedOctets(host, cidr); !ok {
		return i, false
	}
	bits := -1
	if slash {
		if bits, ok = prefixLength(length, 32); !ok {
			return i, false
		}
	}
	switch {
	case cidr && bits < 0:
		bits = max(classBits(octets[0]), 8*len(octets))
		if bits == 8 && octets[0] == 224 {
			bits = 4
		}
	case cidr:
	case bits < 0 && len(octets) < 4, bits/8 > len(octets):
		return i, false
	case bits < 0:
		bits = 32
	}
	var addr [4]byte
	copy(addr[:], octets)
	return Inet{netip.AddrFrom4(addr), bits}, true
}

// classBits is the length of the network's part in the classes of old.
func classBits(first byte) int {
	switch {
	case first >= 240:
		return 32
	case first >= 224:
		return 8
	case first >= 192:
		return 24
	case first >= 128:
		return 16
	}
	return 8
}

func dottedOctets(s string, cidr bool) ([]byte, bool) {
	var octets []byte
	if !cidr {
		s = strings.TrimSuffix(s, ".") // BIND's reader of inet lets it pass
	}
	for part := range strings.SplitSeq(s, ".") {
		v := 0
		for i := range len(part) {
			if !isDigit(part[i]) {
				return nil, false
			}
			if v = 10*v + int(part[i]-'0'); v > 255 {
				return nil, false
			}
		}
		if part == "" || len(octets) == 4 {
			return nil, false
		}
		octets = append(octets, byte(v))
	}
	return octets, true
}

func hexOctets(s string) ([]byte, bool) {
	var octets []byte
	for ; s != ""; s = s[min(2, len(s)):] {
		pair := s[:min(2, len(s))]
		if len(pair) == 1 {
			pair += "0"
		}
		v, err := strconv.ParseUint(pair, 16, 8)
		if err != nil || len(octets) == 4 {
			return nil, false
		}
		octets = append(octets, byte(v))
	}
	return octets, len(octets) > 0
}

func (c inetCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	i := d.Inet()
	if !c.cidr && i.Bits == i.MaxBits() {
		return append(dst, i.Host()...)
	}
	return append(dst, i.Text()...)
}

func (c inetCodec) decode(_ *Env, t *Type, b []byte, _ int32) (Datum, error) {
	invalid := func(what string) error {
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"%s\" value", what, t.Name)
	}
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	size, ok := map[byte]int{family4: 4, family6: 16}[b[0]]
	switch {
	case !ok:
		return Null, invalid("address family")
	case int(b[1]) > 8*size:
		return Null, invalid("bits")
	case int(b[3]) != size:
		return Null, invalid("length")
	case len(b) < 4+size:
		return Null, errShortMessage()
	}
	if err := wantLen(b, 4+size); err != nil {
		return Null, err
	}
	addr, _ := netip.AddrFromSlice(bytes.Clone(b[4:]))
	i := Inet{addr, int(b[1])}
	if c.cidr && i.Network() != i.Addr {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external \"cidr\" value").
			WithDetail("Value has bits set to right of mask.")
	}
	return i.Datum(), nil
}

func (c inetCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	i, cidr := d.Inet(), byte(0)
	if c.cidr {
		cidr = 1
	}
	addr := i.Addr.AsSlice()
	return append(append(dst, familyOf(i.Addr), byte(i.Bits), cidr, byte(len(addr))), addr...)
}
