package engine

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/shard"
)

// engines are the shards that a node has, at a moment: immutable.
type engines struct {
	at   []*Engine   // by shard; nil is another node's
	list []*Engine   // in the shards' order
	logs [][]*Engine // the same, by log
}

// newEngines orders the engines of a cluster of so many shards by log.
func newEngines(shards, logs int, list []*Engine) *engines {
	s := &engines{at: make([]*Engine, shards), list: slices.Clone(list), logs: make([][]*Engine, logs)}
	slices.SortFunc(s.list, func(a, b *Engine) int { return int(a.id) - int(b.id) })
	for _, e := range s.list {
		s.at[e.id] = e
		log := LogIndex(e.id, logs)
		s.logs[log] = append(s.logs[log], e)
	}
	return s
}

// LogIndex is which of a node's logs holds the commands of a shard.
func LogIndex(id shard.ID, logs int) int { return int(id) % logs }

// find returns the engine of a shard; nil if another node has it.
func (s *engines) find(id shard.ID) *Engine {
	if int(id) >= len(s.at) {
		return nil
	}
	return s.at[id]
}
