package session

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// privilegeFunctions are manual table 9.67. There is no GRANT on objects:
// superusers and owners may everything, the others what PUBLIC may by default.
var privilegeFunctions = map[string]function{
	"acl_role_name": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if r := s.snapshot().RoleByOID(oidArg(args)); r != nil {
			return types.Text(r.Name), nil
		}
		return types.Text(itoa(args[0].Int())), nil
	},
	"acl_role_oid": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if r := s.snapshot().Role(args[0].Text()); r != nil {
			return types.Int(int64(r.OID)), nil
		}
		oid, _ := strconv.ParseUint(args[0].Text(), 10, 32) // of a role that is gone; 0 has none
		return types.Int(int64(oid)), nil
	},
	"has_table_privilege":                privilege(tablePrivileges, 2, relationPrivilege),
	"has_any_column_privilege":           privilege(columnPrivileges, 2, relationPrivilege),
	"has_column_privilege":               privilege(columnPrivileges, 3, columnPrivilege),
	"has_sequence_privilege":             privilege([]string{"USAGE", "SELECT", "UPDATE"}, 2, sequencePrivilege),
	"has_schema_privilege":               privilege([]string{"CREATE", "USAGE"}, 2, schemaPrivilege),
	"has_database_privilege":             privilege([]string{"CREATE", "CONNECT", "TEMPORARY", "TEMP"}, 2, databasePrivilege),
	"has_function_privilege":             privilege([]string{"EXECUTE"}, 2, publicPrivilege(procedureIn)),
	"has_type_privilege":                 privilege([]string{"USAGE"}, 2, publicPrivilege(typeIn)),
	"has_language_privilege":             privilege([]string{"USAGE"}, 2, publicPrivilege(languageIn)),
	"has_tablespace_privilege":           privilege([]string{"CREATE"}, 2, superPrivilege(tablespaceIn)),
	"has_parameter_privilege":            privilege([]string{"SET", "ALTER SYSTEM"}, 2, superPrivilege(nil)),
	"has_foreign_data_wrapper_privilege": privilege([]string{"USAGE"}, 2, superPrivilege(noneIn("foreign-data wrapper"))),
	"has_server_privilege":               privilege([]string{"USAGE"}, 2, superPrivilege(noneIn("server"))),
	"pg_has_role":                        privilege([]string{"USAGE", "MEMBER"}, 2, rolePrivilege),
}

var (
	tablePrivileges  = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}
	columnPrivileges = []string{"SELECT", "INSERT", "UPDATE", "REFERENCES"}
)

// check answers whether a role has any of the privileges on the object that
// the arguments name; ok is false (NULL) for an OID that is none.
type check func(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error)

// privilege makes one of the functions: in front of its own arguments, of
// which there are args, may stand a role; the last is a list of privileges.
func privilege(known []string, args int, f check) function {
	return func(_ context.Context, s *Session, a []types.Datum) (types.Datum, error) {
		role := s.currentUser()
		if len(a) > args {
			var err error
			if role, err = s.roleArgument(a[0]); err != nil {
				return types.Null, err
			}
			a = a[1:]
		}
		wanted, err := privilegeList(a[len(a)-1].Text(), known)
		if err != nil {
			return types.Null, err
		}
		may, ok, err := f(s, role, a[:len(a)-1], wanted)
		if err != nil {
			return types.Null, err
		}
		return boolOrNull(may, ok), nil
	}
}

// privilegeList reads "SELECT, UPDATE WITH GRANT OPTION" (convert_any_priv_string).
func privilegeList(text string, known []string) ([]string, error) {
	var out []string
	for _, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		name := strings.ToUpper(one)
		for _, suffix := range []string{" WITH GRANT OPTION", " WITH ADMIN OPTION"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if !slices.Contains(known, name) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: %q", one)
		}
		out = append(out, name)
	}
	return out, nil
}

// noRole stands for an OID that is no role: it has no privilege.
var noRole = &catalog.Role{}

func (s *Session) roleArgument(d types.Datum) (*catalog.Role, error) {
	if d.Kind() == types.KindInt {
		if r := s.snapshot().RoleByOID(catalog.OID(d.Int())); r != nil {
			return r, nil
		}
		return noRole, nil
	}
	if d.Text() == "public" {
		return noRole, nil
	}
	if r := s.snapshot().Role(d.Text()); r != nil {
		return r, nil
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "role %q does not exist", d.Text())
}

// owns reports whether a role may all on what owner has.
func (s *Session) owns(r *catalog.Role, owner catalog.OID) bool {
	return s.snapshot().MayAll(r, owner, s.database)
}

