package session

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// setSetting sets one parameter, with the checks that PostgreSQL's check_hooks
// make beyond type and range.
func (s *Session) setSetting(name, value string, local bool) error {
	switch strings.ToLower(name) {
	case "transaction_isolation":
		return s.inTransaction(func() error { return s.setIsolation(strings.ToLower(value)) })
	case "transaction_read_only":
		return s.inTransaction(func() error { return s.setReadOnly(truth(value)) })
	case "transaction_deferrable":
		return s.inTransaction(func() error { s.tx.deferrable = truth(value); return nil })
	case "role", "session_authorization":
		return s.setRole(name, value, local)
	}
	value, err := s.checkSetting(name, value)
	if err != nil {
		return err
	}
	return s.settings.Set(name, value, local)
}

// inTransaction runs f on the present transaction; without one there is nothing to set.
func (s *Session) inTransaction(f func() error) error {
	if s.tx == nil {
		return nil
	}
	return f()
}

func truth(v string) bool {
	switch strings.ToLower(v) {
	case "on", "true", "yes", "1", "t", "y":
		return true
	}
	return false
}

// checkSetting normalizes and refuses values that only their meaning shows to be wrong.
func (s *Session) checkSetting(name, value string) (string, error) {
	switch strings.ToLower(name) {
	case "timezone":
		return checkTimeZone(value)
	case "datestyle":
		return s.checkDateStyle(value)
	case "application_name":
		return printable(value), nil
	case "client_encoding":
		return checkEncoding(value)
	case "standard_conforming_strings":
		if !truth(value) {
			return "", pgerr.Unsupported("standard_conforming_strings = off")
		}
	case "default_transaction_isolation":
		if strings.EqualFold(value, "serializable") {
			return "", pgerr.Unsupported("isolation level SERIALIZABLE")
		}
	}
	return value, nil
}

func invalidSetting(name, value string) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", name, value)
}

// checkEncoding accepts UTF8 alone: what a session cannot convert it must not promise.
func checkEncoding(value string) (string, error) {
	switch strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(value, "-", ""), "_", "")) {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQLASCII", "LATIN1", "ISO88591", "WIN1252", "EUCJP", "BIG5", "GBK":
		return "", pgerr.Unsupported("client_encoding %s", value)
	}
	return "", invalidSetting("client_encoding", value)
}

// checkDateStyle combines style and order words in any sequence; what is not
// named stays as it is now (commands/variable.c, check_datestyle).
func (s *Session) checkDateStyle(value string) (string, error) {
	style, order, _ := strings.Cut(s.settings.Get("DateStyle"), ", ")
	haveStyle, haveOrder, conflict := false, false, false
	setStyle := func(to string) { conflict, style, haveStyle = conflict || haveStyle && style != to, to, true }
	setOrder := func(to string) { conflict, order, haveOrder = conflict || haveOrder && order != to, to, true }
	for _, word := range splitIdentifiers(value) {
		switch up := strings.ToUpper(word); {
		case up == "ISO":
			setStyle("ISO")
		case up == "SQL":
			setStyle("SQL")
		case strings.HasPrefix(up, "POSTGRES"):
			setStyle("Postgres")
		case up == "GERMAN":
			setStyle("German")
			if !haveOrder {
				order = "DMY" // German implies it, unless another is named
			}
		case up == "YMD":
			setOrder("YMD")
		case up == "DMY" || strings.HasPrefix(up, "EURO"):
			setOrder("DMY")
		case up == "MDY" || up == "US" || strings.HasPrefix(up, "NONEURO"):
			setOrder("MDY")
		case up == "DEFAULT":
			byStyle, byOrder, _ := strings.Cut(s.settings.ResetValue("DateStyle"), ", ")
			if !haveStyle {
				style = byStyle
			}
			if !haveOrder {
				order = byOrder
			}
		default:
			return "", invalidSetting("DateStyle", value).WithDetail("Unrecognized key word: %q.", word)
		}
	}
	if conflict {
		return "", invalidSetting("DateStyle", value).WithDetail("Conflicting \"datestyle\" specifications.")
	}
	return style + ", " + order, nil
}

// checkTimeZone reads a zone's name, or hours east of Greenwich (check_timezone).
func checkTimeZone(value string) (string, error) {
	name := value
	if hours, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
		name = offsetZone(time.Duration(hours * float64(time.Hour)))
	}
	zone := types.FindZone(name)
	if zone == nil {
		return "", invalidSetting("TimeZone", value)
	}
	return zone.String(), nil
}

// offsetZone is the POSIX name of a zone that lies so far east (pg_tzset_offset).
func offsetZone(east time.Duration) string {
	name, posix := "+", "-"
	if east < 0 {
		name, posix, east = "-", "+", -east
	}
	seconds := int(east / time.Second)
	text := fmt.Sprintf("%02d", seconds/3600)
	if seconds%3600 != 0 {
		text += fmt.Sprintf(":%02d", seconds/60%60)
	}
	if seconds%60 != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return "<" + name + text + ">" + posix + text
}

// printable replaces what is not printable ASCII (check_application_name).
func printable(value string) string {
	b := []byte(value)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// setRole is SET ROLE and SET SESSION AUTHORIZATION.
func (s *Session) setRole(name, value string, local bool) error {
	if value != "none" && value != "default" && s.snapshot().Role(value) == nil {
		return pgerr.New(pgerr.InvalidParameterValue, "role %q does not exist", value)
	}
	return s.settings.Set(name, value, local)
}

// constText is a constant of SET's grammar as text.
func constText(n *pg.Node) string {
	c := n.GetAConst()
	switch v := c.GetVal().(type) {
	case *pg.A_Const_Sval:
		return v.Sval.GetSval()
	case *pg.A_Const_Ival:
		return itoa(int64(v.Ival.GetIval()))
	case *pg.A_Const_Fval:
		return v.Fval.GetFval()
	case *pg.A_Const_Boolval:
		return onOff(v.Boolval.GetBoolval())
	}
	return n.GetString_().GetSval()
}
