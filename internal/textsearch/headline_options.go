package textsearch

import (
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// HeadlineOptions is what ts_headline can be told (manual 12.3.4).
type HeadlineOptions struct {
	MaxWords, MinWords, ShortWord, MaxFragments int
	HighlightAll                                bool
	StartSel, StopSel, FragmentDelimiter        string
}

// DefaultHeadline is what it does unless told otherwise.
func DefaultHeadline() *HeadlineOptions {
	return &HeadlineOptions{
		MaxWords: 35, MinWords: 15, ShortWord: 3,
		StartSel: "<b>", StopSel: "</b>", FragmentDelimiter: " ... ",
	}
}

// ParseHeadlineOptions reads a list of name = value (deserialize_deflist,
// prsd_headline): 42601 where it is none, 22023 of what cannot be.
func ParseHeadlineOptions(text string) (*HeadlineOptions, error) {
	o := DefaultHeadline()
	r := optionReader{in: text, all: text}
	var list [][2]string
	for {
		name, value, found, err := r.next()
		if err != nil {
			return nil, err
		}
		if !found {
			break
		}
		list = append(list, [2]string{name, value})
	}
	for _, option := range list {
		if err := o.set(option[0], option[1]); err != nil {
			return nil, err
		}
	}
	return o, o.check()
}

func (o *HeadlineOptions) set(name, value string) (err error) {
	number := func(into *int) error {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
		if err != nil {
			if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
				return pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type integer", value)
			}
			return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type integer: \"%s\"", value)
		}
		*into = int(n)
		return nil
	}
	text := func(into *string, name string) error {
		if len(value) > math.MaxInt16 {
			return pgerr.New(pgerr.InvalidParameterValue, "value for \"%s\" is too long", name)
		}
		*into = value
		return nil
	}
	switch strings.ToLower(name) {
	case "maxwords":
		return number(&o.MaxWords)
	case "minwords":
		return number(&o.MinWords)
	case "shortword":
		return number(&o.ShortWord)
	case "maxfragments":
		return number(&o.MaxFragments)
	case "startsel":
		return text(&o.StartSel, "StartSel")
	case "stopsel":
		return text(&o.StopSel, "StopSel")
	case "fragmentdelimiter":
		return text(&o.FragmentDelimiter, "FragmentDelimiter")
	case "highlightall":
		switch strings.ToLower(value) {
		case "1", "on", "true", "t", "y", "yes":
			o.HighlightAll = true
		default:
			o.HighlightAll = false
		}
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "unrecognized headline parameter: \"%s\"", name)
	}
	return nil
}

func (o *HeadlineOptions) check() error {
	refuse := func(what string) error { return pgerr.New(pgerr.InvalidParameterValue, "%s", what) }
	switch {
	case o.HighlightAll:
	case o.MinWords >= o.MaxWords:
		return refuse("MinWords should be less than MaxWords")
	case o.MinWords <= 0:
		return refuse("MinWords should be positive")
	case o.ShortWord < 0:
		return refuse("ShortWord should be >= 0")
	case o.MaxFragments < 0:
		return refuse("MaxFragments should be >= 0")
	}
	return nil
}

// optionReader reads name = value, where either may be in quotes.
type optionReader struct{ in, all string }

func (r *optionReader) malformed() error {
	return pgerr.New(pgerr.SyntaxError, "invalid parameter list format: \"%s\"", r.all)
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (r *optionReader) space() {
	for r.in != "" && isBlank(r.in[0]) {
		r.in = r.in[1:]
	}
}

func (r *optionReader) next() (name, value string, found bool, err error) {
	for r.in != "" && (isBlank(r.in[0]) || r.in[0] == ',') {
		r.in = r.in[1:]
	}
	if r.in == "" {
		return "", "", false, nil
	}
	if r.in[0] == '"' {
		if name, err = r.quoted(); err != nil {
			return "", "", false, err
		}
	} else {
		end := strings.IndexAny(r.in[1:], "= \t\n\v\f\r") // the first may be anything
		if end < 0 {
			return "", "", false, r.malformed()
		}
		name, r.in = r.in[:end+1], r.in[end+1:]
	}
	r.space()
	if r.in == "" || r.in[0] != '=' {
		return "", "", false, r.malformed()
	}
	r.in = r.in[1:]
	r.space()
	value, err = r.value()
	return name, value, true, err
}

func (r *optionReader) value() (string, error) {
	if strings.HasPrefix(r.in, "E'") {
		r.in = r.in[1:]
	}
	switch {
	case r.in == "":
		return "", r.malformed()
	case r.in[0] == '\'', r.in[0] == '"':
		return r.quoted()
	}
	end := strings.IndexAny(r.in, ", \t\n\v\f\r")
	if end < 0 {
		end = len(r.in)
	}
	value := r.in[:end]
	r.in = r.in[end:]
	return value, nil
}

// quoted reads what is between quotes; two of them stand for one, and between
// single ones two backslashes do.
func (r *optionReader) quoted() (string, error) {
	quote := r.in[0]
	var b strings.Builder
	for i := 1; i < len(r.in); i++ {
		c := r.in[i]
		twice := i+1 < len(r.in) && r.in[i+1] == c
		switch {
		case c == quote && !twice:
			r.in = r.in[i+1:]
			return b.String(), nil
		case c == quote, c == '\\' && quote == '\'' && twice:
			i++
		}
		b.WriteByte(c)
	}
	return "", r.malformed()
}
