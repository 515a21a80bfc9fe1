// Package faults shows on whole servers and on whole shards that what was
// acknowledged is kept: processes killed at random moments and at every step of
// a commit, power that goes, disks that run full, and more work than memory holds.
//
//	process_test.go   a server as a process of its own, killed and started again
//	pgbench_test.go   pgbench's scripts in every protocol mode, and its sums
//	comeandgo_test.go the same through all nodes of a cluster, while nodes come and go
//	ledger_test.go    the TPC-B load of a client that remembers what it was told
//	kill_test.go      that load under kill -9
//	full_linux_test.go a disk that runs full under load
//	halted_test.go    a node that is halted, and how long statements need to find out
//	steps_test.go     a commit on three nodes, one of them or the coordinator killed at each of its steps
//	mortal_test.go    a node that counts these steps, and kills itself at one
//	sealed_test.go    shards that are between two nodes when these are killed
//	valve_test.go     a way between two processes that can be shut
//	oracle_test.go    the timestamp oracle killed and halted, and the history of what it gave
//	powercut_test.go  the shards on simulated disks that lose their power
//	memory_test.go    old snapshots, large statements, and how fast a start is
//	syncsites_test.go every call that syncs, with the test that needs it
//
// The short forms run with every `go test`; `make faults` runs the long ones
// (-long: twenty kills, longer loads), `make soak` them over and over with
// seeds of the day. A failure names its seed: -seed repeats inputs and the
// moments of faults, not the interleaving of the processes.
package faults
