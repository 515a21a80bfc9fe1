package engine

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
)

// journal is a participant's log, or none: what lives in memory only needs no
// record of its commands.
type journal struct {
	log  *log.Log // nil: none
	uuid txn.LogID

	mu     sync.Mutex // protects the rest; Participant.mu in the package comment
	last   log.Position
	flight map[log.Position]struct{} // appended and not applied yet
	// replayed: what is in the log was read back, and synced, and more may follow.
	replayed bool
}

// append appends records that are applied together later, by done.
func (j *journal) append(urgent bool, records ...log.Record) (log.Position, log.Ticket, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appendLocked(urgent, records...)
}

func (j *journal) appendLocked(urgent bool, records ...log.Record) (pos log.Position, ticket log.Ticket, err error) {
	switch {
	case j.log == nil:
		pos = j.last + 1
	case urgent:
		pos, ticket, err = j.log.AppendUrgent(records...)
	default:
		pos, ticket, err = j.log.Append(records...)
	}
	if err != nil {
		return 0, log.Ticket{}, err
	}
	j.last = pos + log.Position(len(records)) - 1
	j.flight[pos] = struct{}{}
	return pos, ticket, nil
}

// done says that the records appended at pos have been applied.
func (j *journal) done(pos log.Position) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.flight, pos)
}

// complete is the last position up to which everything has been applied, and is
// durable: of what nobody waits for (a prepare's copy, a forgotten decision) the
// log could lose the end. A file that had noted it would pass over what gets
// the same positions after a restart.
func (j *journal) complete() log.Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := j.last
	for pos := range j.flight {
		at = min(at, pos-1)
	}
	if j.log != nil && j.replayed {
		at = min(at, j.log.Synced())
	}
	return at
}

// write appends records, waits until they are durable, applies them and counts
// them as applied.
func (j *journal) write(urgent bool, apply func(), records ...log.Record) error {
	pos, ticket, err := j.append(urgent, records...)
	if err != nil {
		return err
	}
	if err := ticket.Wait(); err != nil {
		return err
	}
	apply()
	j.done(pos)
	return nil
}
