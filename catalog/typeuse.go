package catalog

import (
	"cmp"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// useEntry says that an object is made of a type that is not built in.
type useEntry struct {
	used OID // of the type
	user Key
}

func lessUse(a, b useEntry) bool {
	if a.used != b.used {
		return cmp.Less(a.used, b.used)
	}
	return a.user.compare(b.user) < 0
}

// eachType calls visit for the place of every type that a descriptor is made of,
// but those that are built in, and dropped columns'.
func eachType(o Object, visit func(t **types.Type)) {
	place := func(t **types.Type) {
		if *t != nil && (*t).OID >= FirstNormalOID {
			visit(t)
		}
	}
	columns := func(list []Column) {
		for i := range list {
			if !list[i].Dropped {
				place(&list[i].Type)
			}
		}
	}
	switch o := o.(type) {
	case *Table:
		columns(o.Columns)
	case *View:
		columns(o.Columns)
	case *Composite:
		columns(o.Attributes)
	case *Domain:
		place(&o.Base)
	case *Range:
		place(&o.Subtype)
	case *Function:
		for i := range o.Args {
			place(&o.Args[i].Type)
		}
		place(&o.Result)
		if o.Aggregate != nil {
			place(&o.Aggregate.State)
		}
	}
}

// madeBy calls visit for the types that a descriptor makes.
func madeBy(o Object, visit func(OID)) {
	switch o := o.(type) {
	case *Table:
		visit(o.RowType)
		visit(o.ArrayType)
	case *View:
		visit(o.RowType)
		visit(o.ArrayType)
	case UserType:
		visit(o.Header().OID)
		visit(o.Header().Array)
		if r, ok := o.(*Range); ok {
			visit(r.Multirange.OID)
			visit(r.Multirange.Array)
		}
	}
}

// withTypes is o with the types as s has them; o itself when it has those. What
// is not in s yet, while a catalog is read, comes later and finds its users.
func (s *Snapshot) withTypes(o Object) Object {
	stale := false
	eachType(o, func(t **types.Type) {
		now := s.TypeByOID((*t).OID)
		stale = stale || now != nil && now != *t
	})
	if !stale {
		return o
	}
	o = copyOf(o)
	eachType(o, func(t **types.Type) {
		if now := s.TypeByOID((*t).OID); now != nil {
			*t = now
		}
	})
	return o
}

// copyOf copies what has types, so far that they can be replaced.
func copyOf(o Object) Object {
	switch o := o.(type) {
	case *Table:
		c := *o
		c.Columns = slices.Clone(o.Columns)
		return &c
	case *View:
		c := *o
		c.Columns = slices.Clone(o.Columns)
		return &c
	case UserType:
		return o.Copy()
	case *Function:
		return o.Copy()
	}
	return o
}

// putUsers puts what is made of o's types anew, with the types that o makes now.
func (s *Snapshot) putUsers(o Object) {
	var users []Key
	madeBy(o, func(made OID) {
		if made == 0 {
			return
		}
		s.uses.Ascend(useEntry{used: made}, func(e useEntry) bool {
			if e.used == made {
				users = append(users, e.user)
			}
			return e.used == made
		})
	})
	for _, key := range users {
		if e, ok := s.objects.Get(objectEntry{key: key}); ok {
			if now := s.withTypes(e.object); now != e.object {
				s.put(now, e.revision)
			}
		}
	}
}

// TypeUsers returns the objects that are made of the types that o makes: tables and
// views by their columns, composites by their attributes, domains, functions by their arguments. Each once, in order of key.
func (s *Snapshot) TypeUsers(o Object) (out []Object) {
	seen := map[Key]bool{}
	madeBy(o, func(made OID) {
		s.uses.Ascend(useEntry{used: made}, func(e useEntry) bool {
			if e.used != made || made == 0 {
				return false
			}
			if user := s.Object(e.user); user != nil && !seen[e.user] {
				seen[e.user] = true
				out = append(out, user)
			}
			return true
		})
	})
	slices.SortFunc(out, func(a, b Object) int { return a.ObjectKey().compare(b.ObjectKey()) })
	return out
}

// TablesOf returns the tables that have values of the types that o makes: in
// columns of them, or of types that are made of them.
func (s *Snapshot) TablesOf(o Object) (tables []*Table) {
	seen := map[Key]bool{}
	var visit func(o Object)
	visit = func(o Object) {
		for _, user := range s.TypeUsers(o) {
			if seen[user.ObjectKey()] {
				continue
			}
			seen[user.ObjectKey()] = true
			if table, ok := user.(*Table); ok {
				tables = append(tables, table)
			}
			visit(user)
		}
	}
	visit(o)
	return tables
}
