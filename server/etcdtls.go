package server

import (
	"net"
	"os"
	"path/filepath"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
)

// etcdOptions are how an embedded etcd is reached at an address: with the
// process's credentials, if it has some, by who has them too.
func (c *Config) etcdOptions(listen string) (etcd.Options, error) {
	o := etcd.Options{Listen: listen}
	if listen == "" {
		return o, nil
	}
	credentials, err := c.shown(listen)
	if credentials == nil || err != nil {
		return o, err
	}
	dir := filepath.Join(c.Data, "tls")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, err
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return o, err
	}
	written, err := credentials.WriteFiles(dir, certificateHosts(host)...)
	o.TLS = &written
	return o, err
}

// certificateHosts are the names by which clients that check names reach an address.
func certificateHosts(host string) []string {
	hosts := []string{"localhost"}
	if host != "" {
		hosts = append(hosts, host)
	}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	return hosts
}
