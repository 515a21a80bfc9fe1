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
	out strings.Builder
}

// add appends pieces.
func (b *buffer) add(pieces ...string) error {
	for _, s := range pieces {
		if err := b.room(len(s)); err != nil {
			return err
		}
		b.out.WriteString(s)
	}
	return nil
}

// blanks appends n blanks; none when n is negative.
func (b *buffer) blanks(n int) error {
	if n <= 0 {
		return nil
	}
	if err := b.room(n); err != nil {
		return err
	}
	b.out.WriteString(strings.Repeat(" ", n))
	return nil
}

// room makes sure that n bytes may be appended.
func (b *buffer) room(n int) error {
	if n >= maxText-b.out.Len() {
		return errBufferFull(b.out.Len(), n)
	}
	return b.ctx.Spend(n + 1)
}

func errBufferFull(have, more int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").
		WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", have, more)
}
