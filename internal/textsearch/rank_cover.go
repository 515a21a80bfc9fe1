package textsearch

import (
	"cmp"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/libm"
)

// sighting is a lexeme at a position, with the operands that name it.
type sighting struct {
	at       Position
	lexeme   int // by its number in the vector
	operands []*Query
}

// sightings are where the query's words are, in order of their places (get_docrep).
func sightings(v Vector, q *Query) []sighting {
	var list []sighting
	q.Operands(func(o *Query) {
		first, _ := v.find(o.Word)
		for i, l := range v.entries(o) {
			for _, p := range l.Positions {
				if o.takes(p) {
					list = append(list, sighting{p, first + i, []*Query{o}})
				}
			}
		}
	})
	slices.SortStableFunc(list, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.at.Place(), b.at.Place()), cmp.Compare(a.at, b.at), cmp.Compare(a.lexeme, b.lexeme))
	})
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && out[n-1].at == s.at && out[n-1].lexeme == s.lexeme {
			out[n-1].operands = append(out[n-1].operands, s.operands...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// seen are the places at which operands have been seen, in order.
type seen struct {
	places   map[*Query][]int
	backward bool // they come in falling order
}

func (s *seen) add(from sighting) {
	for _, o := range from.operands {
		list, place := s.places[o], from.at.Place()
		if n := len(list); n == 0 || list[n-1] != place {
			s.places[o] = append(list, place)
		}
	}
}

func (s *seen) look(o *Query, places *[]int) answer {
	list := s.places[o]
	if list == nil {
		return no
	}
	if places != nil {
		*places = slices.Clone(list)
		if s.backward {
			slices.Reverse(*places)
		}
	}
	return yes
}

// cover is the shortest run of sightings from the first that matches the query (Cover).
func cover(list []sighting, from int, q *Query, work Work) (first, last int, found bool, err error) {
	for ; ; from++ {
		ahead := seen{places: map[*Query][]int{}}
		last = from
		for ; last < len(list); last++ {
			if err := work.spend(q.cost()); err != nil {
				return 0, 0, false, err
			}
			ahead.add(list[last])
			if matches(q, &ahead) {
				break
			}
		}
		if last >= len(list) || list[last].at.Place() == 0 {
			return 0, 0, false, nil
		}
		back := seen{places: map[*Query][]int{}, backward: true}
		for first = last; first >= from; first-- {
			if err := work.spend(q.cost()); err != nil {
				return 0, 0, false, err
			}
			back.add(list[first])
			if matches(q, &back) {
				return first, last, true, nil
			}
		}
	}
}

// cost is about how much work it is to match the query once.
func (q *Query) cost() int { return 16 * q.Nodes() }

// RankCover is ts_rank_cd: the covers, by how dense they are. Each step is rounded
// as PostgreSQL rounds it.
func (r *Ranking) RankCover(v Vector, q *Query, work Work) (float32, error) {
	list := sightings(v, q)
	if len(list) == 0 {
		return 0, nil
	}
	var rank, distances, before float64
	extents, from := 0, 0
	for {
		first, last, found, err := cover(list, from, q, work)
		if err != nil {
			return 0, err
		}
		if !found {
			break
		}
		from = first + 1
		inverse := 0.0
		for _, s := range list[first : last+1] {
			inverse += 1 / float64(r.weight(s.at))
		}
		begin, end := list[first].at.Place(), list[last].at.Place()
		density := float64(last-first+1) / inverse
		noise := end - begin - (last - first)
		if noise < 0 {
			noise = (last - first) / 2
		}
		rank += density / float64(1+noise)
		middle := float64(end+begin) / 2
		if extents > 0 && middle > before {
			distances += 1 / (middle - before)
		}
		before = middle
		extents++
	}
	if r.Method&normLogLength != 0 {
		rank /= libm.Log(float64(v.length() + 1))
	}
	if r.Method&normLength != 0 {
		rank /= float64(v.length())
	}
	if r.Method&normExtentDistance != 0 && extents > 0 && distances > 0 {
		rank /= float64(extents) / distances
	}
	if r.Method&normUnique != 0 {
		rank /= float64(len(v))
	}
	if r.Method&normLogUnique != 0 {
		rank /= libm.Log(float64(len(v)+1)) / libm.Log(2)
	}
	if r.Method&normRatio != 0 {
		rank /= rank + 1
	}
	return float32(rank), nil
}
