package catalog

// SecretCatalogs are the system relations that PUBLIC may not read, because they
// hold passwords or samples of others' data, with what messages call them.
var SecretCatalogs = map[string]string{
	"pg_authid": "table", "pg_shadow": "view", "pg_statistic": "table", "pg_user_mapping": "table", "pg_largeobject": "table",
	"pg_statistic_ext_data": "table", "pg_hba_file_rules": "view", "pg_file_settings": "view", "pg_config": "view",
}

// IsSecret reports whether a relation is one of SecretCatalogs.
func IsSecret(r Ref) bool { return r.Schema == PgCatalogOID && SecretCatalogs[r.Name] != "" }

// MayAll reports whether a role may all on what owner has, in a database: it is
// a superuser, is the owner, or is a member of it and inherits (has_privs_of_role).
func (s *Snapshot) MayAll(r *Role, owner, database OID) bool {
	return r.Super || s.MemberOf(r, owner, database, true)
}

// MemberOf reports whether a role is another one or a member of it, by way of
// roles that inherit or of all.
func (s *Snapshot) MemberOf(r *Role, of, database OID, inherit bool) bool {
	return s.memberOf(r, of, database, inherit, map[OID]bool{})
}

func (s *Snapshot) memberOf(r *Role, of, database OID, inherit bool, seen map[OID]bool) bool {
	if r.OID == of {
		return r.OID != 0
	}
	if inherit && !r.Inherit || seen[r.OID] {
		return false
	}
	seen[r.OID] = true
	if of == DatabaseOwnerOID {
		if db := s.DatabaseByOID(database); db != nil && db.Owner == r.OID {
			return true
		}
	}
	for _, m := range r.MemberOf {
		if via := s.RoleByOID(m.Role); via != nil && s.memberOf(via, of, database, inherit, seen) {
			return true
		}
	}
	return false
}
