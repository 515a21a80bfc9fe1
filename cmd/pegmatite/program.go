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

// program is a command that runs until it is told to stop, by settings.
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
	if err := p.until(config); err != nil {
		fmt.Fprintf(errs, "pegmatite: %s\n", oneLine(err))
		if wrong := (server.WrongCall{}); errors.As(err, &wrong) {
			return exitUsage
		}
		return exitFailure
	}
	return 0
}

// configure reads file, environment and flags, later ones winning. A file may
// have settings of other programs.
func (p *program) configure(args []string, errs io.Writer) (server.Config, error) {
	config := p.defaults()
	flags := flag.NewFlagSet(p.name, flag.ContinueOnError)
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
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			p.printOptions(errs)
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
	for _, o := range p.options {
		if v, ok := given[o.Name]; ok {
			if err := o.Set(&config, v); err != nil {
				return config, err
			}
		}
	}
	return config, p.validate(&config)
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
