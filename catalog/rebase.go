package catalog

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Rebase moves the change onto head, a later snapshot: from then on Snapshot
// and Ops are relative to it. It fails, and changes nothing, when head and the
// change contradict each other:
//
//   - a descriptor that was read or written is not the one that was read or written (40001);
//   - a name that the change gives is taken (23505, as two concurrent CREATEs in PostgreSQL);
//   - something lies in a schema or database, belongs to a role, or is of a type, that the change deletes (2BP01).
func (c *Change) Rebase(head *Snapshot) error {
	if head == c.base {
		return nil
	}
	ops := c.Ops()
	if err := c.checkRevisions(head); err != nil {
		return err
	}
	for _, op := range ops {
		var err error
		if op.Object != nil {
			err = c.checkNames(head, op.Object)
		} else {
			err = c.checkAbandoned(head, op.Key)
		}
		if err != nil {
			return err
		}
	}
	work := head.Apply(ops, 0)
	work.revision = head.revision
	c.base, c.work, c.shared = head, work, false
	return nil
}

func errChanged() error {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update").
		WithDetail("Another transaction changed the definition of an object that this one read or changed.")
}

// checkRevisions sees that every descriptor is still what the change saw.
func (c *Change) checkRevisions(head *Snapshot) error {
	for key, revision := range c.reads {
		if head.RevisionOf(key) != revision {
			return errChanged()
		}
	}
	first := make(map[Key]bool, len(c.touched))
	for _, s := range c.steps {
		if first[s.key] {
			continue
		}
		first[s.key] = true
		if head.RevisionOf(s.key) != s.revision {
			return errChanged()
		}
	}
	return nil
}

// uniqueIndexes are the constraints that PostgreSQL reports for a taken name.
var uniqueIndexes = map[Class]struct{ index, columns string }{
	ClassDatabase: {"pg_database_datname_index", "datname"},
	ClassRole:     {"pg_authid_rolname_index", "rolname"},
	ClassSchema:   {"pg_namespace_nspname_index", "nspname"},
	ClassRelation: {"pg_class_relname_nsp_index", "relname, relnamespace"},
	ClassType:     {"pg_type_typname_nsp_index", "typname, typnamespace"},
	ClassFunction: {"pg_proc_proname_args_nsp_index", "proname, proargtypes, pronamespace"},
}

// checkNames sees that no name of o is that of an object that the change
// leaves alone.
func (c *Change) checkNames(head *Snapshot, o Object) error {
	var err error
	eachName(o, func(e nameEntry) {
		have, taken := head.names.Get(e)
		if taken && c.touched[have.object.ObjectKey()] == 0 {
			err = errNameTaken(e)
		}
	})
	return err
}

// CheckNames sees that the change gives no name twice, and none that its base
// has for an object that it leaves alone (23505). Rebase compares with later
// snapshots only.
func (c *Change) CheckNames() error {
	for _, op := range c.Ops() {
		if op.Object == nil {
			continue
		}
		if err := c.checkNames(c.base, op.Object); err != nil {
			return err
		}
		var err error
		eachName(op.Object, func(e nameEntry) {
			if have, ok := c.work.names.Get(e); !ok || have.object.ObjectKey() != op.Key || have.index != e.index {
				err = errNameTaken(e)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func errNameTaken(e nameEntry) error {
	unique := uniqueIndexes[e.class]
	return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", unique.index).
		WithDetail("Key (%s)=(%s) already exists.", unique.columns, nameKeyText(e)).
		WithConstraint(unique.index)
}

func nameKeyText(e nameEntry) string {
	if e.class == ClassRelation || e.class == ClassType {
		return e.name + ", " + strconv.FormatUint(uint64(e.schema), 10)
	}
	if e.class == ClassFunction {
		return strings.ReplaceAll(e.name, "\x00", ", ") + ", " + strconv.FormatUint(uint64(e.schema), 10)
	}
	return e.name
}

// checkAbandoned sees that nothing in head would be left without the deleted
// object: what others published there after the change had looked.
func (c *Change) checkAbandoned(head *Snapshot, deleted Key) error {
	var found Object
	switch deleted.Class {
	case ClassSchema:
		for r := range head.RelationsIn(deleted.Database, deleted.OID) {
			if found = c.leftBehind(r); found != nil {
				break
			}
		}
		for t := range head.UserTypesIn(deleted.Database, deleted.OID) {
			if found != nil {
				break
			}
			found = c.leftBehind(t)
		}
		for f := range head.FunctionsIn(deleted.Database, deleted.OID) {
			if found != nil {
				break
			}
			found = c.leftBehind(f)
		}
	case ClassRelation, ClassType:
		if o := head.Object(deleted); o != nil {
			for _, user := range head.TypeUsers(o) {
				if found = c.leftBehind(user); found != nil {
					break
				}
			}
		}
	case ClassDatabase:
		for s := range head.Schemas(deleted.OID) {
			if found = c.leftBehind(s); found != nil {
				break
			}
		}
	case ClassRole:
		for o := range head.Objects() {
			if ownerOf(o) == deleted.OID {
				if found = c.leftBehind(o); found != nil {
					break
				}
			}
		}
	}
	if found == nil {
		return nil
	}
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop desired object(s) because other objects depend on them").
		WithDetail("Another transaction created %s meanwhile.", describe(found))
}

// leftBehind returns o unless the change touches it.
func (c *Change) leftBehind(o Object) Object {
	if c.touched[o.ObjectKey()] > 0 {
		return nil
	}
	return o
}

func ownerOf(o Object) OID {
	switch o := o.(type) {
	case *Database:
		return o.Owner
	case *Schema:
		return o.Owner
	case Relation:
		return o.Ref().Owner
	case UserType:
		return o.Header().Owner
	case *Function:
		return o.Owner
	}
	return 0
}

func describe(o Object) string {
	switch o := o.(type) {
	case *Database:
		return "database " + o.Name
	case *Schema:
		return "schema " + o.Name
	case *Role:
		return "role " + o.Name
	case *Sequence:
		return "sequence " + o.Name
	case *View:
		return "view " + o.Name
	case *Table:
		return "table " + o.Name
	case UserType:
		return "type " + o.Header().Name
	case *Function:
		return "function " + o.Name
	}
	return "an object"
}
