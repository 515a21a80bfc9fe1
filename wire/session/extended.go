package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Parse serves a Parse message.
func (s *Session) Parse(ctx context.Context, name, sql string, oids []uint32) error {
	if name == "" {
		s.dropStatement("")
	} else if s.prepared[name] != nil {
		return pgerr.New(pgerr.DuplicatePstatement, "prepared statement %q already exists", name)
	}
	p := &prepared{name: name, declared: make([]*types.Type, len(oids))}
	stmts, err := s.parse(ctx, sql)
	if err != nil {
		return err
	}
	switch {
	case len(stmts) > 1:
		return pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	case len(stmts) == 1:
		p.stmt = stmts[0]
	}
	if err := s.declare(p, oids); err != nil {
		return err
	}
	if err := s.beginMessage(ctx, p.stmt); err != nil {
		return err
	}
	if err := s.prepare(ctx, p); err != nil {
		return err
	}
	s.prepared[name] = p
	s.client.Writer.Send(&pgproto3.ParseComplete{})
	return nil
}

// declare notes the parameter types that the client gave; 0 and unknown are left to inference.
func (s *Session) declare(p *prepared, oids []uint32) error {
	for i, oid := range oids {
		if oid == 0 || types.OID(oid) == types.TUnknown.OID {
			continue
		}
		t := s.snapshot().TypeByOID(types.OID(oid))
		if t == nil {
			t = types.ByOID(types.OID(oid))
		}
		if t == nil {
			return pgerr.New(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
		}
		p.declared[i] = t
	}
	return nil
}

// beginMessage starts the implicit transaction that planning needs, or refuses
// in a failed block all but what ends it.
func (s *Session) beginMessage(ctx context.Context, st *sqlparse.Statement) error {
	if st == nil {
		return nil
	}
	if s.status == failed {
		if endsBlock(st.Node) {
			return nil
		}
		return isAborted
	}
	if st.Node.GetTransactionStmt() != nil {
		return nil
	}
	if err := s.step(ctx, onStatement); err != nil || !analyzed(st.Node) {
		return err
	}
	return s.fixSnapshot(ctx)
}

// Bind serves a Bind message: parameters become datums, a portal is made.
func (s *Session) Bind(ctx context.Context, m *pgproto3.Bind) error {
	p, err := s.findPrepared(m.PreparedStatement)
	if err != nil {
		return err
	}
	if s.status == failed && (p.stmt == nil || len(p.params) > 0) {
		return isAborted
	}
	if err := s.beginMessage(ctx, p.stmt); err != nil {
		return err
	}
	if m.DestinationPortal != "" && s.portals[m.DestinationPortal] != nil {
		return pgerr.New(pgerr.DuplicateCursor, "cursor %q already exists", m.DestinationPortal)
	}
	if n := len(m.Parameters); n != len(p.params) {
		return pgerr.New(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d",
			n, m.PreparedStatement, len(p.params))
	}
	var params []types.Datum
	err = s.confirmed(ctx, func() (err error) {
		s.renewTypes(p)
		params, err = s.bindParams(m, p)
		return err
	})
	if err != nil {
		return err
	}
	// A plan that cannot be had, or that has other columns now, is Bind's error.
	var reads []plan.Dependency
	if p.planned {
		st, err := s.planPrepared(ctx, p)
		if err != nil {
			return err
		}
		if queries(p.stmt.Node) {
			reads = st.Reads
		}
	}
	formats, err := resultFormats(m.ResultFormatCodes, len(p.result))
	if err != nil {
		return err
	}
	s.closePortal(m.DestinationPortal)
	s.portals[m.DestinationPortal] = &portal{
		name: m.DestinationPortal, prepared: p, params: params, formats: formats, reads: reads, level: s.level(),
	}
	s.client.Writer.Send(&pgproto3.BindComplete{})
	return nil
}

// resultFormats checks Bind's result format codes; they outlive the message, so they are copied.
func resultFormats(codes []int16, columns int) ([]int16, error) {
	if len(codes) > 1 && columns > 0 && len(codes) != columns {
		return nil, pgerr.New(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", len(codes), columns)
	}
	return append([]int16(nil), codes...), nil
}

// checkFormats refuses format codes that there are not; PostgreSQL looks at
// them when it sends the first row.
func checkFormats(codes []int16) error {
	for _, c := range codes {
		if c != 0 && c != 1 {
			return pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", c)
		}
	}
	return nil
}

// bindParams reads the parameter values, in text or binary form.
func (s *Session) bindParams(m *pgproto3.Bind, p *prepared) ([]types.Datum, error) {
	codes := m.ParameterFormatCodes
	if len(codes) > 1 && len(codes) != len(m.Parameters) {
		return nil, pgerr.New(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(codes), len(m.Parameters))
	}
	params := make([]types.Datum, len(m.Parameters))
	for i, raw := range m.Parameters {
		if raw == nil {
			continue
		}
		d, err := s.bindParam(raw, p.params[i], formatOf(codes, i))
		if err != nil {
			return nil, bindError(err, m.DestinationPortal, i+1, formatOf(codes, i))
		}
		params[i] = d
	}
	return params, nil
}

func (s *Session) bindParam(raw []byte, t *types.Type, format int16) (types.Datum, error) {
	switch format {
	case 0:
		if err := sqlparse.CheckText(string(raw)); err != nil {
			return types.Null, err
		}
		d, err := t.Parse(s.env.input(), string(raw), -1)
		if err != nil {
			err = &unreadable{err, string(raw)}
		}
		return d, err
	case 1:
		return t.Decode(s.env.input(), raw, -1)
	}
	return types.Null, pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", format)
}

// unreadable is the error of a parameter's text that its type cannot read.
type unreadable struct {
	error
	text string
}

func (u *unreadable) Unwrap() error { return u.error }

// shown is the value as far as log_parameter_max_length_on_error, 0, lets it be seen.
func (u *unreadable) shown() string {
	if u.text == "" {
		return " = ''"
	}
	return " = '...'"
}

// bindError adds which parameter it was (postgres.c, bind_param_error_callback).
func bindError(err error, portal string, number int, format int16) error {
	e := *pgerr.From(err)
	if e.Where != "" {
		e.Where += "\n"
	}
	if portal == "" {
		e.Where += fmt.Sprintf("unnamed portal parameter $%d", number)
	} else {
		e.Where += fmt.Sprintf("portal \"%s\" parameter $%d", portal, number)
	}
	var text *unreadable
	if errors.As(err, &text) {
		e.Where += text.shown()
	}
	if format == 1 && e.Code == pgerr.InvalidBinaryRepresentation && e.Message == "incorrect binary data format" {
		e.Message += fmt.Sprintf(" in bind parameter %d", number)
	}
	return &e
}

// Describe serves a Describe message.
func (s *Session) Describe(ctx context.Context, kind byte, name string) error {
	w := s.client.Writer
	switch kind {
	case 'S':
		p, err := s.findPrepared(name)
		if err != nil {
			return err
		}
		if s.status == failed && p.result != nil {
			return isAborted
		}
		oids := make([]uint32, len(p.params))
		for i, t := range p.params {
			oids[i] = uint32(t.OID)
		}
		w.Send(&pgproto3.ParameterDescription{ParameterOIDs: oids})
		columns, err := s.columns(ctx, p)
		if err != nil {
			return err
		}
		describe(w, columns, nil)
	case 'P':
		po, err := s.findPortal(name)
		if err != nil {
			return err
		}
		columns, err := s.columns(ctx, po.prepared)
		if err != nil {
			return err
		}
		if s.status == failed && columns != nil {
			return isAborted
		}
		describe(w, columns, po.formats)
	default:
		return pgerr.New(pgerr.ProtocolViolation, "invalid DESCRIBE message subtype %d", kind)
	}
	return nil
}

// CloseObject serves a Close message; closing what is not there is no error.
func (s *Session) CloseObject(kind byte, name string) error {
	switch kind {
	case 'S':
		s.dropStatement(name)
	case 'P':
		s.closePortal(name)
	default:
		return pgerr.New(pgerr.ProtocolViolation, "invalid CLOSE message subtype %d", kind)
	}
	s.client.Writer.Send(&pgproto3.CloseComplete{})
	return nil
}

// Sync ends a pipeline: its implicit transaction commits.
func (s *Session) Sync(ctx context.Context) error {
	return s.step(ctx, onEnd)
}
