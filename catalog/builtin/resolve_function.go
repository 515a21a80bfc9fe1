package builtin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// FunctionCall is a call as written: the arguments' types, the names of the
// trailing named ones, and what else its syntax says.
type FunctionCall struct {
	Name string
	Args []*types.Type
	// Names are the names of the last len(Names) arguments (f(1, b => 2)).
	Names []string
	// Variadic is f(a, VARIADIC b).
	Variadic bool
	// Parameter: an argument of unknown type is a parameter, not a literal.
	Parameter bool
	// Users are the functions of that name that are not built in, in the order of
	// the search path; Type is a type of that name that is not.
	Users []*Proc
	Type  *types.Type
	// Own says that the name has the schema of Users in front: those that are
	// built in are not meant.
	Own bool
	// Shown is the name as it was written, for errors; "" is Name.
	Shown string
}

// Resolution is what a call means.
type Resolution struct {
	Proc *Proc
	// Cast is set instead of Proc for a type's name used as a function of one
	// argument (manual 10.3, step 3): text(x) is x::text.
	Cast *types.Type
	// Order says for each argument of Types which written one it is; -1 is the default.
	Order []int
	// Types are the types to coerce the arguments to, without polymorphic ones:
	// those of Args where a pseudo-type takes anything.
	Types []*types.Type
	// Result is the call's type. For a function that returns record it is record.
	Result *types.Type
	// Pack is how many trailing arguments go into one array of the type PackType,
	// for a variadic parameter; 0 is none.
	Pack     int
	PackType *types.Type
	// VariadicAny is set for VARIADIC array given to a function of VARIADIC "any".
	VariadicAny bool
}

// Function is the function to call, bound to the call's types; nil when the
// resolution is no plain function.
func (r *Resolution) Function() *expr.Function {
	if r.Proc == nil || r.Proc.Func == nil {
		return nil
	}
	return bindFunction(r.Proc.Func, r.bound(), r.Result)
}

// Aggregate is the aggregate to call, bound to the call's types.
func (r *Resolution) Aggregate() *expr.Aggregate {
	if r.Proc == nil || r.Proc.Agg == nil {
		return nil
	}
	if r.Proc.Agg.Bind == nil {
		return r.Proc.Agg
	}
	return r.Proc.Agg.Bind(r.bound(), r.Result)
}

// bound are the callee's arguments: Types with the packed ones as one array.
func (r *Resolution) bound() []*types.Type {
	if r.VariadicAny {
		return append(r.Types[:len(r.Types)-1:len(r.Types)-1], types.TAnyArray)
	}
	if r.PackType == nil {
		return r.Types
	}
	return append(r.Types[:len(r.Types)-r.Pack:len(r.Types)-r.Pack], r.PackType)
}

// match is a Proc with the way in which a call's arguments reach it.
type match struct {
	proc     *Proc
	order    []int
	variadic bool // the last parameter is repeated
	// ambiguous: another one takes the same arguments, and nothing says which is meant.
	ambiguous bool
}

// ResolveFunction finds what a call means (manual 10.3). Errors: 42883, 42725
// and those of polymorphic arguments, 42804.
func (l *Library) ResolveFunction(call FunctionCall) (*Resolution, error) {
	list := l.candidates(call)
	chosen := exactCandidate(call.Args, list)
	if chosen == nil {
		if t := l.functionalCast(call); t != nil {
			return &Resolution{Cast: t, Order: []int{0}, Types: call.Args, Result: t}, nil
		}
		var err error
		if chosen, err = l.chooseFunction(call, list); err != nil {
			return nil, err
		}
	}
	if chosen.what.ambiguous {
		return nil, errFunction(call, true)
	}
	return l.resolution(call, chosen)
}

