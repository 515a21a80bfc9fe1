package log

// keptSpares is how many dropped segments wait to be used again, which is
// cheaper than making new ones. One is always there (reserve.refill).
const keptSpares = 2

// Cut drops what lies before upto: whole segments, and the side files bound
// below it. The caller has made sure that nothing before upto is needed after
// a crash, power cuts included: what SQLite has committed but not yet synced
// still is. The last segment stays.
//
// Segments go one by one, oldest first, each name synced: after a crash the
// rest is without gaps.
func (l *Log) Cut(upto Position) error {
	l.reserve.making.Lock()
	defer l.reserve.making.Unlock()
	for {
		l.mu.Lock()
		if err := l.usable(replayed); err != nil {
			l.mu.Unlock()
			return err
		}
		if len(l.segments) < 2 || l.segments[1].header.first > upto {
			l.mu.Unlock()
			return l.cutSides(upto)
		}
		oldest := l.segments[0]
		spare := &segment{number: l.highest + 1, bytes: oldest.bytes}
		kept := keptSpares
		if l.reserve.full != nil {
			kept = 1
		}
		reuse := oldest.bytes == l.opts.SegmentBytes && len(l.spares)-l.plan.rolls < kept
		l.mu.Unlock()
		if err := l.drop(oldest, spare, reuse); err != nil {
			return err
		}
		l.mu.Lock()
		l.segments = l.segments[1:]
		if reuse {
			l.addSpare(spare)
			l.reserve.wake() // space may be enough again
		}
		l.mu.Unlock()
	}
}

// drop gives the segment's file another number to wait under, or removes it.
func (l *Log) drop(s, spare *segment, reuse bool) error {
	if reuse {
		if err := l.fs.Rename(l.path(s), l.path(spare)); err != nil {
			return ioError("rename", l.path(s), err)
		}
	} else if err := l.fs.Remove(l.path(s)); err != nil {
		return ioError("remove", l.path(s), err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return l.poison(ioError("fsync", l.dir, err))
	}
	return nil
}
