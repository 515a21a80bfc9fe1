// Package copyfmt is COPY's text and CSV formats (manual, COPY, "File
// Formats"; commands/copyfromparse.c, copyto.c): bytes to fields and back. It
// knows no types and no protocol.
package copyfmt

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Options are COPY's, with defaults filled in by Finish.
type Options struct {
	From      bool // COPY FROM, else TO
	CSV       bool
	Binary    bool
	Header    bool
	Match     bool // HEADER MATCH
	Delimiter string
	Null      string
	Quote     string
	Escape    string
	// given marks what was written, as defaults depend on the format.
	DelimiterGiven, NullGiven bool
	// ForceQuote, ForceNull and ForceNotNull are by column position; All is FORCE_QUOTE *.
	ForceQuote, ForceNull, ForceNotNull map[int]bool
	ForceQuoteAll                       bool
}

// checkBinary refuses what only text has.
func (o *Options) checkBinary() error {
	for _, c := range []struct {
		given bool
		name  string
	}{{o.DelimiterGiven, "DELIMITER"}, {o.NullGiven, "NULL"}} {
		if c.given {
			return pgerr.New(pgerr.SyntaxError, "cannot specify %s in BINARY mode", c.name)
		}
	}
	if o.Header {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
	}
	return o.checkQuoting()
}

// Finish fills in defaults and checks the combination, with ProcessCopyOptions' errors.
func (o *Options) Finish() error {
	if o.Binary {
		return o.checkBinary()
	}
	if !o.DelimiterGiven {
		o.Delimiter = "\t"
		if o.CSV {
			o.Delimiter = ","
		}
	}
	if !o.NullGiven {
		o.Null = `\N`
		if o.CSV {
			o.Null = ""
		}
	}
	if err := o.checkQuoting(); err != nil {
		return err
	}
	switch {
	case len(o.Delimiter) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
	case strings.ContainsAny(o.Delimiter, "\r\n"):
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(o.Null, "\r\n"):
		return pgerr.New(pgerr.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	case !o.CSV && strings.Contains("\\.abcdefghijklmnopqrstuvwxyz0123456789", o.Delimiter):
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be %q", o.Delimiter)
	case strings.Contains(o.Null, o.Delimiter):
		return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case o.CSV && o.Delimiter == o.Quote:
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter and quote must be different")
	case o.CSV && strings.Contains(o.Null, o.Quote):
		return pgerr.New(pgerr.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	}
	return nil
}

func (o *Options) checkQuoting() error {
	switch {
	case !o.CSV && o.Quote != "":
		return pgerr.New(pgerr.FeatureNotSupported, "COPY quote available only in CSV mode")
	case o.CSV && o.Quote != "" && len(o.Quote) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY quote must be a single one-byte character")
	case !o.CSV && o.Escape != "":
		return pgerr.New(pgerr.FeatureNotSupported, "COPY escape available only in CSV mode")
	case o.CSV && o.Escape != "" && len(o.Escape) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY escape must be a single one-byte character")
	}
	for _, force := range []struct {
		given, from bool
		name        string
	}{
		{o.ForceQuote != nil || o.ForceQuoteAll, false, "quote"},
		{o.ForceNotNull != nil, true, "not null"},
		{o.ForceNull != nil, true, "null"},
	} {
		switch {
		case !force.given:
		case !o.CSV:
			return pgerr.New(pgerr.FeatureNotSupported, "COPY force %s available only in CSV mode", force.name)
		case force.from && !o.From:
			return pgerr.New(pgerr.FeatureNotSupported, "COPY force %s only available using COPY FROM", force.name)
		case !force.from && o.From:
			return pgerr.New(pgerr.FeatureNotSupported, "COPY force %s only available using COPY TO", force.name)
		}
	}
	if !o.CSV {
		return nil
	}
	if o.Quote == "" {
		o.Quote = `"`
	}
	if o.Escape == "" {
		o.Escape = o.Quote
	}
	return nil
}
