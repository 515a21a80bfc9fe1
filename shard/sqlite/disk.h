/*
** A file system in memory, as an SQLite VFS of its own. It has what write-ahead
** logging between connections of one process needs: shared-memory regions and
** locks. A *faulty* one also remembers what has not been synced, and loses or
** tears it at a power cut.
*/
#ifndef PEGMATITE_DISK_H
#define PEGMATITE_DISK_H

#include <pthread.h>

#include "sqlite_api.h"

#define DISK_CHUNKS 26        /* chunk 0 has 64 KiB, each next one doubles the file: 2 TiB */
#define DISK_CHUNK_BITS 16
#define DISK_SHM_LOCKS 8      /* SQLITE_SHM_NLOCK */
#define DISK_DATA_ONLY 0x10   /* SQLITE_SYNC_DATAONLY */
#define DISK_SYNC_DATABASE 1  /* bits of ignore_syncs */
#define DISK_SYNC_WAL 2
#define DISK_SYNC_WAL_ASKED 4
#define DISK_SYNC_DIRECTORY 8
#define DISK_SECTOR 512       /* the unit in which a power cut tears writes */

/* A write or truncation that is not synced yet (faulty disks). */
typedef struct disk_change {
  struct disk_change *next;
  int64_t at, len;            /* len -1: a truncation to `at` */
  uint8_t data[];
} disk_change;

/* A file's bytes. Chunks never move, so that pages can be read in place while
** the file grows. */
typedef struct disk_data {
  uint8_t *chunks[DISK_CHUNKS];
  int64_t size;
} disk_data;

typedef struct disk_node {
  struct disk_node *next;     /* in the disk's list */
  char *name;
  int refs;                   /* open files, and the list */
  disk_data now;              /* what the process sees */

  int shared;                 /* files that hold a SHARED lock or more */
  struct disk_file *reserved; /* the one above SHARED, if any */
  int pending;                /* it wants EXCLUSIVE: no new SHARED */

  int shm_users;
  int shm_regions;
  uint8_t **shm;
  int shm_shared[DISK_SHM_LOCKS];
  struct disk_file *shm_exclusive[DISK_SHM_LOCKS];

  int created;                /* its name survives a power cut */
  int deleted;                /* removed, but the directory is not synced */
  disk_data synced;           /* what survives a power cut in any case */
  disk_change *changes, **last;
} disk_node;

typedef struct peg_disk {
  sqlite3_vfs vfs;
  sqlite3_vfs *base;          /* temporary files, time and randomness are the default VFS's */
  char name[40];
  int faulty;

  pthread_mutex_t mu;         /* protects all below, and all of nodes but their chunks */
  disk_node *nodes;
  int64_t operations;         /* writes, truncations, syncs and deletions so far */
  int64_t stop_after;         /* the power fails at this operation; -1: never */
  int64_t fail_sync;          /* this many syncs from now one fails; 0: none */
  int ignore_syncs;           /* these syncs do nothing and say that they did: DISK_SYNC_* */
  int dead;                   /* the power is off */
  int generation;             /* power cuts so far; files of an older one are dead */
} peg_disk;

typedef struct disk_file {
  sqlite3_file base;
  peg_disk *disk;
  disk_node *node;
  int generation;
  int level;                  /* lock level: 0 none, 1 shared, 2 reserved, 3 pending, 4 exclusive */
  int mapped;
  int delete_on_close;
} disk_file;

peg_disk *peg_disk_new(int faulty);
int peg_disk_free(peg_disk *d);
void peg_disk_power_cut(peg_disk *d, uint64_t seed);
void peg_disk_control(peg_disk *d, int64_t stop_after, int64_t fail_sync, int ignore_syncs);
int64_t peg_disk_operations(peg_disk *d);

/* disk_data.c: bytes. */
int disk_read(const disk_data *d, void *buf, int64_t n, int64_t at);
int disk_write(disk_data *d, const void *buf, int64_t n, int64_t at);
void disk_truncate(disk_data *d, int64_t size);
void disk_release(disk_data *d);
uint8_t *disk_at(const disk_data *d, int64_t at, int64_t *left);

/* disk_faults.c: what a power cut leaves. */
int disk_note(disk_node *n, const void *buf, int64_t len, int64_t at);
int disk_sync(disk_node *n);
int disk_cut(disk_node *n, uint64_t *rng);
void disk_forget(disk_node *n);
uint64_t disk_random(uint64_t *state);

#endif
