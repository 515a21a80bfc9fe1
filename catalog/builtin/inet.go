package builtin

import (
	"fmt"
	"math/big"
	"net/netip"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// inetImpls are the operators and functions of inet and cidr (network.c).
var inetImpls = impls{
	"network_sub":   inetTest(func(a, b types.Inet) bool { return a.Bits > b.Bits && within(a, b) }),
	"network_subeq": inetTest(func(a, b types.Inet) bool { return a.Bits >= b.Bits && within(a, b) }),
	"network_sup":   inetTest(func(a, b types.Inet) bool { return a.Bits < b.Bits && within(b, a) }),
	"network_supeq": inetTest(func(a, b types.Inet) bool { return a.Bits <= b.Bits && within(b, a) }),
	"network_overlap": inetTest(func(a, b types.Inet) bool {
		return a.Bits >= b.Bits && within(a, b) || a.Bits < b.Bits && within(b, a)
	}),
	"inet_same_family": inetTest(func(a, b types.Inet) bool { return a.MaxBits() == b.MaxBits() }),
	"network_host":     inetText(types.Inet.Host),
	"network_show":     inetText(types.Inet.Text),
	"inet_abbrev":      inetText(abbreviated), "cidr_abbrev": inetText(abbreviatedNetwork),
	"network_masklen": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(a[0].Inet().Bits)), nil
	},
	"network_family": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[0].Inet().Addr.Is4() {
			return types.Int(4), nil
		}
		return types.Int(6), nil
	},
	"network_network": inetInet(func(i types.Inet) types.Inet { return types.Inet{Addr: i.Network(), Bits: i.Bits} }),
	"inet_to_cidr":    inetInet(func(i types.Inet) types.Inet { return types.Inet{Addr: i.Network(), Bits: i.Bits} }),
	"network_netmask": inetInet(func(i types.Inet) types.Inet {
		return types.Inet{Addr: eachByte(i.Addr, i.Addr, func(n int, _, _ byte) byte { return maskByte(i.Bits, n) }), Bits: i.MaxBits()}
	}),
	"network_hostmask": inetInet(func(i types.Inet) types.Inet {
		return types.Inet{Addr: eachByte(i.Addr, i.Addr, func(n int, _, _ byte) byte { return ^maskByte(i.Bits, n) }), Bits: i.MaxBits()}
	}),
	"network_broadcast": inetInet(func(i types.Inet) types.Inet {
		return types.Inet{Addr: eachByte(i.Addr, i.Addr, func(n int, b, _ byte) byte { return b | ^maskByte(i.Bits, n) }), Bits: i.Bits}
	}),
	"inetnot": inetInet(func(i types.Inet) types.Inet {
		return types.Inet{Addr: eachByte(i.Addr, i.Addr, func(_ int, b, _ byte) byte { return ^b }), Bits: i.Bits}
	}),
	"inetand":          inetBits("AND", func(_ int, a, b byte) byte { return a & b }),
	"inetor":           inetBits("OR", func(_ int, a, b byte) byte { return a | b }),
	"inet_set_masklen": setMaskLength(false), "cidr_set_masklen": setMaskLength(true),
	"inetpl": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return addToInet(a[0].Inet(), big.NewInt(a[1].Int()))
	},
	"inetmi_int8": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return addToInet(a[0].Inet(), big.NewInt(-a[1].Int())) // of the lowest number that is itself
	},
	"int8pl_inet(bigint,inet)": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return addToInet(a[1].Inet(), big.NewInt(a[0].Int()))
	},
	"inetmi": inetDifference, "inet_merge": inetMerge,
	"network_smaller": smaller(types.TInet, -1), "network_larger": smaller(types.TInet, 1),
}

func inetTest(holds func(a, b types.Inet) bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(holds(a[0].Inet(), a[1].Inet())), nil
	}
}

func inetText(text func(types.Inet) string) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return types.Text(text(a[0].Inet())), nil }
}

func inetInet(f func(types.Inet) types.Inet) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return f(a[0].Inet()).Datum(), nil }
}

// within reports whether a lies in b's network, which is not the smaller one.
func within(a, b types.Inet) bool {
	return a.MaxBits() == b.MaxBits() && types.Inet{Addr: a.Addr, Bits: b.Bits}.Network() == b.Network()
}

// maskByte is the n-th byte of a prefix's mask.
func maskByte(bits, n int) byte {
	return byte(uint16(0xff00) >> min(max(bits-8*n, 0), 8))
}

// eachByte makes an address of two of one family, byte by byte.
func eachByte(a, b netip.Addr, f func(n int, a, b byte) byte) netip.Addr {
	x, y := a.AsSlice(), b.AsSlice()
	for n := range x {
		x[n] = f(n, x[n], y[n])
	}
	out, _ := netip.AddrFromSlice(x)
	return out
}

