#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPORARY 0x00003600 /* SQLITE_OPEN_TEMP_DB, TRANSIENT_DB, TEMP_JOURNAL, SUBJOURNAL */

static void lock(peg_disk *d) { pthread_mutex_lock(&d->mu); }
static void unlock(peg_disk *d) { pthread_mutex_unlock(&d->mu); }

/* ------------------------------------------------------------------ nodes */

static disk_node *find(peg_disk *d, const char *name) {
  for (disk_node *n = d->nodes; n; n = n->next)
    if (!n->deleted && strcmp(n->name, name) == 0) return n;
  return NULL;
}

static void unref(disk_node *n) {
  if (--n->refs > 0) return;
  for (int i = 0; i < n->shm_regions; i++) free(n->shm[i]);
  free(n->shm);
  disk_release(&n->now);
  disk_release(&n->synced);
  disk_forget(n);
  free(n->name);
  free(n);
}

/* Takes n out of the disk's list. */
static void unlist(peg_disk *d, disk_node *n) {
  for (disk_node **p = &d->nodes; *p; p = &(*p)->next) {
    if (*p != n) continue;
    *p = n->next;
    unref(n);
    return;
  }
}

static disk_node *create(peg_disk *d, const char *name) {
  disk_node *n = calloc(1, sizeof *n);
  if (!n || !(n->name = strdup(name))) {
    free(n);
    return NULL;
  }
  n->refs = 1;
  n->next = d->nodes;
  d->nodes = n;
  return n;
}

/* A name that was deleted and comes back: the deletion can no longer be lost. */
static void bury(peg_disk *d, const char *name) {
  for (disk_node *n = d->nodes, *next; n; n = next) {
    next = n->next;
    if (n->deleted && strcmp(n->name, name) == 0) unlist(d, n);
  }
}

static void delete_node(peg_disk *d, disk_node *n, int durable) {
  if (d->faulty && n->created && !durable)
    n->deleted = 1;
  else
    unlist(d, n);
}

/* ----------------------------------------------------------------- faults */

/* Says whether the power is off for f. */
static int dead(const disk_file *f) {
  return f->disk->faulty && (f->disk->dead || f->generation != f->disk->generation);
}

/* Counts an operation that changes the disk; the caller holds the lock. */
static int operate(disk_file *f) {
  peg_disk *d = f->disk;
  if (!d->faulty) return SQLITE_OK;
  if (dead(f)) return SQLITE_IOERR;
  if (d->operations++ == d->stop_after) {
    d->dead = 1;
    return SQLITE_IOERR;
  }
  return SQLITE_OK;
}

/* ------------------------------------------------------------ bytes of files */

static int file_read(sqlite3_file *sf, void *buf, int n, sqlite3_int64 at) {
  disk_file *f = (disk_file *)sf;
  if (dead(f)) return SQLITE_IOERR_READ;
  return disk_read(&f->node->now, buf, n, at);
}

static int file_write(sqlite3_file *sf, const void *buf, int n, sqlite3_int64 at) {
  disk_file *f = (disk_file *)sf;
  lock(f->disk);
  /* The write that the power fails in may still reach the disk, or a part of it. */
  int noted = f->disk->faulty && !dead(f) ? disk_note(f->node, buf, n, at) : SQLITE_OK;
  int rc = operate(f);
  if (rc == SQLITE_OK) rc = noted;
  if (rc == SQLITE_OK) rc = disk_write(&f->node->now, buf, n, at);
  unlock(f->disk);
  return rc;
}

static int file_truncate(sqlite3_file *sf, sqlite3_int64 size) {
  disk_file *f = (disk_file *)sf;
  lock(f->disk);
  int rc = operate(f);
  if (rc == SQLITE_OK && f->disk->faulty) rc = disk_note(f->node, NULL, 0, size);
  if (rc == SQLITE_OK) disk_truncate(&f->node->now, size);
  unlock(f->disk);
  return rc;
}

/* Whose sync it is; SyncWAL asks for data only, SQLite itself never does. */
static int sync_site(const disk_node *n, int flags) {
  size_t len = strlen(n->name);
  if (len < 4 || strcmp(n->name + len - 4, "-wal") != 0) return DISK_SYNC_DATABASE;
  return flags & DISK_DATA_ONLY ? DISK_SYNC_WAL_ASKED : DISK_SYNC_WAL;
}

