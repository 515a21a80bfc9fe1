package ddl

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Who may change what (aclchk.c and the commands): owners, members of owning
// roles and superusers may change an object; what stands in no owner's hands
// are attributes of roles. Privileges are not granted on objects, so that a
// schema's or database's CREATE is its owner's alone.

func denied(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InsufficientPrivilege, format, args...)
}

// may reports whether the current role may all on what owner has.
func (s *statement) may(owner catalog.OID) bool {
	return s.snapshot().MayAll(s.Role, owner, s.Database)
}

// mustOwn refuses a change of what somebody else owns; kind is the message's word.
func (s *statement) mustOwn(kind, name string, owner catalog.OID) error {
	if s.may(owner) {
		return nil
	}
	return denied("must be owner of %s %s", kind, name)
}

func (s *statement) mustOwnRelation(r catalog.Relation) error {
	ref := r.Ref()
	return s.mustOwn(kinds[ref.Kind], ref.Name, ref.Owner)
}

// mayDrop is for DROP alone: a schema's owner may drop what is in it.
func (s *statement) mayDrop(kind, name string, owner, schema catalog.OID) error {
	if sc := s.snapshot().SchemaByOID(s.Database, schema); sc != nil && s.may(sc.Owner) {
		return nil
	}
	return s.mustOwn(kind, name, owner)
}

// mayCreateIn refuses to make an object in somebody else's schema.
func (s *statement) mayCreateIn(sc *catalog.Schema) error { return s.roleCreatesIn(s.Role, sc) }

func (s *statement) roleCreatesIn(r *catalog.Role, sc *catalog.Schema) error {
	if s.snapshot().MayAll(r, sc.Owner, s.Database) {
		return nil
	}
	return denied("permission denied for schema %s", sc.Name)
}

// mayCreateInDatabase is for schemas.
func (s *statement) mayCreateInDatabase() error {
	db := s.snapshot().DatabaseByOID(s.Database)
	if s.may(db.Owner) {
		return nil
	}
	return denied("permission denied for database %s", db.Name)
}

// mustBeMember refuses to hand something to a role that one is not in.
func (s *statement) mustBeMember(of *catalog.Role) error {
	if s.Role.Super || s.snapshot().MemberOf(s.Role, of.OID, s.Database, false) {
		return nil
	}
	return denied("must be member of role %q", of.Name)
}

// mayHandOver is OWNER TO of a relation.
func (s *statement) mayHandOver(r catalog.Relation, to *catalog.Role) error {
	ref := r.Ref()
	if s.Role.Super || ref.Owner == to.OID {
		return nil
	}
	if err := s.mustBeMember(to); err != nil {
		return err
	}
	return s.roleCreatesIn(to, s.snapshot().SchemaByOID(s.Database, ref.Schema))
}

func (s *statement) createsRoles() bool     { return s.Role.Super || s.Role.CreateRole }
func (s *statement) createsDatabases() bool { return s.Role.Super || s.Role.CreateDB }

// mayCreateRole is CREATE ROLE of what the options have made of r.
func (s *statement) mayCreateRole(r *catalog.Role) error {
	switch {
	case s.Role.Super:
	case r.Super:
		return denied("must be superuser to create superusers")
	case r.Replication:
		return denied("must be superuser to create replication users")
	case r.BypassRLS:
		return denied("must be superuser to create bypassrls users")
	case !s.Role.CreateRole:
		return denied("permission denied to create role")
	}
	return nil
}

// mayAlterRole is ALTER ROLE with these options: without CREATEROLE, one may
// change one's own password.
func (s *statement) mayAlterRole(r *catalog.Role, options map[string]bool) error {
	switch {
	case s.Role.Super:
	case r.Super || options["superuser"]:
		return denied("must be superuser to alter superuser roles or change superuser attribute")
	case r.Replication || options["isreplication"]:
		return denied("must be superuser to alter replication roles or change replication attribute")
	case options["bypassrls"]:
		return denied("must be superuser to change bypassrls attribute")
	case !s.Role.CreateRole && !(r.OID == s.Role.OID && len(options) == 1 && options["password"]):
		return denied("permission denied")
	}
	return nil
}

// mayChangeMembers is GRANT and REVOKE of a role.
func (s *statement) mayChangeMembers(role *catalog.Role) error {
	switch {
	case s.Role.Super:
	case role.Super:
		return denied("must be superuser to alter superusers")
	case !s.Role.CreateRole && !s.administers(s.Role, role.OID, map[catalog.OID]bool{}):
		return denied("must have admin option on role %q", role.Name)
	}
	return nil
}

// administers reports whether a role was granted another one WITH ADMIN OPTION,
// itself or by way of roles that it is in.
func (s *statement) administers(r *catalog.Role, role catalog.OID, seen map[catalog.OID]bool) bool {
	if seen[r.OID] {
		return false
	}
	seen[r.OID] = true
	for _, m := range r.MemberOf {
		if m.Role == role && m.Admin {
			return true
		}
		if via := s.snapshot().RoleByOID(m.Role); via != nil && s.administers(via, role, seen) {
			return true
		}
	}
	return false
}
