package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// buffer is a text that is made piece by piece. It does not grow beyond what a
// value can be (stringinfo.c), and ends with a cancelled statement.
type buffer struct {
	ctx *expr.Context
	out []byte
}

// text is what has been made; nothing is added any more.
func (b *buffer) text() string { return textOf(b.out) }

// add appends pieces.
func (b *buffer) add(pieces ...string) (err error) {
	for _, s := range pieces {
		if err := b.room(len(s)); err != nil {
			return err
		}
		if len(s) <= pieceBytes {
			b.out = append(b.out, s...)
		} else if b.out, err = appendPieces(b.ctx, b.out, s); err != nil {
			return err
		}
	}
	return nil
}

// blanks appends n blanks; none when n is negative.
func (b *buffer) blanks(n int) (err error) {
	if n <= 0 {
		return nil
	}
	if err := b.room(n); err != nil {
		return err
	}
	if n <= pieceBytes {
		b.out = append(b.out, strings.Repeat(" ", n)...)
		return nil
	}
	b.out, err = repeatPieces(b.ctx, b.out, " ", n)
	return err
}

// room makes sure that n bytes may be appended.
func (b *buffer) room(n int) error {
	if n >= maxText-len(b.out) {
		return errBufferFull(len(b.out), n)
	}
	if want := len(b.out) + n; want > cap(b.out) && want > pieceBytes {
		if err := b.grow(want); err != nil {
			return err
		}
	}
	return b.ctx.Spend(n + 1)
}

// grow makes a long buffer longer, at least by half.
func (b *buffer) grow(want int) (err error) {
	old := b.out
	b.out = make([]byte, 0, max(want, min(cap(old)+cap(old)/2, maxText)))
	b.out, err = appendPieces(b.ctx, b.out, textOf(old))
	return err
}

func errBufferFull(have, more int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").
		WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", have, more)
}