// chooseFunction is the search for the best of the candidates. The arguments
// of a candidate stand in the callee's order, so each brings its own input.
func (l *Library) chooseFunction(call FunctionCall, list []candidate[match]) (*candidate[match], error) {
	var matching []candidate[match]
	for _, c := range list {
		if l.canCoerceAll(arranged(call.Args, c.what.order), c.args, Implicit) {
			matching = append(matching, c)
		}
	}
	if len(matching) == 0 {
		return nil, errFunction(call, false)
	}
	if len(matching) == 1 {
		return &matching[0], nil
	}
	c := selectCandidate(l, call.Args, written(call, matching))
	if c == nil {
		return nil, errFunction(call, true)
	}
	for i := range matching {
		if matching[i].what.proc == c.what.proc {
			return &matching[i], nil
		}
	}
	return nil, errFunction(call, true)
}

// arranged are the types of the written arguments in a candidate's order, without defaults.
func arranged(args []*types.Type, order []int) []*types.Type {
	out := make([]*types.Type, 0, len(args))
	for _, i := range order {
		if i >= 0 {
			out = append(out, args[i])
		}
	}
	return out
}

// written puts the candidates' arguments in the order in which the call wrote them.
func written(call FunctionCall, list []candidate[match]) []candidate[match] {
	out := make([]candidate[match], len(list))
	for n, c := range list {
		args, at := make([]*types.Type, len(call.Args)), 0
		for _, i := range c.what.order {
			if i >= 0 {
				args[i] = c.args[at]
				at++
			}
		}
		out[n] = candidate[match]{c.what, args}
	}
	return out
}

func exactCandidate(input []*types.Type, list []candidate[match]) *candidate[match] {
next:
	for i := range list {
		actual := arranged(input, list[i].what.order)
		for j, t := range list[i].args {
			if actual[j] != t {
				continue next
			}
		}
		return &list[i]
	}
	return nil
}

// candidates are the functions of that name that take as many arguments
// (FuncnameGetCandidates). Of two with the same arguments the one goes alone that
// is earlier in the search path, or does not need VARIADIC.
func (l *Library) candidates(call FunctionCall) []candidate[match] {
	var out []candidate[match]
	for _, p := range call.procs(l) {
		c, ok := p.matchCall(call)
		if !ok {
			continue
		}
		if i := sameArguments(out, c.args); i >= 0 {
			switch before, behind := c.what.goesBefore(out[i].what), out[i].what.goesBefore(c.what); {
			case before:
				out[i] = c
			case !behind:
				out[i].what.ambiguous = true
			}
			continue
		}
		out = append(out, c)
	}
	return out
}

// procs are all functions that the call's name may mean.
func (call *FunctionCall) procs(l *Library) []*Proc {
	switch {
	case call.Own:
		return call.Users
	case len(call.Users) == 0:
		return l.procByName[call.Name]
	}
	return append(slices.Clone(l.procByName[call.Name]), call.Users...)
}

// goesBefore reports whether m hides o, which takes the same arguments.
func (m match) goesBefore(o match) bool {
	if m.proc.Place != o.proc.Place {
		return m.proc.Place < o.proc.Place
	}
	return !m.variadic && o.variadic
}

func sameArguments(list []candidate[match], args []*types.Type) int {
next:
	for i, c := range list {
		for j, t := range args {
			if c.args[j] != t {
				continue next
			}
		}
		return i
	}
	return -1
}

// matchCall reports whether p takes the call's number and names of arguments.
func (p *Proc) matchCall(call FunctionCall) (candidate[match], bool) {
	n := len(call.Args)
	m := match{proc: p}
	if len(call.Names) > 0 {
		order, ok := p.matchNames(call)
		m.order = order
		return candidate[match]{m, p.argsFor(order, false)}, ok && (p.Variadic == nil || call.Variadic)
	}
	m.variadic = p.Variadic != nil && !call.Variadic && n >= len(p.Args)
	missing := len(p.Args) - n
	if call.Variadic && p.Variadic == nil || !m.variadic && (missing < 0 || missing > len(p.Defaults)) {
		return candidate[match]{}, false
	}
	for i := range max(n, len(p.Args)) {
		if i < n {
			m.order = append(m.order, i)
		} else {
			m.order = append(m.order, -1)
		}
	}
	return candidate[match]{m, p.argsFor(m.order, m.variadic)}, true
}

