// Package pgerr is the one error type of the project: what PostgreSQL calls
// ErrorData (src/include/utils/elog.h), field by field as the wire protocol
// reports it (manual 55.8, Error and Notice Message Fields).
//
// An error gets its SQLSTATE where it is first known and is wrapped on its
// way up, never re-worded.
package pgerr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Severity is the S and V field of an ErrorResponse or NoticeResponse.
type Severity string

// The severities that reach a client (elog.h). Everything but ERROR, FATAL and
// PANIC travels in a NoticeResponse.
const (
	SeverityError   Severity = "ERROR"
	SeverityFatal   Severity = "FATAL"
	SeverityPanic   Severity = "PANIC"
	SeverityWarning Severity = "WARNING"
	SeverityNotice  Severity = "NOTICE"
	SeverityDebug   Severity = "DEBUG"
	SeverityInfo    Severity = "INFO"
	SeverityLog     Severity = "LOG"
)

// E is an error (or notice) as PostgreSQL reports it. Zero fields are absent.
type E struct {
	Severity Severity // "" means SeverityError
	Code     Code     // SQLSTATE, five characters
	Message  string
	Detail   string
	Hint     string

	// Position is the place in the client's query text: characters (not
	// bytes), counted from 1; 0 is none.
	Position int

	InternalPosition int
	InternalQuery    string
	Where            string

	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string

	// Row is which row it is about of those that a statement was writing,
	// counted from 1; 0 is not known. Clients see it in COPY's Where only.
	Row int

	// Routine is the C function that raises this error in PostgreSQL, for
	// clients that show it; usually empty.
	Routine string

	cause error
}

// New makes an error with the given SQLSTATE and message.
func New(code Code, format string, args ...any) *E {
	return &E{Code: code, Message: sprintf(format, args)}
}

// Unsupported is 0A000 for a clause or feature; what is named as the user wrote it.
func Unsupported(format string, args ...any) *E {
	return New(FeatureNotSupported, "%s", sprintf(format, args)+" is not supported")
}

// Internal is XX000: a broken assumption of ours, never the user's fault.
func Internal(format string, args ...any) *E {
	return New(InternalError, format, args...)
}

// Raised is XX000 where PostgreSQL's own function of that name raises it (elog),
// for what the client sent: no broken assumption.
func Raised(routine, format string, args ...any) *E {
	e := New(InternalError, format, args...)
	e.Routine = routine
	return e
}

// IsBroken reports whether it is an assumption of ours that did not hold.
func (e *E) IsBroken() bool { return e.Code == InternalError && e.Routine == "" }

// TooDeep is 54001 of what is nested deeper than PostgreSQL's stack reaches
// (check_stack_depth in postgres.c); ours grows, so each place counts its levels.
func TooDeep() *E { return TooDeepAt(2048) }

// TooDeepAt is TooDeep under a max_stack_depth in kB.
func TooDeepAt(stackKB int) *E {
	return New(StatementTooComplex, "stack depth limit exceeded").
		WithHint("Increase the configuration parameter \"max_stack_depth\" (currently %dkB), "+
			"after ensuring the platform's stack depth limit is adequate.", stackKB)
}

// sprintf is fmt.Sprintf, but that %q puts a string in double quotes as it is,
// without escapes: PostgreSQL's messages name things so.
func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	if strings.Contains(format, "%q") {
		args = slices.Clone(args)
		for i, a := range args {
			if s, ok := a.(string); ok {
				args[i] = verbatim(s)
			}
		}
	}
	return fmt.Sprintf(format, args...)
}

// verbatim is a string that %q does not escape.
type verbatim string

// Format implements fmt.Formatter.
func (v verbatim) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		io.WriteString(f, `"`+string(v)+`"`)
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), string(v))
}

func (e *E) Error() string { return e.Message }

// Unwrap returns the error that caused this one, or nil.
func (e *E) Unwrap() error { return e.cause }

// The With functions set one field on e, which must still be owned by the
// caller (fresh from New), and return it.

// WithDetail sets the DETAIL line.
func (e *E) WithDetail(format string, args ...any) *E {
	e.Detail = sprintf(format, args)
	return e
}

// WithHint sets the HINT line.
func (e *E) WithHint(format string, args ...any) *E {
	e.Hint = sprintf(format, args)
	return e
}

// WithPosition sets the 1-based character position, unless one is set already.
func (e *E) WithPosition(pos int) *E {
	if e.Position == 0 {
		e.Position = pos
	}
	return e
}

// WithTable sets the schema and table fields.
func (e *E) WithTable(schema, table string) *E {
	e.Schema, e.Table = schema, table
	return e
}

// WithColumn sets the column field.
func (e *E) WithColumn(column string) *E {
	e.Column = column
	return e
}

// WithConstraint sets the constraint field.
func (e *E) WithConstraint(name string) *E {
	e.Constraint = name
	return e
}

// WithDataType sets the fields that name a type.
func (e *E) WithDataType(schema, name string) *E {
	e.Schema, e.DataType = schema, name
	return e
}

// WithSeverity sets the severity.
func (e *E) WithSeverity(s Severity) *E {
	e.Severity = s
	return e
}

// WithCause records the error underneath; it is logged, not shown to clients.
func (e *E) WithCause(err error) *E {
	e.cause = err
	return e
}

// From finds the *E inside err. An error that carries none becomes 57014 when
// it is a cancelled context, else XX000 with err's text. From(nil) is nil.
func From(err error) *E {
	if err == nil {
		return nil
	}
	var e *E
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return New(QueryCanceled, "canceling statement due to user request").WithCause(err)
	}
	return New(InternalError, "%s", err.Error()).WithCause(err)
}

// HasCode reports whether err carries one of the given SQLSTATEs.
func HasCode(err error, codes ...Code) bool {
	var e *E
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}
