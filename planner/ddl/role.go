package ddl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/scram"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func undefinedRole(name string) *pgerr.E {
	return pgerr.New(pgerr.UndefinedObject, "role %q does not exist", name)
}

// role resolves a RoleSpec: a name, CURRENT_USER, CURRENT_ROLE or SESSION_USER.
func (s *statement) role(spec *pg.RoleSpec) (*catalog.Role, error) {
	switch spec.Roletype {
	case pg.RoleSpecType_ROLESPEC_CSTRING:
		if r := s.snapshot().Role(spec.Rolename); r != nil {
			return r, nil
		}
		return nil, undefinedRole(spec.Rolename)
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		return nil, undefinedRole("public")
	}
	return s.Role, nil
}

// createRole is CREATE ROLE, USER and GROUP.
func (s *statement) createRole(ctx context.Context, n *pg.CreateRoleStmt) error {
	r := &catalog.Role{Name: n.Role, Inherit: true, ConnLimit: -1, Login: n.StmtType == pg.RoleStmtType_ROLESTMT_USER}
	memberships, err := s.roleOptions(r, n.Options)
	if err != nil {
		return err
	}
	if err := s.mayCreateRole(r); err != nil {
		return err
	}
	if strings.HasPrefix(n.Role, "pg_") {
		return pgerr.New(pgerr.ReservedName, "role name %q is reserved", n.Role).
			WithDetail("Role names starting with \"pg_\" are reserved.")
	}
	if s.snapshot().Role(n.Role) != nil {
		return pgerr.New(pgerr.DuplicateObject, "role %q already exists", n.Role)
	}
	if err := s.oids(ctx, &r.OID); err != nil {
		return err
	}
	s.Change.Put(r)
	return s.applyMemberships(r, memberships)
}

// memberships are the role lists of CREATE ROLE: IN ROLE, ROLE and ADMIN.
type memberships struct{ in, members, admins []*pg.Node }

