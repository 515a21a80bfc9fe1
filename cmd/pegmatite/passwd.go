package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pegmatitedb/pegmatite/server"
)

// passwd is `pegmatite passwd DIR`: the superuser's password for the first start.
func passwd(args []string, in *os.File, out, errs io.Writer) int {
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		return wrongCall(errs, errors.New("passwd needs one argument, the data directory"))
	}
	err := server.CheckFirstPassword(args[0])
	var password string
	if err == nil {
		password, err = readPassword(in, errs)
	}
	if err == nil {
		err = server.SetFirstPassword(args[0], password)
	}
	if err != nil {
		fmt.Fprintf(errs, "pegmatite: %v\n", err)
		return exitFailure
	}
	fmt.Fprintln(out, "The first start gives this password to the role postgres.")
	return 0
}

// readPassword asks twice on a terminal; of anything else it takes the first line.
func readPassword(in *os.File, prompts io.Writer) (string, error) {
	lines := bufio.NewReader(in)
	restore, err := hideTyping(in)
	if err != nil { // not a terminal
		return readLine(lines)
	}
	defer restore()
	var typed [2]string
	for i, prompt := range []string{"New password of the superuser: ", "Once more: "} {
		fmt.Fprint(prompts, prompt)
		if typed[i], err = readLine(lines); err != nil {
			return "", err
		}
		fmt.Fprintln(prompts)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the passwords differ")
	}
	return typed[0], nil
}

// readLine reads a line without its end; the last may have none.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// hideTyping turns a terminal's echo off until restore, also when a signal ends
// the process before. It fails when f is no terminal.
func hideTyping(f *os.File) (restore func(), err error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, setTermios, &silent); err != nil {
		return nil, err
	}
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			unix.IoctlSetTermios(fd, setTermios, before)
			signal.Reset()
			syscall.Kill(os.Getpid(), s.(syscall.Signal))
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		unix.IoctlSetTermios(fd, setTermios, before)
	}, nil
}
