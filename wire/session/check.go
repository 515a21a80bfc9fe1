package session

import (
	"strings"

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
	value, err := checkSetting(name, value)
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
func checkSetting(name, value string) (string, error) {
	switch strings.ToLower(name) {
	case "timezone":
		zone := types.FindZone(value)
		if zone == nil {
			return "", invalidSetting("TimeZone", value)
		}
		return zone.String(), nil
	case "datestyle":
		return checkDateStyle(value)
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

// checkDateStyle combines style and order words in any sequence with what is
// not named kept from the default (commands/variable.c, check_datestyle).
func checkDateStyle(value string) (string, error) {
	style, order := "ISO", "MDY"
	for _, word := range strings.Split(value, ",") {
		word = strings.TrimSpace(word)
		switch up := strings.ToUpper(word); {
		case up == "ISO":
			style = "ISO"
		case up == "SQL":
			style = "SQL"
		case strings.HasPrefix(up, "POSTGRES"):
			style = "Postgres"
		case up == "GERMAN":
			style = "German"
		case up == "YMD":
			order = "YMD"
		case up == "DMY" || strings.HasPrefix(up, "EURO"):
			order = "DMY"
		case up == "MDY" || up == "US" || strings.HasPrefix(up, "NONEURO"):
			order = "MDY"
		case up == "DEFAULT":
			style, order = "ISO", "MDY"
		default:
			return "", invalidSetting("DateStyle", value).WithDetail("Unrecognized key word: %q.", word)
		}
	}
	return style + ", " + order, nil
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
