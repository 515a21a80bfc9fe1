/*
** The C layer between Go and SQLite: a connection, a statement, and the packed
** form of rows (internal/types/storage.go). One call from Go does all that a
** statement can do at once, because each crossing costs as much as a few rows.
*/
#ifndef PEGMATITE_LAYER_H
#define PEGMATITE_LAYER_H

#include "sqlite_api.h"

/* The tags of packed columns, as in internal/types/storage.go. */
enum { TAG_NULL, TAG_INT8, TAG_INT16, TAG_INT32, TAG_INT64, TAG_REAL, TAG_TEXT, TAG_BLOB };

/* Results of ours beside SQLite's own codes. */
enum {
  PEG_MALFORMED = -1,   /* packed bytes that are not well formed */
  PEG_PARAM_COUNT = -2, /* not as many parameters as the statement has */
  PEG_SNAPSHOT_LOST = -3, /* an error ended the read that was begun explicitly */
};

/* One connection, used by one thread at a time; `cancel` by any. */
typedef struct peg_conn {
  sqlite3 *db;
  sqlite3_stmt *hold;   /* stands on a row while an explicit read is open */
  int32_t reading;      /* an explicit read is open */
  int32_t cancel;       /* set by any thread: running statements stop soon */
  int32_t wal_frames;   /* frames in the WAL after this connection's last commit */
} peg_conn;

/* One prepared statement, and the answer of the last call on it. */
typedef struct peg_stmt {
  sqlite3_stmt *stmt;
  peg_conn *conn;
  int32_t params;       /* parameters of the statement */
  int32_t columns;      /* result columns, as of prepare */
  int32_t readonly;
  int32_t has_row;      /* stands on a row that is not packed yet */
  uint8_t *bound;       /* the packed parameters that text and blobs point into */
  size_t bound_cap;
  void **pointers;      /* what the trailing parameters are bound to; `params` slots */

  int64_t rows;         /* rows packed, or executed by peg_exec_many */
  int64_t used;         /* bytes packed */
  int64_t need;         /* bytes that the waiting row needs */
  int64_t changes;      /* rows changed by peg_exec */
} peg_stmt;

/* How much of a file is read or written at once: at most a page of the largest size. */
#define PEG_FILE_BYTES 65536

/* The name under which key sets are bound (sqlite3_bind_pointer). */
#define PEG_POINTER "pegmatite"

void peg_configure(void);
int peg_open(const char *path, const char *vfs, int flags, peg_conn **out);
int peg_close(peg_conn *c);
const char *peg_errmsg(peg_conn *c);
int peg_exec_script(peg_conn *c, const char *sql);
int peg_begin_read(peg_conn *c);
int peg_end_read(peg_conn *c);
int peg_checkpoint(peg_conn *c, int mode, int wait, int32_t *log_frames, int32_t *done_frames);
void peg_keep_wal(peg_conn *c);
int peg_sync_wal(peg_conn *c);
int peg_read_file(peg_conn *c, int which, void *buf, int n, int64_t offset, int32_t *got);

int peg_prepare(peg_conn *c, const char *sql, int len, peg_stmt **out);
void peg_finalize(peg_stmt *p);
int peg_query(peg_stmt *p, const uint8_t *params, size_t n, int pointers, uint8_t *buf, size_t cap);
int peg_fetch(peg_stmt *p, uint8_t *buf, size_t cap);
int peg_reset(peg_stmt *p);
int peg_exec(peg_stmt *p, const uint8_t *params, size_t n, int pointers);
int peg_exec_many(peg_stmt *p, const uint8_t *rows, size_t n);

/* Packed values, for the files beside this one. */
size_t peg_pack_int(uint8_t *p, int64_t v);
size_t peg_packed_size(sqlite3_value *v, int type);
uint8_t *peg_pack(uint8_t *p, sqlite3_value *v, int type);

/* Registration of pegmatite_recent; the other SQL functions' are in functions.h. */
int peg_register_keyset(sqlite3 *db);

#endif
