#include "disk.h"

#include <stdlib.h>
#include <string.h>

/* Which chunk holds byte `at`, and where that chunk begins. */
static int chunk_of(int64_t at, int64_t *start, int64_t *size) {
  uint64_t units = (uint64_t)at >> DISK_CHUNK_BITS;
  int i = units ? 64 - __builtin_clzll(units) : 0;
  *size = (int64_t)1 << (DISK_CHUNK_BITS + (i ? i - 1 : 0));
  *start = i ? *size : 0;
  return i;
}

/* The byte at `at`, and how many follow it without a break; NULL if never written. */
uint8_t *disk_at(const disk_data *d, int64_t at, int64_t *left) {
  int64_t start, size;
  int i = chunk_of(at, &start, &size);
  *left = start + size - at;
  if (i >= DISK_CHUNKS) return NULL;
  uint8_t *chunk = __atomic_load_n(&d->chunks[i], __ATOMIC_ACQUIRE);
  return chunk ? chunk + (at - start) : NULL;
}

static uint8_t *make_at(disk_data *d, int64_t at, int64_t *left) {
  int64_t start, size;
  int i = chunk_of(at, &start, &size);
  if (i >= DISK_CHUNKS) return NULL;
  if (!d->chunks[i]) {
    uint8_t *chunk = calloc(1, size);
    if (!chunk) return NULL;
    __atomic_store_n(&d->chunks[i], chunk, __ATOMIC_RELEASE);
  }
  return disk_at(d, at, left);
}

/* Reads what there is and zeroes the rest; SQLITE_IOERR_SHORT_READ says so. */
int disk_read(const disk_data *d, void *buf, int64_t n, int64_t at) {
  int64_t have = __atomic_load_n(&d->size, __ATOMIC_ACQUIRE) - at;
  int rc = SQLITE_OK;
  uint8_t *to = buf;
  if (have < n) {
    have = have < 0 ? 0 : have;
    memset(to + have, 0, n - have);
    n = have;
    rc = SQLITE_IOERR_SHORT_READ;
  }
  while (n > 0) {
    int64_t left;
    const uint8_t *p = disk_at(d, at, &left);
    if (left > n) left = n;
    if (p)
      memcpy(to, p, left);
    else
      memset(to, 0, left);
    to += left, at += left, n -= left;
  }
  return rc;
}

static int put(disk_data *d, const uint8_t *from, int64_t n, int64_t at) {
  while (n > 0) {
    int64_t left;
    uint8_t *p = make_at(d, at, &left);
    if (!p) return SQLITE_NOMEM;
    if (left > n) left = n;
    if (from) {
      memcpy(p, from, left);
      from += left;
    } else {
      memset(p, 0, left);
    }
    at += left, n -= left;
  }
  return SQLITE_OK;
}

int disk_write(disk_data *d, const void *buf, int64_t n, int64_t at) {
  int rc = SQLITE_OK;
  /* What lies behind the end may be left from before a truncation. */
  if (at > d->size) rc = put(d, NULL, at - d->size, d->size);
  if (rc == SQLITE_OK) rc = put(d, buf, n, at);
  if (rc == SQLITE_OK && at + n > d->size) __atomic_store_n(&d->size, at + n, __ATOMIC_RELEASE);
  return rc;
}

/* Chunks stay: a page of them may be in use. */
void disk_truncate(disk_data *d, int64_t size) {
  if (size < d->size) __atomic_store_n(&d->size, size, __ATOMIC_RELEASE);
}

void disk_release(disk_data *d) {
  for (int i = 0; i < DISK_CHUNKS; i++) free(d->chunks[i]);
  memset(d, 0, sizeof *d);
}
