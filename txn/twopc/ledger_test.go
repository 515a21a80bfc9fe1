package twopc

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

func request(id txn.ID, logs ...int) *txn.PrepareRequest {
	r := &txn.PrepareRequest{Txn: id, Home: logID(logs[0])}
	for _, i := range logs {
		r.Participants = append(r.Participants, logID(i))
	}
	return r
}

// What can only come of a broken assumption is XX000, and changes nothing.
func TestImpossibleRequests(t *testing.T) {
	committed := func(at txn.Timestamp) txn.Outcome { return txn.Outcome{State: txn.Committed, At: at} }
	aborted := txn.Outcome{State: txn.Aborted}
	other := txn.ID{Node: 1, Boot: 1, Seq: 2}
	decide := func(l *Ledger, id txn.ID, out txn.Outcome) error {
		_, err := l.Decide(&txn.DecideRequest{Txn: id, Outcome: out})
		return err
	}
	resolve := func(l *Ledger, id txn.ID, out txn.Outcome) error {
		_, err := l.Resolve(&txn.ResolveRequest{Txn: id, Outcome: out})
		return err
	}
	for name, try := range map[string]func(home, participant *Ledger) error{
		"decide below p":          func(h, _ *Ledger) error { return decide(h, theTxn, committed(9)) },
		"decide at a participant": func(_, p *Ledger) error { return decide(p, theTxn, committed(10)) },
		"resolve below p":         func(_, p *Ledger) error { return resolve(p, theTxn, committed(9)) },
		"resolve before decide":   func(h, _ *Ledger) error { return resolve(h, theTxn, committed(10)) },
		"abort after commit": func(_, p *Ledger) error {
			p.Resolved(theTxn, committed(10), 2)
			return resolve(p, theTxn, aborted)
		},
		"abort after decision": func(h, _ *Ledger) error {
			h.Decided(theTxn, committed(10), nil, 2)
			return resolve(h, theTxn, aborted)
		},
		"commit after abort": func(_, p *Ledger) error {
			p.Ask(other, true)
			return resolve(p, other, committed(10))
		},
	} {
		home, participant := NewLedger(logID(0)), NewLedger(logID(1))
		home.Prepared(request(theTxn, 0, 1), 10, 1)
		participant.Prepared(request(theTxn, 0, 1), 10, 1)
		if err := try(home, participant); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who was told "aborted" stays right: a prepare that comes later is refused,
// whatever the owner holds by then.
func TestPrepareAfterAsk(t *testing.T) {
	l := NewLedger(logID(0))
	if v := l.Ask(theTxn, true); v.Outcome.State != txn.Aborted || !v.Rollback {
		t.Errorf("asked: %+v", v)
	}
	if _, err := l.Prepare(theTxn); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("prepare: %v", err)
	}
	if v := l.Ask(theTxn, false); v.Outcome.State != txn.Aborted {
		t.Errorf("asked again: %+v", v)
	}
	l = NewLedger(logID(0))
	l.Decided(theTxn, txn.Outcome{State: txn.Committed, At: 10}, nil, 1) // replayed; the prepare was cut
	if _, err := l.Prepare(theTxn); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("prepare after the decision: %v", err)
	}
}

// A forgotten commit is never called aborted.
func TestForgottenIsUnknown(t *testing.T) {
	l := NewLedger(logID(0))
	for seq := range uint64(keptEndings + 1) {
		id := txn.ID{Node: 1, Boot: 1, Seq: seq + 1}
		l.Prepared(request(id, 0, 1), 10, Position(3*seq+1))
		l.Decided(id, txn.Outcome{State: txn.Committed, At: 10}, nil, Position(3*seq+2))
		l.Forgotten(id)
	}
	if v := l.Ask(theTxn, false); v.Outcome.State != txn.Unknown || v.Append != None {
		t.Errorf("asked about a forgotten commit: %+v", v)
	}
	last := txn.ID{Node: 1, Boot: 1, Seq: keptEndings + 1}
	if v := l.Ask(last, false); v.Outcome.State != txn.Committed {
		t.Errorf("asked about the last: %+v", v)
	}
	if len(l.Doubts()) != 0 {
		t.Errorf("%d are left", len(l.Doubts()))
	}
}
