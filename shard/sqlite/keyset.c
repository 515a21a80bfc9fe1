#include "keyset.h"

#include <string.h>

/* Longest packed key that is hashed without an allocation. */
#define KEY_SCRATCH 512

/* The hashes of keyset.go; the two must agree bit for bit. */
static uint64_t mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  return h;
}

static uint64_t hash_int(int64_t v) { return mix((uint64_t)v * 0x9e3779b97f4a7c15u) | 1; }

static uint64_t hash_bytes(const uint8_t *p, size_t n) {
  uint64_t h = n * 0x9e3779b97f4a7c15u;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    h = mix(h ^ w) * 0x9e3779b97f4a7c15u;
  }
  uint64_t w = 0;
  memcpy(&w, p, n);
  return mix(h ^ w) | 1;
}

static int has_int(const peg_keyset *s, int64_t v) {
  uint64_t h = hash_int(v);
  for (uint64_t i = h >> 20;; i++) {
    const peg_key *k = &s->keys[i & s->mask];
    if (k->hash == 0) return 0;
    if (k->hash == h && k->len == -1 && k->value == v) return 1;
  }
}

static int has_bytes(const peg_keyset *s, const uint8_t *p, size_t n) {
  uint64_t h = hash_bytes(p, n);
  for (uint64_t i = h >> 20;; i++) {
    const peg_key *k = &s->keys[i & s->mask];
    if (k->hash == 0) return 0;
    if (k->hash == h && k->len == (int64_t)n && memcmp(s->bytes + k->value, p, n) == 0) return 1;
  }
}

/* A key of several columns, or not an integer, is looked up by its packed
** bytes. -0.0 equals 0.0, as in the key bytes that Go makes. */
static void has_packed(sqlite3_context *ctx, const peg_keyset *s, int argc, sqlite3_value **argv) {
  uint8_t scratch[KEY_SCRATCH], *buf = scratch, *w;
  size_t need = 0;
  for (int i = 0; i < argc; i++) need += peg_packed_size(argv[i], sqlite3_value_type(argv[i]));
  if (need > sizeof scratch - 16 && !(buf = sqlite3_malloc64(need + 16))) {
    sqlite3_result_error_nomem(ctx);
    return;
  }
  w = buf;
  for (int i = 0; i < argc; i++) {
    uint8_t *at = w;
    w = peg_pack(w, argv[i], sqlite3_value_type(argv[i]));
    if (*at == TAG_REAL && sqlite3_value_double(argv[i]) == 0) memset(at + 1, 0, 8);
  }
  sqlite3_result_int(ctx, has_bytes(s, buf, w - buf));
  if (buf != scratch) sqlite3_free(buf);
}

static void recent(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  const peg_keyset *s = argc > 1 ? sqlite3_value_pointer(argv[0], PEG_POINTER) : NULL;
  if (!s) {
    sqlite3_result_error(ctx, "XX000:pegmatite_recent takes a key set and a key", -1);
    return;
  }
  if (s->count == 0)
    sqlite3_result_int(ctx, 0);
  else if (argc == 2 && sqlite3_value_type(argv[1]) == SQLITE_INTEGER)
    sqlite3_result_int(ctx, has_int(s, sqlite3_value_int64(argv[1])));
  else
    has_packed(ctx, s, argc - 1, argv + 1);
}

int peg_register_keyset(sqlite3 *db) {
  return sqlite3_create_function_v2(db, "pegmatite_recent", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, recent, NULL,
                                    NULL, NULL);
}
