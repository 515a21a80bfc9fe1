package ddl

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// views are the database's views, with the materialized ones.
func (s *statement) views() (views []*catalog.View) {
	for rel := range s.snapshot().Relations(s.Database) {
		switch r := rel.(type) {
		case *catalog.View:
			views = append(views, r)
		case *catalog.Table:
			if r.Query != "" {
				views = append(views, r.AsView())
			}
		}
	}
	return views
}

// viewNow is a view, or a materialized one as such, as it is now.
func (s *statement) viewNow(oid catalog.OID) *catalog.View {
	if t := s.snapshot().Table(oid); t != nil {
		return t.AsView()
	}
	v := *s.snapshot().View(oid)
	return &v
}

// putView puts a view whose text is another one.
func (s *statement) putView(v *catalog.View) {
	t := s.snapshot().Table(v.OID)
	if t == nil {
		s.Change.Put(v)
		return
	}
	c := cloneTable(t)
	c.Query, c.Sees = v.Query, v.Sees
	s.Change.Put(c)
}

// viewName is what messages call a view: "view v".
func (s *statement) viewName(v *catalog.View) string {
	return kinds[s.snapshot().RelationByOID(v.OID).Ref().Kind] + " " + s.visibleName(v)
}

// putRelation puts a relation under its new name or in its new schema, which
// the texts of the views that read it take over.
func (s *statement) putRelation(r catalog.Relation) error {
	old := s.snapshot().RelationByOID(r.Ref().OID)
	s.renameRowArray(old, r)
	from, to := s.fullName(old), s.fullName(r)
	return s.putWithViews(r, func(v *catalog.View) (string, error) {
		text, ok, err := bind.WithRelation(v.Query, from, to)
		if err == nil && !ok {
			err = errViewReads(old, v)
		}
		return text, err
	}, func(v *catalog.View) error { return errViewReads(old, v) })
}

// renameRowArray has the type of arrays of a relation's rows called as the relation is going to be.
func (s *statement) renameRowArray(old, r catalog.Relation) {
	oid, _ := catalog.RowArray(old)
	ref, name := r.Ref(), ""
	have := s.snapshot().TypeByName(s.Database, ref.Schema, catalog.ArrayTypeName(ref.Name))
	if have != nil && have.OID != oid {
		name = s.rowArrayName(ref.Schema, ref.Name)
	}
	switch r := r.(type) {
	case *catalog.Table:
		r.ArrayName = name
	case *catalog.View:
		r.ArrayName = name
	}
}

func (s *statement) fullName(r catalog.Relation) bind.RelationName {
	ref := r.Ref()
	return bind.RelationName{Schema: s.snapshot().SchemaByOID(s.Database, ref.Schema).Name, Name: ref.Name}
}

func errViewReads(r catalog.Relation, v *catalog.View) error {
	return pgerr.Unsupported("renaming or moving a %s that view %q reads in this way", kinds[r.Ref().Kind], v.Name)
}

// putSchema puts a schema under its new name, which views' texts take over.
func (s *statement) putSchema(sc *catalog.Schema) error {
	from := s.snapshot().SchemaByOID(s.Database, sc.OID).Name
	return s.putWithViews(sc, func(v *catalog.View) (string, error) {
		return bind.WithSchema(v.Query, from, sc.Name)
	}, func(v *catalog.View) error {
		return pgerr.Unsupported("renaming a schema that view %q names in this way", v.Name)
	})
}

// putWithViews puts an object and the views that have another text with it: a
// text that does not name the object means what it did, since it has the schema
// of all that it names. A view that had no error must mean the same as before;
// refused is what to say of one that does not.
func (s *statement) putWithViews(o catalog.Object, text func(*catalog.View) (string, error), refused func(*catalog.View) error) error {
	type rewritten struct {
		old   *catalog.View
		query string
		bound bool
		meant []bind.ColumnOf
	}
	var views []rewritten
	for _, v := range s.views() {
		query, err := text(v)
		if err != nil {
			return err
		}
		if query == v.Query {
			continue
		}
		meant, err := bind.Meanings(s.Bind(), v)
		views = append(views, rewritten{v, query, err == nil, meant})
	}
	s.Change.Put(o)
	for _, r := range views {
		v := s.viewNow(r.old.OID) // it may be what was put
		v.Query = r.query
		s.putView(v)
	}
	for _, r := range views {
		if v := (catalog.View{Query: r.query, Sees: r.old.Sees}); r.bound && bind.CheckMeanings(s.Bind(), &v, r.meant) != nil {
			return refused(r.old)
		}
	}
	return nil
}
