package store

import "fmt"

// The keys, all under root:
//
//	format                  the version of everything here, in decimal
//	cluster                 the cluster's UUID
//	catalog/head            the newest published revision (headRecord)
//	catalog/log/<n>         what revision n changed: logRecord, with its ops or the name of their chunks
//	catalog/chunk/<id>/<i>  the ops of one large change: invisible until a log entry names the id
//	catalog/base            the newest checkpoint (baseRecord): the log begins above it
//	catalog/check/<n>/<i>   the descriptors at revision n
//	dropped/<n>             physical objects that revision n left without a descriptor
//	decision/<txn>          the outcome of a transaction with DDL
//	boot/<node>             how often the node has started
//	node/<node>             what the node said of itself when it last joined (Node)
//	live/<node>             there while the node's lease lives
//	drain/<node>            there while an operator wants the node to have no shards
//	removed/<node>          the last record of a node that was removed (Node)
//	name/<name>             the number of the node of that name
//	next/oid, next/physical the first number not handed out; next/node likewise
//	leader                  the node that serves the timestamp oracle, under its lease
//	bound                   the timestamp oracle's persisted bound
//	placement               the shard map
//	secret                  random bytes that only nodes know
const (
	root         = "/pegmatite/"
	formatKey    = root + "format"
	clusterKey   = root + "cluster"
	catalogRoot  = root + "catalog/"
	headKey      = catalogRoot + "head"
	baseKey      = catalogRoot + "base"
	logRoot      = catalogRoot + "log/"
	chunkRoot    = catalogRoot + "chunk/"
	checkRoot    = catalogRoot + "check/"
	droppedRoot  = root + "dropped/"
	decisionRoot = root + "decision/"
	bootRoot     = root + "boot/"
	nodeRoot     = root + "node/"
	liveRoot     = root + "live/"
	drainRoot    = root + "drain/"
	removedRoot  = root + "removed/"
	nameRoot     = root + "name/"
	nodeKey      = root + "next/node"
	oidKey       = root + "next/oid"
	physicalKey  = root + "next/physical"
	leaderKey    = root + "leader"
	boundKey     = root + "bound"
	placementKey = root + "placement"
	secretKey    = root + "secret"
)

// Revisions stand in keys with all their digits, so that keys sort as revisions do.
func logKey(revision uint64) string      { return fmt.Sprintf("%s%020d", logRoot, revision) }
func checkPrefix(revision uint64) string { return fmt.Sprintf("%s%020d/", checkRoot, revision) }
func droppedKey(revision uint64) string  { return fmt.Sprintf("%s%020d", droppedRoot, revision) }
func chunkPrefix(id string) string       { return chunkRoot + id + "/" }
func chunkKey(prefix string, i int) string {
	return fmt.Sprintf("%s%06d", prefix, i)
}
