package store

import (
	"context"
	"crypto/rand"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// secretBytes is the length of the cluster's secret: a SHA-256 key's.
const secretBytes = 32

// Secret is the same random bytes for everybody who asks, made when first asked
// for: what the cluster's nodes derive from it agrees, and nobody else can know it.
func (s *Store) Secret(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, secretBytes)
	rand.Read(fresh)
	made, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{{Key: secretKey}}, Then: []metakv.Op{metakv.Put(secretKey, fresh)}})
	if err != nil {
		return nil, unavailable(err)
	}
	if made.Done {
		return fresh, nil
	}
	kv, err := s.kv.Get(ctx, secretKey)
	if err != nil {
		return nil, unavailable(err)
	}
	if len(kv.Value) != secretBytes {
		return nil, errBadRecord("%s has %d bytes", secretKey, len(kv.Value))
	}
	return kv.Value, nil
}