func inetBits(name string, f func(n int, a, b byte) byte) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		x, y := a[0].Inet(), a[1].Inet()
		if x.MaxBits() != y.MaxBits() {
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot %s inet values of different sizes", name)
		}
		return types.Inet{Addr: eachByte(x.Addr, y.Addr, f), Bits: max(x.Bits, y.Bits)}.Datum(), nil
	}
}

func setMaskLength(cidr bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		i, bits := a[0].Inet(), a[1].Int()
		if bits == -1 {
			bits = int64(i.MaxBits())
		}
		if bits < 0 || bits > int64(i.MaxBits()) {
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid mask length: %d", bits)
		}
		i.Bits = int(bits)
		if cidr {
			i.Addr = i.Network()
		}
		return i.Datum(), nil
	}
}

func numberOf(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }

func errInetRange() error { return pgerr.New(pgerr.NumericValueOutOfRange, "result is out of range") }

func addToInet(i types.Inet, n *big.Int) (types.Datum, error) {
	sum := n.Add(n, numberOf(i.Addr))
	if sum.Sign() < 0 || sum.BitLen() > i.MaxBits() {
		return types.Null, errInetRange()
	}
	i.Addr, _ = netip.AddrFromSlice(sum.FillBytes(make([]byte, i.MaxBits()/8)))
	return i.Datum(), nil
}

func inetDifference(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	x, y := a[0].Inet(), a[1].Inet()
	if x.MaxBits() != y.MaxBits() {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot subtract inet values of different sizes")
	}
	d := numberOf(x.Addr)
	d.Sub(d, numberOf(y.Addr))
	if x.MaxBits() > 64 { // PostgreSQL computes modulo the size of such addresses
		size := new(big.Int).Lsh(big.NewInt(1), uint(x.MaxBits()))
		if d.Mod(d, size).Bit(x.MaxBits()-1) == 1 {
			d.Sub(d, size)
		}
	}
	if !d.IsInt64() {
		return types.Null, errInetRange()
	}
	return types.Int(d.Int64()), nil
}

// inetMerge is the smallest network that has both.
func inetMerge(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	x, y := a[0].Inet(), a[1].Inet()
	if x.MaxBits() != y.MaxBits() {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot merge addresses from different families")
	}
	x.Bits = min(x.Bits, y.Bits)
	for y.Bits = x.Bits; x.Network() != y.Network(); {
		x.Bits--
		y.Bits--
	}
	x.Addr = x.Network()
	return x.Datum(), nil
}

// abbreviated is an inet's shortest text.
func abbreviated(i types.Inet) string {
	if i.Bits == i.MaxBits() {
		return i.Host()
	}
	return i.Text()
}

// abbreviatedNetwork is a cidr's text without what is right of its prefix
// (inet_cidr_ntop).
func abbreviatedNetwork(i types.Inet) string {
	b := i.Network().AsSlice()
	if i.Addr.Is4() {
		var parts []string
		for _, octet := range b[:(max(i.Bits, 1)+7)/8] {
			parts = append(parts, fmt.Sprint(octet))
		}
		return fmt.Sprintf("%s/%d", strings.Join(parts, "."), i.Bits)
	}
	if i.Bits == 0 {
		return "::/0"
	}
	return fmt.Sprintf("%s/%d", abbreviatedGroups(b, i.Bits), i.Bits)
}

// abbreviatedGroups are the groups of IPv6 that a prefix reaches.
func abbreviatedGroups(b []byte, bits int) string {
	words := max((bits+15)/16, 2)
	start, length := longestZeros(b, words)
	dotted := length != words && start == 0 && (length == 6 || length == 5 && b[10] == 0xff && b[11] == 0xff || length == 7 && b[14] != 0 && b[15] != 1)
	var out strings.Builder
	for p := range words {
		switch {
		case length > 0 && p >= start && p < start+length:
			if p == start {
				out.WriteByte(':')
			}
			if p == words-1 {
				out.WriteByte(':')
			}
		case dotted && p > 5:
			if p == 6 {
				out.WriteByte(':')
			} else {
				out.WriteByte('.')
			}
			fmt.Fprint(&out, b[2*p])
			if p != 7 || bits > 120 {
				fmt.Fprintf(&out, ".%d", b[2*p+1])
			}
		default:
			if out.Len() > 0 {
				out.WriteByte(':')
			}
			fmt.Fprintf(&out, "%x", int(b[2*p])<<8|int(b[2*p+1]))
		}
	}
	return out.String()
}

// longestZeros is the first of the longest runs of zero groups. As in BIND, a run that is
// not the longest so far goes on with the next one.
func longestZeros(b []byte, words int) (start, length int) {
	at, run := 0, 0
	take := func() {
		if run > length {
			start, length, run = at, run, 0
		}
	}
	for i := range words {
		if b[2*i]|b[2*i+1] != 0 {
			take()
			continue
		}
		if run == 0 {
			at = i
		}
		run++
	}
	take()
	return start, length
}
