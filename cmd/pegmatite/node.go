package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/server/operator"
)

const nodeUsage = `
  pegmatite node list               every node: its state, weight, shards and their bytes
  pegmatite node drain NAME         has a node give its shards away, and waits until it has none
      --no-wait                     does not wait
      --undo                        lets the node have shards again
  pegmatite node remove NAME        takes a node that is stopped and has no shards out of the cluster
  pegmatite node rebalance          waits until every shard is where the ring wants it
      --dry-run                     prints what is to move, and how many bytes
`

// steer is what `pegmatite node` knows of its settings.
var steer = &program{name: "node", options: server.NodeOptions, defaults: server.Default, validate: (*server.Config).ValidateNode}

// switches are what the commands of `pegmatite node` can be told.
type switches struct{ noWait, undo, dryRun bool }

// verb is a command of `pegmatite node`.
type verb struct {
	name     string
	ofNode   bool // needs a node's name
	switches []string
	do       func(ctx context.Context, o *operator.Operator, node string, s switches) error
}

var verbs = []verb{
	{name: "list", do: func(ctx context.Context, o *operator.Operator, _ string, _ switches) error { return o.List(ctx) }},
	{name: "drain", ofNode: true, switches: []string{"no-wait", "undo"}, do: func(ctx context.Context, o *operator.Operator, node string, s switches) error {
		if s.undo {
			return o.Undo(ctx, node)
		}
		return o.Drain(ctx, node, !s.noWait)
	}},
	{name: "remove", ofNode: true, do: func(ctx context.Context, o *operator.Operator, node string, _ switches) error {
		return o.Remove(ctx, node)
	}},
	{name: "rebalance", switches: []string{"dry-run"}, do: func(ctx context.Context, o *operator.Operator, _ string, s switches) error {
		if s.dryRun {
			return o.Plan(ctx)
		}
		return o.Rebalance(ctx)
	}},
}

// steering is `pegmatite node …`: what steers a cluster, until it is done or a signal.
func steering(args []string, out, errs io.Writer) int {
	v, config, name, s, err := nodeCall(args)
	if errors.Is(err, flag.ErrHelp) {
		return help([]string{steer.name}, out, errs)
	}
	if err != nil {
		return wrongCall(errs, err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	err = server.Operate(ctx, config, out, func(ctx context.Context, o *operator.Operator) error { return v.do(ctx, o, name, s) })
	return exitCode(errs, err)
}

// nodeCall reads what `pegmatite node` is called with.
func nodeCall(args []string) (v verb, config server.Config, name string, s switches, err error) {
	var names []string
	for _, v := range verbs {
		names = append(names, v.name)
	}
	if len(args) == 0 {
		return v, config, "", s, fmt.Errorf("node needs a command: %s", strings.Join(names, ", "))
	}
	i := slices.Index(names, args[0])
	if i < 0 {
		return v, config, "", s, fmt.Errorf("unknown command %q of node; it has %s", args[0], strings.Join(names, ", "))
	}
	v = verbs[i]
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	for _, f := range v.switches {
		flags.BoolVar(map[string]*bool{"no-wait": &s.noWait, "undo": &s.undo, "dry-run": &s.dryRun}[f], f, false, "")
	}
	config, more, err := steer.configureBy(flags, args[1:])
	switch {
	case err != nil:
	case v.ofNode && len(more) == 0:
		err = fmt.Errorf("node %s needs the name of a node", v.name)
	case v.ofNode && len(more) > 1:
		err = fmt.Errorf("unexpected argument %q", more[1])
	case !v.ofNode && len(more) > 0:
		err = fmt.Errorf("unexpected argument %q", more[0])
	case s.noWait && s.undo:
		err = errors.New("no-wait and undo: --undo waits for nothing")
	default:
		err = steer.validate(&config)
	}
	if v.ofNode && len(more) > 0 {
		name = more[0]
	}
	return v, config, name, s, err
}
