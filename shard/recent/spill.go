package recent

// Place is where a spilled row lies in the scratch file.
type Place struct {
	Offset int64
	Length int32
}

// Spill moves images that only an old snapshot can still ask for (none is a
// chain's newest) out of memory, until goal bytes are freed. One on its way to
// SQLite may be among them: its Settling has the row. write appends a row to
// the scratch file. It returns the bytes freed.
func (s *Shard) Spill(goal int64, write func(row []byte) (Place, error)) (freed int64, err error) {
	for _, t := range s.list {
		t.chains.Scan(func(_ string, c *Chain) bool {
			var n int64
			n, err = c.spill(write)
			freed += n
			return err == nil && freed < goal
		})
		if err != nil || freed >= goal {
			break
		}
	}
	return freed, err
}

func (c *Chain) spill(write func([]byte) (Place, error)) (freed int64, err error) {
	if c.blind {
		return 0, nil // its images are to be indexed yet
	}
	for i := range c.versions[:len(c.versions)-1] {
		v := &c.versions[i]
		if v.Kind != Present || len(v.Row) == 0 {
			continue
		}
		place, err := write(v.Row)
		if err != nil {
			return freed, err
		}
		c.table.account(v, -1)
		if v.At > c.settled {
			c.table.shard.usage.Unsettled -= int64(len(v.Row))
		}
		freed += int64(len(v.Row))
		v.Row, v.place = nil, place
		c.table.account(v, 1)
	}
	return freed, nil
}

// Forget trims every chain to what snapshots at or above the floor can see,
// and returns whether any spilled row is left.
func (s *Shard) Forget() (spilled bool) {
	for _, t := range s.list {
		t.chains.Scan(func(_ string, c *Chain) bool {
			c.trim()
			return true
		})
	}
	return s.usage.Spilled > 0
}
