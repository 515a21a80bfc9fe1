package textsearch

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/libm"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Ranking is what ts_rank and ts_rank_cd are told (tsrank.c).
type Ranking struct {
	Weights [4]float32 // by Weight; below 0 is the default
	Method  int        // the bits of the norms
}

// DefaultWeights are the weights of D, C, B and A.
var DefaultWeights = [4]float32{0.1, 0.2, 0.4, 1.0}

// The norms, bits of Ranking.Method (manual 12.3.3).
const (
	normLogLength = 1 << iota
	normLength
	normExtentDistance
	normUnique
	normLogUnique
	normRatio
)

// NewRanking checks weights: 22023 above 1.
func NewRanking(weights [4]float32, method int) (*Ranking, error) {
	for i, w := range weights {
		if !(w >= 0) {
			weights[i] = DefaultWeights[i]
		}
		if weights[i] > 1 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "weight out of range")
		}
	}
	return &Ranking{weights, method}, nil
}

func (r *Ranking) weight(p Position) float32 { return r.Weights[p.Weight()] }

// length is how many words there are.
func (v Vector) length() int {
	n := 0
	for _, l := range v {
		n += max(1, len(l.Positions))
	}
	return n
}

// entries are the lexemes that an operand names.
func (v Vector) entries(o *Query) Vector {
	if o.Prefix {
		return v.withPrefix(o.Word)
	}
	if i, found := v.find(o.Word); found {
		return v[i : i+1]
	}
	return nil
}

// distinct are the operands, one of each word, in order of the words: the first, where
// PostgreSQL with seven operands and more may take another one of the word.
func (q *Query) distinct() []*Query {
	byWord := map[string]*Query{}
	q.Operands(func(o *Query) {
		if byWord[o.Word] == nil {
			byWord[o.Word] = o
		}
	})
	var out []*Query
	for _, w := range q.wordsOf() {
		out = append(out, byWord[w])
	}
	return out
}

// Rank is ts_rank: how often, and of what weight, the words are there, and with AND
// and phrases how near to each other. Each step is rounded as PostgreSQL rounds it.
func (r *Ranking) Rank(v Vector, q *Query) float32 {
	if len(v) == 0 || q == nil {
		return 0
	}
	operands := q.distinct()
	var res float32
	if (q.Op == And || q.Op == Phrase) && len(operands) > 1 {
		res = r.together(v, operands)
	} else {
		res = r.apart(v, operands)
	}
	if res < 0 {
		res = 1e-20
	}
	if r.Method&normLogLength != 0 {
		res = float32(float64(res) / (libm.Log(float64(v.length()+1)) / libm.Log(2)))
	}
	if r.Method&normLength != 0 {
		res /= float32(v.length())
	}
	if r.Method&normUnique != 0 {
		res /= float32(len(v))
	}
	if r.Method&normLogUnique != 0 {
		res = float32(float64(res) / (libm.Log(float64(len(v)+1)) / libm.Log(2)))
	}
	if r.Method&normRatio != 0 {
		res /= res + 1
	}
	return res
}

// The positions of lexemes without any, for pairs and alone.
var (
	nowhereLast  = []Position{MaxPlace - 1}
	nowhereFirst = []Position{0}
)

// together weighs pairs of words by their distance (calc_rank_and); -1 without any.
func (r *Ranking) together(v Vector, operands []*Query) float32 {
	res := float32(-1)
	seen := make([][]Position, len(operands))
	for i, o := range operands {
		for _, l := range v.entries(o) {
			bare := len(l.Positions) == 0
			seen[i] = l.Positions
			if bare {
				seen[i] = nowhereLast
			}
			for _, before := range seen[:i] {
				if before == nil {
					continue
				}
				res = r.pairs(res, seen[i], before, bare || &before[0] == &nowhereLast[0])
			}
		}
	}
	return res
}

func (r *Ranking) pairs(res float32, a, b []Position, bare bool) float32 {
	for _, p := range a {
		for _, q := range b {
			d := p.Place() - q.Place()
			if d < 0 {
				d = -d
			}
			if d == 0 {
				if !bare {
					continue
				}
				d = MaxPlace
			}
			w := float32(math.Sqrt(float64(float32(r.weight(p)*r.weight(q)) * distanceWeight(d))))
			if res < 0 {
				res = w
			} else {
				res = float32(1 - float64((1-float64(res))*(1-float64(w))))
			}
		}
	}
	return res
}

// distanceWeight is what a distance is worth (word_distance).
func distanceWeight(d int) float32 {
	if d > 100 {
		return 1e-30
	}
	return float32(1 / (1.005 + float64(0.05*libm.Exp(float64(d)/1.5-2))))
}

// apart adds up what each word is worth (calc_rank_or): its weights, each over the
// square of its turn, the highest taken first.
func (r *Ranking) apart(v Vector, operands []*Query) float32 {
	var res float32
	for _, o := range operands {
		for _, l := range v.entries(o) {
			list := l.Positions
			if len(list) == 0 {
				list = nowhereFirst
			}
			var sum float32
			best, at := float32(-1), 0
			for j, p := range list {
				sum += r.weight(p) / float32((j+1)*(j+1))
				if r.weight(p) > best {
					best, at = r.weight(p), j
				}
			}
			worth := float32(best+sum) - best/float32((at+1)*(at+1))
			res = float32(float64(res) + float64(worth)/1.64493406685) // the sum of all 1/i²
		}
	}
	if len(operands) > 0 {
		res /= float32(len(operands))
	}
	return res
}
