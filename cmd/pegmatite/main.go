// Command pegmatite is the database server: flags become a server.Config, and
// server.Run does the rest. This is the only place that ends the process.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server"
)

const usage = `pegmatite: PostgreSQL on the outside, SQLite shards inside.

  pegmatite serve [--data DIR] [--listen HOST:PORT] [--http HOST:PORT]
                  [--shards N] [--logs N] [--config FILE] ...
  pegmatite passwd DIR             the superuser's password, before the first start
  pegmatite key                    prints a new cluster key
  pegmatite certificate KEYFILE    prints a certificate for reading metrics and health
  pegmatite version
  pegmatite help [serve]

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
	switch command {
	case "serve":
		return serve(args, errs)
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
	case "help", "--help", "-help", "-h":
		return help(args, out, errs)
	}
	return wrongCall(errs, unknownCommand(command))
}

// commands are those that help knows of.
var commands = []string{"serve", "passwd", "key", "certificate", "version", "help"}

func help(args []string, out, errs io.Writer) int {
	switch {
	case len(args) > 1:
		return wrongCall(errs, fmt.Errorf("unexpected argument %q", args[1]))
	case len(args) == 1 && !slices.Contains(commands, args[0]):
		return wrongCall(errs, unknownCommand(args[0]))
	}
	fmt.Fprint(out, usage)
	if len(args) == 1 && args[0] == "serve" {
		printOptions(out)
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

// serve runs the server until it is told to stop.
func serve(args []string, errs io.Writer) int {
	config, err := configure(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return wrongCall(errs, err)
	}
	if err := server.Run(config); err != nil {
		fmt.Fprintf(errs, "pegmatite: %s\n", oneLine(err))
		return exitFailure
	}
	return 0
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

// configure reads file, environment and flags, later ones winning.
func configure(args []string, errs io.Writer) (server.Config, error) {
	config := server.Default()
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("config", os.Getenv("PEGMATITE_CONFIG"), "file of settings (TOML)")
	given := map[string]string{}
	for _, o := range server.Options {
		set := func(v string) error { given[o.Name] = v; return nil }
		if o.Switch() {
			flags.BoolFunc(o.Name, o.Help, set)
		} else {
			flags.Func(o.Name, o.Help, set)
		}
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printOptions(errs)
		}
		return config, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		if _, notBool := strconv.ParseBool(flags.Arg(0)); notBool == nil {
			err = fmt.Errorf("%w: a switch takes its value as --name=%s", err, flags.Arg(0))
		}
		return config, err
	}
	if *file != "" {
		if err := config.FromFile(*file); err != nil {
			return config, err
		}
	}
	if err := config.FromEnvironment(os.LookupEnv); err != nil {
		return config, err
	}
	for _, o := range server.Options {
		if v, ok := given[o.Name]; ok {
			if err := o.Set(&config, v); err != nil {
				return config, err
			}
		}
	}
	return config, config.Validate()
}

func printOptions(w io.Writer) {
	fmt.Fprintln(w, "\nserve:")
	fmt.Fprintf(w, "  --%-18s %s\n", "config", "file of settings (TOML)")
	for _, o := range server.Options {
		fmt.Fprintf(w, "  --%-18s %s [%s, default %q]\n", o.Name, o.Help, o.Environment(), o.Default())
	}
}
