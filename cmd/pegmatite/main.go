// Command pegmatite is the database server: flags become a server.Config, and
// server.Run does the rest. This is the only place that ends the process.
//
//	main.go     the commands
//	program.go  those that run until they are told to stop, and their settings
//	node.go     what steers a cluster
//	key.go, passwd.go  the others; termios_linux.go, termios_bsd.go a terminal that does not echo
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server"
)

const usage = `pegmatite: PostgreSQL on the outside, SQLite shards inside.

  pegmatite serve [--data DIR] [--listen HOST:PORT] [--http HOST:PORT]
                  [--shards N] [--logs N] [--config FILE] ...
  pegmatite etcd  [--data DIR] [--listen HOST:PORT] ...
                                   a cluster's metadata store, and nothing else
  pegmatite node list | drain NAME | remove NAME | rebalance [--dry-run]
                                   a cluster's nodes, and what shards they have
  pegmatite passwd DIR             the superuser's password, before the first start
  pegmatite key                    prints a new cluster key
  pegmatite certificate KEYFILE    prints a certificate for reading metrics and health
  pegmatite version
  pegmatite help [serve|etcd|node]

Flags win over the environment (PEGMATITE_LISTEN, ...), which wins over the file.
`

// Exit codes: 1 is a failure while running, 2 a wrong call.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the command without the process around it.
func run(args []string, out, errs io.Writer) int {
	command := "help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	if slices.Contains(askedForHelp, command) {
		command = "help"
	} else if len(args) > 0 && slices.Contains(askedForHelp, args[0]) {
		command, args = "help", []string{command}
	}
	switch command {
	case "serve":
		return serve.run(args, errs)
	case "etcd":
		return etcdAlone.run(args, errs)
	case "node":
		return steering(args, out, errs)
	case "key":
		return key(args, out, errs)
	case "certificate":
		return certificate(args, out, errs)
	case "passwd":
		return passwd(args, os.Stdin, out, errs)
	case "version", "--version", "-version", "-v":
		if len(args) > 0 {
			return wrongCall(errs, fmt.Errorf("unexpected argument %q", args[0]))
		}
		fmt.Fprintln(out, server.VersionLine())
		return 0
	case "help":
		return help(args, out, errs)
	}
	return wrongCall(errs, unknownCommand(command))
}

// commands are those that help knows of.
var commands = []string{"serve", "etcd", "node", "passwd", "key", "certificate", "version", "help"}

// askedForHelp are flags of any command.
var askedForHelp = []string{"--help", "-help", "-h"}

func help(args []string, out, errs io.Writer) int {
	switch {
	case len(args) > 1:
		return wrongCall(errs, fmt.Errorf("unexpected argument %q", args[1]))
	case len(args) == 1 && !slices.Contains(commands, args[0]):
		return wrongCall(errs, unknownCommand(args[0]))
	}
	fmt.Fprint(out, usage)
	for _, p := range []*program{serve, etcdAlone, steer} {
		if len(args) == 1 && args[0] == p.name {
			if p == steer {
				fmt.Fprint(out, nodeUsage)
			}
			p.printOptions(out)
		}
	}
	return 0
}

func unknownCommand(name string) error {
	return fmt.Errorf("unknown command %q; `pegmatite help` lists them", name)
}

func wrongCall(errs io.Writer, err error) int {
	fmt.Fprintf(errs, "pegmatite: %v\n", err)
	return exitUsage
}

// oneLine is an error with its detail; of several errors each one once.
func oneLine(err error) string {
	text := err.Error()
	var e *pgerr.E
	if errors.As(err, &e) && e.Detail != "" {
		text = fmt.Sprintf("%v: %s", err, e.Detail)
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
