package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/pegmatitedb/pegmatite/server"
)

// configVariable names the file of settings where --config does not.
const configVariable = "PEGMATITE_CONFIG"

// program is a command that has settings; until runs it until it is told to stop.
type program struct {
	name     string
	options  []server.Option
	defaults func() server.Config
	validate func(*server.Config) error
	until    func(server.Config) error
}

var (
	serve     = &program{"serve", server.Options, server.Default, (*server.Config).Validate, server.Run}
	etcdAlone = &program{"etcd", server.EtcdOptions, server.DefaultEtcd, (*server.Config).ValidateEtcd, server.RunEtcd}
)

// run runs until a signal; it returns the exit code.
func (p *program) run(args []string, errs io.Writer) int {
	config, err := p.configure(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return wrongCall(errs, err)
	}
	return exitCode(errs, p.until(config))
}

// exitCode says what went wrong, if anything did.
func exitCode(errs io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(errs, "pegmatite: %s\n", oneLine(err))
	if wrong := (server.WrongCall{}); errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailure
}

// configure reads file, environment and flags, later ones winning. A file may
// have settings of other programs.
func (p *program) configure(args []string, errs io.Writer) (server.Config, error) {
	flags := flag.NewFlagSet(p.name, flag.ContinueOnError)
	config, more, err := p.configureBy(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		p.printOptions(errs)
	}
	if err == nil && len(more) > 0 {
		err = fmt.Errorf("unexpected argument %q", more[0])
		if _, notBool := strconv.ParseBool(more[0]); notBool == nil {
			err = fmt.Errorf("%w: a switch takes its value as --name=%s", err, more[0])
		}
	}
	if err != nil {
		return config, err
	}
	return config, p.validate(&config)
}

// configureBy is configure with flags that are no settings beside those that
// are. It returns the arguments that are no flags, wherever they stand, too.
func (p *program) configureBy(flags *flag.FlagSet, args []string) (config server.Config, more []string, err error) {
	config = p.defaults()
	flags.SetOutput(io.Discard)
	file := flags.String("config", os.Getenv(configVariable), "file of settings (TOML)")
	given := map[string]string{}
	for _, o := range p.options {
		set := func(v string) error { given[o.Name] = v; return nil }
		if o.Switch() {
			flags.BoolFunc(o.Name, o.Help, set)
		} else {
			flags.Func(o.Name, o.Help, set)
		}
	}
	if more, err = parseAll(flags, args); err != nil {
		return config, more, err
	}
	if *file != "" {
		if err := config.FromFile(*file); err != nil {
			return config, more, err
		}
	}
	if err := config.FromEnvironment(os.LookupEnv); err != nil {
		return config, more, err
	}
	for _, o := range p.options {
		if v, ok := given[o.Name]; ok {
			if err := o.Set(&config, v); err != nil {
				return config, more, err
			}
		}
	}
	return config, more, nil
}

// parseAll parses flags before, between and behind the other arguments, which it returns.
func parseAll(flags *flag.FlagSet, args []string) (more []string, err error) {
	for {
		if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
			return more, err
		}
		more, args = append(more, flags.Arg(0)), flags.Args()[1:]
	}
}

func (p *program) printOptions(w io.Writer) {
	defaults := p.defaults()
	fmt.Fprintf(w, "\n%s:\n", p.name)
	fmt.Fprintf(w, "  --%-18s %s [%s]\n", "config", "file of settings (TOML)", configVariable)
	for _, o := range p.options {
		also := o.Environment()
		if text := o.Text(&defaults); text != "" && text != "0" { // of those the help says what that means
			also += ", default " + text
		}
		fmt.Fprintf(w, "  --%-18s %s [%s]\n", o.Name, o.Help, also)
	}
}
