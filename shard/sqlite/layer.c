#include "layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "packed rows are little endian");

/* How many steps of SQLite's machine may pass before `cancel` is looked at. */
#define CANCEL_STEPS 2000

/* How long a connection waits for another process (default vfs) or for a WAL
** recovery by a neighbour to release a lock. */
#define BUSY_TIMEOUT_MS 5000

/*
** Must run before the first connection is opened. Connections are never shared
** between threads at one time, and nobody reads SQLite's global memory
** statistics, whose mutex every allocation would take.
*/
void peg_configure(void) {
  sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_initialize();
}

static int on_progress(void *arg) {
  return __atomic_load_n(&((peg_conn *)arg)->cancel, __ATOMIC_RELAXED);
}

/* Being the WAL hook also keeps SQLite from checkpointing by itself. */
static int on_commit(void *arg, sqlite3 *db, const char *name, int frames) {
  (void)db;
  (void)name;
  __atomic_store_n(&((peg_conn *)arg)->wal_frames, frames, __ATOMIC_RELAXED);
  return SQLITE_OK;
}

static int register_functions(sqlite3 *db) {
  int rc = peg_register_keyset(db);
  if (rc == SQLITE_OK) rc = peg_register_int(db);
  if (rc == SQLITE_OK) rc = peg_register_float(db);
  if (rc == SQLITE_OK) rc = peg_register_like(db);
  if (rc == SQLITE_OK) rc = peg_register_text(db);
  if (rc == SQLITE_OK) rc = peg_register_time(db);
  return rc;
}

/*
** On an error *out may still be set: it carries the message and must be closed.
*/
int peg_open(const char *path, const char *vfs, int flags, peg_conn **out) {
  peg_conn *c = calloc(1, sizeof *c);
  *out = c;
  if (!c) return SQLITE_NOMEM;
  int rc = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, vfs);
  if (rc != SQLITE_OK) return rc;
  sqlite3_extended_result_codes(c->db, 1);
  sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
  sqlite3_progress_handler(c->db, CANCEL_STEPS, on_progress, c);
  sqlite3_wal_hook(c->db, on_commit, c);
  return register_functions(c->db);
}

int peg_close(peg_conn *c) {
  if (c->hold) sqlite3_finalize(c->hold);
  int rc = c->db ? sqlite3_close(c->db) : SQLITE_OK;
  if (rc == SQLITE_OK) free(c);
  return rc;
}

const char *peg_errmsg(peg_conn *c) { return c && c->db ? sqlite3_errmsg(c->db) : "out of memory"; }

int peg_exec_script(peg_conn *c, const char *sql) { return sqlite3_exec(c->db, sql, NULL, NULL, NULL); }

/*
** Opens a read that all statements share until peg_end_read: a statement that
** stands on a row keeps SQLite's read transaction open, and reading a header
** field opens it at once. BEGIN, a read and COMMIT would be three statements.
*/
int peg_begin_read(peg_conn *c) {
  int rc;
  if (!c->hold) {
    rc = sqlite3_prepare_v3(c->db, "PRAGMA user_version", -1, SQLITE_PREPARE_PERSISTENT, &c->hold, NULL);
    if (rc != SQLITE_OK) return rc;
  }
  rc = sqlite3_step(c->hold);
  if (rc != SQLITE_ROW) return sqlite3_reset(c->hold);
  c->reading = 1;
  return SQLITE_OK;
}

int peg_end_read(peg_conn *c) {
  c->reading = 0;
  return sqlite3_reset(c->hold);
}

int peg_checkpoint(peg_conn *c, int mode, int wait, int32_t *log_frames, int32_t *done_frames) {
  int log = 0, done = 0;
  if (!wait) sqlite3_busy_timeout(c->db, 0);
  int rc = sqlite3_wal_checkpoint_v2(c->db, "main", mode, &log, &done);
  if (!wait) {
    sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
    if (rc == SQLITE_BUSY && log >= 0) rc = SQLITE_OK; /* copied what it could */
  }
  *log_frames = log;
  *done_frames = done;
  return rc;
}