// roleOptions applies options to r.
func (s *statement) roleOptions(r *catalog.Role, options []*pg.Node) (m memberships, err error) {
	seen := map[string]bool{}
	for _, o := range options {
		d := o.GetDefElem()
		if seen[d.Defname] {
			return m, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
		}
		seen[d.Defname] = true
		switch d.Defname {
		case "addroleto":
			m.in = d.Arg.GetList().GetItems()
		case "rolemembers":
			m.members = d.Arg.GetList().GetItems()
		case "adminmembers":
			m.admins = d.Arg.GetList().GetItems()
		default:
			if err := s.roleOption(r, d); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// roleOption is one attribute.
func (s *statement) roleOption(r *catalog.Role, d *pg.DefElem) error {
	flag := d.Arg.GetBoolean().GetBoolval()
	switch d.Defname {
	case "superuser":
		r.Super = flag
	case "inherit":
		r.Inherit = flag
	case "createrole":
		r.CreateRole = flag
	case "createdb":
		r.CreateDB = flag
	case "canlogin":
		r.Login = flag
	case "isreplication":
		r.Replication = flag
	case "bypassrls":
		r.BypassRLS = flag
	case "connectionlimit":
		limit, err := strconv.ParseInt(optionText(d), 10, 32)
		if err != nil || limit < -1 {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid connection limit: %s", optionText(d))
		}
		r.ConnLimit = int32(limit)
	case "validUntil":
		return s.validUntil(r, optionText(d))
	case "password":
		if d.Arg == nil {
			r.Verifier = ""
			return nil
		}
		return s.setPassword(r, optionText(d))
	case "sysid":
	default:
		return pgerr.Unsupported("role option %s", strings.ToUpper(d.Defname))
	}
	return nil
}

// setPassword keeps a verifier: one that the client made, or one made here.
func (s *statement) setPassword(r *catalog.Role, password string) error {
	if strings.HasPrefix(password, "md5") && len(password) == 35 {
		return pgerr.Unsupported("an MD5 password verifier")
	}
	verifier := password
	if !scram.IsVerifier(password) {
		var err error
		if verifier, err = scram.NewVerifier(password); err != nil {
			return pgerr.Internal("%v", err)
		}
	}
	if k, err := scram.Parse(verifier); err == nil && k.Fits("") {
		s.notice(pgerr.SuccessfulCompletion, "empty string is not a valid password, clearing password")
		verifier = ""
	}
	r.Verifier = verifier
	return nil
}

// validUntil keeps a moment in one form, whatever the session's settings and the words for it.
func (s *statement) validUntil(r *catalog.Role, text string) error {
	moment, err := types.TTimestamptz.Parse(s.Bind().Types, text, -1)
	if err == nil {
		r.ValidUntil = string(types.TTimestamptz.Format(types.DefaultEnv(), nil, moment))
	}
	return err
}

// applyMemberships makes r a member of roles, and others of r.
func (s *statement) applyMemberships(r *catalog.Role, m memberships) error {
	for _, n := range m.in {
		of, err := s.role(n.GetRoleSpec())
		if err != nil {
			return err
		}
		if err := s.mayChangeMembers(of); err != nil {
			return err
		}
		if err := s.addMember(of, r.OID, false); err != nil {
			return err
		}
	}
	for i, list := range [][]*pg.Node{m.members, m.admins} {
		for _, n := range list {
			member, err := s.role(n.GetRoleSpec())
			if err != nil {
				return err
			}
			if err := s.addMember(r, member.OID, i == 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// addMember makes member one of role's.
func (s *statement) addMember(role *catalog.Role, member catalog.OID, admin bool) error {
	m := s.snapshot().RoleByOID(member)
	if s.snapshot().MemberOf(role, m.OID, s.Database, false) {
		return pgerr.New(pgerr.InvalidGrantOperation, "role %q is a member of role %q", role.Name, m.Name)
	}
	c := roleCopy(m)
	c.MemberOf = slices.DeleteFunc(c.MemberOf, func(x catalog.Membership) bool { return x.Role == role.OID })
	c.MemberOf = append(c.MemberOf, catalog.Membership{Role: role.OID, Grantor: s.Role.OID, Admin: admin})
	s.Change.Read(role)
	s.Change.Put(c)
	return nil
}

func roleCopy(r *catalog.Role) *catalog.Role {
	c := *r
	c.MemberOf = slices.Clone(r.MemberOf)
	c.Settings = copySettings(r.Settings)
	return &c
}

// alterRole is ALTER ROLE … WITH options, and ALTER GROUP … ADD | DROP USER.
func (s *statement) alterRole(n *pg.AlterRoleStmt) error {
	old, err := s.role(n.Role)
	if err != nil {
		return err
	}
	options := map[string]bool{}
	for _, o := range n.Options {
		options[o.GetDefElem().Defname] = true
	}
	if err := s.mayAlterRole(old, options); err != nil {
		return err
	}
	r := roleCopy(old)
	m, err := s.roleOptions(r, n.Options)
	if err != nil {
		return err
	}
	if len(m.members) > 0 && n.Action < 0 {
		return s.dropMembers(r, m.members)
	}
	s.Change.Put(r)
	return s.applyMemberships(r, m)
}

func (s *statement) dropMembers(role *catalog.Role, members []*pg.Node) error {
	for _, n := range members {
		m, err := s.role(n.GetRoleSpec())
		if err != nil {
			return err
		}
		s.removeMember(role, m)
	}
	return nil
}

func (s *statement) removeMember(role, member *catalog.Role) {
	c := roleCopy(member)
	c.MemberOf = slices.DeleteFunc(c.MemberOf, func(x catalog.Membership) bool { return x.Role == role.OID })
	if len(c.MemberOf) == len(member.MemberOf) {
		s.Notice(pgerr.New(pgerr.Warning, "role %q is not a member of role %q", member.Name, role.Name).WithSeverity(pgerr.SeverityWarning))
		return
	}
	s.Change.Put(c)
}

// grantRole is GRANT role TO role and its REVOKE.
func (s *statement) grantRole(n *pg.GrantRoleStmt) error {
	for _, g := range n.GrantedRoles {
		role := s.snapshot().Role(g.GetAccessPriv().GetPrivName())
		if role == nil {
			return undefinedRole(g.GetAccessPriv().GetPrivName())
		}
		if err := s.mayChangeMembers(role); err != nil {
			return err
		}
		for _, e := range n.GranteeRoles {
			member, err := s.role(e.GetRoleSpec())
			if err != nil {
				return err
			}
			if !n.IsGrant {
				s.removeMember(role, member)
				continue
			}
			if err := s.addMember(role, member.OID, grantsAdmin(n.Opt)); err != nil {
				return err
			}
		}
	}
	return nil
}

func grantsAdmin(options []*pg.Node) bool {
	return slices.ContainsFunc(options, func(o *pg.Node) bool {
		return o.GetDefElem().GetDefname() == "admin" && o.GetDefElem().GetArg().GetBoolean().GetBoolval()
	})
}

// alterRoleSet is ALTER ROLE … SET.
func (s *statement) alterRoleSet(n *pg.AlterRoleSetStmt) error {
	if n.Database != "" {
		return pgerr.Unsupported("ALTER ROLE … IN DATABASE … SET")
	}
	if n.Role == nil {
		return pgerr.Unsupported("ALTER ROLE ALL SET")
	}
	old, err := s.role(n.Role)
	if err != nil {
		return err
	}
	switch {
	case s.Role.Super:
	case old.Super:
		return denied("must be superuser to alter superusers")
	case !s.Role.CreateRole && old.OID != s.Role.OID:
		return denied("permission denied")
	}
	r := roleCopy(old)
	if err := applySetting(r.Settings, n.Setstmt); err != nil {
		return err
	}
	s.Change.Put(r)
	return nil
}

// dropRole is DROP ROLE: refused while the role owns something (2BP01).
func (s *statement) dropRole(n *pg.DropRoleStmt) error {
	if !s.createsRoles() {
		return denied("permission denied to drop role")
	}
	for _, o := range n.Roles {
		name := o.GetRoleSpec().GetRolename()
		r := s.snapshot().Role(name)
		switch {
		case r == nil && n.MissingOk:
			s.notice(pgerr.SuccessfulCompletion, "role %q does not exist, skipping", name)
			continue
		case r == nil:
			return undefinedRole(name)
		case r.OID == s.Role.OID:
			return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
		case r.Super && !s.Role.Super:
			return denied("must be superuser to drop superusers")
		}
		if err := s.checkOwned(r); err != nil {
			return err
		}
		for m := range s.snapshot().Roles() {
			if slices.ContainsFunc(m.MemberOf, func(x catalog.Membership) bool { return x.Role == r.OID }) {
				s.removeMember(r, m)
			}
		}
		s.Change.Delete(r)
	}
	return nil
}

// checkOwned lists what a role owns, as pg_shdepend would.
func (s *statement) checkOwned(r *catalog.Role) error {
	var details []string
	for db := range s.snapshot().Databases() {
		if db.Owner == r.OID {
			details = append(details, "owner of database "+db.Name)
		}
		if db.OID != s.Database {
			if n := s.ownedIn(db.OID, r); n > 0 {
				details = append(details, fmt.Sprintf("%d %s in database %s", n, plural(n, "object"), db.Name))
			}
			continue
		}
		for rel := range s.snapshot().Relations(db.OID) {
			if ref := rel.Ref(); ref.Owner == r.OID {
				details = append(details, "owner of "+kinds[ref.Kind]+" "+ref.Name)
			}
		}
		for t := range s.snapshot().UserTypes(db.OID) {
			if t.Header().Owner == r.OID {
				typ, _ := catalog.Type(t)
				details = append(details, "owner of type "+s.visibleTypeName(typ))
			}
		}
		for f := range s.snapshot().Functions(db.OID) {
			if f.Owner == r.OID {
				details = append(details, "owner of "+s.describeFunction(f))
			}
		}
		for sc := range s.snapshot().Schemas(db.OID) {
			if sc.Owner == r.OID {
				details = append(details, "owner of schema "+sc.Name)
			}
		}
	}
	if details == nil {
		return nil
	}
	return pgerr.New(pgerr.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", r.Name).
		WithDetail("%s", strings.Join(details, "\n"))
}

// ownedIn is how many objects of another database a role owns.
func (s *statement) ownedIn(database catalog.OID, r *catalog.Role) (n int) {
	for rel := range s.snapshot().Relations(database) {
		if rel.Ref().Owner == r.OID {
			n++
		}
	}
	for t := range s.snapshot().UserTypes(database) {
		if t.Header().Owner == r.OID {
			n++
		}
	}
	for sc := range s.snapshot().Schemas(database) {
		if sc.Owner == r.OID {
			n++
		}
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
