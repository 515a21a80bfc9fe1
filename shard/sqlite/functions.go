package sqlite

// A Function is an SQL function of ours that computes a function of
// PostgreSQL's over stored values, errors included. Every one is strict and
// immutable.
type Function struct {
	// Name is what SQL calls.
	Name string
	// Procs are the functions of pg_proc that it computes, by name and argument
	// types (pg_type.typname): "int4pl(int4,int4)".
	Procs []string
	// Field, when set, must be the value of the PostgreSQL function's first
	// argument, a constant, which SQL leaves out: date_part('year', x).
	Field string
	// Args is the number of arguments in SQL.
	Args int
	// Fails says that it can raise an error.
	Fails bool
	// Doc is one line about what is not obvious.
	Doc string
}

// Functions are all of them. The planner decides by this table what may run in
// a shard; what it does not list, and SQLite's own operators do not compute
// exactly, runs elsewhere.
var Functions = allFunctions()

func allFunctions() []Function {
	var all []Function
	for _, list := range [][]Function{intFunctions(), floatFunctions(), textFunctions(), fieldFunctions(), timeFunctions()} {
		all = append(all, list...)
	}
	return all
}

// intFunctions: operators over two widths compute in the wider.
func intFunctions() []Function {
	var out []Function
	for _, op := range []string{"pl", "mi", "mul", "div"} {
		out = append(out,
			Function{Name: "pg_int2" + op, Args: 2, Fails: true, Procs: []string{"int2" + op + "(int2,int2)"}},
			Function{Name: "pg_int4" + op, Args: 2, Fails: true, Procs: []string{"int4" + op + "(int4,int4)",
				"int24" + op + "(int2,int4)", "int42" + op + "(int4,int2)"}},
			Function{Name: "pg_int8" + op, Args: 2, Fails: true, Procs: []string{"int8" + op + "(int8,int8)",
				"int28" + op + "(int2,int8)", "int82" + op + "(int8,int2)", "int48" + op + "(int4,int8)", "int84" + op + "(int8,int4)"}})
	}
	out = append(out, Function{Name: "pg_intmod", Args: 2, Fails: true,
		Procs: []string{"int2mod(int2,int2)", "int4mod(int4,int4)", "int8mod(int8,int8)", "mod(int2,int2)", "mod(int4,int4)", "mod(int8,int8)"}})
	for _, t := range []string{"int2", "int4", "int8"} {
		out = append(out,
			Function{Name: "pg_" + t + "um", Args: 1, Fails: true, Procs: []string{t + "um(" + t + ")"}},
			Function{Name: "pg_" + t + "abs", Args: 1, Fails: true, Procs: []string{t + "abs(" + t + ")", "abs(" + t + ")"}})
	}
	return append(out,
		Function{Name: "pg_int2", Args: 1, Fails: true, Procs: []string{"int2(int4)", "int2(int8)"}},
		Function{Name: "pg_int4", Args: 1, Fails: true, Procs: []string{"int4(int8)"}})
}

func floatFunctions() []Function {
	var out []Function
	for _, op := range []string{"pl", "mi", "mul", "div"} {
		out = append(out,
			Function{Name: "pg_float4" + op, Args: 2, Fails: true, Procs: []string{"float4" + op + "(float4,float4)"}},
			Function{Name: "pg_float8" + op, Args: 2, Fails: true, Procs: []string{"float8" + op + "(float8,float8)",
				"float48" + op + "(float4,float8)", "float84" + op + "(float8,float4)"}})
	}
	return append(out,
		Function{Name: "pg_floatum", Args: 1, Procs: []string{"float4um(float4)", "float8um(float8)"}},
		Function{Name: "pg_floatabs", Args: 1, Procs: []string{"float4abs(float4)", "float8abs(float8)", "abs(float4)", "abs(float8)"}},
		Function{Name: "pg_int_float4", Args: 1, Procs: []string{"float4(int2)", "float4(int4)", "float4(int8)"}},
		Function{Name: "pg_int_float8", Args: 1, Procs: []string{"float8(int2)", "float8(int4)", "float8(int8)"}},
		Function{Name: "pg_float4", Args: 1, Fails: true, Procs: []string{"float4(float8)"}},
		Function{Name: "pg_float_int2", Args: 1, Fails: true, Procs: []string{"int2(float4)", "int2(float8)"}},
		Function{Name: "pg_float_int4", Args: 1, Fails: true, Procs: []string{"int4(float4)", "int4(float8)"}},
		Function{Name: "pg_float_int8", Args: 1, Fails: true, Procs: []string{"int8(float4)", "int8(float8)"}})
}

