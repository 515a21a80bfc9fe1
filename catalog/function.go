package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Function is a function or a procedure that a user has made: a row of pg_proc.
type Function struct {
	OID       OID
	Database  OID
	Schema    OID
	Name      string
	Owner     OID
	Version   uint64
	Comment   string
	Procedure bool
	Language  string // sql, plpgsql, internal
	// Args are all arguments in order, those that only come back among them.
	Args []Argument
	// Result is void for a procedure that gives nothing back, record for several columns.
	Result          *types.Type
	ReturnsSet      bool
	Volatility      byte // pg_proc.provolatile: i s v
	Strict          bool
	LeakProof       bool
	SecurityDefiner bool
	Parallel        byte // pg_proc.proparallel: s r u
	Cost, Rows      float64
	// Config are settings that hold during calls, as name=value.
	Config []string
	// Body is the text of AS (pg_proc.prosrc).
	Body string
	// SQLBody is a body in SQL's own syntax, as it is kept: queries with what
	// their names mean written out, each ended by a semicolon. "" is none.
	SQLBody string
	// Atomic says that SQLBody was written as BEGIN ATOMIC … END, not as RETURN.
	Atomic bool
	// Sees is of SQLBody, as a view's.
	Sees map[OID]int16
	// Aggregate is what an aggregate function is made of; nil for all others.
	Aggregate *Aggregate
}

// Aggregate is a row of pg_aggregate: functions that are called for each row and
// at the end, built-in ones or users'.
type Aggregate struct {
	Transition OID
	Final      OID // 0 is none
	State      *types.Type
	// Init is the state that a group begins with, as text; nil is NULL.
	Init *string
}

// Argument is an argument of a function.
type Argument struct {
	Name string // "" is none
	Mode byte   // pg_proc.proargmodes: i o b v t
	Type *types.Type
	// Default is SQL text, as a column's; "" is none.
	Default string
}

// Input reports whether a call gives the argument.
func (a *Argument) Input() bool { return a.Mode != 'o' && a.Mode != 't' }

// Output reports whether the argument comes back.
func (a *Argument) Output() bool { return a.Mode == 'o' || a.Mode == 't' || a.Mode == 'b' }

// ObjectKey implements Object.
func (f *Function) ObjectKey() Key { return Key{Class: ClassFunction, OID: f.OID} }

// Copy is a copy whose lists are its own.
func (f *Function) Copy() *Function {
	c := *f
	c.Args, c.Config = slices.Clone(f.Args), slices.Clone(f.Config)
	if f.Aggregate != nil {
		a := *f.Aggregate
		c.Aggregate = &a
	}
	return &c
}

// Inputs are the arguments that a call gives.
func (f *Function) Inputs() []Argument {
	return slices.DeleteFunc(slices.Clone(f.Args), func(a Argument) bool { return !a.Input() })
}

// Outputs are the arguments that come back.
func (f *Function) Outputs() []Argument {
	return slices.DeleteFunc(slices.Clone(f.Args), func(a Argument) bool { return !a.Output() })
}

// InputTypes are the types by which functions of one name are told apart.
func (f *Function) InputTypes() []*types.Type {
	var list []*types.Type
	for i := range f.Args {
		if f.Args[i].Input() {
			list = append(list, f.Args[i].Type)
		}
	}
	return list
}

// Default is the default of the i-th input; "" is none.
func (f *Function) Default(i int) string {
	in := f.Inputs()
	if i < 0 || i >= len(in) {
		return ""
	}
	return in[i].Default
}

// entryName is what the function is found by among the names of its schema:
// functions of one name stand beside each other.
func (f *Function) entryName() string {
	return f.Name + "\x00" + strings.Join(oidTexts(f.InputTypes()), " ")
}

func oidTexts(list []*types.Type) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = strconv.FormatUint(uint64(t.OID), 10)
	}
	return out
}

// FunctionByOID returns the user's function with that OID, or nil.
func (s *Snapshot) FunctionByOID(oid OID) *Function {
	f, _ := s.Object(Key{Class: ClassFunction, OID: oid}).(*Function)
	return f
}

// Functions walks a database's functions, in order of schema OID and name.
func (s *Snapshot) Functions(database OID) func(yield func(*Function) bool) {
	return walkNames[*Function](s, nameEntry{class: ClassFunction, database: database})
}

// FunctionsIn walks those of one schema of a database, in order of name.
func (s *Snapshot) FunctionsIn(database, schema OID) func(yield func(*Function) bool) {
	return func(yield func(*Function) bool) {
		for f := range walkNames[*Function](s, nameEntry{class: ClassFunction, database: database, schema: schema}) {
			if f.Schema != schema || !yield(f) {
				return
			}
		}
	}
}

// FunctionsNamed are a schema's functions of one name.
func (s *Snapshot) FunctionsNamed(database, schema OID, name string) (list []*Function) {
	for f := range walkNames[*Function](s, nameEntry{class: ClassFunction, database: database, schema: schema, name: name + "\x00"}) {
		if f.Schema != schema || f.Name != name {
			break
		}
		list = append(list, f)
	}
	return list
}

// KeptFunction is how kept texts name a user's function.
func (f *Function) KeptFunction() types.RangeConstructor {
	return types.RangeConstructor{OID: f.OID, Name: f.Name}
}

// KeptName is the same in such a text.
func (f *Function) KeptName() string { return KeptFunctionName(f.KeptFunction()) }
