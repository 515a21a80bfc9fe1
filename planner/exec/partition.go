package exec

// partitions part rows by hash into temporary files, so that each file's rows
// can be worked on alone. A file that is still too large is parted again by
// other bits of the hash.
type partitions struct {
	run   *run
	types []columnType
	// open are the files that rows are added to, queue those that wait.
	open  []*spillFile
	queue []partition
	level int
}

type partition struct {
	file  *spillFile
	level int
}

const (
	// partitionBits of the hash choose a file at each level.
	partitionBits = 5
	// maxPartitionLevel is where the hash has no more bits to give: from there
	// on rows that are too many stay in memory together.
	maxPartitionLevel = 11
)

// partOf is the file of a hash at a level. The hash is spread once more, since
// hash tables use its bits too.
func partOf(h uint64, level int) int {
	return int((h * 0x9e3779b97f4a7c15) << (level * partitionBits) >> (64 - partitionBits))
}

// full reports whether rows have to be parted: memory is used up, and it helps.
func (p *partitions) full(used *account) bool {
	return used.full() && p.level < maxPartitionLevel
}

// add puts a row aside.
func (p *partitions) add(h uint64, row Row) error {
	if p.open == nil {
		p.open = make([]*spillFile, 1<<partitionBits)
	}
	i := partOf(h, p.level)
	if p.open[i] == nil {
		var err error
		if p.open[i], err = newSpill(p.run, p.types); err != nil {
			return err
		}
	}
	return p.open[i].add(row)
}

// next returns the rows of the next file, nil when all are done. What was
// opened before is closed.
func (p *partitions) next() (*spillReader, error) {
	for _, f := range p.open {
		if f != nil {
			p.queue = append(p.queue, partition{f, p.level + 1})
		}
	}
	p.open = nil
	if len(p.queue) == 0 {
		return nil, nil
	}
	last := p.queue[len(p.queue)-1]
	p.queue = p.queue[:len(p.queue)-1]
	p.level = last.level
	r, err := last.file.rows()
	if err != nil {
		return nil, err
	}
	r.closeAtEnd = true
	return r, nil
}

func (p *partitions) close() {
	for _, f := range p.open {
		f.close()
	}
	for _, q := range p.queue {
		q.file.close()
	}
	p.open, p.queue, p.level = nil, nil, 0
}

// dedupe lets the first of equal rows pass. What does not fit in memory is put
// aside and comes later.
type dedupe struct {
	parts  partitions
	seen   *rowSet
	reader *spillReader // the rows that were put aside and are read now
}

func newDedupe(r *run, key, row []columnType) *dedupe {
	return &dedupe{parts: partitions{run: r, types: row}, seen: newRowSet(r, key)}
}

// pass returns the rows that are new by their keys.
func (d *dedupe) pass(rows []Row, key func(Row) (Row, error)) ([]Row, error) {
	var kept []Row
	for _, row := range rows {
		k, err := key(row)
		if err != nil {
			return nil, err
		}
		h, number, err := d.seen.find(k)
		switch {
		case err != nil:
			return nil, err
		case number >= 0:
		case d.parts.full(&d.seen.used):
			if err := d.parts.add(h, row); err != nil {
				return nil, err
			}
		default:
			d.seen.insert(h, k)
			kept = append(kept, row)
		}
	}
	return kept, nil
}

// late returns rows that were put aside, none when all are done. They go
// through pass again.
func (d *dedupe) late() ([]Row, error) {
	for {
		if d.reader == nil {
			d.seen.clear()
			var err error
			if d.reader, err = d.parts.next(); err != nil || d.reader == nil {
				return nil, err
			}
		}
		rows, err := readBatch(d.reader)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
		d.reader = nil
	}
}

func (d *dedupe) close() {
	d.seen.clear()
	d.parts.close()
	d.reader.stop()
	d.reader = nil
}

// wholeRow is the key of rows that are compared in all columns.
func wholeRow(row Row) (Row, error) { return row, nil }
