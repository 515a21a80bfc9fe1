package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// lookup is find that fails with 42P01.
func (b *binder) lookup(n *pg.RangeVar) catalog.Relation {
	r := b.find(n)
	if r == nil {
		b.failNoRelation(n)
	}
	return r
}

func (b *binder) find(n *pg.RangeVar) catalog.Relation {
	b.checkCatalogName(n)
	snapshot := b.env.Snapshot
	if n.Schemaname != "" {
		s := b.schema(n.Schemaname)
		if s == nil {
			return nil
		}
		return snapshot.Relation(b.env.Database, s.OID, n.Relname)
	}
	for _, schema := range b.env.SearchPath {
		if r := snapshot.Relation(b.env.Database, schema, n.Relname); r != nil {
			return r
		}
	}
	return nil
}

func (b *binder) checkCatalogName(n *pg.RangeVar) {
	if n.Catalogname == "" {
		return
	}
	if d := b.env.Snapshot.DatabaseByOID(b.env.Database); d == nil || d.Name != n.Catalogname {
		b.failAt(n.Location, pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s\"",
			n.Catalogname+"."+n.Schemaname+"."+n.Relname)
	}
}

// schema finds a schema by name; pg_temp is the session's own.
func (b *binder) schema(name string) *catalog.Schema {
	if name == "pg_temp" {
		for _, oid := range b.env.SearchPath {
			if s := b.env.Snapshot.SchemaByOID(b.env.Database, oid); s != nil && s.Backend != 0 {
				return s
			}
		}
	}
	return b.env.Snapshot.Schema(b.env.Database, name)
}

func (b *binder) failNoRelation(n *pg.RangeVar) {
	name := n.Relname
	if n.Schemaname != "" {
		name = n.Schemaname + "." + name
	}
	if b.isComposite(n) {
		b.failAt(n.Location, pgerr.WrongObjectType, "\"%s\" is a composite type", n.Relname)
	}
	if b.isIndex(n) {
		b.failAt(n.Location, pgerr.WrongObjectType, "\"%s\" is an index", n.Relname)
	}
	b.failAt(n.Location, pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
}

// isComposite reports whether a name that no relation has is a composite type's.
func (b *binder) isComposite(n *pg.RangeVar) bool {
	path := b.env.SearchPath
	if n.Schemaname != "" {
		s := b.schema(n.Schemaname)
		if s == nil {
			return false
		}
		path = []catalog.OID{s.OID}
	}
	for _, schema := range path {
		if t := b.env.Snapshot.TypeByName(b.env.Database, schema, n.Relname); t != nil {
			_, composite := b.env.Snapshot.TypeOwner(t).(*catalog.Composite)
			return composite && t.Elem == nil
		}
	}
	return false
}

func (b *binder) isIndex(n *pg.RangeVar) bool {
	path := b.env.SearchPath
	if n.Schemaname != "" {
		s := b.schema(n.Schemaname)
		if s == nil {
			return false
		}
		path = []catalog.OID{s.OID}
	}
	for _, schema := range path {
		if t, _ := b.env.Snapshot.IndexByName(b.env.Database, schema, n.Relname); t != nil {
			return true
		}
	}
	return false
}

// need notes that the plan depends on a relation and asks whether it may be used.
func (b *binder) need(r catalog.Relation, what Need, location int32) {
	r0 := r.Ref()
	b.reads[r0.OID] = r0.Version
	if !b.inView() && b.notes.sources[r0.OID] == nil {
		b.notes.sources[r0.OID] = map[int16]bool{}
	}
	b.checkSecret(r0)
	if r0.Persistence == catalog.Temporary && !slices.Contains(b.env.SearchPath, r0.Schema) {
		b.failAt(-1, pgerr.FeatureNotSupported, "cannot access temporary tables of other sessions")
	}
	if b.env.Privilege != nil {
		b.must(b.env.Privilege(r, what), -1)
	}
}

// checkSecret keeps all but superusers from catalogs with passwords. What a view
// reads is read as its owner. The plan is not kept: roles change.
func (b *binder) checkSecret(r catalog.Ref) {
	if !catalog.IsSecret(r) {
		return
	}
	b.coercer.ReadNow = true
	role := b.env.Snapshot.RoleByOID(b.env.Role)
	if n := len(b.views); n > 0 {
		role = b.env.Snapshot.RoleByOID(b.env.Snapshot.RelationByOID(b.views[n-1]).Ref().Owner)
	}
	if role == nil || !role.Super {
		b.failAt(-1, pgerr.InsufficientPrivilege, "permission denied for %s %s", catalog.SecretCatalogs[r.Name], r.Name)
	}
}
