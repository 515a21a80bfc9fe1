package ddl

import (
	"context"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// createDatabase is CREATE DATABASE: empty ones are copied as they are, that
// is every template without user's objects.
func (s *statement) createDatabase(ctx context.Context, n *pg.CreatedbStmt) error {
	if err := s.Alone("CREATE DATABASE"); err != nil {
		return err
	}
	db := &catalog.Database{
		Name: n.Dbname, Owner: s.Role.OID, AllowConn: true, ConnLimit: -1,
		Encoding: "UTF8", Collate: "C", Type: "C.UTF-8",
	}
	template := "template1"
	for _, o := range n.Options {
		d := o.GetDefElem()
		if d.Defname == "template" {
			if d.Arg != nil {
				template = optionText(d)
			}
			continue
		}
		if err := s.databaseOption(db, d); err != nil {
			return err
		}
	}
	if !s.createsDatabases() {
		return denied("permission denied to create database")
	}
	if err := s.mustBeMember(s.snapshot().RoleByOID(db.Owner)); err != nil {
		return err
	}
	from := s.snapshot().Database(template)
	if from == nil {
		return pgerr.New(pgerr.InvalidCatalogName, "template database %q does not exist", template)
	}
	if !from.IsTemplate && !s.may(from.Owner) {
		return denied("permission denied to copy database %q", from.Name)
	}
	if s.snapshot().Database(n.Dbname) != nil {
		return pgerr.New(pgerr.DuplicateDatabase, "database %q already exists", n.Dbname)
	}
	for range s.snapshot().Relations(from.OID) {
		return pgerr.Unsupported("CREATE DATABASE … TEMPLATE of a database with tables")
	}
	for range s.snapshot().UserTypes(from.OID) {
		return pgerr.Unsupported("CREATE DATABASE … TEMPLATE of a database with types")
	}
	if err := s.oids(ctx, &db.OID); err != nil {
		return err
	}
	s.Change.Put(db)
	for _, o := range catalog.DatabaseSchemas(db.OID) {
		s.Change.Put(o)
	}
	return nil
}

// databaseOption is one option of CREATE or ALTER DATABASE.
func (s *statement) databaseOption(db *catalog.Database, d *pg.DefElem) error {
	if d.Arg == nil {
		return nil // DEFAULT
	}
	value := optionText(d)
	switch d.Defname {
	case "owner":
		r := s.snapshot().Role(value)
		if r == nil {
			return undefinedRole(value)
		}
		db.Owner = r.OID
	case "encoding":
		if e := strings.ToUpper(strings.ReplaceAll(value, "-", "")); e != "UTF8" && e != "UNICODE" && e != "6" {
			return pgerr.Unsupported("encoding %q", value)
		}
	case "lc_collate", "locale":
		if value != "C" && value != "POSIX" && !(d.Defname == "locale" && strings.EqualFold(value, "C.UTF-8")) {
			return pgerr.Unsupported("%s %q", strings.ToUpper(d.Defname), value)
		}
	case "lc_ctype":
		if value != "C" && !strings.EqualFold(value, "C.UTF-8") && !strings.EqualFold(value, "C.utf8") {
			return pgerr.Unsupported("LC_CTYPE %q", value)
		}
	case "allow_connections":
		db.AllowConn = truth(value)
	case "is_template":
		db.IsTemplate = truth(value)
	case "connection_limit":
		var limit int64
		if err := sequenceNumber(d, &limit); err != nil {
			return err
		}
		if limit < -1 {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid connection limit: %d", limit)
		}
		db.ConnLimit = int32(limit)
	case "strategy", "tablespace", "oid":
	default:
		return pgerr.Unsupported("%s of CREATE DATABASE", strings.ToUpper(d.Defname))
	}
	return nil
}

func truth(v string) bool { return v == "true" || v == "on" || v == "1" || v == "yes" }

// dropDatabase is DROP DATABASE: everything in it goes with it.
func (s *statement) dropDatabase(ctx context.Context, n *pg.DropdbStmt) error {
	if err := s.Alone("DROP DATABASE"); err != nil {
		return err
	}
	db := s.snapshot().Database(n.Dbname)
	switch {
	case db == nil && n.MissingOk:
		s.notice(pgerr.SuccessfulCompletion, "database %q does not exist, skipping", n.Dbname)
		return nil
	case db == nil:
		return pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", n.Dbname)
	case !s.may(db.Owner):
		return denied("must be owner of database %s", n.Dbname)
	case db.IsTemplate:
		return pgerr.New(pgerr.WrongObjectType, "cannot drop a template database")
	case db.OID == s.Database:
		return pgerr.New(pgerr.ObjectInUse, "cannot drop the currently open database")
	}
	if err := s.mustBeUnused(ctx, db); err != nil {
		return err
	}
	var gone []catalog.Object
	for r := range s.snapshot().Relations(db.OID) {
		gone = append(gone, r)
	}
	for t := range s.snapshot().UserTypes(db.OID) {
		gone = append(gone, t)
	}
	for sc := range s.snapshot().Schemas(db.OID) {
		gone = append(gone, sc)
	}
	for _, o := range gone {
		s.Change.Delete(o)
	}
	s.Change.Delete(db)
	return nil
}

// A database's sessions have five seconds to leave it (CountOtherDBBackends): a
// client that has closed its connection does not wait for the server's end of it.
const (
	leavingTries = 50
	leavingPause = 100 * time.Millisecond
)

func (s *statement) sessionsThatStay(ctx context.Context, database catalog.OID) (n int, err error) {
	for range leavingTries {
		if n = s.Rows.Sessions(ctx, database); n == 0 {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return n, pgerr.From(ctx.Err())
		case <-time.After(leavingPause):
		}
	}
	return n, nil
}

// mustBeUnused refuses to change a database that sessions are in.
func (s *statement) mustBeUnused(ctx context.Context, db *catalog.Database) error {
	users, err := s.sessionsThatStay(ctx, db.OID)
	if err == nil && users > 0 {
		err = pgerr.New(pgerr.ObjectInUse, "database %q is being accessed by other users", db.Name).
			WithDetail("%s", otherSessions(users))
	}
	return err
}

func otherSessions(n int) string {
	if n == 1 {
		return "There is 1 other session using the database."
	}
	return "There are " + itoa(int64(n)) + " other sessions using the database."
}

// alterDatabase is ALTER DATABASE … WITH options.
func (s *statement) alterDatabase(n *pg.AlterDatabaseStmt) error {
	db, err := s.databaseCopy(n.Dbname)
	if err != nil {
		return err
	}
	if err := s.mustOwn("database", db.Name, db.Owner); err != nil {
		return err
	}
	for _, o := range n.Options {
		if err := s.databaseOption(db, o.GetDefElem()); err != nil {
			return err
		}
	}
	s.Change.Put(db)
	return nil
}

func (s *statement) databaseCopy(name string) (*catalog.Database, error) {
	db := s.snapshot().Database(name)
	if db == nil {
		return nil, pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", name)
	}
	c := *db
	c.Settings = copySettings(db.Settings)
	return &c, nil
}

func copySettings(m map[string]string) map[string]string {
	c := make(map[string]string, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

// alterDatabaseSet is ALTER DATABASE … SET.
func (s *statement) alterDatabaseSet(n *pg.AlterDatabaseSetStmt) error {
	db, err := s.databaseCopy(n.Dbname)
	if err != nil {
		return err
	}
	if err := s.mustOwn("database", db.Name, db.Owner); err != nil {
		return err
	}
	if err := applySetting(db.Settings, n.Setstmt); err != nil {
		return err
	}
	s.Change.Put(db)
	return nil
}

// applySetting changes a map of settings as SET or RESET says.
func applySetting(m map[string]string, n *pg.VariableSetStmt) error {
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		clear(m)
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		delete(m, n.Name)
	case pg.VariableSetKind_VAR_SET_VALUE:
		var parts []string
		for _, a := range n.Args {
			parts = append(parts, constText(a))
		}
		m[n.Name] = strings.Join(parts, ", ")
	default:
		return pgerr.Unsupported("SET %s FROM CURRENT", n.Name)
	}
	return nil
}

// constText is a constant of SET's grammar as text.
func constText(n *pg.Node) string {
	switch v := n.GetAConst().GetVal().(type) {
	case *pg.A_Const_Sval:
		return v.Sval.Sval
	case *pg.A_Const_Ival:
		return itoa(int64(v.Ival.Ival))
	case *pg.A_Const_Fval:
		return v.Fval.Fval
	case *pg.A_Const_Boolval:
		if v.Boolval.Boolval {
			return "on"
		}
		return "off"
	}
	return ""
}
