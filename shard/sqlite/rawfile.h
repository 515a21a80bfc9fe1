/* Database files as bytes, before they are opened and after they are closed. */
#ifndef PEGMATITE_RAWFILE_H
#define PEGMATITE_RAWFILE_H

#include "sqlite_api.h"

typedef struct peg_raw {
  sqlite3_file *file;
  char *name; /* as the VFS wants it, for as long as the file is open */
} peg_raw;

int peg_raw_open(const char *path, const char *vfs, peg_raw **out);
void peg_raw_close(peg_raw *r);
int peg_raw_write(peg_raw *r, const void *buf, int n, int64_t offset);
int peg_raw_truncate(peg_raw *r, int64_t size);
int peg_raw_sync(peg_raw *r);
int peg_raw_delete(const char *path, const char *vfs);

#endif
