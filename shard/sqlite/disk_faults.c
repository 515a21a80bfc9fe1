#include <stdlib.h>
#include <string.h>

#include "disk.h"

/* splitmix64 */
uint64_t disk_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* Remembers a change that is not synced; buf NULL is a truncation to `at`. */
int disk_note(disk_node *n, const void *buf, int64_t len, int64_t at) {
  disk_change *c = malloc(sizeof *c + (buf ? len : 0));
  if (!c) return SQLITE_NOMEM;
  c->next = NULL;
  c->at = at;
  c->len = buf ? len : -1;
  if (buf) memcpy(c->data, buf, len);
  if (!n->changes) n->last = &n->changes;
  *n->last = c;
  n->last = &c->next;
  return SQLITE_OK;
}

void disk_forget(disk_node *n) {
  while (n->changes) {
    disk_change *c = n->changes;
    n->changes = c->next;
    free(c);
  }
}

static int apply(disk_data *d, const disk_change *c) {
  if (c->len >= 0) return disk_write(d, c->data, c->len, c->at);
  disk_truncate(d, c->at);
  return SQLITE_OK;
}

int disk_sync(disk_node *n) {
  for (const disk_change *c = n->changes; c; c = c->next) {
    int rc = apply(&n->synced, c);
    if (rc != SQLITE_OK) return rc;
  }
  disk_forget(n);
  n->created = 1;
  return SQLITE_OK;
}

/* Each sector of an unsynced write reaches the disk or does not, whatever the
** other sectors and the later writes do. */
static int apply_torn(disk_data *d, const disk_change *c, uint64_t *rng) {
  for (int64_t at = 0; at < c->len;) {
    int64_t end = ((c->at + at) / DISK_SECTOR + 1) * DISK_SECTOR - c->at;
    if (end > c->len) end = c->len;
    if (disk_random(rng) & 1) {
      int rc = disk_write(d, c->data + at, end - at, c->at + at);
      if (rc != SQLITE_OK) return rc;
    }
    at = end;
  }
  return SQLITE_OK;
}

/*
** Makes `synced` what a power cut leaves of the file: all unsynced changes, none,
** a prefix, any subset, or torn ones; rng chooses.
*/
int disk_cut(disk_node *n, uint64_t *rng) {
  int64_t count = 0;
  for (const disk_change *c = n->changes; c; c = c->next) count++;
  int way = disk_random(rng) % 5;
  int64_t keep = way == 0 ? 0 : way == 1 ? count : (int64_t)(disk_random(rng) % (count + 1));
  int64_t i = 0;
  for (const disk_change *c = n->changes; c; c = c->next, i++) {
    int rc = SQLITE_OK;
    if (way <= 2) {
      if (i < keep) rc = apply(&n->synced, c);
    } else if (way == 3 || c->len < 0) {
      if (disk_random(rng) & 1) rc = apply(&n->synced, c);
    } else {
      rc = apply_torn(&n->synced, c, rng);
    }
    if (rc != SQLITE_OK) return rc;
  }
  if (i > 0 && way != 0) n->created |= disk_random(rng) & 1;
  return SQLITE_OK;
}
