// Package codec is the wire form of the shard service, between remote and
// serve: a hand-written binary form in gRPC messages. Trees and values have a
// binary form already, and a point read is some eighty bytes of it.
//
// Numbers are varints, strings and bytes carry their length in front, lists
// their length plus one (0 is a nil list: some fields tell nil from empty).
//
//	request: call (8 bytes) · where the objects begin (8 bytes) · body · objects
//	reply:   status · body
//
// Call is the number under which Cancel stops the request, and a copy of it is
// known; 0 is none.
//
// What plans share is an object: a user-defined type, a table, a fragment, the
// plan's part of a write. Objects are immutable and named by a hash of their
// bytes. A body holds only hashes; the sender appends the objects that it has
// not sent yet, and all of them when the receiver answers StatusUnknown (it has
// been restarted, or has forgotten them). So a hot statement carries its header
// and parameters.
//
// Errors are replies, not gRPC statuses: a gRPC status always means that the
// connection or the message failed.
//
// Version is part of the service's name, so that it is checked at every call.
package codec

// Version is of the wire form. Two nodes that differ in it cannot talk; raise
// it with every change of the form or of what a field means.
const Version = 1

// The names of the gRPC services and their methods.
const (
	Service = "pegmatite.shard.v1"

	Read    = "Read" // streams batches
	Write   = "Write"
	Cut     = "Cut"
	Control = "Control"
	Cancel  = "Cancel" // ends the request with a call number, which then answers
	Ping    = "Ping"   // asks for nothing but an answer

	Commit  = "Commit"
	Prepare = "Prepare"
	Decide  = "Decide"
	Resolve = "Resolve"
	Ask     = "Ask"
)

// MaxMessageBytes bounds a message: PostgreSQL's own bound of a value
// (MaxAllocSize, 1 GiB) and room for what comes with it.
const MaxMessageBytes = 1<<30 + 1<<20

// Path is the gRPC name of a method.
func Path(method string) string { return "/" + Service + "/" + method }
