package builtin

import (
	_ "embed" // for the tables
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The tables, tab-separated, as data/extract.sql writes them: '-' is NULL.
var (
	//go:embed data/pg_proc.tsv
	procRows string
	//go:embed data/pg_operator.tsv
	operatorRows string
	//go:embed data/pg_cast.tsv
	castRows string
	//go:embed data/pg_aggregate.tsv
	aggregateRows string
)

func load() *Library {
	l := &Library{
		procByOID:  map[types.OID]*Proc{},
		procByName: map[string][]*Proc{},
		opByOID:    map[types.OID]*Operator{},
		opByName:   map[string][]*Operator{},
		castByPair: map[[2]types.OID]*Cast{},
	}
	implementations := allImpls()
	for f := range rowsOf(procRows) {
		p := parseProc(f)
		if p == nil {
			continue
		}
		l.procs = append(l.procs, p)
		l.procByOID[p.OID] = p
		l.procByName[p.Name] = append(l.procByName[p.Name], p)
		switch p.Kind {
		case 'f':
			p.Func = implementations.function(p)
			l.addInC(p, implementations)
		case 'w':
			p.Window = windowFunction(p)
		}
	}
	l.loadOwn(mysqlProcs())
	l.loadInformationSchema()
	l.loadAggregates()
	l.loadOperators()
	l.loadCasts()
	return l
}

// rowsOf yields the fields of each line.
func rowsOf(table string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(table) {
			if !yield(strings.Split(strings.TrimSuffix(line, "\n"), "\t")) {
				return
			}
		}
	}
}

func parseOID(s string) types.OID {
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return types.OID(v)
}

// typeOf is the type that a field names by OID; nil for 0 and for row types of
// system relations.
func typeOf(s string) *types.Type { return types.ByOID(parseOID(s)) }

// typeList reads a list of OIDs; ok is false when one is not known.
func typeList(s string) (list []*types.Type, ok bool) {
	if s == "-" || s == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(s, ",") {
		t := typeOf(part)
		if t == nil {
			return nil, false
		}
		list = append(list, t)
	}
	return list, true
}

// parseProc reads a row of pg_proc: oid, name, kind, symbol, result, argument
// types, flags, defaults, argument names, all argument types, modes.
func parseProc(f []string) *Proc {
	args, ok := typeList(f[5])
	result := typeOf(f[4])
	if !ok || result == nil {
		return nil
	}
	p := &Proc{
		OID: parseOID(f[0]), Name: f[1], Kind: f[2][0], Symbol: f[3], Result: result, Args: args,
		Strict: f[6][0] == 's', Volatility: expr.Volatility(f[6][1]),
	}
	p.ReturnsSet = strings.Contains(f[6][2:], "r")
	p.LeakProof = strings.Contains(f[6][2:], "l")
	if strings.Contains(f[6][2:], "v") {
		p.Variadic = variadicElem(args[len(args)-1])
	}
	if f[7] != "-" {
		p.Defaults = strings.Split(f[7], "|")
	}
	if f[8] != "-" {
		p.ArgNames = strings.Split(f[8], ",")
	}
	if f[9] != "-" {
		p.AllArgs, _ = typeList(f[9])
		p.Modes = f[10]
	}
	return p
}

// variadicElem is pg_proc.provariadic: what each argument of a variadic
// function's last parameter is.
func variadicElem(last *types.Type) *types.Type {
	switch last {
	case types.TAny:
		return types.TAny
	case types.TAnyArray:
		return types.TAnyElement
	case types.TAnyCompatibleArray:
		return types.TAnyCompatible
	}
	return last.Elem
}

// outColumns are the OUT columns of a function that returns a record.
func (p *Proc) outColumns() (out []expr.OutColumn) {
	if p.Result != types.TRecord {
		return nil
	}
	for i, mode := range []byte(p.Modes) {
		if mode != 'o' && mode != 'b' && mode != 't' {
			continue
		}
		name := "column" + strconv.Itoa(len(out)+1)
		if i < len(p.ArgNames) && p.ArgNames[i] != "" {
			name = p.ArgNames[i]
		}
		out = append(out, expr.OutColumn{Name: name, Type: p.AllArgs[i]})
	}
	return out
}

// outName is the name of the only OUT argument of a function that returns no record.
func (p *Proc) outName() string {
	if p.Result == types.TRecord {
		return ""
	}
	for i, mode := range []byte(p.Modes) {
		if i < len(p.ArgNames) && (mode == 'o' || mode == 'b' || mode == 't') {
			return p.ArgNames[i]
		}
	}
	return ""
}

// inNames are the names of the IN arguments, parallel to Args; nil without names.
func (p *Proc) inNames() []string {
	if p.ArgNames == nil || p.Modes == "" {
		return p.ArgNames
	}
	var names []string
	for i, mode := range []byte(p.Modes) {
		if i < len(p.ArgNames) && (mode == 'i' || mode == 'b' || mode == 'v') {
			names = append(names, p.ArgNames[i])
		}
	}
	return names
}

// loadOperators reads oid, name, left, right, result, function, commutator,
// negator, flags.
func (l *Library) loadOperators() {
	for f := range rowsOf(operatorRows) {
		op := &Operator{
			OID: parseOID(f[0]), Name: f[1], Left: typeOf(f[2]), Right: typeOf(f[3]), Result: typeOf(f[4]),
			Func: l.Function(parseOID(f[5])), Commutator: parseOID(f[6]), Negator: parseOID(f[7]),
			Mergeable: strings.Contains(f[8], "m"), Hashable: strings.Contains(f[8], "h"),
		}
		if op.Func == nil || op.Right == nil || op.Result == nil {
			continue
		}
		op.Func.Loose = op.Name == "=" && !op.Mergeable && !op.Hashable
		l.operators = append(l.operators, op)
		l.opByOID[op.OID] = op
		l.opByName[op.Name] = append(l.opByName[op.Name], op)
	}
}

// loadCasts reads oid, source, target, function, context, method.
func (l *Library) loadCasts() {
	for f := range rowsOf(castRows) {
		c := &Cast{OID: parseOID(f[0]), Source: typeOf(f[1]), Target: typeOf(f[2]), Func: l.Function(parseOID(f[3]))}
		if c.Source == nil || c.Target == nil {
			continue
		}
		c.Context = map[string]CoercionContext{"i": Implicit, "a": Assignment, "e": Explicit}[f[4]]
		c.Form = map[string]expr.CastForm{"f": expr.CastFunction, "b": expr.CastBinary, "i": expr.CastInOut}[f[5]]
		if c.Source == c.Target {
			c.Form = expr.CastTypmod
		}
		if c.Source.IsRange() {
			c.Func = bindFunction(c.Func, []*types.Type{c.Source}, c.Target)
		}
		l.casts = append(l.casts, c)
		l.castByPair[[2]types.OID{c.Source.OID, c.Target.OID}] = c
	}
}

// loadAggregates makes the aggregates of the rows of kind 'a'; of pg_aggregate
// it takes the kind and how many arguments are direct ones.
func (l *Library) loadAggregates() {
	aggs := allAggregates()
	for f := range rowsOf(aggregateRows) {
		p := l.procByOID[parseOID(f[0])]
		if p == nil {
			continue
		}
		p.AggKind = f[1][0]
		p.AggDirect, _ = strconv.Atoi(f[2])
		p.Agg = aggs.aggregate(p)
	}
}
