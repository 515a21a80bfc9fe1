package faults

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// vacuums are files written anew, and power cuts in the middle of it.
type vacuums struct {
	ignored    sqlite.Syncs
	done, cuts int
	isCut      bool // by a vacuum, in this life
}

// cut tells, once, whether a vacuum has cut the power.
func (v *vacuums) cut() bool {
	if v == nil {
		return false
	}
	cut := v.isCut
	v.isCut = false
	return cut
}

const (
	// vacuumOperations is about what the disk sees of a file written anew.
	vacuumOperations = 40
	// idleOperations is more than it sees of one that has no free pages.
	idleOperations = 8
)

// vacuum is VACUUM FULL of a shard, and CHECKPOINT, which cuts the log to what the file has.
func (m *machine) vacuum(in *shardtest.Instance) error {
	h := shard.Header{Shard: shard.ID(m.rng.IntN(machineShards))}
	control := func(op shard.ControlOp) error {
		_, err := in.Service.Control(context.Background(), &shard.ControlRequest{Header: h, Op: op})
		return err
	}
	for guests := true; guests; guests = len(m.guestsOf(int64(h.Shard))) > 0 {
		if err := m.comeAndGo(in, int64(h.Shard)); err != nil {
			return err
		}
	}
	if err := control(shard.ControlSettle); err != nil {
		return err
	}
	if m.rng.IntN(3) == 0 {
		m.disk.Inject(sqlite.Faults{StopAfter: m.rng.Int64N(vacuumOperations), IgnoreSyncs: m.vacuums.ignored})
		m.vacuums.isCut = true
		m.dead.Store(true)
	}
	before := m.disk.Operations()
	err := control(shard.ControlShrinkFull)
	if m.disk.Operations()-before > idleOperations {
		m.vacuums.done++
		if err != nil {
			m.vacuums.cuts++
		}
	}
	if err != nil || m.rng.IntN(2) == 0 {
		return err
	}
	return control(shard.ControlSettle)
}

// atOnce is how many guests come at most: when files are written anew, so many
// that pages are free when they have gone.
func (m *machine) atOnce() int {
	if m.vacuums != nil {
		return 10 * guestsAtOnce
	}
	return guestsAtOnce
}

func newVacuumed(t *testing.T, seed uint64, ignored sqlite.Syncs, v *vacuums) *machine {
	m := newMachine(t, seed, ignored)
	v.ignored, m.vacuums = ignored, v
	return m
}

// TestPowerCutsOfVacuum is TestPowerCuts with files that are written anew all
// the time.
func TestPowerCutsOfVacuum(t *testing.T) {
	var v vacuums
	for i := range uint64(scaled(12, 1000)) {
		if err := newVacuumed(t, *seed+i, 0, &v).run(0); err != nil {
			t.Fatalf("seed %d: %v", *seed+i, err)
		}
	}
	t.Logf("%d files written anew, %d power cuts meanwhile", v.done, v.cuts)
	if v.done < 50 || v.cuts < 10 {
		t.Error("too few")
	}
}

// TestVacuumNeedsItsSyncs: what a vacuum leaves to the checkpoint after it is
// lost if that does not sync the WAL before the file, or the file before the
// WAL is emptied.
func TestVacuumNeedsItsSyncs(t *testing.T) {
	for name, place := range map[string]sqlite.Syncs{"the WAL": sqlite.SyncWAL, "the file": sqlite.SyncDatabase} {
		t.Run(name, func(t *testing.T) {
			for i := range uint64(200) {
				if err := newVacuumed(t, i, place, new(vacuums)).run(place); err != nil {
					t.Logf("seed %d: %v", i, err)
					return
				}
			}
			t.Error("nothing is lost without it")
		})
	}
}
