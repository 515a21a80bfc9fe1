package session

import (
	"context"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// procFunctions print rows of pg_proc (adt/ruleutils.c). ok is false, and the
// answer NULL, for an OID that is no function.
var procFunctions = map[string]function{
	"pg_get_function_arguments":          procText(func(p *builtin.Proc) (string, bool) { return procArguments(p, true), true }),
	"pg_get_function_identity_arguments": procText(func(p *builtin.Proc) (string, bool) { return procArguments(p, false), true }),
	"pg_get_function_result":             procText(procResult),
	"pg_get_function_sqlbody":            functionBody,
	"pg_get_function_arg_default": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		p := s.proc(oidArg(args))
		if p == nil {
			return types.Null, nil
		}
		all, n := allArguments(p), int(args[1].Int())
		if n < 1 || n > len(all) || !all[n-1].input() {
			return types.Null, nil
		}
		at := len(p.Defaults) - len(p.Args)
		for _, a := range all[:n-1] {
			if a.input() {
				at++
			}
		}
		if at < 0 || at >= len(p.Defaults) {
			return types.Null, nil
		}
		return types.Text(p.Defaults[at]), nil
	},
	"pg_get_functiondef": functionDefinition,
}

func procText(print func(*builtin.Proc) (string, bool)) function {
	return func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		p := s.proc(oidArg(args))
		if p == nil {
			return types.Null, nil
		}
		return textIf(print(p)), nil
	}
}

// procArgument is one argument as pg_proc has it.
type procArgument struct {
	mode byte // i o b v t
	name string
	typ  *types.Type
}

func (a procArgument) input() bool { return a.mode != 'o' && a.mode != 't' }

func (a procArgument) String() string {
	word := map[byte]string{'o': "OUT ", 'b': "INOUT ", 'v': "VARIADIC "}[a.mode]
	if a.name != "" {
		word += expr.QuoteIdent(a.name) + " "
	}
	return word + a.typ.SQLName
}

// allArguments are a function's arguments, OUT and TABLE ones too.
func allArguments(p *builtin.Proc) []procArgument {
	list := p.Args
	if p.AllArgs != nil {
		list = p.AllArgs
	}
	out := make([]procArgument, len(list))
	for i, t := range list {
		out[i] = procArgument{mode: 'i', typ: t}
		if p.AllArgs != nil {
			out[i].mode = p.Modes[i]
		} else if p.Variadic != nil && i == len(list)-1 {
			out[i].mode = 'v'
		}
		if i < len(p.ArgNames) {
			out[i].name = p.ArgNames[i]
		}
	}
	return out
}

// procArguments is print_function_arguments: modes, names, types and, if asked
// for, defaults; the columns of RETURNS TABLE are not among them.
func procArguments(p *builtin.Proc, defaults bool) string {
	var b strings.Builder
	orderAt, printed, inputs := directArguments(p), 0, 0
	var last string
	for _, a := range allArguments(p) {
		if a.mode == 't' {
			continue
		}
		switch {
		case printed == orderAt && printed > 0:
			b.WriteString(" ORDER BY ")
		case printed == orderAt:
			b.WriteString("ORDER BY ")
		case printed > 0:
			b.WriteString(", ")
		}
		if last = a.String(); p.Kind == 'p' && (a.mode == 'i') {
			last = "IN " + last
		}
		b.WriteString(last)
		printed++
		if a.mode == 'o' {
			continue
		}
		if at := inputs - (len(p.Args) - len(p.Defaults)); defaults && at >= 0 {
			b.WriteString(" DEFAULT " + p.Defaults[at])
		}
		inputs++
	}
	if printed == orderAt {
		// A hypothetical-set aggregate's one argument stands for both lists.
		b.WriteString(" ORDER BY " + last)
	}
	return b.String()
}

// directArguments is how many arguments of an ordered-set aggregate stand
// before ORDER BY; -1 for all other functions.
func directArguments(p *builtin.Proc) int {
	switch p.AggKind {
	case 'o':
		return len(p.Args) - 1
	case 'h':
		return len(p.Args)
	}
	return -1
}

// procResult is print_function_rettype; procedures have none.
func procResult(p *builtin.Proc) (string, bool) {
	if p.Kind == 'p' {
		return "", false
	}
	var columns []string
	for _, a := range allArguments(p) {
		if a.mode == 't' {
			columns = append(columns, a.String())
		}
	}
	switch {
	case columns != nil:
		return "TABLE(" + strings.Join(columns, ", ") + ")", true
	case p.ReturnsSet:
		return "SETOF " + p.Result.SQLName, true
	}
	return p.Result.SQLName, true
}
