package catalog

import "github.com/pegmatitedb/pegmatite/internal/types"

// Change is what one transaction's DDL makes of a snapshot. It belongs to one
// session; the snapshots that it gives out are immutable and may be shared.
//
// It remembers the revision of every descriptor that it wrote or was told of by
// Read, so that Rebase can see whether somebody else changed one meanwhile.
type Change struct {
	base *Snapshot
	// work is base with all steps done. It is written to in place until it is
	// given out (shared), then copied before the next step.
	work   *Snapshot
	shared bool

	steps   []step
	touched map[Key]int // steps per key
	reads   map[Key]uint64
	readLog []Key // the keys of reads, in order
}

// step is one Put or Delete, with what undoes it.
type step struct {
	key      Key
	prev     Object // nil: there was none
	revision uint64 // of prev
}

// NewChange begins a change of base.
func NewChange(base *Snapshot) *Change {
	return &Change{
		base: base, work: base, shared: true,
		touched: make(map[Key]int), reads: make(map[Key]uint64),
	}
}

// Base returns the snapshot that the change began with, or was last rebased on.
func (c *Change) Base() *Snapshot { return c.base }

// Snapshot returns base with the change's own effects: what the transaction's
// later statements plan with. It costs nothing.
func (c *Change) Snapshot() *Snapshot {
	c.shared = true
	return c.work
}

// Empty reports whether nothing has been put or deleted (or all of it was rolled back).
func (c *Change) Empty() bool { return len(c.touched) == 0 }

// Put makes o current in the place of what has its key. The caller gives o
// away: it must not change any more. A relation's or type's Version becomes one more
// than that of the relation it replaces, or than its own if it replaces none:
// a copy that shares indexes with its original is as new as they need. What o lies in (its schema, its
// database), its owner and the types that it is made of count as read.
func (c *Change) Put(o Object) {
	prev, _ := c.writable().objects.Get(objectEntry{key: o.ObjectKey()})
	raiseVersion(o, prev.object)
	c.readParent(o)
	eachType(o, func(t **types.Type) {
		if owner := c.work.TypeOwner(*t); owner != nil {
			c.read(owner.ObjectKey())
		}
	})
	c.begin(o.ObjectKey(), prev)
	c.work.put(o, 0)
}

// Delete takes the object with o's key away. What lies in it is the caller's
// to delete first; Rebase refuses to leave something behind in a deleted schema or database.
func (c *Change) Delete(o Object) {
	key := o.ObjectKey()
	prev, ok := c.writable().objects.Get(objectEntry{key: key})
	if !ok {
		return
	}
	c.begin(key, prev)
	c.work.remove(key)
}

// Read records that the change depends on o as it is: a type it uses, a table
// it refers to, a role it names as owner.
func (c *Change) Read(o Object) { c.read(o.ObjectKey()) }

func (c *Change) read(key Key) {
	if _, known := c.reads[key]; known || c.touched[key] > 0 {
		return
	}
	c.reads[key] = c.base.RevisionOf(key)
	c.readLog = append(c.readLog, key)
}

// readParent records what o cannot outlive: what it lies in, and its owner.
func (c *Change) readParent(o Object) {
	switch o := o.(type) {
	case *Database:
		c.read(roleKey(o.Owner))
	case *Schema:
		c.read(Key{Class: ClassDatabase, OID: o.Database})
		c.read(roleKey(o.Owner))
	case Relation:
		ref := o.Ref()
		c.read(Key{Class: ClassSchema, OID: ref.Schema, Database: ref.Database})
		c.read(roleKey(ref.Owner))
	case UserType:
		h := o.Header()
		c.read(Key{Class: ClassSchema, OID: h.Schema, Database: h.Database})
		c.read(roleKey(h.Owner))
	case *Function:
		c.read(Key{Class: ClassSchema, OID: o.Schema, Database: o.Database})
		c.read(roleKey(o.Owner))
	}
}

