package engine

import (
	"bufio"
	"encoding/binary"
	"io"
	"path/filepath"
	"sort"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// run is a part of a write set that did not fit into memory: a file of keys in
// order, each with all that its chain was. It lies beside the scratch files, is
// never synced and dies with the transaction: what a commit needs of it goes
// into a side file of the log.
type run struct {
	fs    vfs.FS
	path  string
	file  vfs.File
	size  int64
	marks []runMark // every markBytes one
	last  string    // the highest key
	bloom bloom
	// values are the unique indexes' values of the run's rows: by index, a run
	// whose keys are the value and then the row's key.
	values map[uint32]*run
}

// runMark is where an entry begins.
type runMark struct {
	key    string
	offset int64
}

// markBytes is how far apart a run's marks are: what a look-up reads.
const markBytes = 4096

// runWriter writes a run; keys come in ascending order.
type runWriter struct {
	run *run
	buf *bufio.Writer
	w   writer
}

func newRun(cfg *Config, name string, keys int) (*runWriter, error) {
	r := &run{fs: cfg.FS, path: filepath.Join(cfg.Dir, "scratch", name), bloom: newBloom(keys), values: map[uint32]*run{}}
	if err := cfg.FS.MkdirAll(filepath.Dir(r.path)); err != nil {
		return nil, err
	}
	var err error
	if r.file, err = cfg.FS.Create(r.path); err != nil {
		return nil, errSpill(err)
	}
	return &runWriter{run: r, buf: bufio.NewWriterSize(io.NewOffsetWriter(r.file, 0), 1<<18)}, nil
}

func errSpill(err error) error {
	return pgerr.New(pgerr.DiskFull, "could not write a transaction's changes to disk").WithCause(err)
}

// add appends an entry; hashed is the part of the key that look-ups know.
func (w *runWriter) add(key, hashed string, versions []recent.Version) error {
	w.w.b = w.w.b[:0]
	w.w.string(key)
	w.w.uint(uint64(len(versions)))
	for i := range versions {
		v := &versions[i]
		w.w.uint(uint64(v.At))
		w.w.b = append(w.w.b, byte(v.Kind))
		if i == 0 {
			w.w.bytes(nil) // of the base only its kind is asked for
		} else {
			w.w.bytes(v.Row)
		}
	}
	r := w.run
	if n := len(r.marks); n == 0 || r.size-r.marks[n-1].offset >= markBytes {
		r.marks = append(r.marks, runMark{strings.Clone(key), r.size})
	}
	r.last = key
	r.bloom.add(hashed)
	var head [4]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(w.w.b)))
	r.size += int64(len(head) + len(w.w.b))
	if _, err := w.buf.Write(head[:]); err != nil {
		return errSpill(err)
	}
	if _, err := w.buf.Write(w.w.b); err != nil {
		return errSpill(err)
	}
	return nil
}

func (w *runWriter) finish() (*run, error) {
	if err := w.buf.Flush(); err != nil {
		w.run.drop()
		return nil, errSpill(err)
	}
	return w.run, nil
}

// drop gives the file's space back.
func (r *run) drop() {
	r.file.Close()
	r.fs.Remove(r.path) // what stays is removed at the next start
	for _, v := range r.values {
		v.drop()
	}
}

// runEntry is one key of a run.
type runEntry struct {
	key      string
	versions []recent.Version // the base first
}

// runReader reads entries in order.
type runReader struct {
	in  *bufio.Reader
	cur runEntry
	ok  bool
	err error
}

// from starts to read at the first entry whose key is at least key.
func (r *run) from(key string, buffer int) *runReader {
	at := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].key > key })
	offset := int64(0)
	if at > 0 {
		offset = r.marks[at-1].offset
	}
	rd := &runReader{in: bufio.NewReaderSize(io.NewSectionReader(r.file, offset, r.size-offset), buffer)}
	for rd.next(); rd.ok && rd.cur.key < key; {
		rd.next()
	}
	return rd
}

// next moves to the next entry.
func (r *runReader) next() {
	r.ok = false
	var head [4]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		if err != io.EOF {
			r.err = errSpill(err)
		}
		return
	}
	data := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(r.in, data); err != nil {
		r.err = errSpill(err)
		return
	}
	rd := reader{b: data}
	r.cur = runEntry{key: rd.string()}
	for range rd.count() {
		r.cur.versions = append(r.cur.versions, recent.Version{At: txn.Timestamp(rd.uint()), Kind: recent.Kind(rd.byte()), Row: rd.bytes()})
	}
	if r.err = rd.end(); r.err == nil {
		r.ok = true
	}
}

// get looks a key up.
func (r *run) get(key string) (*runEntry, error) {
	if key > r.last || len(r.marks) == 0 || key < r.marks[0].key || !r.bloom.has(key) {
		return nil, nil
	}
	rd := r.from(key, markBytes)
	if rd.err != nil || !rd.ok || rd.cur.key != key {
		return nil, rd.err
	}
	return &rd.cur, nil
}

// keysOf returns the row keys that stand behind a value in a run of values.
func (r *run) keysOf(value string) ([]string, error) {
	if !r.bloom.has(value) {
		return nil, nil
	}
	var keys []string
	rd := r.from(value, markBytes)
	for ; rd.ok && strings.HasPrefix(rd.cur.key, value); rd.next() {
		keys = append(keys, rd.cur.key[len(value):])
	}
	return keys, rd.err
}

// bloom is a Bloom filter: 12 bits and 4 probes a key, wrong for about one
// absent key in 300.
type bloom []uint64

const (
	bloomBits   = 12
	bloomProbes = 4
)

func newBloom(keys int) bloom { return make(bloom, keys*bloomBits/64+1) }

func (b bloom) add(key string) {
	b.probe(key, func(word *uint64, bit uint64) bool {
		*word |= bit
		return true
	})
}

func (b bloom) has(key string) bool {
	return b.probe(key, func(word *uint64, bit uint64) bool { return *word&bit != 0 })
}

func (b bloom) probe(key string, f func(word *uint64, bit uint64) bool) bool {
	h := xxhash.Sum64String(key)
	step := h>>32 | 1
	for range bloomProbes {
		at := h % uint64(len(b)*64)
		if !f(&b[at/64], 1<<(at%64)) {
			return false
		}
		h += step
	}
	return true
}
