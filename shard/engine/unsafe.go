package engine

import "unsafe"

// unsafeString looks at b as a string for a look-up that does not keep it.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
