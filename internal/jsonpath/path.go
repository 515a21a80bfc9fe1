// Package jsonpath reads and prints the expressions of SQL/JSON path
// (manual 9.16.2, adt/jsonpath.c and its grammar).
//
//	path.go   what an expression consists of
//	scan.go   its words
//	parse.go  its grammar
//	check.go  what the grammar allows and the language does not
//	print.go  its canonical text
package jsonpath

import "github.com/cockroachdb/apd/v3"

// Path is an expression.
type Path struct {
	Strict bool
	Root   *Item
}

// Item is an operand, an operator or an accessor; Next is the accessor that is
// applied to its result.
type Item struct {
	Kind   Kind
	Next   *Item
	Text   string       // of String, Key, Variable; LikeRegex's pattern
	Number *apd.Decimal // of Number
	Bool   bool         // of Bool
	// Left and Right are the operands of operators; one with a single operand has
	// it in Left, as have filters, and Datetime its template, or nil.
	Left, Right *Item
	Subscripts  []Subscript // of IndexArray
	First, Last uint32      // levels of Any
	Flags       Flags       // of LikeRegex
}

// Subscript is an index, or a range of them when To is not nil.
type Subscript struct{ From, To *Item }

// DeepestLevel is what Any's levels say for "last".
const DeepestLevel = 1<<32 - 1

// Kind is what an item is.
type Kind uint8

// The kinds of items: operands, predicates, arithmetic, accessors and methods.
const (
	Null Kind = iota
	String
	Number
	Bool
	Variable
	Root    // $
	Current // @
	Last    // last

	And
	Or
	Not
	IsUnknown
	Exists
	Equal
	NotEqual
	Less
	Greater
	LessOrEqual
	GreaterOrEqual
	StartsWith
	LikeRegex

	Add
	Sub
	Mul
	Div
	Mod
	Plus  // the sign
	Minus // the sign

	Key        // .name
	AnyKey     // .*
	AnyArray   // [*]
	IndexArray // [1, 2 to 3]
	Any        // .**
	Filter     // ?(…)
	Type
	Size
	Abs
	Floor
	Ceiling
	Double
	Datetime
	KeyValue
)

// Predicate reports whether an item of a kind is true, false or unknown, where
// others are sequences of values.
func (k Kind) Predicate() bool { return k >= And && k <= LikeRegex }

// words are how operators and methods are written; an error about a value names
// them so.
var words = map[Kind]string{
	And: "&&", Or: "||", Equal: "==", NotEqual: "!=", Less: "<", Greater: ">", LessOrEqual: "<=", GreaterOrEqual: ">=",
	StartsWith: "starts with", LikeRegex: "like_regex", Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Plus: "+", Minus: "-",
	Type: "type", Size: "size", Abs: "abs", Floor: "floor", Ceiling: "ceiling", Double: "double", Datetime: "datetime", KeyValue: "keyvalue",
}

// String is how an operator or a method is written (jspOperationName).
func (k Kind) String() string { return words[k] }

// Flags are those of like_regex.
type Flags uint8

// The flags of XQuery.
const (
	FoldCase   Flags = 1 << iota // i
	DotAll                       // s
	MultiLine                    // m
	Whitespace                   // x
	Quote                        // q
)
