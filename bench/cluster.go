package main

import (
	"context"
	"fmt"
	"log"
	"os/exec"
	"path/filepath"
	"strings"
)

// startCluster starts a metadata store and nodes, and waits until the shards lie
// on them as the ring wants them.
func (s *server) startCluster(ctx context.Context, program, dir string, nodes int) error {
	store, err := freePort()
	if err != nil {
		return err
	}
	if err := s.run(program, "etcd", "--data", filepath.Join(dir, "etcd"), "--listen", local(store)); err != nil {
		return err
	}
	etcd := "http://" + local(store)
	for i := range nodes {
		name := fmt.Sprintf("n%d", i+1)
		if err := s.startNode(program, filepath.Join(dir, name), "--etcd", etcd, "--node", name, "--node-listen", local(0)); err != nil {
			return err
		}
		if err := s.wait(ctx); err != nil { // nodes join one after the other
			return err
		}
	}
	for _, verb := range []string{"rebalance", "list"} {
		out, err := exec.CommandContext(ctx, program, "node", verb, "--etcd", etcd).CombinedOutput()
		if err != nil {
			return fmt.Errorf("node %s: %w\n%s", verb, err, out)
		}
		if verb == "list" {
			log.Printf("the nodes:\n%s", strings.TrimRight(string(out), "\n"))
		}
	}
	return nil
}