static int file_sync(sqlite3_file *sf, int flags) {
  disk_file *f = (disk_file *)sf;
  if (!f->disk->faulty) return SQLITE_OK;
  lock(f->disk);
  int rc = operate(f);
  if (rc == SQLITE_OK && f->disk->fail_sync > 0 && --f->disk->fail_sync == 0) rc = SQLITE_IOERR_FSYNC;
  if (rc == SQLITE_OK && !(f->disk->ignore_syncs & sync_site(f->node, flags))) rc = disk_sync(f->node);
  unlock(f->disk);
  return rc;
}

static int file_size(sqlite3_file *sf, sqlite3_int64 *size) {
  disk_file *f = (disk_file *)sf;
  *size = __atomic_load_n(&f->node->now.size, __ATOMIC_ACQUIRE);
  return dead(f) ? SQLITE_IOERR : SQLITE_OK;
}

/* A page read in place: chunks do not move, and no page crosses two. */
static int file_fetch(sqlite3_file *sf, sqlite3_int64 at, int n, void **out) {
  disk_file *f = (disk_file *)sf;
  int64_t left;
  *out = NULL;
  if (dead(f)) return SQLITE_IOERR_READ;
  if (at + n > __atomic_load_n(&f->node->now.size, __ATOMIC_ACQUIRE)) return SQLITE_OK;
  uint8_t *p = disk_at(&f->node->now, at, &left);
  if (p && left >= n) *out = p;
  return SQLITE_OK;
}

static int file_unfetch(sqlite3_file *sf, sqlite3_int64 at, void *p) {
  (void)sf, (void)at, (void)p;
  return SQLITE_OK;
}

/* ------------------------------------------------------------------- locks */

static int file_lock(sqlite3_file *sf, int level) {
  disk_file *f = (disk_file *)sf;
  disk_node *n = f->node;
  int rc = SQLITE_OK;
  if (f->level >= level) return SQLITE_OK;
  lock(f->disk);
  int other = n->reserved && n->reserved != f;
  if (level == 1) {
    if (other && n->pending)
      rc = SQLITE_BUSY;
    else
      n->shared++, f->level = 1;
  } else if (other) {
    rc = SQLITE_BUSY;
  } else {
    n->reserved = f;
    f->level = 2;
    if (level > 2) {
      n->pending = 1;
      f->level = 3;
      if (n->shared > 1)
        rc = SQLITE_BUSY;
      else
        f->level = 4;
    }
  }
  unlock(f->disk);
  return rc;
}

static int file_unlock(sqlite3_file *sf, int level) {
  disk_file *f = (disk_file *)sf;
  disk_node *n = f->node;
  if (f->level <= level) return SQLITE_OK;
  lock(f->disk);
  if (n->reserved == f) n->reserved = NULL, n->pending = 0;
  if (level == 0) n->shared--;
  f->level = level;
  unlock(f->disk);
  return SQLITE_OK;
}

static int file_reserved(sqlite3_file *sf, int *out) {
  disk_file *f = (disk_file *)sf;
  lock(f->disk);
  *out = f->node->reserved != NULL;
  unlock(f->disk);
  return SQLITE_OK;
}

/* ----------------------------------------------------------- shared memory */

static int grow_shm(disk_node *n, int region, int size) {
  uint8_t **shm = realloc(n->shm, (region + 1) * sizeof *shm);
  if (!shm) return SQLITE_NOMEM;
  n->shm = shm;
  while (n->shm_regions <= region) {
    if (!(shm[n->shm_regions] = calloc(1, size))) return SQLITE_NOMEM;
    n->shm_regions++;
  }
  return SQLITE_OK;
}

static int shm_map(sqlite3_file *sf, int region, int size, int extend, void volatile **out) {
  disk_file *f = (disk_file *)sf;
  disk_node *n = f->node;
  int rc = SQLITE_OK;
  *out = NULL;
  lock(f->disk);
  if (dead(f)) rc = SQLITE_IOERR;
  if (!f->mapped) f->mapped = 1, n->shm_users++;
  if (rc == SQLITE_OK && region >= n->shm_regions && extend) rc = grow_shm(n, region, size);
  if (rc == SQLITE_OK && region < n->shm_regions) *out = n->shm[region];
  unlock(f->disk);
  return rc;
}

enum { SHM_UNLOCK = 1, SHM_SHARED = 4 };

static int shm_conflict(const disk_file *f, int i, int flags) {
  const disk_node *n = f->node;
  if (n->shm_exclusive[i]) return n->shm_exclusive[i] != f;
  return !(flags & SHM_SHARED) && n->shm_shared[i] > 0;
}

