package regex

// trait is what a part of an expression prefers, and what is in it.
type trait uint8

const (
	longer   trait = 1 << iota // it prefers long matches
	shorter                    // it prefers short ones
	mixed                      // parts of it prefer different things
	captures                   // a capturing parenthesis is in it
	refers                     // a back reference is in it

	preference = longer | shorter
	messy      = mixed | captures | refers // where the whole's place does not decide everything
)

// up is what a part's traits are to what it stands in: preferences stay inside,
// but where there are both.
func up(t trait) trait {
	out := t &^ preference
	if t&preference == preference {
		out |= mixed
	}
	return out
}

// combine is the traits of two parts together: the first preference counts.
func combine(a, b trait) trait {
	prefers := a & preference
	if prefers == 0 {
		prefers = b & preference
	}
	return up(a|b) | prefers
}

// part is how a tree matches.
type part uint8

const (
	leaf     part = iota // as its node does; nothing within it is asked for
	joined               // its two subs one after the other
	choice               // one of its subs
	repeated             // its sub min to max times
	inner                // its sub, which captures too
	referred             // what a group has captured, min to max times
)

// tree is an expression, or a part of it, as far as there is something to
// decide or to capture in it.
type tree struct {
	part     part
	traits   trait
	group    int // that it captures; 0 is none
	backref  int // the group that a back reference is to
	min, max int
	subs     []*tree
	node     *node

	dfa *dfa // of the node; made when it is needed
}

func (t *tree) is(x trait) bool { return t.traits&x != 0 }

// dissected reports whether something is decided or captured within a tree.
func (t *tree) dissected() bool { return t.traits&(captures|refers) != 0 }
