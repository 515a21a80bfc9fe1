package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// regexes are the operators and functions of regular expressions (regexp.c) under a collation.
type regexes struct{ in ctype }

func (x regexes) impls() impls {
	return impls{
		"textregexeq": x.op(true, false), "textregexne": x.op(false, false),
		"texticregexeq": x.op(true, true), "texticregexne": x.op(false, true),
		"nameregexeq": x.op(true, false), "nameregexne": x.op(false, false),
		"nameicregexeq": x.op(true, true), "nameicregexne": x.op(false, true),
		"textregexsubstr": x.substr, "substring(text,text,text)": x.similar,
		"textregexreplace_noopt": x.replace, "textregexreplace": x.replace,
		"textregexreplace_extended": x.replaceExtended, "textregexreplace_extended_no_flags": x.replaceExtended,
		"textregexreplace_extended_no_n": x.replaceExtended,
		"regexp_match":                   x.match, "regexp_match_no_flags": x.match,
		"regexp_like": x.like, "regexp_like_no_flags": x.like,
		"regexp_count": x.count, "regexp_count_no_start": x.count, "regexp_count_no_flags": x.count,
		"regexp_instr": x.instr, "regexp_instr_no_start": x.instr, "regexp_instr_no_n": x.instr,
		"regexp_instr_no_endoption": x.instr, "regexp_instr_no_flags": x.instr, "regexp_instr_no_subexpr": x.instr,
		"regexp_substr": x.substrN, "regexp_substr_no_start": x.substrN, "regexp_substr_no_n": x.substrN,
		"regexp_substr_no_flags": x.substrN, "regexp_substr_no_subexpr": x.substrN,
		"regexp_split_to_array": x.splitArray, "regexp_split_to_array_no_flags": x.splitArray,
	}
}

// rows are the ones that return sets.
func (x regexes) rows() rowsImpls {
	return rowsImpls{
		"regexp_matches": x.matches, "regexp_matches_no_flags": x.matches,
		"regexp_split_to_table": x.splitTable, "regexp_split_to_table_no_flags": x.splitTable,
	}
}

// compile is the compiled form of a pattern.
func (x regexes) compile(ctx *expr.Context, pattern string, o regex.Options) (*regex.Regex, error) {
	o.ASCII = x.in == ctypeC
	return compileRegex(ctx, pattern, o)
}

// argument is optional text at position i.
func argument(a []types.Datum, i int) string {
	if i < len(a) {
		return a[i].Text()
	}
	return ""
}

// optionalInt is an optional integer argument, which has a least value.
func optionalInt(a []types.Datum, i int, otherwise int64, name string, least int64) (int64, error) {
	if i >= len(a) {
		return otherwise, nil
	}
	v := a[i].Int()
	if v < least {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, v)
	}
	return v, nil
}

// of compiles pattern and flags for a function that has no use for g.
func (x regexes) of(ctx *expr.Context, function, pattern, flags string) (*regex.Regex, error) {
	o, err := regex.ParseFlags(flags)
	if err != nil {
		return nil, err
	}
	if o.Global {
		e := pgerr.New(pgerr.InvalidParameterValue, "%s does not support the \"global\" option", function)
		if function == "regexp_match()" {
			return nil, e.WithHint("Use the regexp_matches function instead.")
		}
		return nil, e
	}
	return x.compile(ctx, pattern, o)
}

func (x regexes) op(want, fold bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		re, err := x.compile(ctx, a[1].Text(), regex.Options{Fold: fold})
		if err != nil {
			return types.Null, err
		}
		found, err := re.Matches(ctx, a[0].Text())
		return types.Bool(found == want), err
	}
}

// group is the text of a submatch, NULL when it took no part.
func group(s string, m []int, i int) types.Datum {
	if m[2*i] < 0 {
		return types.Null
	}
	return types.Text(s[m[2*i]:m[2*i+1]])
}

// substr is substring(s from pattern): the first group, or all without one.
func (x regexes) substr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := x.compile(ctx, a[1].Text(), regex.Options{})
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, min(1, re.Groups())), nil
}