static int shm_lock(sqlite3_file *sf, int from, int count, int flags) {
  disk_file *f = (disk_file *)sf;
  disk_node *n = f->node;
  int rc = SQLITE_OK;
  lock(f->disk);
  for (int i = from; i < from + count && !(flags & SHM_UNLOCK); i++)
    if (shm_conflict(f, i, flags)) rc = SQLITE_BUSY;
  for (int i = from; i < from + count && rc == SQLITE_OK; i++) {
    if (flags & SHM_SHARED)
      n->shm_shared[i] += flags & SHM_UNLOCK ? -1 : 1;
    else
      n->shm_exclusive[i] = flags & SHM_UNLOCK ? NULL : f;
  }
  unlock(f->disk);
  return rc;
}

static void shm_barrier(sqlite3_file *sf) {
  (void)sf;
  __sync_synchronize();
}

static int shm_unmap(sqlite3_file *sf, int delete_flag) {
  disk_file *f = (disk_file *)sf;
  disk_node *n = f->node;
  (void)delete_flag; /* the regions go with their last user in any case */
  if (!f->mapped) return SQLITE_OK;
  lock(f->disk);
  f->mapped = 0;
  if (--n->shm_users == 0) {
    while (n->shm_regions > 0) free(n->shm[--n->shm_regions]);
    free(n->shm);
    n->shm = NULL;
  }
  unlock(f->disk);
  return SQLITE_OK;
}

/* -------------------------------------------------------------------- files */

static int file_close(sqlite3_file *sf) {
  disk_file *f = (disk_file *)sf;
  file_unlock(sf, 0);
  shm_unmap(sf, 0);
  lock(f->disk);
  if (f->delete_on_close && find(f->disk, f->node->name) == f->node) delete_node(f->disk, f->node, 1);
  unref(f->node);
  unlock(f->disk);
  return SQLITE_OK;
}

static int file_control(sqlite3_file *sf, int op, void *arg) {
  (void)sf, (void)op, (void)arg;
  return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *sf) {
  (void)sf;
  return 4096; /* as SQLite's own VFS says */
}

/* SQLITE_IOCAP_POWERSAFE_OVERWRITE, as SQLite's own VFS says; memory that loses
** nothing also writes atomically and in order. */
static int file_traits(sqlite3_file *sf) { return ((disk_file *)sf)->disk->faulty ? 0x1000 : 0x1000 | 0x600 | 0x1; }

static const sqlite3_io_methods methods = {
    3,           file_close,    file_read,     file_write,  file_truncate, file_sync, file_size,
    file_lock,   file_unlock,   file_reserved, file_control, file_sector,  file_traits, shm_map,
    shm_lock,    shm_barrier,   shm_unmap,     file_fetch,  file_unfetch,
};

/* ---------------------------------------------------------------------- VFS */

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *sf, int flags, int *out) {
  peg_disk *d = v->pAppData;
  if (!name || (flags & TEMPORARY)) return d->base->xOpen(d->base, name, sf, flags, out);
  disk_file *f = (disk_file *)sf;
  memset(f, 0, sizeof *f);
  lock(d);
  int rc = SQLITE_OK;
  disk_node *n = d->dead ? NULL : find(d, name);
  if (!n && !d->dead && (flags & SQLITE_OPEN_CREATE)) {
    bury(d, name);
    n = create(d, name);
    if (!n) rc = SQLITE_NOMEM;
  }
  if (!n && rc == SQLITE_OK) rc = SQLITE_CANTOPEN;
  if (rc == SQLITE_OK) {
    n->refs++;
    f->disk = d;
    f->node = n;
    f->generation = d->generation;
    f->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    f->base.pMethods = &methods;
    if (out) *out = flags;
  }
  unlock(d);
  return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync_dir) {
  peg_disk *d = v->pAppData;
  int rc = SQLITE_OK;
  lock(d);
  disk_node *n = find(d, name);
  if (!n)
    rc = SQLITE_IOERR | (23 << 8); /* SQLITE_IOERR_DELETE_NOENT */
  else if (d->faulty && (d->dead || d->operations++ == d->stop_after))
    d->dead = 1, rc = SQLITE_IOERR;
  else
    delete_node(d, n, sync_dir && !(d->ignore_syncs & DISK_SYNC_DIRECTORY));
  unlock(d);
  return rc;
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out) {
  peg_disk *d = v->pAppData;
  (void)flags;
  lock(d);
  disk_node *n = find(d, name);
  *out = n && n->now.size > 0; /* as in SQLite's own VFS, an empty file is none */
  unlock(d);
  return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *v, const char *name, int n, char *out) {
  (void)v;
  size_t len = strlen(name);
  if (len >= (size_t)n) return SQLITE_CANTOPEN;
  memcpy(out, name, len + 1);
  return SQLITE_OK;
}

