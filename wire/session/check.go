package session

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// setSetting sets one parameter, with the checks that PostgreSQL's check_hooks
// make beyond type and range.
func (s *Session) setSetting(name, value string, local bool) error {
	if key := strings.ToLower(name); characteristics[key] {
		return s.setCharacteristic(key, value)
	}
	value, err := s.checkSetting(name, value)
	if err != nil {
		return err
	}
	if strings.EqualFold(name, "session_authorization") {
		if err := s.settings.Set("role", "none", local); err != nil {
			return err
		}
	}
	return s.settings.Set(name, value, local)
}

// characteristics are the settings that belong to the running transaction.
var characteristics = map[string]bool{"transaction_isolation": true, "transaction_read_only": true, "transaction_deferrable": true}

// setCharacteristic sets one of the running transaction's own settings, by their names.
func (s *Session) setCharacteristic(name, value string) error {
	d, e := setting.Lookup(name)
	if e != nil {
		return e
	}
	v, e := d.Parse(value)
	if e != nil {
		return e
	}
	switch name {
	case "transaction_isolation":
		return s.setIsolation(v)
	case "transaction_read_only":
		return s.setReadOnly(v == "on")
	}
	s.tx.deferrable = v == "on"
	return nil
}

// resetSetting is RESET and SET … TO DEFAULT: the transaction's own settings go
// back to the session's defaults.
func (s *Session) resetSetting(name string) error {
	switch n := strings.ToLower(name); {
	case characteristics[n]:
		return s.setCharacteristic(n, s.settings.Get("default_"+n))
	case n == "session_authorization":
		if err := s.settings.Reset("role"); err != nil {
			return err
		}
	}
	return s.settings.Reset(name)
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
	if d, err := setting.Lookup(name); err == nil && d.Context == "superuser" && !s.currentUser().Super {
		return "", pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set parameter %q", name)
	}
	name = strings.ToLower(name)
	if err := checkOnly(name, value); err != nil {
		return "", err
	}
	switch name {
	case "timezone":
		return checkTimeZone(value)
	case "datestyle":
		return s.checkDateStyle(value)
	case "application_name":
		return printable(s.shorten(value)), nil
	case "client_encoding":
		return checkEncoding(value)
	case "search_path":
		return value, checkList(name, value)
	case "lc_messages", "lc_monetary", "lc_numeric", "lc_time":
		return value, checkLocale(name, value)
	case "default_text_search_config":
		return checkTextSearchConfig(name, value)
	case "default_tablespace", "temp_tablespaces":
		return value, checkTablespace(name, value)
	case "default_table_access_method":
		return value, checkAccessMethod(name, value)
	case "max_stack_depth":
		return value, checkStackDepth(value)
	case "default_with_oids":
		if truth(value) {
			return "", pgerr.New(pgerr.FeatureNotSupported, "tables declared WITH OIDS are not supported")
		}
	case "role", "session_authorization":
		return value, s.checkRole(name, value)
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
		if math.Abs(hours) > maxZoneHours {
			return "", invalidSetting("TimeZone", value).WithDetail("UTC timezone offset is out of range.")
		}
		name = offsetZone(time.Duration(hours * float64(time.Hour)))
	}
	zone := types.FindZone(name)
	if zone == nil {
		return "", invalidSetting("TimeZone", value)
	}
	return zone.String(), nil
}

// maxZoneHours is the largest offset of a zone (datatype/timestamp.h, MAX_TZDISP_HOUR, and pg_tzset_offset's own bound).
const maxZoneHours = 167

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

// checkRole is what SET ROLE and SET SESSION AUTHORIZATION ask: a superuser may
// become anybody, others what they are members of, or not at all (check_role,
// check_session_authorization).
func (s *Session) checkRole(name, value string) error {
	if name == "role" && value == "none" {
		return nil
	}
	role := s.snapshot().Role(value)
	if role == nil {
		return pgerr.New(pgerr.InvalidParameterValue, "role %q does not exist", value)
	}
	s.env.roleFor = "" // what is set again is found again
	own := s.loginRole(s.snapshot())
	if name == "session_authorization" {
		if role.OID != own.OID && !own.Super {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set session authorization")
		}
		return nil
	}
	if user := s.sessionUser(); !user.Super && !s.snapshot().MemberOf(user, role.OID, s.database, false) {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set role %q", value)
	}
	return nil
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
