package codec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A type is its OID if it is built in. Others are objects that hold all that
// is known of them, since the receiver's catalog may be behind the sender's:
// refElement is followed by the object, refArray by that of its element,
// refMultirange and refMultirangeArray by that of the range type.
const (
	refNone = iota
	refElement
	refArray
	refMultirange
	refMultirangeArray
	refOID // and above: OIDs, which begin higher
)

// The kinds of user-defined types (pg_type.typtype).
const (
	typeComposite = 'c'
	typeDomain    = 'd'
	typeEnum      = 'e'
	typeRange     = 'r'
)

func builtin(t *types.Type) bool { return types.ByOID(t.OID) == t }

func (w *encoder) typ(t *types.Type) {
	switch {
	case t == nil:
		w.uint(refNone)
	case builtin(t):
		w.uint(uint64(t.OID))
	case t.Elem != nil && t.Elem.Array == t && !t.Elem.IsMultirange():
		w.uint(refArray)
		w.refer(w.userType(t.Elem))
	case t.Elem != nil && t.Elem.Array == t:
		w.uint(refMultirangeArray)
		w.refer(w.userType(t.Elem.Ranges().Range))
	case t.Kind == 'm':
		w.uint(refMultirange)
		w.refer(w.userType(t.Ranges().Range))
	default:
		w.uint(refElement)
		w.refer(w.userType(t))
	}
}

func (w *encoder) userType(t *types.Type) (*object, error) {
	if w.sender == nil {
		return nil, pgerr.Internal("type %s in a message without types", t.Name)
	}
	return share(w.sender, &w.sender.types, t, kindType, func(w *encoder) {
		w.byte(t.Kind)
		w.uint(uint64(t.OID))
		w.string(t.Name)
		w.string(t.SQLName)
		switch t.Kind {
		case typeComposite:
			writeList(w, t.Columns(), func(c *types.Column) {
				w.string(c.Name)
				w.typ(c.Type)
				w.int(int64(c.Typmod))
			})
		case typeDomain:
			under, typmod := t.Under()
			w.typ(under)
			w.int(int64(typmod))
		case typeEnum:
			writeList(w, t.Labels(), func(l *types.EnumLabel) {
				w.int(l.Sort)
				w.string(l.Label)
			})
		case typeRange:
			f := t.Ranges()
			w.typ(f.Subtype)
			w.uint(uint64(f.Multirange.OID))
			w.string(f.Multirange.Name)
			w.string(f.Multirange.SQLName)
			w.arrayOver(f.Multirange)
		default:
			w.fail(pgerr.Internal("type %s cannot travel to a shard", t.Name))
		}
		w.arrayOver(t)
	})
}

// arrayOver writes the number and name of the type of arrays of t, if there is one.
func (w *encoder) arrayOver(t *types.Type) {
	w.bool(t.Array != nil)
	if t.Array != nil {
		w.uint(uint64(t.Array.OID))
		w.string(t.Array.Name)
	}
}

// arrayOver reads what arrayOver wrote.
func (r *decoder) arrayOver(t *types.Type) {
	if r.bool() {
		t.SetArray(types.NewArrayOf(t, types.OID(r.uint32()), r.string()))
	}
}

// typ reads a type; nil is none.
func (r *decoder) typ() *types.Type {
	switch ref := r.uint32(); ref {
	case refNone:
		return nil
	case refElement:
		return referred[*types.Type](r)
	case refArray:
		t := referred[*types.Type](r)
		if t == nil || t.Array == nil {
			r.fail("no array type")
			return nil
		}
		return t.Array
	case refMultirange, refMultirangeArray:
		t := referred[*types.Type](r)
		if t == nil || !t.IsRange() {
			r.fail("no range type")
			return nil
		}
		if t = t.Ranges().Multirange; ref == refMultirangeArray {
			if t = t.Array; t == nil {
				r.fail("no array type")
			}
		}
		return t
	default:
		t := types.ByOID(types.OID(ref))
		if t == nil {
			r.fail("type %d", ref)
		}
		return t
	}
}

// someType is a type that must be there.
func (r *decoder) someType() *types.Type {
	t := r.typ()
	if t == nil {
		r.fail("a type is missing")
		return types.TUnknown
	}
	return t
}

func (r *decoder) userType() *types.Type {
	kind := r.byte()
	oid, name, sqlName := types.OID(r.uint32()), r.string(), r.string()
	var t *types.Type
	switch kind {
	case typeComposite:
		t = types.NewComposite(oid, name, sqlName, readList(r, func(c *types.Column) {
			*c = types.Column{Name: r.string(), Type: r.someType(), Typmod: r.int32()}
		}))
	case typeDomain:
		under := r.someType()
		t = types.NewDomain(under, r.int32(), oid, name, sqlName)
	case typeEnum:
		t = types.NewEnum(oid, name, sqlName, readList(r, func(l *types.EnumLabel) {
			*l = types.EnumLabel{Sort: r.int(), Label: r.string()}
		}))
	case typeRange:
		subtype := r.someType()
		t = types.NewRange(types.RangeNames{
			OID: oid, Name: name, SQLName: sqlName,
			Multirange: types.OID(r.uint32()), MultirangeName: r.string(), MultirangeSQLName: r.string(),
		}, subtype)
		r.arrayOver(t.Ranges().Multirange)
	default:
		r.fail("type of kind %q", kind)
		return nil
	}
	r.arrayOver(t)
	return t
}

// tree writes an expression, with the user-defined types in it in front.
func (w *encoder) tree(e expr.Expr) {
	var found []*types.Type
	expr.Walk(e, func(e expr.Expr) bool {
		found = addUserType(found, e.Type())
		if c, ok := e.(*expr.Cast); ok {
			for c = c.Elem; c != nil; c = c.Elem {
				found = addUserType(found, c.T)
			}
		}
		return true
	})
	w.uint(uint64(len(found)))
	for _, t := range found {
		w.typ(t)
	}
	b, err := expr.Append(w.b, e)
	w.b = b
	if err != nil {
		w.fail(err)
	}
}

func addUserType(list []*types.Type, t *types.Type) []*types.Type {
	if t == nil || builtin(t) {
		return list
	}
	for _, have := range list {
		if have == t {
			return list
		}
	}
	return append(list, t)
}

// tree reads an expression; nil is none.
func (r *decoder) tree() expr.Expr {
	var found map[types.OID]*types.Type
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		if found == nil {
			found = map[types.OID]*types.Type{}
		}
		t := r.someType()
		found[t.OID] = t
	}
	if r.err != nil {
		return nil
	}
	d := expr.Decoder{Library: r.receiver.library, Types: func(oid types.OID) *types.Type { return found[oid] }}
	e, rest, err := d.Decode(r.b)
	if err != nil {
		r.fail("%s", err.Error())
		return nil
	}
	r.b = rest
	return e
}

// someTree is an expression that must be there.
func (r *decoder) someTree() expr.Expr {
	e := r.tree()
	if e == nil {
		r.fail("an expression is missing")
	}
	return e
}

func (w *encoder) trees(list []expr.Expr) {
	writeList(w, list, func(e *expr.Expr) { w.tree(*e) })
}

func (r *decoder) trees() []expr.Expr {
	return readList(r, func(e *expr.Expr) { *e = r.someTree() })
}
