package sqlite

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall
#cgo LDFLAGS: -lm
#cgo noescape peg_query
#cgo nocallback peg_query
#cgo noescape peg_fetch
#cgo nocallback peg_fetch
#cgo noescape peg_exec
#cgo nocallback peg_exec
#cgo noescape peg_exec_many
#cgo nocallback peg_exec_many
#cgo nocallback peg_reset
#cgo nocallback peg_begin_read
#cgo nocallback peg_end_read
#include <stdlib.h>
#include "layer.h"
*/
import "C"

import (
	"sync"

	_ "github.com/mattn/go-sqlite3" // compiles the library that the C layer calls
)

// configure sets what SQLite reads once per process.
var configure = sync.OnceFunc(func() { C.peg_configure() })
