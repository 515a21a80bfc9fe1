package server

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// party names a transaction in a deadlock's message by the process that its
// client knows; one that no session has any more, after a restart, has process 0.
func (n *Node) party(id txn.ID) lock.Party {
	p := lock.Party{Number: id.Seq}
	if sessions := n.sessions.Load(); sessions != nil {
		p.Process = sessions.ProcessOf(id)
	}
	return p
}

// databaseOf is a relation's database in the same message.
func (n *Node) databaseOf(relation uint32) uint32 {
	if r := n.store.Snapshot().RelationByOID(catalog.OID(relation)); r != nil {
		return uint32(r.Ref().Database)
	}
	return 0
}
