package codec

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// trip makes a value, sends it there and compares what arrives.
type trip func(t *testing.T, g *generator)

// tripOf sends a T through send, which encodes and decodes.
func tripOf[T any](send func(*T) (*T, error)) trip {
	return func(t *testing.T, g *generator) {
		v := value[T](t, g)
		got, err := send(v)
		if err != nil {
			t.Fatalf("%v: %s", err, pgerr.From(err).Detail)
		}
		same(t, reflect.TypeFor[T]().Name(), reflect.ValueOf(v), reflect.ValueOf(got))
	}
}

var testLog = txn.LogID{1, 2, 3, 15: 16}

// toTestLog checks what stands in front of a participant's requests.
func toTestLog[T any](log txn.LogID, v T, err error) (T, error) {
	if log != testLog && err == nil {
		err = fmt.Errorf("log %v", log)
	}
	return v, err
}

// sendRequest encodes and decodes a request of the service.
func sendRequest[T any](encode func(s *Sender) (*Request, error), decode func(v *Receiver, b []byte) (uint64, T, error)) (T, error) {
	q, err := encode(&Sender{})
	if err != nil {
		var none T
		return none, err
	}
	call, v, err := decode(NewReceiver(shardtest.Library{}), q.Bytes)
	if call != 42 && err == nil {
		err = fmt.Errorf("call %d", call)
	}
	return v, err
}

var trips = map[string]trip{
	"Read": tripOf(func(r *shard.ReadRequest) (*shard.ReadRequest, error) {
		return sendRequest(func(s *Sender) (*Request, error) { return s.Read(42, false, r) }, (*Receiver).Read)
	}),
	"Write": tripOf(func(r *shard.WriteRequest) (*shard.WriteRequest, error) {
		return sendRequest(func(s *Sender) (*Request, error) { return s.Write(42, false, r) }, (*Receiver).Write)
	}),
	"Control": tripOf(func(r *shard.ControlRequest) (*shard.ControlRequest, error) {
		return sendRequest(func(s *Sender) (*Request, error) { return s.Control(42, false, r) }, (*Receiver).Control)
	}),
	"Cut": tripOf(func(r *shard.CutRequest) (*shard.CutRequest, error) {
		return (&Receiver{}).Cut((&Sender{}).Cut(r).Bytes)
	}),
	"WriteReply": tripOf(func(r *shard.WriteReply) (*shard.WriteReply, error) {
		return DecodeWrite(EncodeWrite(r).Bytes)
	}),
	"ControlReply": tripOf(func(r *shard.ControlReply) (*shard.ControlReply, error) {
		return DecodeControl(EncodeControl(r).Bytes)
	}),
	"Batch": tripOf(func(b *shard.Batch) (*shard.Batch, error) {
		var got shard.Batch
		incarnation := txn.Incarnation(77)
		ok, enlisted, err := DecodeBatch(EncodeBatch(b, &incarnation).Bytes, &got)
		if err == nil && (!ok || enlisted == nil || *enlisted != incarnation) {
			err = errors.New("no batch, or nobody enlisted")
		}
		return &got, err
	}),
	"Commit": tripOf(func(r *txn.CommitRequest) (*txn.CommitRequest, error) {
		return toTestLog(DecodeCommit(EncodeCommit(testLog, r)))
	}),
	"Prepare": tripOf(func(r *txn.PrepareRequest) (*txn.PrepareRequest, error) {
		return toTestLog(DecodePrepare(EncodePrepare(testLog, r)))
	}),
	"Decide": tripOf(func(r *txn.DecideRequest) (*txn.DecideRequest, error) {
		return toTestLog(DecodeDecide(EncodeDecide(testLog, r)))
	}),
	"Resolve": tripOf(func(r *txn.ResolveRequest) (*txn.ResolveRequest, error) {
		return toTestLog(DecodeResolve(EncodeResolve(testLog, r)))
	}),
	"Ask": tripOf(func(id *txn.ID) (*txn.ID, error) {
		got, err := toTestLog(DecodeAsk(EncodeAsk(testLog, *id)))
		return &got, err
	}),
	"Outcome": tripOf(func(o *txn.Outcome) (*txn.Outcome, error) {
		got, err := DecodeOutcome(EncodeOutcome(*o).Bytes)
		return &got, err
	}),
	"PrepareReply": tripOf(func(a *txn.PrepareReply) (*txn.PrepareReply, error) {
		got, err := DecodePrepared(EncodePrepared(*a).Bytes)
		return &got, err
	}),
}

