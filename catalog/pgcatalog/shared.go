package pgcatalog

import (
	"sort"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func (g *generator) databaseRows(d *catalog.Database) {
	if r := g.begin("pg_database"); r != nil {
		r.oid("oid", d.OID).text("datname", d.Name).oid("datdba", d.Owner).bool("datistemplate", d.IsTemplate)
		r.bool("datallowconn", d.AllowConn).int("datconnlimit", int64(d.ConnLimit)).text("datcollate", d.Collate).text("datctype", d.Type)
		if d.OID == catalog.Template0OID || d.OID == catalog.Template1OID {
			r.set("datacl", aclArray("=c/postgres", "postgres=CTc/postgres"))
		}
		r.done()
	}
	g.settings(d.OID, 0, d.Settings)
	g.sharedDescription(databaseClass, d.OID, d.Comment)
	if d.OID == g.database {
		if r := g.begin("information_schema.information_schema_catalog_name"); r != nil {
			r.text("catalog_name", d.Name).done()
		}
	}
}

func aclArray(items ...string) types.Datum {
	elems := make([]types.Datum, len(items))
	for i, item := range items {
		elems[i] = types.Text(item)
	}
	return array(types.ByOID(1033), 1, elems)
}

func (g *generator) settings(database, role catalog.OID, settings map[string]string) {
	if len(settings) == 0 {
		return
	}
	if r := g.begin("pg_db_role_setting"); r != nil {
		r.oid("setdatabase", database).oid("setrole", role).set("setconfig", settingArray(settings)).done()
	}
}

// settingArray is name=value, in order of name; NULL without settings.
func settingArray(settings map[string]string) types.Datum { return optionArray(settings) }

func (g *generator) roleRows(o *catalog.Role) {
	validUntil := types.Null
	if o.ValidUntil != "" {
		if d, err := types.TTimestamptz.Parse(types.DefaultEnv(), o.ValidUntil, -1); err == nil {
			validUntil = d
		}
	}
	if r := g.begin("pg_authid"); r != nil {
		r.role(o, validUntil).optional("rolpassword", o.Verifier).done()
	}
	if r := g.begin("pg_roles"); r != nil {
		r.role(o, validUntil).set("rolconfig", settingArray(o.Settings)).done()
	}
	for _, m := range o.MemberOf {
		if r := g.begin("pg_auth_members"); r != nil {
			r.oid("roleid", m.Role).oid("member", o.OID).oid("grantor", m.Grantor).bool("admin_option", m.Admin).done()
		}
	}
	if o.Login {
		g.userRows(o, validUntil)
	} else {
		g.groupRow(o)
	}
	g.settings(0, o.OID, o.Settings)
	g.sharedDescription(authidClass, o.OID, o.Comment)
}

func (r *row) role(o *catalog.Role, validUntil types.Datum) *row {
	r.oid("oid", o.OID).text("rolname", o.Name).bool("rolsuper", o.Super).bool("rolinherit", o.Inherit)
	r.bool("rolcreaterole", o.CreateRole).bool("rolcreatedb", o.CreateDB).bool("rolcanlogin", o.Login)
	r.bool("rolreplication", o.Replication).bool("rolbypassrls", o.BypassRLS).int("rolconnlimit", int64(o.ConnLimit))
	return r.set("rolvaliduntil", validUntil)
}

// userRows makes a role's rows in pg_shadow and pg_user.
func (g *generator) userRows(o *catalog.Role, validUntil types.Datum) {
	for _, view := range []string{"pg_shadow", "pg_user"} {
		r := g.begin(view)
		if r == nil {
			continue
		}
		r.text("usename", o.Name).oid("usesysid", o.OID).bool("usecreatedb", o.CreateDB).bool("usesuper", o.Super)
		r.bool("userepl", o.Replication).bool("usebypassrls", o.BypassRLS).set("valuntil", validUntil)
		r.set("useconfig", settingArray(o.Settings))
		if view == "pg_shadow" {
			r.optional("passwd", o.Verifier)
		}
		r.done()
	}
}

func (g *generator) groupRow(o *catalog.Role) {
	r := g.begin("pg_group")
	if r == nil {
		return
	}
	var members []types.Datum
	for _, m := range membersOf(g.snapshot, o.OID) {
		members = append(members, types.Int(int64(m)))
	}
	r.text("groname", o.Name).oid("grosysid", o.OID).set("grolist", array(types.TOID, 1, members)).done()
}

func membersOf(s *catalog.Snapshot, role catalog.OID) []catalog.OID {
	var out []catalog.OID
	for r := range s.Roles() {
		for _, m := range r.MemberOf {
			if m.Role == role {
				out = append(out, r.OID)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

func (g *generator) schemaRows(n *catalog.Schema) {
	if n.OID == catalog.PegmatiteOID {
		// Its name does not begin with pg_, so psql's \dn and others' lists of
		// users' schemas would have it. Names in it resolve without these rows.
		return
	}
	if r := g.begin("pg_namespace"); r != nil {
		r.oid("oid", n.OID).text("nspname", n.Name).oid("nspowner", n.Owner)
		switch {
		case n.OID == catalog.PublicOID && n.Owner == catalog.DatabaseOwnerOID:
			r.set("nspacl", aclArray("pg_database_owner=UC/pg_database_owner", "=U/pg_database_owner"))
		case catalog.IsSystemSchema(n.OID) && n.OID != catalog.PgToastOID:
			r.set("nspacl", aclArray("postgres=UC/postgres", "=U/postgres"))
		}
		r.done()
	}
	g.schemataRow(n)
	if n.OID == catalog.InformationSchemaOID {
		g.domainChecks()
	}
	g.description(namespaceClass, n.OID, 0, n.Comment)
	if n.OID != catalog.PublicOID {
		g.ownerDepend(namespaceClass, n.OID, n.Owner)
	}
}

// domainChecks are the constraints of information_schema's own domains.
func (g *generator) domainChecks() {
	for _, k := range []struct{ name, clause string }{
		{"cardinal_number_domain_check", "((VALUE >= 0))"},
		{"yes_or_no_check", "(((VALUE)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[])))"},
	} {
		r := g.begin("information_schema.check_constraints").place("constraint", catalog.Ref{Schema: catalog.InformationSchemaOID, Name: k.name})
		r.text("check_clause", k.clause).done()
	}
}