func roleKey(oid OID) Key { return Key{Class: ClassRole, OID: oid} }

func (c *Change) writable() *Snapshot {
	if c.shared {
		c.work, c.shared = c.work.clone(), false
	}
	return c.work
}

func (c *Change) begin(key Key, prev objectEntry) {
	c.steps = append(c.steps, step{key, prev.object, prev.revision})
	c.touched[key]++
}

// raiseVersion sets the version of a relation, type or function that is about to be put.
func raiseVersion(o, prev Object) {
	if t, ok := o.(UserType); ok {
		t.Header().Version++
		if old, ok := prev.(UserType); ok {
			t.Header().Version = old.Header().Version + 1
		}
		return
	}
	if f, ok := o.(*Function); ok {
		f.Version++
		if old, ok := prev.(*Function); ok {
			f.Version = old.Version + 1
		}
		return
	}
	r, ok := o.(Relation)
	if !ok {
		return
	}
	version := r.Ref().Version + 1
	if old, ok := prev.(Relation); ok {
		version = old.Ref().Version + 1
	}
	switch o := o.(type) {
	case *Table:
		o.Version = version
	case *Sequence:
		o.Version = version
	case *View:
		o.Version = version
	}
}

// Mark is a place in a change to roll back to: a savepoint's.
type Mark struct{ steps, reads int }

// Mark returns the present place.
func (c *Change) Mark() Mark { return Mark{len(c.steps), len(c.readLog)} }

// Rollback undoes everything since m, which Mark of the same change returned.
// Snapshots that were given out meanwhile stay as they are.
func (c *Change) Rollback(m Mark) {
	for _, key := range c.readLog[m.reads:] {
		delete(c.reads, key)
	}
	c.readLog = c.readLog[:m.reads]
	if len(c.steps) == m.steps {
		return
	}
	work := c.writable()
	for i := len(c.steps) - 1; i >= m.steps; i-- {
		s := c.steps[i]
		if s.prev != nil {
			work.put(s.prev, s.revision)
		} else {
			work.remove(s.key)
		}
		if c.touched[s.key]--; c.touched[s.key] == 0 {
			delete(c.touched, s.key)
		}
	}
	c.steps = c.steps[:m.steps]
}

// Claim is an object or a name that a change needs to stay as it is to others.
type Claim struct {
	Key Key
	// Name is a name that the change gives, in Schema; Key has its class and database. Empty: the object itself.
	Name   string
	Schema OID
	// Written: the change replaces the object, and no other may even use it.
	Written bool
}

// Claims are what steps since m depend on: the objects that they write or read,
// and the names that they give.
func (c *Change) Claims(m Mark) []Claim {
	var claims []Claim
	seen := make(map[Key]bool)
	for _, s := range c.steps[m.steps:] {
		if seen[s.key] {
			continue
		}
		seen[s.key] = true
		claims = append(claims, Claim{Key: s.key, Written: true})
		if now := c.work.Object(s.key); now != nil {
			eachName(now, func(e nameEntry) {
				if _, taken := c.base.names.Get(e); !taken {
					claims = append(claims, Claim{Key: Key{Class: e.class, Database: e.database}, Name: e.name, Schema: e.schema, Written: true})
				}
			})
		}
	}
	for _, key := range c.readLog[m.reads:] {
		claims = append(claims, Claim{Key: key})
	}
	return claims
}

// Ops returns the change's net effect, one op per object, in the order in
// which the objects were first touched. What was created and deleted again is left out.
func (c *Change) Ops() []Op {
	ops := make([]Op, 0, len(c.touched))
	seen := make(map[Key]bool, len(c.touched))
	for _, s := range c.steps {
		if seen[s.key] {
			continue
		}
		seen[s.key] = true
		now := c.work.Object(s.key)
		if now == nil && s.prev == nil {
			continue
		}
		ops = append(ops, Op{s.key, now})
	}
	return ops
}