/* The rest is the default VFS's. */

static sqlite3_vfs *base_of(sqlite3_vfs *v) { return ((peg_disk *)v->pAppData)->base; }
static int vfs_randomness(sqlite3_vfs *v, int n, char *out) { return base_of(v)->xRandomness(base_of(v), n, out); }
static int vfs_sleep(sqlite3_vfs *v, int us) { return base_of(v)->xSleep(base_of(v), us); }
static int vfs_time(sqlite3_vfs *v, double *t) { return base_of(v)->xCurrentTime(base_of(v), t); }
static int vfs_time64(sqlite3_vfs *v, sqlite3_int64 *t) { return base_of(v)->xCurrentTimeInt64(base_of(v), t); }
static int vfs_last_error(sqlite3_vfs *v, int n, char *out) {
  (void)v, (void)n, (void)out;
  return 0;
}

peg_disk *peg_disk_new(int faulty) {
  peg_disk *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  pthread_mutex_init(&d->mu, NULL);
  d->faulty = faulty;
  d->stop_after = -1;
  d->base = sqlite3_vfs_find(NULL);
  snprintf(d->name, sizeof d->name, "pegmatite-%p", (void *)d);
  sqlite3_vfs *v = &d->vfs;
  v->iVersion = 2;
  v->szOsFile = d->base->szOsFile > (int)sizeof(disk_file) ? d->base->szOsFile : (int)sizeof(disk_file);
  v->mxPathname = 1024;
  v->zName = d->name;
  v->pAppData = d;
  v->xOpen = vfs_open;
  v->xDelete = vfs_delete;
  v->xAccess = vfs_access;
  v->xFullPathname = vfs_full_path;
  v->xRandomness = vfs_randomness;
  v->xSleep = vfs_sleep;
  v->xCurrentTime = vfs_time;
  v->xGetLastError = vfs_last_error;
  v->xCurrentTimeInt64 = vfs_time64;
  if (sqlite3_vfs_register(v, 0) != SQLITE_OK) {
    free(d);
    return NULL;
  }
  return d;
}

/* Fails, and does nothing, while files are open. */
int peg_disk_free(peg_disk *d) {
  lock(d);
  for (disk_node *n = d->nodes; n; n = n->next) {
    if (n->refs > 1) {
      unlock(d);
      return SQLITE_BUSY;
    }
  }
  sqlite3_vfs_unregister(&d->vfs);
  while (d->nodes) unlist(d, d->nodes);
  unlock(d);
  pthread_mutex_destroy(&d->mu);
  free(d);
  return SQLITE_OK;
}

/* The node that the next open finds after a power cut: its own locks, shared
** memory and bytes. NULL if the file is gone. */
static void survive(peg_disk *d, disk_node *old, uint64_t *rng) {
  disk_cut(old, rng);
  if (!old->created || (old->deleted && (disk_random(rng) & 1))) return;
  disk_node *n = create(d, old->name);
  if (!n) return;
  n->created = 1;
  n->synced = old->synced;
  memset(&old->synced, 0, sizeof old->synced);
  for (int64_t at = 0; at < n->synced.size;) {
    uint8_t sector[DISK_SECTOR];
    int64_t len = n->synced.size - at < DISK_SECTOR ? n->synced.size - at : DISK_SECTOR;
    disk_read(&n->synced, sector, len, at);
    disk_write(&n->now, sector, len, at);
    at += len;
  }
}

void peg_disk_power_cut(peg_disk *d, uint64_t seed) {
  lock(d);
  disk_node *old = d->nodes;
  d->nodes = NULL;
  while (old) {
    disk_node *next = old->next;
    survive(d, old, &seed);
    unref(old);
    old = next;
  }
  d->generation++;
  d->dead = 0;
  d->stop_after = -1;
  d->fail_sync = 0;
  unlock(d);
}

void peg_disk_control(peg_disk *d, int64_t stop_after, int64_t fail_sync, int ignore_syncs) {
  lock(d);
  d->stop_after = stop_after < 0 ? -1 : d->operations + stop_after;
  d->fail_sync = fail_sync;
  d->ignore_syncs = ignore_syncs;
  unlock(d);
}

int64_t peg_disk_operations(peg_disk *d) {
  lock(d);
  int64_t n = d->operations;
  unlock(d);
  return n;
}
