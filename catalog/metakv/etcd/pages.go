package etcd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// etcd keeps its keys in a bbolt file, whose code panics on a damaged page, in
// goroutines of its own. So the file is read through before it is opened, by
// its format (go.etcd.io/bbolt, internal/common): pages with a header each, two
// pages of them with the roots, checksummed; trees of branch and leaf pages. A
// list of free pages is there only until etcd has written: it leaves it out.
const (
	pageHeaderBytes  = 16
	pageElementBytes = 16
	metaBytes        = 64 // of which the last 8 are the checksum of the others
	metaMagic        = 0xED0CDAED
	metaVersion      = 2
	bucketBytes      = 16 // root page and sequence, before the page of an inline bucket

	branchPage = 0x01
	leafPage   = 0x02
	freePage   = 0x10
	noFreePage = ^uint64(0)

	bucketElement = 0x01
	// maxPageBytes is the largest page size of a machine that etcd runs on.
	maxPageBytes = 64 << 10
)

var native = binary.NativeEndian

// pageFile is a bbolt file that is read through.
type pageFile struct {
	file     io.ReaderAt
	size     int64
	pageSize int64
	root     uint64 // of the tree of buckets
	free     uint64 // the page of free ones, or noFreePage
	pages    uint64 // how many the newest transaction knows of
	seen     map[uint64]bool
	// visit is told every key of every top-level bucket.
	visit func(bucket, key, value []byte) error
}

// readPages reads a whole bbolt file: every page has to be there, once, and to
// be what the one above it says. It tells visit the keys of the top-level buckets.
func readPages(path string, visit func(bucket, key, value []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p := &pageFile{file: f, size: info.Size(), seen: map[uint64]bool{}, visit: visit}
	if err := p.readMeta(); err != nil {
		return err
	}
	if p.free != noFreePage {
		if _, err := p.page(p.free, freePage); err != nil {
			return err
		}
	}
	return p.tree(p.root, func(flags uint32, key, value []byte) error {
		if flags&bucketElement == 0 {
			return fmt.Errorf("%q among the buckets is not one", key)
		}
		return p.bucket(key, value)
	})
}

// readMeta finds the newest of the two roots; a torn one is as good as absent.
func (p *pageFile) readMeta() error {
	var newest uint64
	found := false
	for _, at := range []int64{0, int64(os.Getpagesize())} {
		var page [pageHeaderBytes + metaBytes]byte
		if _, err := p.file.ReadAt(page[:], at); err != nil {
			continue
		}
		m := page[pageHeaderBytes:]
		sum := fnv.New64a()
		sum.Write(m[:metaBytes-8])
		if native.Uint32(m) != metaMagic || native.Uint32(m[4:]) != metaVersion || native.Uint64(m[56:]) != sum.Sum64() {
			continue
		}
		if txn := native.Uint64(m[48:]); !found || txn > newest {
			found, newest = true, txn
			p.pageSize, p.root = int64(native.Uint32(m[8:])), native.Uint64(m[16:])
			p.free, p.pages = native.Uint64(m[32:]), native.Uint64(m[40:])
		}
	}
	switch {
	case !found:
		return errors.New("neither of its first two pages is valid")
	case p.pageSize < pageHeaderBytes+metaBytes || p.pageSize > maxPageBytes:
		return fmt.Errorf("its pages are said to have %d bytes", p.pageSize)
	case p.pages > uint64(p.size/p.pageSize):
		return fmt.Errorf("it is cut off: %d bytes instead of at least %d", p.size, p.pages*uint64(p.pageSize))
	}
	return nil
}

// bucket reads the tree of one bucket, which is in its entry when it is small.
func (p *pageFile) bucket(name, entry []byte) error {
	leaf := func(flags uint32, key, value []byte) error {
		if flags&bucketElement != 0 {
			return fmt.Errorf("bucket %q holds a bucket", name)
		}
		return p.visit(name, key, value)
	}
	if len(entry) < bucketBytes {
		return fmt.Errorf("the entry of bucket %q is cut off", name)
	}
	if root := native.Uint64(entry); root != 0 {
		return p.tree(root, leaf)
	}
	inline := entry[bucketBytes:]
	if len(inline) < pageHeaderBytes || native.Uint16(inline[8:]) != leafPage {
		return fmt.Errorf("bucket %q has no page", name)
	}
	var last []byte
	return elements(inline, 0, &last, leaf)
}

// tree reads the pages from root down, in the order of the keys.
func (p *pageFile) tree(root uint64, leaf func(flags uint32, key, value []byte) error) error {
	var last []byte
	var down func(id uint64) error
	down = func(id uint64) error {
		page, err := p.page(id, branchPage|leafPage)
		if err != nil {
			return err
		}
		if native.Uint16(page[8:]) == leafPage {
			return elements(page, id, &last, leaf)
		}
		count := int(native.Uint16(page[10:]))
		if count == 0 || pageHeaderBytes+count*pageElementBytes > len(page) {
			return fmt.Errorf("page %d is said to lead to %d others", id, count)
		}
		for i := range count {
			if err := down(native.Uint64(page[pageHeaderBytes+i*pageElementBytes+8:])); err != nil {
				return err
			}
		}
		return nil
	}
	return down(root)
}

// page reads a page of one of the kinds with its overflow; none may be met twice.
func (p *pageFile) page(id uint64, kinds uint16) ([]byte, error) {
	if id < 2 || id >= p.pages {
		return nil, fmt.Errorf("page %d is referred to, of %d", id, p.pages)
	}
	page := make([]byte, p.pageSize)
	if _, err := p.file.ReadAt(page, int64(id)*p.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	self, flags, overflow := native.Uint64(page), native.Uint16(page[8:]), uint64(native.Uint32(page[12:]))
	switch {
	case self != id:
		return nil, fmt.Errorf("page %d says that it is page %d", id, self)
	case flags&kinds == 0 || flags&(flags-1) != 0:
		return nil, fmt.Errorf("page %d is of kind %#x", id, flags)
	case overflow >= p.pages-id:
		return nil, fmt.Errorf("page %d is said to have %d more pages", id, overflow)
	}
	for i := id; i <= id+overflow; i++ {
		if p.seen[i] {
			return nil, fmt.Errorf("page %d is referred to twice", i)
		}
		p.seen[i] = true
	}
	if overflow == 0 {
		return page, nil
	}
	page = make([]byte, p.pageSize*int64(1+overflow))
	if _, err := p.file.ReadAt(page, int64(id)*p.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return page, nil
}

// elements reads a leaf; its keys follow the last one before it.
func elements(page []byte, id uint64, last *[]byte, leaf func(flags uint32, key, value []byte) error) error {
	for i := range int(native.Uint16(page[10:])) {
		at := pageHeaderBytes + i*pageElementBytes
		if at+pageElementBytes > len(page) {
			return fmt.Errorf("page %d has too many entries", id)
		}
		e := page[at:]
		from := uint64(at) + uint64(native.Uint32(e[4:]))
		middle := from + uint64(native.Uint32(e[8:]))
		end := middle + uint64(native.Uint32(e[12:]))
		if end > uint64(len(page)) {
			return fmt.Errorf("page %d: entry %d ends beyond it", id, i)
		}
		key := page[from:middle]
		if len(key) == 0 || *last != nil && bytes.Compare(key, *last) <= 0 {
			return fmt.Errorf("page %d: entry %d is not in order", id, i)
		}
		*last = key
		if err := leaf(native.Uint32(e), key, page[middle:end]); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	return nil
}