// similar is substring(s similar pattern escape e).
func (x regexes) similar(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	esc, err := similarEscapeRune(a[2:])
	if err != nil {
		return types.Null, err
	}
	p, err := similarPattern(a[1].Text(), esc)
	if err != nil {
		return types.Null, err
	}
	re, err := x.compile(ctx, p, regex.Options{})
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, min(1, re.Groups())), nil
}

// replace is regexp_replace(s, pattern, replacement [, flags]).
func (x regexes) replace(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	flags := argument(a, 3)
	if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).
			WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	o, err := regex.ParseFlags(flags)
	if err != nil {
		return types.Null, err
	}
	n := int64(1)
	if o.Global {
		n = 0
	}
	return x.replaceIn(ctx, a[0].Text(), a[1].Text(), a[2].Text(), 1, n, o)
}

// replaceExtended is regexp_replace(s, pattern, replacement, start [, n [, flags]]).
func (x regexes) replaceExtended(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	start, err := optionalInt(a, 3, 1, "start", 1)
	if err != nil {
		return types.Null, err
	}
	n, err := optionalInt(a, 4, 1, "n", 0)
	if err != nil {
		return types.Null, err
	}
	o, err := regex.ParseFlags(argument(a, 5))
	if err != nil {
		return types.Null, err
	}
	if len(a) < 5 && o.Global {
		n = 0
	}
	return x.replaceIn(ctx, a[0].Text(), a[1].Text(), a[2].Text(), start, n, o)
}

