package ddl

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// alterFunction is ALTER FUNCTION | PROCEDURE | ROUTINE with options.
func (s *statement) alterFunction(n *pg.AlterFunctionStmt) error {
	old, err := s.routineToChange(n.Objtype, n.Func)
	if err != nil {
		return err
	}
	f := old.Copy()
	seen := map[string]bool{}
	for _, item := range n.Actions {
		d := item.GetDefElem()
		if seen[d.Defname] && d.Defname != "set" {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").WithPosition(s.text.Position(d.Location))
		}
		seen[d.Defname] = true
		if err := s.functionOption(f, d); err != nil {
			return err
		}
		if d.Defname == "rows" && !f.ReturnsSet {
			return pgerr.New(pgerr.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
		}
	}
	s.Change.Put(f)
	return s.touchUsers(f)
}

// renameFunction is ALTER … RENAME TO of a function.
func (s *statement) renameFunction(n *pg.RenameStmt) error {
	old, err := s.routineToChange(n.RenameType, n.Object.GetObjectWithArgs())
	if err != nil {
		return err
	}
	if err := s.checkFunctionFree(old.Schema, n.Newname, old); err != nil {
		return err
	}
	f := old.Copy()
	f.Name = n.Newname
	s.Change.Put(f)
	return nil
}

// checkFunctionFree refuses a name that a function with the same arguments has in a schema (42723).
func (s *statement) checkFunctionFree(schema catalog.OID, name string, f *catalog.Function) error {
	if s.functionWith(schema, name, f.InputTypes()) == nil {
		return nil
	}
	return pgerr.New(pgerr.DuplicateFunction, "function %s already exists in schema %q",
		expr.Signature(name, f.InputTypes()), s.snapshot().SchemaByOID(s.Database, schema).Name)
}

// setFunctionSchema is ALTER … SET SCHEMA of a function.
func (s *statement) setFunctionSchema(n *pg.AlterObjectSchemaStmt) error {
	old, err := s.routineToChange(n.ObjectType, n.Object.GetObjectWithArgs())
	if err != nil {
		return err
	}
	sc, err := s.creationSchema(n.Newschema)
	if err != nil {
		return err
	}
	if old.Schema == sc.OID {
		return nil
	}
	if err := checkMove(s.snapshot().SchemaByOID(s.Database, old.Schema), sc); err != nil {
		return err
	}
	if err := s.checkFunctionFree(sc.OID, old.Name, old); err != nil {
		return err
	}
	f := old.Copy()
	f.Schema = sc.OID
	s.Change.Put(f)
	return nil
}

// changeFunctionOwner is ALTER … OWNER TO of a function.
func (s *statement) changeFunctionOwner(n *pg.AlterOwnerStmt, to *catalog.Role) error {
	old, err := s.routineToChange(n.ObjectType, n.Object.GetObjectWithArgs())
	if err != nil {
		return err
	}
	if !s.Role.Super && old.Owner != to.OID {
		if err := s.mustBeMember(to); err != nil {
			return err
		}
		if err := s.roleCreatesIn(to, s.snapshot().SchemaByOID(s.Database, old.Schema)); err != nil {
			return err
		}
	}
	f := old.Copy()
	f.Owner = to.OID
	s.Change.Put(f)
	return nil
}

// commentFunction is COMMENT ON FUNCTION | PROCEDURE | ROUTINE.
func (s *statement) commentFunction(n *pg.CommentStmt) error {
	old, err := s.routineToChange(n.Objtype, n.Object.GetObjectWithArgs())
	if err != nil {
		return err
	}
	f := old.Copy()
	f.Comment = n.Comment
	s.Change.Put(f)
	return nil
}
