package catalog

// OIDs of objects that every cluster is born with (pg_database.dat,
// pg_namespace.dat, pg_authid.dat; information_schema's is what initdb of
// PostgreSQL 15 gives it).
const (
	Template1OID OID = 1
	Template0OID OID = 4
	PostgresOID  OID = 5

	PgCatalogOID         OID = 11
	PgToastOID           OID = 99
	PublicOID            OID = 2200
	InformationSchemaOID OID = 13207
	// PegmatiteOID is the schema of the cluster's own relations; PostgreSQL assigns no OID from 9000 to 9999.
	PegmatiteOID OID = 9000

	SuperuserOID     OID = 10
	DatabaseOwnerOID OID = 6171
)

// predefinedRoles are the pg_* roles of PostgreSQL 15.
var predefinedRoles = [...]struct {
	oid  OID
	name string
}{
	{3373, "pg_monitor"},
	{3374, "pg_read_all_settings"},
	{3375, "pg_read_all_stats"},
	{3377, "pg_stat_scan_tables"},
	{4200, "pg_signal_backend"},
	{4544, "pg_checkpoint"},
	{4569, "pg_read_server_files"},
	{4570, "pg_write_server_files"},
	{4571, "pg_execute_server_program"},
	{DatabaseOwnerOID, "pg_database_owner"},
	{6181, "pg_read_all_data"},
	{6182, "pg_write_all_data"},
}

// Bootstrap are the descriptors of a new cluster: what initdb makes.
func Bootstrap() []Object {
	var objects []Object
	for _, d := range []*Database{
		{OID: Template1OID, Name: "template1", IsTemplate: true, AllowConn: true, Comment: "default template for new databases"},
		{OID: Template0OID, Name: "template0", IsTemplate: true, Comment: "unmodifiable empty database"},
		{OID: PostgresOID, Name: "postgres", AllowConn: true, Comment: "default administrative connection database"},
	} {
		d.Owner, d.ConnLimit = SuperuserOID, -1
		d.Encoding, d.Collate, d.Type = "UTF8", "C", "C.UTF-8"
		objects = append(objects, d)
		objects = append(objects, DatabaseSchemas(d.OID)...)
	}
	objects = append(objects, &Role{
		OID: SuperuserOID, Name: "postgres", Super: true, Inherit: true, CreateRole: true, CreateDB: true,
		Login: true, Replication: true, BypassRLS: true, ConnLimit: -1,
	})
	for _, r := range predefinedRoles {
		objects = append(objects, predefinedRole(r.oid, r.name))
	}
	return objects
}

func predefinedRole(oid OID, name string) *Role {
	role := &Role{OID: oid, Name: name, Inherit: true, ConnLimit: -1}
	if name == "pg_monitor" {
		for _, of := range []OID{3374, 3375, 3377} {
			role.MemberOf = append(role.MemberOf, Membership{Role: of, Grantor: SuperuserOID})
		}
	}
	return role
}

// DatabaseSchemas are the schemas that a new database has whatever its
// template: CREATE DATABASE puts them beside the Database.
func DatabaseSchemas(database OID) []Object {
	return []Object{
		&Schema{OID: PgCatalogOID, Database: database, Name: "pg_catalog", Owner: SuperuserOID, Comment: "system catalog schema"},
		&Schema{OID: PgToastOID, Database: database, Name: "pg_toast", Owner: SuperuserOID, Comment: "reserved schema for TOAST tables"},
		&Schema{OID: PublicOID, Database: database, Name: "public", Owner: DatabaseOwnerOID, Comment: "standard public schema"},
		&Schema{OID: InformationSchemaOID, Database: database, Name: "information_schema", Owner: SuperuserOID},
		&Schema{OID: PegmatiteOID, Database: database, Name: "pegmatite", Owner: SuperuserOID, Comment: "the cluster itself"},
	}
}

// IsSystemSchema reports whether users may not create anything in the schema.
func IsSystemSchema(oid OID) bool {
	switch oid {
	case PgCatalogOID, PgToastOID, InformationSchemaOID, PegmatiteOID:
		return true
	}
	return false
}
