/*
** Database files as bytes, through the VFS that will open them as databases.
*/
#include "rawfile.h"
#include "layer.h"

#include <stdlib.h>
#include <string.h>

/* Names that a VFS gets for a database stand between four zeros and the
** parameters of a URI, of which there are none (sqlite3_uri_parameter). */
static char *vfs_name(const char *path) {
  size_t n = strlen(path);
  char *p = calloc(1, n + 8);
  if (p) memcpy(p + 4, path, n);
  return p;
}

int peg_raw_open(const char *path, const char *vfs, peg_raw **out) {
  *out = NULL;
  sqlite3_vfs *v = sqlite3_vfs_find(vfs);
  if (!v) return SQLITE_CANTOPEN;
  peg_raw *r = calloc(1, sizeof *r);
  if (!r) return SQLITE_NOMEM;
  r->name = vfs_name(path);
  r->file = calloc(1, v->szOsFile);
  int rc = SQLITE_NOMEM;
  if (r->name && r->file)
    rc = v->xOpen(v, r->name + 4, r->file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (rc != SQLITE_OK) {
    peg_raw_close(r);
    return rc;
  }
  *out = r;
  return SQLITE_OK;
}

void peg_raw_close(peg_raw *r) {
  if (r->file && r->file->pMethods) r->file->pMethods->xClose(r->file);
  free(r->file);
  free(r->name);
  free(r);
}

/* SQLite's own VFS takes no more at once than SQLite ever writes (seekAndWriteFd masks the size). */
int peg_raw_write(peg_raw *r, const void *buf, int n, int64_t offset) {
  for (const char *p = buf; n > 0;) {
    int part = n < PEG_FILE_BYTES ? n : PEG_FILE_BYTES;
    int rc = r->file->pMethods->xWrite(r->file, p, part, offset);
    if (rc != SQLITE_OK) return rc;
    p += part, n -= part, offset += part;
  }
  return SQLITE_OK;
}

int peg_raw_truncate(peg_raw *r, int64_t size) { return r->file->pMethods->xTruncate(r->file, size); }

int peg_raw_sync(peg_raw *r) { return r->file->pMethods->xSync(r->file, 2 /* SQLITE_SYNC_NORMAL */); }

int peg_raw_delete(const char *path, const char *vfs) {
  sqlite3_vfs *v = sqlite3_vfs_find(vfs);
  char *name = vfs_name(path);
  if (!v || !name) {
    free(name);
    return SQLITE_CANTOPEN;
  }
  int rc = v->xDelete(v, name + 4, 1);
  free(name);
  return rc == SQLITE_IOERR_DELETE_NOENT ? SQLITE_OK : rc;
}