func textFunctions() []Function {
	return []Function{
		{Name: "pg_like", Args: 2, Fails: true, Procs: []string{"textlike(text,text)", "like(text,text)"}},
		{Name: "pg_nlike", Args: 2, Fails: true, Procs: []string{"textnlike(text,text)", "notlike(text,text)"}},
		{Name: "pg_ilike", Args: 2, Fails: true, Procs: []string{"texticlike(text,text)"}},
		{Name: "pg_nilike", Args: 2, Fails: true, Procs: []string{"texticnlike(text,text)"}},
		{Name: "pg_length", Args: 1, Procs: []string{"length(text)", "char_length(text)", "character_length(text)"},
			Doc: "characters; not for char(n), whose padding is not stored"},
		{Name: "pg_octet_length", Args: 1, Procs: []string{"octet_length(text)"}},
		{Name: "pg_lower", Args: 1, Procs: []string{"lower(text)"}, Doc: "lc_ctype C.UTF-8"},
		{Name: "pg_upper", Args: 1, Procs: []string{"upper(text)"}, Doc: "lc_ctype C.UTF-8"},
		{Name: "pg_strpos", Args: 2, Procs: []string{"strpos(text,text)", "position(text,text)"}},
		{Name: "pg_starts_with", Args: 2, Procs: []string{"starts_with(text,text)"}},
		{Name: "pg_substr", Args: 2, Procs: []string{"substr(text,int4)", "substring(text,int4)"}},
		{Name: "pg_substr", Args: 3, Fails: true, Procs: []string{"substr(text,int4,int4)", "substring(text,int4,int4)"}},
		{Name: "pg_left", Args: 2, Procs: []string{"left(text,int4)"}},
		{Name: "pg_right", Args: 2, Procs: []string{"right(text,int4)"}},
		{Name: "pg_ltrim", Args: 1, Procs: []string{"ltrim(text)"}},
		{Name: "pg_rtrim", Args: 1, Procs: []string{"rtrim(text)"}},
		{Name: "pg_btrim", Args: 1, Procs: []string{"btrim(text)"}},
	}
}

// The fields of date_part and date_trunc, and those of date_part alone.
var (
	truncFields = []string{"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter",
		"year", "decade", "century", "millennium"}
	partFields = []string{"dow", "isodow", "doy", "isoyear", "epoch", "julian"}
)

func fieldFunctions() []Function {
	var out []Function
	part := func(field string) {
		out = append(out, Function{Name: "pg_date_part_" + field, Field: field, Args: 1, Procs: []string{"date_part(text,timestamp)"},
			Doc: "float8; NULL for a field that infinity does not have"})
	}
	for _, field := range truncFields {
		part(field)
		out = append(out, Function{Name: "pg_date_trunc_" + field, Field: field, Args: 1, Fails: true, Procs: []string{"date_trunc(text,timestamp)"}})
	}
	for _, field := range partFields {
		part(field)
	}
	return out
}

func timeFunctions() []Function {
	return []Function{
		{Name: "pg_date_pli", Args: 2, Fails: true, Procs: []string{"date_pli(date,int4)"}},
		{Name: "pg_date_mii", Args: 2, Fails: true, Procs: []string{"date_mii(date,int4)"}},
		{Name: "pg_date_mi", Args: 2, Fails: true, Procs: []string{"date_mi(date,date)"}},
		{Name: "pg_date_timestamp", Args: 1, Fails: true, Procs: []string{"timestamp(date)"}},
		{Name: "pg_timestamp_date", Args: 1, Procs: []string{"date(timestamp)"}},
		{Name: "pg_timestamp_pl", Args: 4, Fails: true,
			Doc: "timestamp_pl_interval with the interval's months, days and µs as three integers; for timestamp_mi_interval negate them"},
	}
}
