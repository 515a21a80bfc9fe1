package server

import (
	"cmp"
	"time"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Layers lie between the parts of a node: what passes there can be watched,
// held and refused. Tests break the node in the middle of its work this way. A nil one is none.
type Layers struct {
	// Metadata is between the node and its metadata store, Shards between
	// statements and the node's shards, Logs between commits and a log.
	Metadata func(metakv.Store) metakv.Store
	Shards   func(shard.Service) shard.Service
	Logs     func(txn.LogID, txn.Participant) txn.Participant
	// Files is between the node and the files of its logs.
	Files func(vfs.FS) vfs.FS
	// Nodes are the options of the connections to other nodes, Served those of the
	// server that answers them, beside the usual.
	Nodes  []grpc.DialOption
	Served []grpc.ServerOption
	// MetadataTimeout is how long the metadata store may not answer before the
	// outcome of a schema change counts as unknown; 0 is the usual.
	MetadataTimeout time.Duration
	// MovePatience is how long a move waits for transactions that stay open on its
	// shard, TakeOverWithin how long its destination may take to take the shard
	// over; 0 is the usual.
	MovePatience, TakeOverWithin time.Duration
	// Lease is how long the node counts as alive without a sign of life, Silence how
	// long a coordinator may leave what has prepared alone before its outcome is
	// asked for; 0 is the usual.
	Lease, Silence time.Duration
	// WriteSetBytes is how much of a transaction's write set a shard keeps in
	// memory; 0 is the usual. With 1 every commit is a large one.
	WriteSetBytes int64
	// SegmentBytes is the size of the files of a log; 0 is the usual. Small ones are
	// cut off soon.
	SegmentBytes int64
}

func (l *Layers) metadata(kv metakv.Store) metakv.Store {
	if l.Metadata == nil {
		return kv
	}
	return l.Metadata(kv)
}

func (l *Layers) shards(s shard.Service) shard.Service {
	if l.Shards == nil {
		return s
	}
	return l.Shards(s)
}

// files are nil for those of the operating system.
func (l *Layers) files() vfs.FS {
	if l.Files == nil {
		return nil
	}
	return l.Files(vfs.OS{})
}

func (l *Layers) log(id txn.LogID, p txn.Participant) txn.Participant {
	if l.Logs == nil {
		return p
	}
	return l.Logs(id, p)
}

func (l *Layers) metadataTimeout() time.Duration {
	if l.MetadataTimeout == 0 {
		return publishTimeout
	}
	return l.MetadataTimeout
}

func (l *Layers) movePatience() time.Duration { return cmp.Or(l.MovePatience, movePatience) }

func (l *Layers) takeOverWithin() time.Duration { return cmp.Or(l.TakeOverWithin, takeOverWithin) }

func (l *Layers) lease() time.Duration { return cmp.Or(l.Lease, nodeLease) }
