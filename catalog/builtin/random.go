package builtin

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Random is PostgreSQL's generator, xoroshiro128** (pg_prng.c): a session that
// has called setseed keeps one, and random() repeats PostgreSQL's numbers.
type Random struct{ s0, s1 uint64 }

// NewRandom makes the generator that setseed(seed) makes; seed is in [-1, 1],
// anything else 22023.
func NewRandom(seed float64) (*Random, error) {
	if !(seed >= -1 && seed <= 1) {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]",
			types.AppendFloat(nil, seed, 64, 0))
	}
	state := uint64(int64(float64(1<<52-1) * seed))
	r := &Random{splitMix(&state), splitMix(&state)}
	if r.s0 == 0 && r.s1 == 0 {
		r.s0, r.s1 = 0x5851F42D4C957F2D, 0x14057B7EF767814F
	}
	return r, nil
}

func splitMix(state *uint64) uint64 {
	*state += 0x9E3779B97F4A7C15
	v := *state
	v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
	v = (v ^ v>>27) * 0x94D049BB133111EB
	return v ^ v>>31
}

// Float64 returns the next number in [0, 1).
func (r *Random) Float64() float64 {
	s0, sx := r.s0, r.s1^r.s0
	v := bits.RotateLeft64(s0*5, 7) * 9
	r.s0 = bits.RotateLeft64(s0, 24) ^ sx ^ sx<<16
	r.s1 = bits.RotateLeft64(sx, 37)
	return math.Ldexp(float64(v>>(64-52)), -52)
}

// randomImpls are what draws numbers.
var randomImpls = impls{
	"drandom":         drawFloat,
	"gen_random_uuid": drawUUID,
}

// drawFloat is random(): the session knows whether setseed was called.
func drawFloat(ctx *expr.Context, _ []types.Datum) (types.Datum, error) {
	if ctx.Session != nil {
		return ctx.Session.CallSession(ctx.Running, "random", nil)
	}
	return types.Float(rand.Float64()), nil
}

// drawUUID makes a version 4 UUID of a generator that cannot be predicted.
func drawUUID(*expr.Context, []types.Datum) (types.Datum, error) {
	u, err := uuid.NewRandom()
	return types.Bytes(u[:]), err
}