/* In WAL mode the "journal" is the WAL. Syncing it beside a writer is safe: it
** is an fsync of this connection's own descriptor. */
int peg_sync_wal(peg_conn *c) {
  sqlite3_file *f = NULL;
  int rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f);
  if (rc != SQLITE_OK) return rc;
  if (!f || !f->pMethods) return SQLITE_MISUSE;
  return f->pMethods->xSync(f, 2 | 0x10 /* SQLITE_SYNC_NORMAL, SQLITE_SYNC_DATAONLY */);
}

/*
** Reads the database file (which = 0) or its WAL (1) as bytes, on this
** connection's own descriptor: a descriptor of anybody else would give up the
** file's locks when it is closed. What lies behind the end reads as zeros; *got
** is how many bytes there were.
*/
int peg_read_file(peg_conn *c, int which, void *buf, int n, int64_t offset, int32_t *got) {
  sqlite3_file *f = NULL;
  sqlite3_int64 size = 0;
  *got = 0;
  int rc = sqlite3_file_control(c->db, "main", which ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER, &f);
  if (rc != SQLITE_OK) return rc;
  if (!f || !f->pMethods) return SQLITE_MISUSE;
  rc = f->pMethods->xFileSize(f, &size);
  if (rc != SQLITE_OK || offset >= size) return rc;
  if (n > size - offset) n = (int)(size - offset);
  for (char *p = buf; n > 0 && rc == SQLITE_OK;) {
    int part = n < PEG_FILE_BYTES ? n : PEG_FILE_BYTES;
    rc = f->pMethods->xRead(f, p, part, offset);
    if (rc == SQLITE_OK) *got += part;
    p += part, n -= part, offset += part;
  }
  return rc;
}

/* The last connection to close leaves the WAL as it is. */
void peg_keep_wal(peg_conn *c) { sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); }

int peg_prepare(peg_conn *c, const char *sql, int len, peg_stmt **out) {
  *out = NULL;
  peg_stmt *p = calloc(1, sizeof *p);
  if (!p) return SQLITE_NOMEM;
  int rc = sqlite3_prepare_v3(c->db, sql, len, SQLITE_PREPARE_PERSISTENT, &p->stmt, NULL);
  if (rc != SQLITE_OK || !p->stmt) {
    free(p);
    return rc == SQLITE_OK ? SQLITE_MISUSE : rc;
  }
  p->conn = c;
  p->params = sqlite3_bind_parameter_count(p->stmt);
  p->columns = sqlite3_column_count(p->stmt);
  p->readonly = sqlite3_stmt_readonly(p->stmt);
  if (p->params > 0 && !(p->pointers = calloc(p->params, sizeof *p->pointers))) {
    peg_finalize(p);
    return SQLITE_NOMEM;
  }
  *out = p;
  return SQLITE_OK;
}

void peg_finalize(peg_stmt *p) {
  sqlite3_finalize(p->stmt);
  free(p->bound);
  free(p->pointers);
  free(p);
}

/* ---------------------------------------------------------------- packing */

static int64_t load(const uint8_t *p, int n) {
  int64_t v = 0;
  memcpy(&v, p, n);
  return v;
}

size_t peg_pack_int(uint8_t *p, int64_t v) {
  int n = v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
  *p = n == 1 ? TAG_INT8 : n == 2 ? TAG_INT16 : n == 4 ? TAG_INT32 : TAG_INT64;
  memcpy(p + 1, &v, 8); /* little endian: the low bytes come first; callers leave 9 bytes */
  return 1 + n;
}

/* An upper bound of what peg_pack writes, scratch bytes included. */
size_t peg_packed_size(sqlite3_value *v, int type) {
  return type == SQLITE_TEXT || type == SQLITE_BLOB ? 5 + (size_t)sqlite3_value_bytes(v) : 9;
}

uint8_t *peg_pack(uint8_t *p, sqlite3_value *v, int type) {
  switch (type) {
    case SQLITE_INTEGER:
      return p + peg_pack_int(p, sqlite3_value_int64(v));
    case SQLITE_FLOAT: {
      double d = sqlite3_value_double(v);
      *p = TAG_REAL;
      memcpy(p + 1, &d, 8);
      return p + 9;
    }
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
      /* Text is fetched as a blob: asking for text would copy it to add a NUL. */
      const void *data = sqlite3_value_blob(v);
      uint32_t n = (uint32_t)sqlite3_value_bytes(v);
      *p = type == SQLITE_TEXT ? TAG_TEXT : TAG_BLOB;
      memcpy(p + 1, &n, 4);
      if (n) memcpy(p + 5, data, n);
      return p + 5 + n;
    }
  }
  *p = TAG_NULL;
  return p + 1;
}