// replaceIn replaces the n-th match from character start on; all when n is 0.
func (x regexes) replaceIn(ctx *expr.Context, s, pattern, replacement string, start, n int64, o regex.Options) (types.Datum, error) {
	re, err := x.compile(ctx, pattern, o)
	if err != nil {
		return types.Null, err
	}
	out := buffer{ctx: ctx}
	var failed error
	last, i := 0, int64(0)
	err = eachMatch(ctx, re, s, start, refersToGroup(replacement), func(m []int) bool {
		if i++; n > 0 && i != n {
			return true
		}
		if failed = out.add(s[last:m[0]]); failed == nil {
			failed = appendReplacement(&out, s, replacement, m)
		}
		last = m[1]
		return failed == nil && n == 0
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = out.add(s[last:])
	}
	if err != nil {
		return types.Null, err
	}
	return types.Text(out.text()), nil
}

// refersToGroup reports whether a replacement may have \1 to \9 in it.
func refersToGroup(replacement string) bool {
	i := strings.IndexByte(replacement, '\\')
	return i >= 0 && strings.ContainsAny(replacement[i+1:], "123456789")
}

// appendReplacement writes a replacement: \1 to \9 are groups, \& the match, \\ a backslash.
func appendReplacement(out *buffer, s, replacement string, m []int) error {
	for {
		before, after, ok := strings.Cut(replacement, `\`)
		if err := out.add(before); err != nil || !ok {
			return err
		}
		if after == "" {
			return out.add(`\`)
		}
		c := after[0]
		at := -1
		switch {
		case c == '&':
			at = 0
		case c >= '1' && c <= '9':
			at = int(c - '0')
		default:
			if err := out.add(`\`); err != nil {
				return err
			}
			if c != '\\' {
				replacement = after
				continue
			}
		}
		if at >= 0 && 2*at < len(m) && m[2*at] >= 0 {
			if err := out.add(s[m[2*at]:m[2*at+1]]); err != nil {
				return err
			}
		}
		replacement = after[1:]
	}
}

// groups are the submatches of a match as text[]: all of it without groups.
func groups(re *regex.Regex, s string, m []int) types.Datum {
	if re.Groups() == 0 {
		return types.ArrayDatum(types.NewArray(types.TText, []types.Datum{group(s, m, 0)}))
	}
	elems := make([]types.Datum, re.Groups())
	for i := range elems {
		elems[i] = group(s, m, i+1)
	}
	return types.ArrayDatum(types.NewArray(types.TText, elems))
}

func (x regexes) match(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := x.of(ctx, "regexp_match()", a[1].Text(), argument(a, 2))
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return groups(re, a[0].Text(), m), nil
}

func (x regexes) matches(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	o, err := regex.ParseFlags(argument(a, 2))
	if err != nil {
		return err
	}
	re, err := x.compile(ctx, a[1].Text(), o)
	if err != nil {
		return err
	}
	return eachMatch(ctx, re, a[0].Text(), 1, true, func(m []int) bool {
		return yield(groups(re, a[0].Text(), m)) && o.Global
	})
}

func (x regexes) like(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := x.of(ctx, "regexp_like()", a[1].Text(), argument(a, 2))
	if err != nil {
		return types.Null, err
	}
	found, err := re.Matches(ctx, a[0].Text())
	return types.Bool(found), err
}

func (x regexes) count(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	start, err := optionalInt(a, 2, 1, "start", 1)
	if err != nil {
		return types.Null, err
	}
	re, err := x.of(ctx, "regexp_count()", a[1].Text(), argument(a, 3))
	if err != nil {
		return types.Null, err
	}
	n := int64(0)
	err = eachMatch(ctx, re, a[0].Text(), start, false, func([]int) bool { n++; return true })
	return types.Int(n), err
}

// nth finds the match that regexp_instr and regexp_substr ask for, and
// checks the group that they want of it: nil when there is none.
func (x regexes) nth(ctx *expr.Context, function string, a []types.Datum, flagsAt, groupAt int) (m []int, sub int64, err error) {
	start, err := optionalInt(a, 2, 1, "start", 1)
	if err != nil {
		return nil, 0, err
	}
	n, err := optionalInt(a, 3, 1, "n", 1)
	if err != nil {
		return nil, 0, err
	}
	if sub, err = optionalInt(a, groupAt, 0, "subexpr", 0); err != nil {
		return nil, 0, err
	}
	re, err := x.of(ctx, function, a[1].Text(), argument(a, flagsAt))
	if err != nil {
		return nil, 0, err
	}
	if sub > int64(re.Groups()) {
		return nil, 0, nil
	}
	err = eachMatch(ctx, re, a[0].Text(), start, sub > 0, func(found []int) bool {
		if n--; n == 0 {
			m = found
		}
		return n > 0
	})
	return m, sub, err
}

func (x regexes) instr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	end := int64(0)
	if len(a) > 4 {
		end = a[4].Int()
		if _, err := optionalInt(a, 2, 1, "start", 1); err != nil {
			return types.Null, err
		}
		if _, err := optionalInt(a, 3, 1, "n", 1); err != nil {
			return types.Null, err
		}
		if end != 0 && end != 1 {
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", "endoption", end)
		}
	}
	m, sub, err := x.nth(ctx, "regexp_instr()", a, 5, 6)
	if err != nil {
		return types.Null, err
	}
	if m == nil || m[2*sub] < 0 {
		return types.Int(0), nil
	}
	before, err := runes(ctx, a[0].Text()[:m[2*sub+end]])
	return types.Int(before + 1), err
}

func (x regexes) substrN(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	m, sub, err := x.nth(ctx, "regexp_substr()", a, 4, 5)
	if err != nil || m == nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, int(sub)), nil
}

// split yields the pieces of s between matches; empty matches at either end, or
// at the end of another, do not count.
func (x regexes) split(ctx *expr.Context, function string, a []types.Datum, yield func(types.Datum) bool) error {
	re, err := x.of(ctx, function, a[1].Text(), argument(a, 2))
	if err != nil {
		return err
	}
	s, last, goesOn := a[0].Text(), 0, true
	err = eachMatch(ctx, re, s, 1, false, func(m []int) bool {
		if m[0] == len(s) || m[1] == last {
			return true
		}
		goesOn = yield(types.Text(s[last:m[0]]))
		last = m[1]
		return goesOn
	})
	if err == nil && goesOn {
		yield(types.Text(s[last:]))
	}
	return err
}

func (x regexes) splitArray(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return collectArray(ctx, types.TText, func(yield func(types.Datum) bool) error {
		return x.split(ctx, "regexp_split_to_array()", a, yield)
	})
}

func (x regexes) splitTable(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return x.split(ctx, "regexp_split_to_table()", a, yield)
}
