package protocol

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// render is one server message as a transcript shows it: without what differs
// from run to run (OIDs of tables, process ids) and server to server (source
// files, the version).
func render(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.AuthenticationOk:
		return "AuthenticationOk"
	case *pgproto3.BackendKeyData:
		return "BackendKeyData"
	case *pgproto3.ParameterStatus:
		if m.Name == "server_version" {
			return "ParameterStatus server_version"
		}
		return fmt.Sprintf("ParameterStatus %s %q", m.Name, m.Value)
	case *pgproto3.NegotiateProtocolVersion:
		return fmt.Sprintf("NegotiateProtocolVersion %d %q", m.NewestMinorProtocol, m.UnrecognizedOptions)
	case *pgproto3.ReadyForQuery:
		return "ReadyForQuery " + string(m.TxStatus)
	case *pgproto3.RowDescription:
		return "RowDescription" + fields(m.Fields)
	case *pgproto3.DataRow:
		return "DataRow" + values(m.Values)
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag)
	case *pgproto3.ErrorResponse:
		return "ErrorResponse" + problem(m)
	case *pgproto3.NoticeResponse:
		return "NoticeResponse" + problem((*pgproto3.ErrorResponse)(m))
	case *pgproto3.ParameterDescription:
		return strings.TrimRight("ParameterDescription "+strings.Trim(fmt.Sprint(m.ParameterOIDs), "[]"), " ")
	case *pgproto3.CopyInResponse:
		return fmt.Sprintf("CopyInResponse %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("CopyOutResponse %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyData:
		return fmt.Sprintf("CopyData %q", m.Data)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
}

func fields(fs []pgproto3.FieldDescription) string {
	var b strings.Builder
	for _, f := range fs {
		fmt.Fprintf(&b, " %s:%d", strconv.Quote(string(f.Name)), f.DataTypeOID)
		if f.TypeModifier != -1 {
			fmt.Fprintf(&b, "(%d)", f.TypeModifier)
		}
		fmt.Fprintf(&b, "/%d", f.DataTypeSize)
		if f.TableOID != 0 {
			fmt.Fprintf(&b, "@%d", f.TableAttributeNumber)
		}
		if f.Format != 0 {
			fmt.Fprintf(&b, "f%d", f.Format)
		}
	}
	return b.String()
}

func values(vs [][]byte) string {
	var b strings.Builder
	for _, v := range vs {
		if v == nil {
			b.WriteString(" null")
			continue
		}
		fmt.Fprintf(&b, " %q", v)
	}
	return b.String()
}

func problem(e *pgproto3.ErrorResponse) string {
	var b strings.Builder
	fmt.Fprintf(&b, " %s %s %q", e.Severity, e.Code, e.Message)
	for _, f := range []struct{ name, value string }{
		{"detail", e.Detail}, {"hint", e.Hint}, {"where", e.Where}, {"schema", e.SchemaName}, {"table", e.TableName},
		{"column", e.ColumnName}, {"type", e.DataTypeName}, {"constraint", e.ConstraintName}} {
		if f.value != "" {
			fmt.Fprintf(&b, " %s=%q", f.name, f.value)
		}
	}
	if e.Position != 0 {
		fmt.Fprintf(&b, " position=%d", e.Position)
	}
	return b.String()
}