// relationPrivilege: PUBLIC may read the catalogs.
func relationPrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	oid, err := s.relationArg(object[0])
	if err != nil {
		return false, false, err
	}
	relation := s.snapshot().RelationByOID(oid)
	if relation == nil {
		return false, false, nil
	}
	ref := relation.Ref()
	readable := catalog.IsSystemSchema(ref.Schema) && slices.Contains(wanted, "SELECT") && !catalog.IsSecret(ref)
	return readable || s.owns(r, ref.Owner), true, nil
}

func columnPrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	oid, err := s.relationArg(object[0])
	if err != nil {
		return false, false, err
	}
	if t := s.snapshot().Table(oid); t != nil {
		var c *catalog.Column
		if object[1].Kind() == types.KindInt {
			c = t.ColumnByAttnum(int16(object[1].Int()))
		} else if c = t.ColumnByName(object[1].Text()); c == nil {
			return false, false, errNoColumn(object[1].Text(), t.Name)
		}
		if c == nil {
			return false, false, nil
		}
	}
	return relationPrivilege(s, r, object, wanted)
}

func sequencePrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	oid, err := s.relationArg(object[0])
	if err != nil {
		return false, false, err
	}
	switch q := s.snapshot().RelationByOID(oid).(type) {
	case nil:
		return false, false, nil
	case *catalog.Sequence:
		return s.owns(r, q.Owner), true, nil
	default:
		return false, false, pgerr.New(pgerr.WrongObjectType, "%q is not a sequence", q.Ref().Name)
	}
}

// schemaPrivilege: PUBLIC may use the schemas that every database is born with.
func schemaPrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	var sc *catalog.Schema
	if d := object[0]; d.Kind() == types.KindInt {
		sc = s.snapshot().SchemaByOID(s.database, catalog.OID(d.Int()))
	} else if sc = s.snapshot().Schema(s.database, d.Text()); sc == nil {
		return false, false, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", d.Text())
	}
	if sc == nil {
		return false, false, nil
	}
	born := sc.OID == catalog.PublicOID || catalog.IsSystemSchema(sc.OID) && sc.OID != catalog.PgToastOID
	return born && slices.Contains(wanted, "USAGE") || s.owns(r, sc.Owner), true, nil
}

// databasePrivilege: PUBLIC may connect and make temporary tables, in templates connect.
func databasePrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	var db *catalog.Database
	if d := object[0]; d.Kind() == types.KindInt {
		db = s.snapshot().DatabaseByOID(catalog.OID(d.Int()))
	} else if db = s.snapshot().Database(d.Text()); db == nil {
		return false, false, pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", d.Text())
	}
	if db == nil {
		return false, false, nil
	}
	template := db.OID == catalog.Template0OID || db.OID == catalog.Template1OID
	for _, w := range wanted {
		if w == "CONNECT" || !template && (w == "TEMPORARY" || w == "TEMP") {
			return true, true, nil
		}
	}
	return s.owns(r, db.Owner), true, nil
}

// publicPrivilege is of kinds of objects that everybody may use.
func publicPrivilege(find lookup) check {
	return func(s *Session, _ *catalog.Role, object []types.Datum, _ []string) (may, ok bool, err error) {
		if object[0].Kind() == types.KindText {
			_, err = find(s, object[0].Text())
		}
		return true, true, err
	}
}

// superPrivilege is of kinds of objects that only superusers may use.
func superPrivilege(find lookup) check {
	return func(s *Session, r *catalog.Role, object []types.Datum, _ []string) (may, ok bool, err error) {
		if find != nil && object[0].Kind() == types.KindText {
			_, err = find(s, object[0].Text())
		}
		return r.Super, true, err
	}
}

// rolePrivilege is pg_has_role: MEMBER may SET ROLE, USAGE has its privileges.
func rolePrivilege(s *Session, r *catalog.Role, object []types.Datum, wanted []string) (may, ok bool, err error) {
	of, err := s.roleArgument(object[0])
	if err != nil {
		return false, false, err
	}
	for _, w := range wanted {
		if r.Super || s.snapshot().MemberOf(r, of.OID, s.database, w == "USAGE") {
			return true, true, nil
		}
	}
	return false, true, nil
}

func languageIn(_ *Session, name string) (catalog.OID, error) {
	switch name {
	case "internal", "c", "sql":
		return 0, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "language %q does not exist", name)
}

func tablespaceIn(_ *Session, name string) (catalog.OID, error) {
	switch name {
	case "pg_default", "pg_global":
		return 0, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", name)
}
