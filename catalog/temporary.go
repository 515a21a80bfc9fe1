package catalog

import "slices"

// DeleteTemporary deletes a session's schema of temporary objects, with all that
// is in it. Nobody else uses them, so nothing else can depend on them.
func (c *Change) DeleteTemporary(sc *Schema) {
	for _, r := range slices.Collect(c.Snapshot().RelationsIn(sc.Database, sc.OID)) {
		c.Delete(r)
	}
	c.Delete(sc)
}

// Temporary are the schemas of sessions' temporary objects.
func (s *Snapshot) Temporary() (list []*Schema) {
	for d := range s.Databases() {
		for sc := range s.Schemas(d.OID) {
			if sc.Backend != 0 {
				list = append(list, sc)
			}
		}
	}
	return list
}
