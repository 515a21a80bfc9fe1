package engine

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// Adoption takes in a shard that another node moves here (Receiver). The file
// gets its place at once: as long as the shard map says otherwise it is
// nothing, and a start removes it.
type Adoption struct {
	node   *Node
	id     shard.ID
	path   string
	file   *sqlite.RawFile
	sums   []uint64
	memory []byte
	dirty  int // bytes written and not yet synced
}

var _ Receiver = (*Adoption)(nil)

// syncEvery is after how many bytes what has come is synced: transactions wait
// for the last sync, so it is not to be that of the whole file.
const syncEvery = 32 << 20

// BeginAdoption prepares to take in a shard. End must be called.
func (n *Node) BeginAdoption(id shard.ID) (*Adoption, error) {
	switch {
	case int(id) >= n.cfg.Shards:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "the cluster has %d shards, numbered from 0", n.cfg.Shards)
	case n.cfg.Dir == "":
		return nil, pgerr.Internal("taking in a shard without a directory")
	}
	n.changing.Lock()
	defer n.changing.Unlock()
	if n.engines.Load().find(id) != nil || n.passing[id] {
		return nil, pgerr.New(pgerr.ObjectInUse, "shard %d is here already, on its way here, or not quite gone from here", id)
	}
	path, err := n.shardPath(id)
	if err != nil {
		return nil, err
	}
	a := &Adoption{node: n, id: id, path: path}
	if err := sqlite.Remove(path, n.cfg.SQLite); err != nil {
		return nil, err
	}
	if a.file, err = sqlite.OpenRaw(path, n.cfg.SQLite); err != nil {
		return nil, err
	}
	n.passing[id] = true
	return a, nil
}

// End ends an adoption, done or not.
func (a *Adoption) End() {
	a.file.Close()
	a.node.changing.Lock()
	defer a.node.changing.Unlock()
	delete(a.node.passing, a.id)
}

// Discard removes what has come of a shard that is not to come after all. The
// caller has seen to it that no claim of this node to it can succeed.
func (a *Adoption) Discard() error {
	a.file.Close()
	return sqlite.Remove(a.path, a.node.cfg.SQLite)
}

// Pages implements Receiver.
func (a *Adoption) Pages(_ context.Context, first uint32, pages []byte) error {
	n := len(pages) / sqlite.PageBytes
	if len(pages)%sqlite.PageBytes != 0 || int(first) > len(a.sums) {
		return pgerr.New(pgerr.ProtocolViolation, "pages of shard %d came out of order", a.id)
	}
	if _, err := a.file.WriteAt(pages, int64(first)*sqlite.PageBytes); err != nil {
		return err
	}
	for i := range n {
		sum := xxhash.Sum64(pages[i*sqlite.PageBytes : (i+1)*sqlite.PageBytes])
		if at := int(first) + i; at < len(a.sums) {
			a.sums[at] = sum
		} else {
			a.sums = append(a.sums, sum)
		}
	}
	if a.dirty += len(pages); a.dirty < syncEvery {
		return nil
	}
	a.dirty = 0
	return a.file.Sync()
}

// Memory implements Receiver.
func (a *Adoption) Memory(_ context.Context, part []byte) error {
	if len(a.memory)+len(part) > 2*maxMovedMemory {
		return pgerr.New(pgerr.ProtocolViolation, "more memory of shard %d than a move may bring", a.id)
	}
	a.memory = append(a.memory, part...)
	return nil
}

// Finish makes the shard this node's and serves it. claim puts the node into
// the shard map and reports the map's epoch, 0 when the shard is not to be this
// node's; it fails only when nobody can say. Before it is called, everything
// is durable here.
func (a *Adoption) Finish(ctx context.Context, h *Handover, claim func(context.Context) (uint64, error)) error {
	m, err := a.check(h)
	if err != nil {
		return err
	}
	if err := a.place(int64(h.Pages) * sqlite.PageBytes); err != nil {
		return err
	}
	p := a.node.participants[LogIndex(a.id, len(a.node.participants))]
	p.cutting.Lock() // what the log holds of the shard from here on is needed, and it does not count as the log's yet
	defer p.cutting.Unlock()
	e, err := a.open(ctx, p)
	if err != nil {
		return err
	}
	e.takeMemory(m)
	epoch, err := claim(ctx)
	if err == nil && epoch == 0 {
		err = pgerr.New(pgerr.ObjectNotInPrerequisiteState, "the shard map was changed while shard %d moved", a.id)
	}
	if err == nil {
		err = a.node.serveAdopted(ctx, e, epoch)
	}
	if err != nil {
		e.db.Close()
		a.node.forgetMemory(e)
	}
	return err
}