// argsFor are the types of the parameters that the call gives.
func (p *Proc) argsFor(order []int, variadic bool) []*types.Type {
	out := make([]*types.Type, 0, len(order))
	for i, from := range order {
		switch {
		case from < 0:
		case variadic && i >= len(p.Args)-1:
			out = append(out, p.Variadic)
		default:
			out = append(out, p.Args[i])
		}
	}
	return out
}

// matchNames places named arguments (MatchNamedCall).
func (p *Proc) matchNames(call FunctionCall) (order []int, ok bool) {
	names := p.inNames()
	positional := len(call.Args) - len(call.Names)
	if len(names) != len(p.Args) || len(call.Args) > len(p.Args) {
		return nil, false
	}
	order = make([]int, len(p.Args))
	for i := range order {
		order[i] = -1
		if i < positional {
			order[i] = i
		}
	}
	for i, name := range call.Names {
		at := indexOf(names, name)
		if at < 0 || order[at] >= 0 {
			return nil, false
		}
		order[at] = positional + i
	}
	for i, from := range order {
		if from < 0 && i < len(p.Args)-len(p.Defaults) {
			return nil, false
		}
	}
	return order, true
}

func indexOf(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

// functionalCast is the type that a one-argument call casts to: a conversion
// that exists as a binary or function cast, or a text conversion to a string type.
func (l *Library) functionalCast(call FunctionCall) *types.Type {
	if len(call.Args) != 1 || len(call.Names) > 0 || call.Variadic {
		return nil
	}
	to := call.Type
	if to == nil {
		to = types.ByName(call.Name)
	}
	if to == nil || to.Kind == 'p' {
		return nil
	}
	from := call.Args[0]
	if from == types.TUnknown && !call.Parameter {
		return to
	}
	if from == types.TUnknown { // of a parameter nothing is known but that it has a text form
		if to.Category == types.CategoryString {
			return to
		}
		return nil
	}
	path := l.FindCoercion(from, to, Explicit)
	switch {
	case path == nil || path.Form == expr.CastArray:
		return nil
	case path.Form == expr.CastInOut && (from == types.TRecord || from.Kind == 'c') && to.Category == types.CategoryString:
		return nil
	}
	return to
}

// resolution makes the answer of a chosen candidate: polymorphic types are
// replaced by the call's.
func (l *Library) resolution(call FunctionCall, c *candidate[match]) (*Resolution, error) {
	p, actual := c.what.proc, arranged(call.Args, c.what.order)
	declared := c.args
	resolved, result, err := l.resolvePolymorphic(actual, declared, p.Result)
	if err != nil {
		return nil, err
	}
	r := &Resolution{Proc: p, Order: c.what.order, Result: result, VariadicAny: call.Variadic && p.Variadic == types.TAny}
	if last := len(call.Args) - 1; r.VariadicAny && call.Args[last].Base().Elem == nil {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "VARIADIC argument must be an array")
	}
	at := 0
	for i, from := range c.what.order {
		if from < 0 {
			r.Types = append(r.Types, p.Args[i])
			continue
		}
		r.Types = append(r.Types, resolved[at])
		at++
	}
	if c.what.variadic && p.Variadic != types.TAny {
		r.Pack = len(call.Args) - len(p.Args) + 1
		if r.PackType = r.Types[len(r.Types)-1].Array; r.PackType == nil {
			return nil, errNoArrayType(r.Types[len(r.Types)-1])
		}
	}
	return r, nil
}

func errFunction(call FunctionCall, ambiguous bool) error {
	var b strings.Builder
	b.WriteString(cmp.Or(call.Shown, call.Name) + "(")
	positional := len(call.Args) - len(call.Names)
	for i, t := range call.Args {
		if i > 0 {
			b.WriteString(", ")
		}
		if i >= positional {
			b.WriteString(call.Names[i-positional] + " => ")
		}
		b.WriteString(t.SQLName)
	}
	signature := b.String() + ")"
	if ambiguous {
		return pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}
