package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// regexImpls are the operators and functions of regular expressions (regexp.c).
var regexImpls = impls{
	"textregexeq": regexOp(true, false), "textregexne": regexOp(false, false),
	"texticregexeq": regexOp(true, true), "texticregexne": regexOp(false, true),
	"nameregexeq": nameRegexOp(true, false), "nameregexne": nameRegexOp(false, false),
	"nameicregexeq": nameRegexOp(true, true), "nameicregexne": nameRegexOp(false, true),
	"textregexsubstr": regexSubstr, "substring(text,text,text)": similarSubstr,
	"textregexreplace_noopt": regexReplace, "textregexreplace": regexReplace,
	"textregexreplace_extended": regexReplaceExtended, "textregexreplace_extended_no_flags": regexReplaceExtended,
	"textregexreplace_extended_no_n": regexReplaceExtended,
	"regexp_match":                   regexMatch, "regexp_match_no_flags": regexMatch,
	"regexp_like": regexLike, "regexp_like_no_flags": regexLike,
	"regexp_count": regexCount, "regexp_count_no_start": regexCount, "regexp_count_no_flags": regexCount,
	"regexp_instr": regexInstr, "regexp_instr_no_start": regexInstr, "regexp_instr_no_n": regexInstr,
	"regexp_instr_no_endoption": regexInstr, "regexp_instr_no_flags": regexInstr, "regexp_instr_no_subexpr": regexInstr,
	"regexp_substr": regexSubstrN, "regexp_substr_no_start": regexSubstrN, "regexp_substr_no_n": regexSubstrN,
	"regexp_substr_no_flags": regexSubstrN, "regexp_substr_no_subexpr": regexSubstrN,
	"regexp_split_to_array": regexSplitArray, "regexp_split_to_array_no_flags": regexSplitArray,
}

// regexRows are the ones that return sets.
var regexRows = rowsImpls{
	"regexp_matches": regexMatches, "regexp_matches_no_flags": regexMatches,
	"regexp_split_to_table": regexSplitTable, "regexp_split_to_table_no_flags": regexSplitTable,
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

// regexOf compiles pattern and flags for a function that has no use for g.
func regexOf(ctx *expr.Context, function, pattern, flags string) (*regex.Regex, error) {
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
	return compileRegex(ctx, pattern, o)
}

func regexOp(want, fold bool) impl { return regexOpWith(want, regex.Options{Fold: fold}) }

// nameRegexOp is an operator of names, whose collation is C.
func nameRegexOp(want, fold bool) impl {
	return regexOpWith(want, regex.Options{Fold: fold, ASCII: true})
}

func regexOpWith(want bool, o regex.Options) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		re, err := compileRegex(ctx, a[1].Text(), o)
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

// regexSubstr is substring(s from pattern): the first group, or all without one.
func regexSubstr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := compileRegex(ctx, a[1].Text(), regex.Options{})
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, min(1, re.Groups())), nil
}

// similarSubstr is substring(s similar pattern escape e).
func similarSubstr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	esc, err := similarEscapeRune(a[2:])
	if err != nil {
		return types.Null, err
	}
	p, err := similarPattern(a[1].Text(), esc)
	if err != nil {
		return types.Null, err
	}
	re, err := compileRegex(ctx, p, regex.Options{})
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, min(1, re.Groups())), nil
}

// regexReplace is regexp_replace(s, pattern, replacement [, flags]).
func regexReplace(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
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
	return replaceRegex(ctx, a[0].Text(), a[1].Text(), a[2].Text(), 1, n, o)
}

// regexReplaceExtended is regexp_replace(s, pattern, replacement, start [, n [, flags]]).
func regexReplaceExtended(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
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
	return replaceRegex(ctx, a[0].Text(), a[1].Text(), a[2].Text(), start, n, o)
}

// replaceRegex replaces the n-th match from character start on; all when n is 0.
func replaceRegex(ctx *expr.Context, s, pattern, replacement string, start, n int64, o regex.Options) (types.Datum, error) {
	re, err := compileRegex(ctx, pattern, o)
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

func regexMatch(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := regexOf(ctx, "regexp_match()", a[1].Text(), argument(a, 2))
	if err != nil {
		return types.Null, err
	}
	m, err := re.First(ctx, a[0].Text(), true)
	if m == nil || err != nil {
		return types.Null, err
	}
	return groups(re, a[0].Text(), m), nil
}

func regexMatches(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	o, err := regex.ParseFlags(argument(a, 2))
	if err != nil {
		return err
	}
	re, err := compileRegex(ctx, a[1].Text(), o)
	if err != nil {
		return err
	}
	return eachMatch(ctx, re, a[0].Text(), 1, true, func(m []int) bool {
		return yield(groups(re, a[0].Text(), m)) && o.Global
	})
}

func regexLike(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	re, err := regexOf(ctx, "regexp_like()", a[1].Text(), argument(a, 2))
	if err != nil {
		return types.Null, err
	}
	found, err := re.Matches(ctx, a[0].Text())
	return types.Bool(found), err
}

func regexCount(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	start, err := optionalInt(a, 2, 1, "start", 1)
	if err != nil {
		return types.Null, err
	}
	re, err := regexOf(ctx, "regexp_count()", a[1].Text(), argument(a, 3))
	if err != nil {
		return types.Null, err
	}
	n := int64(0)
	err = eachMatch(ctx, re, a[0].Text(), start, false, func([]int) bool { n++; return true })
	return types.Int(n), err
}

// nthMatch finds the match that regexp_instr and regexp_substr ask for, and
// checks the group that they want of it: nil when there is none.
func nthMatch(ctx *expr.Context, function string, a []types.Datum, flagsAt, groupAt int) (m []int, sub int64, err error) {
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
	re, err := regexOf(ctx, function, a[1].Text(), argument(a, flagsAt))
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

func regexInstr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
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
	m, sub, err := nthMatch(ctx, "regexp_instr()", a, 5, 6)
	if err != nil {
		return types.Null, err
	}
	if m == nil || m[2*sub] < 0 {
		return types.Int(0), nil
	}
	before, err := runes(ctx, a[0].Text()[:m[2*sub+end]])
	return types.Int(before + 1), err
}

func regexSubstrN(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	m, sub, err := nthMatch(ctx, "regexp_substr()", a, 4, 5)
	if err != nil || m == nil {
		return types.Null, err
	}
	return group(a[0].Text(), m, int(sub)), nil
}

// split yields the pieces of s between matches; empty matches at either end, or
// at the end of another, do not count.
func split(ctx *expr.Context, function string, a []types.Datum, yield func(types.Datum) bool) error {
	re, err := regexOf(ctx, function, a[1].Text(), argument(a, 2))
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

func regexSplitArray(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return collectArray(ctx, types.TText, func(yield func(types.Datum) bool) error {
		return split(ctx, "regexp_split_to_array()", a, yield)
	})
}

func regexSplitTable(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return split(ctx, "regexp_split_to_table()", a, yield)
}