// check compares what came with what was sent.
func (a *Adoption) check(h *Handover) (*moved, error) {
	if int(h.Pages) > len(a.sums) || sumOf(a.sums[:h.Pages]) != h.Sum || len(a.memory) != h.Memory || h.Shard != a.id {
		return nil, pgerr.New(pgerr.DataCorrupted, "shard %d has not come whole", a.id)
	}
	return decodeMoved(a.memory)
}

// place makes the file durable.
func (a *Adoption) place(size int64) error {
	if err := a.file.Truncate(size); err != nil {
		return err
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.file.Close()
	return a.node.cfg.FS.SyncDir(filepath.Dir(a.path))
}

// open opens the file as one that follows this node's log from here on.
func (a *Adoption) open(ctx context.Context, p *Participant) (*Engine, error) {
	pos, ticket, err := p.append(true, (&adopt{shard: a.id}).encode())
	if err != nil {
		return nil, err
	}
	if err := ticket.Wait(); err != nil {
		return nil, err
	}
	p.done(pos)
	e, _, err := a.node.openEngine(a.id, a.path)
	if err != nil {
		return nil, err
	}
	e.participant = p
	if err = e.followLog(ctx, pos); err == nil {
		err = e.dropViews(ctx)
	}
	if err != nil {
		e.db.Close()
		return nil, err
	}
	return e, nil
}

// followLog has the file say that it follows the participant's log, of which it
// lacks nothing up to pos; durably.
func (e *Engine) followLog(ctx context.Context, pos log.Position) error {
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := conn.Begin(); err != nil {
		return err
	}
	for _, m := range []struct {
		name  string
		value types.Value
	}{
		{metaLog, types.TextValue(e.participant.uuid.String())},
		{metaApplied, types.IntValue(int64(pos))},
	} {
		if err := putMeta(conn, m.name, m.value); err != nil {
			conn.Rollback()
			return err
		}
	}
	if err := conn.Commit(); err != nil {
		return err
	}
	if err := e.db.SyncWAL(); err != nil {
		return err
	}
	e.applied, e.synced = pos, pos
	return nil
}

// serveAdopted lets requests in: of what began after the shard became this
// node's (rule 12).
func (n *Node) serveAdopted(ctx context.Context, e *Engine, epoch uint64) error {
	now, err := n.cfg.Oracle.Commit(context.WithoutCancel(ctx))
	if err != nil {
		// The map says that the shard is here: a start finds it.
		n.cfg.Fatal(err)
		return err
	}
	e.maxRead.Store(max(e.maxRead.Load(), int64(now)))
	e.cfg.must(e.maxCommit <= now, "shard %d has commits above the timestamp oracle's", e.id)
	e.epoch.Store(epoch)
	n.changing.Lock()
	n.engines.Store(newEngines(n.cfg.Shards, n.cfg.Logs, append(slices.Clone(n.Engines()), e)))
	n.changing.Unlock()
	n.running.Go(func() { e.runSettler(n.stop) })
	e.wake()
	return nil
}

// removeStrangers removes the files of shards that are not this node's: they
// have moved away, or a move here was not finished.
func (n *Node) removeStrangers() error {
	if n.cfg.Dir == "" {
		return nil
	}
	for i := range n.cfg.Shards {
		id := shard.ID(i)
		if n.engines.Load().find(id) != nil {
			continue
		}
		path, err := n.shardPath(id)
		if err != nil {
			return err
		}
		if err := sqlite.Remove(path, n.cfg.SQLite); err != nil {
			return err
		}
	}
	return nil
}
