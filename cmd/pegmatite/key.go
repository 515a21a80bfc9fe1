package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
)

// key is `pegmatite key`: a new cluster key, as its file holds it.
func key(args []string, out, errs io.Writer) int {
	if len(args) != 0 {
		return wrongCall(errs, errors.New("key takes no arguments"))
	}
	fmt.Fprintln(out, nodetls.NewKey())
	return 0
}

// certificate is `pegmatite certificate KEYFILE`: what a program shows that reads
// metrics and health from other machines.
func certificate(args []string, out, errs io.Writer) int {
	if len(args) != 1 {
		return wrongCall(errs, errors.New("certificate needs one argument, the file of the cluster's key"))
	}
	var text []byte
	secret, err := nodetls.ReadKey(args[0])
	if err == nil {
		text, err = nodetls.ReaderPEM(secret)
	}
	if err != nil {
		fmt.Fprintf(errs, "pegmatite: %v\n", err)
		return exitFailure
	}
	out.Write(text)
	return 0
}