/* ---------------------------------------------------------------- binding */

static int bind_bytes(sqlite3_stmt *s, int i, int tag, const uint8_t *p, uint32_t n) {
  if (tag == TAG_TEXT) return sqlite3_bind_text64(s, i, (const char *)p, n, SQLITE_STATIC, SQLITE_UTF8);
  return sqlite3_bind_blob64(s, i, p, n, SQLITE_STATIC);
}

/* SQLite binds a NaN as NULL; a stored NaN is the text. */
static int bind_real(sqlite3_stmt *s, int i, double d) {
  if (isnan(d)) return sqlite3_bind_text64(s, i, "NaN", 3, SQLITE_STATIC, SQLITE_UTF8);
  return sqlite3_bind_double(s, i, d);
}

/* Binds the column at *pp to parameter i and moves *pp behind it. */
static int bind_column(sqlite3_stmt *s, int i, const uint8_t **pp, const uint8_t *end) {
  static const uint8_t width[] = {0, 1, 2, 4, 8, 8, 4, 4};
  const uint8_t *p = *pp;
  int tag = *p++;
  if (tag > TAG_BLOB || end - p < width[tag]) return PEG_MALFORMED;
  *pp = p + width[tag];
  switch (tag) {
    case TAG_NULL:
      return sqlite3_bind_null(s, i);
    case TAG_INT8:
      return sqlite3_bind_int64(s, i, (int8_t)*p);
    case TAG_INT16:
      return sqlite3_bind_int64(s, i, (int16_t)load(p, 2));
    case TAG_INT32:
      return sqlite3_bind_int64(s, i, (int32_t)load(p, 4));
    case TAG_INT64:
      return sqlite3_bind_int64(s, i, load(p, 8));
    case TAG_REAL: {
      double d;
      memcpy(&d, p, 8);
      return bind_real(s, i, d);
    }
  }
  uint32_t n = (uint32_t)load(p, 4);
  if (n > (size_t)(end - *pp)) return PEG_MALFORMED;
  *pp += n;
  return bind_bytes(s, i, tag, p + 4, n);
}