func TestEveryFieldTravels(t *testing.T) {
	for name, trip := range trips {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(300) {
				trip(t, &generator{rand.New(rand.NewPCG(1, seed)), seed%3 == 0})
			}
		})
	}
}

func TestErrorsTravel(t *testing.T) {
	e := &pgerr.E{}
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			if f.Type.Kind() == reflect.Int {
				v.Field(i).SetInt(int64(i + 1))
			} else {
				v.Field(i).SetString(fmt.Sprintf("%s\xff%d", f.Name, i))
			}
		} else if f.Name != "cause" {
			t.Fatalf("nothing is known of pgerr.E.%s", f.Name)
		}
	}
	e.Code = pgerr.UniqueViolation
	got := pgerr.From(DecodeDone(EncodeError(fmt.Errorf("around: %w", e.WithCause(errors.New("disk")))).Bytes))
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			equal(t, f.Name, v.Field(i).Interface(), reflect.ValueOf(got).Elem().Field(i).Interface())
		}
	}
	if got.Unwrap() == nil || got.Unwrap().Error() != "disk" {
		t.Errorf("cause %v", got.Unwrap())
	}
	for _, reason := range []shard.RefusalReason{shard.RefusedEpoch, shard.RefusedVersion, shard.RefusedFloor, shard.RefusedNewest, shard.RefusedLocked, shard.RefusedRestart} {
		err := DecodeDone(EncodeError(shard.Refuse(reason)).Bytes)
		if got, ok := shard.IsRefusal(err); !ok || got != reason || !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("refusal %s became %v", reason, err)
		}
	}
}

// A request carries what plans share once, and again only when it is asked to.
func TestObjectsTravelOnce(t *testing.T) {
	s, v := &Sender{}, NewReceiver(shardtest.Library{})
	f := shardtest.Fragment(shardtest.Accounts(1), shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	r := &shard.ReadRequest{Fragment: f, Values: shard.Values{Params: []types.Datum{types.Int(1)}, Env: types.DefaultEnv()}}
	send := func(all bool) (*shard.ReadRequest, int) {
		t.Helper()
		q, err := s.Read(0, all, r)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := v.Read(q.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		q.Delivered()
		return got, len(q.Bytes)
	}
	first, whole := send(false)
	again, small := send(false)
	if small > 80 || whole < 3*small {
		t.Errorf("%d bytes, then %d", whole, small)
	}
	if first.Fragment != again.Fragment {
		t.Error("the fragment was decoded twice")
	}
	v = NewReceiver(shardtest.Library{}) // the node was restarted
	q, err := s.Read(0, false, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Read(q.Bytes); DecodeDone(EncodeError(err).Bytes) != ErrUnknown {
		t.Errorf("error %v", err)
	}
	if _, n := send(true); n != whole {
		t.Errorf("%d bytes, all were %d", n, whole)
	}
}

// A cache forgets what is not used, and keeps what is.
func TestCacheGenerations(t *testing.T) {
	var c cache[int, string]
	c.put(0, "used", 1)
	c.put(1, "unused", 1)
	for i := range 3 * generationEntries {
		if v, ok := c.get(0); !ok || v != "used" {
			t.Fatalf("forgotten after %d", i)
		}
		c.put(2+i, "", 1)
	}
	if _, ok := c.get(1); ok || len(c.young)+len(c.old) > 2*generationEntries {
		t.Errorf("holds %d and %d", len(c.young), len(c.old))
	}
	c.put(-1, "large", generationBytes)
	c.put(-2, "large", generationBytes)
	if c.put(-2, "other", 1) != "large" || len(c.young)+len(c.old) != 2 {
		t.Errorf("holds %d and %d", len(c.young), len(c.old))
	}
}
