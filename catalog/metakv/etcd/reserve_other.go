//go:build !linux

package etcd

// reserve is for systems that can give a file its space beforehand.
func reserve(string, int64) error { return nil }
