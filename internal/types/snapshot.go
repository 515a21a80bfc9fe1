package types

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TxnSnapshot is a value of pg_snapshot: which transactions count as ended (xid8funcs.c).
type TxnSnapshot struct {
	Xmin, Xmax uint64
	Running    []uint64 // rising, from Xmin on and below Xmax
}

// Visible reports whether a transaction had ended.
func (s *TxnSnapshot) Visible(xid uint64) bool {
	if xid < s.Xmin || xid >= s.Xmax {
		return xid < s.Xmin
	}
	for _, r := range s.Running {
		if r >= xid {
			return r != xid
		}
	}
	return true
}

// TxnSnapshotOf is a pg_snapshot datum's value.
func TxnSnapshotOf(d Datum) *TxnSnapshot {
	s, _ := parseTxnSnapshot(d.Text())
	return s
}

// snapshotCodec is pg_snapshot and txid_snapshot: their text, in one spelling.
type snapshotCodec struct{ textCodec }

func (snapshotCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	v, ok := parseTxnSnapshot(s)
	if !ok {
		return Null, badSyntax("pg_snapshot", s)
	}
	return Text(v.text()), nil
}

// parseTxnSnapshot is parse_snapshot: xmin:xmax:xip,…
func parseTxnSnapshot(s string) (*TxnSnapshot, bool) {
	v := &TxnSnapshot{}
	var ok bool
	if v.Xmin, s, ok = xidBefore(s, ':'); !ok {
		return nil, false
	}
	if v.Xmax, s, ok = xidBefore(s, ':'); !ok || !v.valid() {
		return nil, false
	}
	for s != "" {
		end := xidEnd(s)
		if !v.add(scanDecimal(s[:end])) {
			return nil, false
		}
		if s = s[end:]; s != "" && s[0] != ',' {
			return nil, false
		}
		s = strings.TrimPrefix(s, ",")
	}
	return v, true
}

// valid reports whether the bounds can be; of a transaction's number the low half
// is not 0 (FullTransactionIdIsValid).
func (s *TxnSnapshot) valid() bool {
	return uint32(s.Xmin) != 0 && uint32(s.Xmax) != 0 && s.Xmin <= s.Xmax
}

// add appends a running transaction, one that comes again not.
func (s *TxnSnapshot) add(xid uint64) bool {
	last := uint64(0)
	if n := len(s.Running); n > 0 {
		last = s.Running[n-1]
	}
	if xid < s.Xmin || xid >= s.Xmax || xid < last {
		return false
	}
	if xid != last {
		s.Running = append(s.Running, xid)
	}
	return true
}

// xidBefore reads a number that stop follows.
func xidBefore(s string, stop byte) (xid uint64, rest string, ok bool) {
	end := xidEnd(s)
	if end == len(s) || s[end] != stop {
		return 0, "", false
	}
	return scanDecimal(s[:end]), s[end+1:], true
}

// xidEnd is where strtoull stops reading a decimal number.
func xidEnd(s string) int {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	first := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == first {
		return 0
	}
	return i
}

// scanDecimal is strtoull(s, NULL, 10) of what xidEnd found.
func scanDecimal(s string) uint64 {
	s = trimSpace(s)
	neg := strings.HasPrefix(s, "-")
	v, err := strconv.ParseUint(strings.TrimLeft(s, "+-"), 10, 64)
	if neg && err == nil {
		return -v
	}
	return v // the largest, when it does not fit
}

func (s *TxnSnapshot) text() string {
	b := strconv.AppendUint(nil, s.Xmin, 10)
	b = append(strconv.AppendUint(append(b, ':'), s.Xmax, 10), ':')
	for i, r := range s.Running {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, r, 10)
	}
	return string(b)
}

func (snapshotCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	bad := pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external pg_snapshot data")
	if len(b) < 4+8+8 {
		return Null, errShortMessage()
	}
	n := int32(binary.BigEndian.Uint32(b))
	v := &TxnSnapshot{Xmin: binary.BigEndian.Uint64(b[4:]), Xmax: binary.BigEndian.Uint64(b[12:])}
	if b = b[20:]; n < 0 || !v.valid() {
		return Null, bad
	}
	for range n {
		if len(b) < 8 {
			return Null, errShortMessage()
		}
		if !v.add(binary.BigEndian.Uint64(b)) {
			return Null, bad
		}
		b = b[8:]
	}
	if len(b) > 0 {
		return Null, errBadBinary()
	}
	return Text(v.text()), nil
}

func (snapshotCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v := TxnSnapshotOf(d)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Running)))
	dst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, v.Xmin), v.Xmax)
	for _, r := range v.Running {
		dst = binary.BigEndian.AppendUint64(dst, r)
	}
	return dst
}
