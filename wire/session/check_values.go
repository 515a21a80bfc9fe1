package session

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// onlyValue are settings whose other values would change answers in ways that
// are not there: to take them would be a promise.
var onlyValue = map[string]string{
	"array_nulls": "on", "transform_null_equals": "off", "quote_all_identifiers": "off",
}

// checkOnly refuses what onlyValue has no place for (0A000).
func checkOnly(name, value string) error {
	only, ok := onlyValue[name]
	if !ok {
		return nil
	}
	d, err := setting.Lookup(name)
	if err != nil {
		return err
	}
	v, err := d.Parse(value)
	switch {
	case err != nil:
		return err
	case v != only:
		return pgerr.Unsupported("%s = %s", name, v)
	}
	return nil
}

// encodings are the names of client encodings (common/encnames.c), without
// their punctuation.
var encodings = func() map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(`abc alt big5 euccn eucjis2004 eucjp euckr euctw gb18030 gbk iso88591 iso885910 iso885913 iso885914
		iso885915 iso885916 iso88592 iso88593 iso88594 iso88595 iso88596 iso88597 iso88598 iso88599 johab koi8 koi8r koi8u latin1 latin10
		latin2 latin3 latin4 latin5 latin6 latin7 latin8 latin9 mskanji muleinternal shiftjis shiftjis2004 sjis tcvn tcvn5712 uhc vscii win
		win1250 win1251 win1252 win1253 win1254 win1255 win1256 win1257 win1258 win866 win874 win932 win936 win949 win950
		windows1250 windows1251 windows1252 windows1253 windows1254 windows1255 windows1256 windows1257 windows1258 windows866 windows874
		windows932 windows936 windows949 windows950`) {
		names[n] = true
	}
	return names
}()

// checkEncoding accepts UTF8, and SQL_ASCII, which asks for no conversion (libpq does,
// in the C locale): what a session cannot convert it must not promise.
func checkEncoding(value string) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(value))
	switch {
	case name == "utf8" || name == "unicode":
		return "UTF8", nil
	case name == "sqlascii":
		return "SQL_ASCII", nil
	case encodings[name]:
		return "", pgerr.Unsupported("client_encoding %s", value)
	}
	return "", invalidSetting("client_encoding", value)
}

// checkLocale accepts the locales that there are: the database's own, by its names.
func checkLocale(name, value string) error {
	switch strings.ToLower(value) {
	case "", "c", "posix", "c.utf-8", "c.utf8":
		return nil
	}
	return invalidSetting(name, value)
}

// checkTablespace accepts the two that there are (commands/tablespace.c, check_default_tablespace).
func checkTablespace(name, value string) error {
	for _, n := range splitIdentifiers(value) {
		if n != "pg_default" && n != "pg_global" && n != "" {
			return invalidSetting(name, value).WithDetail("Tablespace \"%s\" does not exist.", n)
		}
	}
	return nil
}

// checkStackDepth is check_max_stack_depth (postgres.c).
func checkStackDepth(value string) error {
	d, err := setting.Lookup("max_stack_depth")
	if err != nil {
		return err
	}
	v, err := d.Parse(value)
	if err != nil {
		return err
	}
	if kb, err := strconv.Atoi(v); err != nil || kb > types.StackLimitKB {
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"max_stack_depth\": %s", v).
			WithDetail("\"max_stack_depth\" must not exceed %dkB.", types.StackLimitKB).
			WithHint("Increase the platform's stack depth limit via \"ulimit -s\" or local equivalent.")
	}
	return nil
}

// checkAccessMethod accepts the one table access method that there is.
func checkAccessMethod(name, value string) error {
	switch value {
	case "heap":
		return nil
	case "":
		return invalidSetting(name, value).WithDetail("%s cannot be empty.", name)
	}
	return invalidSetting(name, value).WithDetail("Table access method \"%s\" does not exist.", value)
}

// checkList refuses a list of names that cannot be read (varlena.c, SplitIdentifierString).
func checkList(name, value string) error {
	rest, open := strings.TrimSpace(value), false
	for rest != "" {
		if rest[0] == '"' {
			end := quotedEnd(rest)
			if end < 0 {
				break
			}
			rest = rest[end:]
		} else {
			n := strings.IndexAny(rest, ", \t\n\r\f\v")
			if n < 0 {
				n = len(rest)
			}
			if n == 0 {
				break
			}
			rest = rest[n:]
		}
		if rest, open = nextInList(rest); !open {
			break
		}
	}
	if rest != "" || open {
		return invalidSetting(name, value).WithDetail("List syntax is invalid.")
	}
	return nil
}

// nextInList steps over a comma; open says that another name must follow.
func nextInList(rest string) (_ string, open bool) {
	rest = strings.TrimSpace(rest)
	if !strings.HasPrefix(rest, ",") {
		return rest, false
	}
	return strings.TrimSpace(rest[1:]), true
}

// quotedEnd is where the quoted name that begins s ends, or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '"':
		case i+1 < len(s) && s[i+1] == '"':
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// shorten cuts a name to what a name may have, in whole characters, with
// PostgreSQL's notice (parser/scansup.c, truncate_identifier).
func (s *Session) shorten(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	end := maxNameBytes
	for end > 0 && name[end]&0xc0 == 0x80 {
		end--
	}
	s.Notice(pgerr.New(pgerr.NameTooLong, "identifier \"%s\" will be truncated to \"%s\"", name, name[:end]).WithSeverity(pgerr.SeverityNotice))
	return name[:end]
}

// maxNameBytes is NAMEDATALEN - 1 (pg_config_manual.h).
const maxNameBytes = 63
