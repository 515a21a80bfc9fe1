package store

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Decide records the outcome of a transaction with DDL unless there is one,
// and returns what is recorded: the first one wins. A participant that was left
// in doubt, or a coordinator that gives up, decides "aborted" this way; committing is Publish's alone.
func (s *Store) Decide(ctx context.Context, txn string, value []byte) ([]byte, error) {
	key := decisionRoot + txn
	for {
		r, err := s.kv.Commit(ctx, metakv.Txn{
			If:   []metakv.Compare{{Key: key}},
			Then: []metakv.Op{metakv.Put(key, value)},
		})
		if err != nil {
			return nil, unavailable(err)
		}
		if r.Done {
			return value, nil
		}
		recorded, decided, err := s.Decided(ctx, txn)
		if err != nil || decided {
			return recorded, err
		}
	}
}

// Decided returns the recorded outcome of a transaction with DDL, if there is one.
func (s *Store) Decided(ctx context.Context, txn string) (value []byte, decided bool, err error) {
	kv, err := s.kv.Get(ctx, decisionRoot+txn)
	if err != nil {
		return nil, false, unavailable(err)
	}
	return kv.Value, kv.Exists(), nil
}

// Decisions returns all recorded outcomes by transaction ID: what a node looks
// through that starts with transactions in doubt.
func (s *Store) Decisions(ctx context.Context) (map[string][]byte, error) {
	kvs, _, err := s.kv.Range(ctx, decisionRoot)
	if err != nil {
		return nil, unavailable(err)
	}
	decisions := make(map[string][]byte, len(kvs))
	for _, kv := range kvs {
		decisions[kv.Key[len(decisionRoot):]] = kv.Value
	}
	return decisions, nil
}

// Forget deletes a decision: once every participant's resolve is durable.
func (s *Store) Forget(ctx context.Context, txn string) error {
	_, err := s.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.Delete(decisionRoot + txn)}})
	return unavailableOrNil(err)
}

func unavailableOrNil(err error) error {
	if err == nil {
		return nil
	}
	return unavailable(err)
}
