package pgcatalog

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// column is a column of one of the cluster's own relations.
type column struct {
	name string
	typ  *types.Type
}

// clusterRelations are the relations of schema pegmatite, in order of OID from
// firstClusterOID; each takes two more OIDs for its row type.
var clusterRelations = []struct {
	name    string
	columns []column
}{
	// The nodes that have joined and were not removed, and which of them is the
	// timestamp oracle.
	{"nodes", []column{
		{"node", types.TInt4}, {"name", types.TText}, {"address", types.TText}, {"state", types.TText}, {"boot", types.TInt8},
		{"version", types.TText}, {"oracle", types.TBool},
	}},
	// Where each shard is, and how large.
	{"shards", []column{
		{"shard", types.TInt4}, {"node", types.TInt4}, {"state", types.TText}, {"rows", types.TInt8}, {"bytes", types.TInt8},
	}},
	// The share of the ring that each node has, and the slots of its shards.
	{"ring", []column{
		{"node", types.TInt4}, {"weight", types.TInt4}, {"shards", types.TInt4}, {"slots", types.TInt4},
	}},
	// Transactions that are open or in doubt, with why.
	{"transactions", []column{
		{"txn", types.TText}, {"node", types.TInt4}, {"pid", types.TInt4}, {"state", types.TText}, {"isolation", types.TText},
		{"started", types.TTimestamptz}, {"snapshot", types.TInt8}, {"participants", types.TText}, {"reason", types.TText},
		{"waits_for", types.TText}, {"wait_mode", types.TText}, {"waiting_since", types.TTimestamptz}, {"blocked_by", types.TText},
	}},
}

// firstClusterOID follows the schema's own OID.
const firstClusterOID = catalog.PegmatiteOID + 10

func pegmatiteRelations() []catalog.Relation {
	var out []catalog.Relation
	for i, r := range clusterRelations {
		oid := firstClusterOID + catalog.OID(10*i)
		t := &catalog.Table{
			OID: oid, Schema: catalog.PegmatiteOID, Name: r.name, Owner: catalog.SuperuserOID,
			Home: catalog.HomeCatalog, Persistence: catalog.Permanent, Version: 1, Physical: uint64(oid),
			RowType: oid + 1, ArrayType: oid + 2, Stats: catalog.Statistics{Rows: -1},
		}
		for j, c := range r.columns {
			t.Columns = append(t.Columns, catalog.Column{
				ID: catalog.ColumnID(j + 1), Attnum: int16(j + 1), Name: c.name, Type: c.typ, Typmod: -1, Storage: c.typ.Storage, Stats: -1,
			})
		}
		finish(t, nil)
		t.NextAttnum = int16(len(r.columns) + 1)
		out = append(out, t)
	}
	return out
}
