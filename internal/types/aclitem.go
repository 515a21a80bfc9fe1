package types

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// aclitemCodec is aclitem (acl.c): who was given which privileges by whom. A
// Datum is its text, with the roles' names as they were when it was read.
type aclitemCodec struct{ textCodec }

// Privileges are a set of them, a bit for each letter of ACLLetters.
type Privileges uint16

// ACLLetters are the privileges' letters, ACLNames their names, in order.
const ACLLetters = "arwdDxtXUCTcsA"

// ACLNames are the names of the privileges.
var ACLNames = [len(ACLLetters)]string{
	"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER",
	"EXECUTE", "USAGE", "CREATE", "TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM",
}

// ACLItem is an aclitem's value.
type ACLItem struct {
	Grantee string // a role's name; "" is PUBLIC
	Grantor string
	Rights  Privileges
	Options Privileges // those that the grantee may grant
}

// BootstrapRole is the name of the role that gives where nobody is said to.
const BootstrapRole = "postgres"

// ACLItem returns an aclitem's value.
func (d Datum) ACLItem() ACLItem {
	item, _ := parseACLItem(d.Text()) // it was read once
	return item
}

// ACLItemDatum makes an aclitem.
func ACLItemDatum(item ACLItem) Datum { return Text(string(item.append(nil))) }

// PrivilegesOf are those of some letters.
func PrivilegesOf(letters string) (p Privileges) {
	for i := range len(letters) {
		p |= 1 << strings.IndexByte(ACLLetters, letters[i])
	}
	return p
}

func (item ACLItem) append(dst []byte) []byte {
	dst = append(appendACLName(dst, item.Grantee), '=')
	for i := range len(ACLLetters) {
		if item.Rights&(1<<i) != 0 {
			dst = append(dst, ACLLetters[i])
		}
		if item.Options&(1<<i) != 0 {
			dst = append(dst, '*')
		}
	}
	return appendACLName(append(dst, '/'), item.Grantor)
}

func isACLNameByte(c byte) bool { return isAlpha(c) || isDigit(c) || c == '_' }

// appendACLName quotes a name that has other characters than letters and digits of ASCII.
func appendACLName(dst []byte, name string) []byte {
	for i := range len(name) {
		if !isACLNameByte(name[i]) {
			return append(append(append(dst, '"'), strings.ReplaceAll(name, `"`, `""`)...), '"')
		}
	}
	return append(dst, name...)
}

func (aclitemCodec) parse(env *Env, _ *Type, s string, _ int32) (Datum, error) {
	item, err := parseACLItem(s)
	if err != nil {
		return Null, err
	}
	if env != nil && env.Names != nil {
		for _, name := range [...]string{item.Grantee, item.Grantor} {
			if name == "" {
				continue
			}
			if _, err := env.Names.FindObject(TRegrole, quoteRole(name)); err != nil {
				return Null, pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
			}
		}
	}
	return ACLItemDatum(item), nil
}

// quoteRole is a name as regrole reads it back.
func quoteRole(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func errACL(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidTextRepresentation, format, args...)
}

// parseACLItem reads grantee=privileges/grantor (aclparse).
func parseACLItem(s string) (item ACLItem, err error) {
	name, rest, err := scanACLName(s)
	if err != nil {
		return item, err
	}
	if !strings.HasPrefix(rest, "=") {
		if name != "group" && name != "user" {
			return item, errACL("unrecognized key word: \"%s\"", name).WithHint("ACL key word must be \"group\" or \"user\".")
		}
		if name, rest, err = scanACLName(rest); err != nil {
			return item, err
		}
		if name == "" {
			return item, errACL("missing name").WithHint("A name must follow the \"group\" or \"user\" key word.")
		}
	}
	if !strings.HasPrefix(rest, "=") {
		return item, errACL("missing \"=\" sign")
	}
	item.Grantee = name
	if rest, err = item.scanRights(rest[1:]); err != nil {
		return item, err
	}
	item.Grantor = BootstrapRole
	if strings.HasPrefix(rest, "/") {
		if item.Grantor, rest, err = scanACLName(rest[1:]); err != nil {
			return item, err
		}
		if item.Grantor == "" {
			return item, errACL("a name must follow the \"/\" sign")
		}
	}
	if trimSpace(rest) != "" {
		return item, errACL("extra garbage at the end of the ACL specification")
	}
	return item, nil
}

// scanRights reads letters, each with a star when it may be granted on.
func (item *ACLItem) scanRights(s string) (rest string, err error) {
	last := Privileges(0)
	for ; s != "" && (isAlpha(s[0]) || s[0] == '*'); s = s[1:] {
		if s[0] == '*' {
			item.Options |= last
			continue
		}
		i := strings.IndexByte(ACLLetters, s[0])
		if i < 0 {
			return s, errACL("invalid mode character: must be one of \"%s\"", ACLLetters)
		}
		last = 1 << i
		item.Rights |= last
	}
	return s, nil
}

// scanACLName reads a name, with quotes around it or parts of it, and the white
// space before and after (getid).
func scanACLName(s string) (name, rest string, err error) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	var b []byte
	quoted := false
	for ; s != "" && (quoted || s[0] == '"' || s[0] >= 0x80 || isACLNameByte(s[0])); s = s[1:] {
		if s[0] == '"' {
			if !quoted || !strings.HasPrefix(s[1:], `"`) {
				quoted = !quoted
				continue
			}
			s = s[1:]
		}
		if b = append(b, s[0]); len(b) >= nameBytes {
			return "", s, pgerr.New(pgerr.NameTooLong, "identifier too long").WithDetail("Identifier must be less than %d characters.", nameBytes)
		}
	}
	return string(b), strings.TrimLeft(s, " \t\n\v\f\r"), nil
}
