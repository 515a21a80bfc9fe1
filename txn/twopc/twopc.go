// Package twopc is commit: one log in one command, several by two phases with
// presumed abort.
//
//	twopc.go     this contract
//	ledger.go    Ledger: what a log knows as participant and home (pure)
//	ended.go     how transactions ended, for a while
//	commit.go    Commit: the coordinator's side of one commit (pure)
//	driver.go    Coordinator: runs Commits against txn.Participants
//
// The durable steps of a commit over logs A (the home), B and C, and what a
// crash of everything between them leaves:
//
//	                               A, B, C hold write sets in memory   nothing
//	prepare in A, B, C, in parallel                                    in doubt: aborted by who asks A
//	decide in A                                                        committed
//	... the client is answered ...
//	resolve in B and C, in parallel                                    committed
//	forget in A                                                        committed, over
//
// What holds, and the tests assert:
//
//   - The home's first decision is the outcome, everywhere and for ever.
//   - Coordinators keep nothing: one that dies is replaced by whoever asks.
//   - To ask the home about an undecided transaction is to abort it.
//   - A participant that is in doubt and whose home knows nothing may abort:
//     a commit would be remembered until this participant has resolved.
//   - For a coordinator the same answer means nothing: 08007.
package twopc