/*
** Binds packed columns to the parameters 1 .. and p->pointers to the last
** ones. All parameters are bound, so that none keeps what an earlier run left.
*/
static int bind_all(peg_stmt *p, const uint8_t *params, size_t n, int pointers) {
  const uint8_t *end = params + n;
  int i = 0;
  while (params < end) {
    if (++i > p->params - pointers) return PEG_PARAM_COUNT;
    int rc = bind_column(p->stmt, i, &params, end);
    if (rc != SQLITE_OK) return rc;
  }
  if (i != p->params - pointers) return PEG_PARAM_COUNT;
  for (int k = 0; k < pointers; k++) {
    int rc = sqlite3_bind_pointer(p->stmt, i + k + 1, p->pointers[k], PEG_POINTER, NULL);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

/* Keeps a copy of the parameters: Go's memory is ours only during the call. */
static int keep_params(peg_stmt *p, const uint8_t *params, size_t n) {
  if (n > p->bound_cap) {
    size_t cap = n < 64 ? 64 : n + n / 2;
    uint8_t *b = realloc(p->bound, cap);
    if (!b) return SQLITE_NOMEM;
    p->bound = b;
    p->bound_cap = cap;
  }
  if (n) memcpy(p->bound, params, n);
  return SQLITE_OK;
}

/* ---------------------------------------------------------------- running */

/* An error such as a failed read ends SQLite's transaction; the next statement
** would open another one and see a later state. */
static int snapshot_lost(peg_conn *c) {
  return c->reading && sqlite3_txn_state(c->db, "main") == SQLITE_TXN_NONE;
}

/* Packs the current row at buf+*used, or says in p->need what it takes. */
static int pack_row(peg_stmt *p, int columns, uint8_t *buf, size_t cap) {
  uint8_t *start = buf + p->used, *end = buf + cap, *w = start + 4;
  size_t need = 4;
  int fits = 1;
  for (int i = 0; i < columns; i++) {
    sqlite3_value *v = sqlite3_column_value(p->stmt, i);
    int type = sqlite3_value_type(v);
    size_t n = peg_packed_size(v, type);
    need += n;
    /* 9 bytes are scratch for the widest integer store. */
    if (!fits || w + (n < 9 ? 9 : n) > end) {
      fits = 0;
      continue;
    }
    w = peg_pack(w, v, type);
  }
  if (!fits || w > end) {
    p->need = need + 16;
    return 0;
  }
  uint32_t n = (uint32_t)(w - start - 4);
  memcpy(start, &n, 4);
  p->used += 4 + n;
  p->rows++;
  return 1;
}

/* Packs rows until the statement is done (SQLITE_DONE; it is reset) or the
** buffer is full (SQLITE_ROW). The caller has zeroed the counters. */
static int fill(peg_stmt *p, uint8_t *buf, size_t cap) {
  int rc = SQLITE_ROW;
  if (!p->has_row) rc = sqlite3_step(p->stmt);
  int columns = sqlite3_data_count(p->stmt);
  while (rc == SQLITE_ROW) {
    if (!pack_row(p, columns, buf, cap)) {
      p->has_row = 1;
      return SQLITE_ROW;
    }
    rc = sqlite3_step(p->stmt);
  }
  p->has_row = 0;
  if (rc == SQLITE_DONE) {
    sqlite3_reset(p->stmt);
    return SQLITE_DONE;
  }
  return sqlite3_reset(p->stmt);
}

/* Starts the statement afresh and packs rows; see fill. */
int peg_query(peg_stmt *p, const uint8_t *params, size_t n, int pointers, uint8_t *buf, size_t cap) {
  p->rows = p->used = p->need = 0;
  p->has_row = 0;
  if (snapshot_lost(p->conn)) return PEG_SNAPSHOT_LOST;
  int rc = keep_params(p, params, n);
  if (rc == SQLITE_OK) rc = bind_all(p, p->bound, n, pointers);
  if (rc != SQLITE_OK) return rc;
  return fill(p, buf, cap);
}

int peg_fetch(peg_stmt *p, uint8_t *buf, size_t cap) {
  p->rows = p->used = p->need = 0;
  return fill(p, buf, cap);
}

int peg_reset(peg_stmt *p) {
  p->has_row = 0;
  return sqlite3_reset(p->stmt);
}

/* Runs to the end, dropping any rows. Text and blobs stay in Go's memory, so
** no binding may outlive the call. */
static int run_once(peg_stmt *p, const uint8_t *params, size_t n, int pointers) {
  int rc = bind_all(p, params, n, pointers);
  if (rc != SQLITE_OK) return rc;
  do rc = sqlite3_step(p->stmt);
  while (rc == SQLITE_ROW);
  int end = sqlite3_reset(p->stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : end;
}

int peg_exec(peg_stmt *p, const uint8_t *params, size_t n, int pointers) {
  static const uint8_t none[1];
  p->changes = 0;
  if (snapshot_lost(p->conn)) return PEG_SNAPSHOT_LOST;
  int rc = run_once(p, n ? params : none, n, pointers);
  if (rc == SQLITE_OK) p->changes = sqlite3_changes64(p->conn->db);
  if (p->params) sqlite3_clear_bindings(p->stmt);
  return rc;
}

/* Splits a row off [uint32 length][bytes]…; 0 when it is not well formed. */
static const uint8_t *split_row(const uint8_t **rows, const uint8_t *end, uint32_t *len) {
  const uint8_t *p = *rows;
  if (end - p < 4) return NULL;
  *len = (uint32_t)load(p, 4);
  p += 4;
  if (*len > (size_t)(end - p)) return NULL;
  *rows = p + *len;
  return p;
}

/* Runs once for each row of [uint32 length][packed columns], stopping at the
** first error: p->rows is how many went through. */
int peg_exec_many(peg_stmt *p, const uint8_t *rows, size_t n) {
  const uint8_t *end = rows + n;
  int rc = SQLITE_OK;
  p->rows = 0;
  while (rc == SQLITE_OK && rows < end) {
    uint32_t len;
    const uint8_t *params = split_row(&rows, end, &len);
    rc = params ? run_once(p, params, len, 0) : PEG_MALFORMED;
    if (rc == SQLITE_OK) p->rows++;
  }
  if (p->params) sqlite3_clear_bindings(p->stmt);
  return rc;
}
