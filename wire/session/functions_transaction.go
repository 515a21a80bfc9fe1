package session

import (
	"context"
	"math"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// transactionFunctions are manual tables 9.84 and 9.33: who the transaction is,
// and waiting.
var transactionFunctions = map[string]function{
	"txid_current":                   transactionID,
	"pg_current_xact_id":             transactionID,
	"txid_current_if_assigned":       assignedTransactionID,
	"pg_current_xact_id_if_assigned": assignedTransactionID,
	"xid_age":                        transactionAge,
	"pg_xact_status":                 transactionStatus,
	"txid_status":                    transactionStatus,
	"pg_sleep": func(ctx context.Context, _ *Session, args []types.Datum) (types.Datum, error) {
		return sleep(ctx, time.Duration(min(args[0].Float(), maxSleepS)*float64(time.Second)))
	},
	"pg_sleep_for": func(ctx context.Context, _ *Session, args []types.Datum) (types.Datum, error) {
		v := args[0].Interval()
		now := time.Now()
		then := now.AddDate(0, int(v.Months), int(v.Days)).Add(time.Duration(v.Micros) * time.Microsecond)
		return sleep(ctx, then.Sub(now))
	},
	"pg_sleep_until": func(ctx context.Context, _ *Session, args []types.Datum) (types.Datum, error) {
		return sleep(ctx, time.Duration(args[0].Int()-types.TimestampFromTime(time.Now()))*time.Microsecond)
	},
}

// maxSleepS is a year: longer does not fit a time.Duration for ever.
const maxSleepS = 366 * 24 * 3600

// sleep ends early only with the statement.
func sleep(ctx context.Context, d time.Duration) (types.Datum, error) {
	if pause.For(ctx, d) != nil {
		return types.Null, pgerr.From(context.Cause(ctx))
	}
	return void, nil
}

// void is the value of functions that return nothing.
var void = types.Text("")

// bootBits is where a boot's number begins in a transaction's: a boot has fewer
// transactions than 2^bootBits.
const bootBits = 40

// transactionNumber makes one rising number of a boot and a sequence.
func transactionNumber(boot uint32, seq uint64) int64 { return int64(boot)<<bootBits | int64(seq) }

func transactionID(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
	id := s.tx.txn.ID()
	s.tx.numbered = true
	return types.Int(transactionNumber(id.Boot, id.Seq)), nil
}

// transactionAge is age(xid), of the lower half of a number. Those below the
// first that a transaction can have are as old as can be.
func transactionAge(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if args[0].Int() < firstTransaction {
		return types.Int(math.MaxInt32), nil
	}
	id := s.tx.txn.ID()
	return types.Int(int64(int32(uint32(transactionNumber(id.Boot, id.Seq)) - uint32(args[0].Int())))), nil
}

// firstTransaction is FirstNormalTransactionId.
const firstTransaction = 3

// assignedTransactionID is NULL as long as the transaction has written nothing
// and nobody has asked.
func assignedTransactionID(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if !s.tx.numbered && !s.tx.txn.Wrote() {
		return types.Null, nil
	}
	return transactionID(ctx, s, args)
}
