/*
** A set of keys that SQL tests membership in: `pegmatite_recent(?, key...)`.
** Go builds it in C memory; the layout is shared with keyset.go.
*/
#ifndef PEGMATITE_KEYSET_H
#define PEGMATITE_KEYSET_H

#include "layer.h"

/* One place of the open-addressing table; tag 0 is free. */
typedef struct peg_key {
  uint64_t hash;   /* peg_hash_int or peg_hash_bytes; never 0 when taken */
  int64_t value;   /* the integer key, or the offset of the packed key in `bytes` */
  int64_t len;     /* bytes of the packed key; -1 for an integer key */
} peg_key;

typedef struct peg_keyset {
  uint64_t mask;   /* places - 1, a power of two less one */
  peg_key *keys;
  uint8_t *bytes;
  int64_t count, used, cap; /* keys; bytes used and allocated */
} peg_keyset;

#endif
