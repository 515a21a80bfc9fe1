package server

import (
	"fmt"
	"runtime"
)

// Version is this program's; ServerVersion is what it tells clients.
const (
	Version          = "0.1"
	PostgresVersion  = "15.0"
	ServerVersion    = PostgresVersion + " (Pegmatite " + Version + ")"
	ServerVersionNum = "150000"
)

// VersionLine is what `pegmatite version` prints.
func VersionLine() string {
	return fmt.Sprintf("pegmatite %s (PostgreSQL %s compatible, %s, %s/%s)",
		Version, PostgresVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// VersionText is what SQL's version() answers.
func VersionText() string {
	return fmt.Sprintf("PostgreSQL %s on %s-%s, compiled by %s, 64-bit", ServerVersion, runtime.GOARCH, runtime.GOOS, runtime.Version())
}
