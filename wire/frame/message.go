package frame

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// ErrorMessage makes the ErrorResponse of an error.
func ErrorMessage(e *pgerr.E) *pgproto3.ErrorResponse {
	severity := e.Severity
	if severity == "" {
		severity = pgerr.SeverityError
	}
	return &pgproto3.ErrorResponse{
		Severity:            string(severity),
		SeverityUnlocalized: string(severity),
		Code:                string(e.Code),
		Message:             e.Message,
		Detail:              e.Detail,
		Hint:                e.Hint,
		Position:            int32(e.Position),
		InternalPosition:    int32(e.InternalPosition),
		InternalQuery:       e.InternalQuery,
		Where:               e.Where,
		SchemaName:          e.Schema,
		TableName:           e.Table,
		ColumnName:          e.Column,
		DataTypeName:        e.DataType,
		ConstraintName:      e.Constraint,
		Routine:             e.Routine,
	}
}

// NoticeMessage makes the NoticeResponse of a notice.
func NoticeMessage(e *pgerr.E) *pgproto3.NoticeResponse {
	severity := e.Severity
	if severity == "" {
		severity = pgerr.SeverityNotice
	}
	m := pgproto3.NoticeResponse(*ErrorMessage(e))
	m.Severity, m.SeverityUnlocalized = string(severity), string(severity)
	return &m
}
