/* Text: src/backend/utils/adt/varlena.c, oracle_compat.c and formatting.c, for
** UTF-8 and lc_ctype C.UTF-8. */
#include <string.h>

#include "functions.h"

#include "casemap.h"

/* ------------------------------------------------------------------ letters */

static int32_t decode(const uint8_t *p, int width) {
  switch (width) {
    case 1:
      return *p;
    case 2:
      return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
      return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
  }
  return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

static uint8_t *encode(uint8_t *w, int32_t c) {
  if (c < 0x80) {
    *w++ = (uint8_t)c;
  } else if (c < 0x800) {
    *w++ = (uint8_t)(0xc0 | c >> 6);
    *w++ = (uint8_t)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *w++ = (uint8_t)(0xe0 | c >> 12);
    *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    *w++ = (uint8_t)(0x80 | (c & 0x3f));
  } else {
    *w++ = (uint8_t)(0xf0 | c >> 18);
    *w++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    *w++ = (uint8_t)(0x80 | (c & 0x3f));
  }
  return w;
}

static int32_t change(int32_t c, const case_run *runs, int count) {
  int lo = 0, hi = count;
  while (lo < hi) {
    int mid = (lo + hi) / 2;
    if (runs[mid].hi < c)
      lo = mid + 1;
    else
      hi = mid;
  }
  if (lo == count || c < runs[lo].lo || (c - runs[lo].lo) % runs[lo].stride) return c;
  return c + runs[lo].delta;
}

static size_t map(const uint8_t *p, size_t n, uint8_t *out, char from, const case_run *runs, int count) {
  const uint8_t *end = p + n;
  uint8_t *w = out;
  while (p < end) {
    if (*p < 0x80) {
      *w++ = (uint8_t)(*p - from) < 26 ? *p ^ 0x20 : *p;
      p++;
      continue;
    }
    int width = utf8_width(*p);
    if (width > end - p) break;
    w = encode(w, change(decode(p, width), runs, count));
    p += width;
  }
  return w - out;
}

/* `out` has room for n and half of it: no character grows by more. */
size_t peg_lower(const uint8_t *p, size_t n, uint8_t *out) {
  return map(p, n, out, 'A', lower_runs, sizeof lower_runs / sizeof *lower_runs);
}

size_t peg_upper(const uint8_t *p, size_t n, uint8_t *out) {
  return map(p, n, out, 'a', upper_runs, sizeof upper_runs / sizeof *upper_runs);
}

/* --------------------------------------------------------------- characters */

static int64_t characters(const uint8_t *p, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) count += (p[i] & 0xc0) != 0x80;
  return count;
}

/* The byte at which character `chars` (from 0) begins, or the end. */
static const uint8_t *forward(const uint8_t *p, const uint8_t *end, int64_t chars) {
  while (chars > 0 && p < end) p += utf8_width(*p), chars--;
  return p > end ? end : p;
}

#define TEXT(i) ((const uint8_t *)sqlite3_value_blob(argv[i]))
#define BYTES(i) ((int64_t)sqlite3_value_bytes(argv[i]))

static void give(sqlite3_context *ctx, const uint8_t *p, int64_t n) {
  sqlite3_result_text64(ctx, n ? (const char *)p : "", n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void length(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (peg_texts(ctx, argc, argv)) sqlite3_result_int64(ctx, characters(TEXT(0), BYTES(0)));
}

static void octet_length(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (peg_texts(ctx, argc, argv)) sqlite3_result_int64(ctx, BYTES(0));
}

/* Data: 0 is lower, 1 upper. */
static void case_function(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  uint8_t scratch[512], *buf = scratch;
  if (!peg_texts(ctx, argc, argv)) return;
  const uint8_t *p = TEXT(0);
  int64_t n = BYTES(0), room = n + n / 2 + 8;
  if (room > (int64_t)sizeof scratch && !(buf = sqlite3_malloc64(room))) {
    sqlite3_result_error_nomem(ctx);
    return;
  }
  give(ctx, buf, peg_data(ctx) ? peg_upper(p, n, buf) : peg_lower(p, n, buf));
  if (buf != scratch) sqlite3_free(buf);
}

static void strpos(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_texts(ctx, argc, argv)) return;
  int64_t n = BYTES(0), m = BYTES(1);
  if (m == 0) {
    sqlite3_result_int(ctx, 1);
    return;
  }
  const uint8_t *p = TEXT(0), *needle = TEXT(1), *at = p, *end = p + n;
  for (; n && (at = memchr(at, *needle, end - at)); at++)
    if (end - at >= m && memcmp(at, needle, m) == 0) break;
  sqlite3_result_int64(ctx, n && at ? characters(p, at - p) + 1 : 0);
}

static void starts_with(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_texts(ctx, argc, argv)) return;
  int64_t m = BYTES(1);
  sqlite3_result_int(ctx, BYTES(0) >= m && (m == 0 || memcmp(TEXT(0), TEXT(1), m) == 0));
}

/* A text and integers behind it; answers 0 when the call is over. */
static int text_and_ints(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  for (int i = 0; i < argc; i++) {
    if (sqlite3_value_type(argv[i]) != SQLITE_NULL) continue;
    sqlite3_result_null(ctx);
    return 0;
  }
  return peg_texts(ctx, 1, argv) && peg_ints(ctx, argc - 1, argv + 1);
}

static void substr(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!text_and_ints(ctx, argc, argv)) return;
  const uint8_t *p = TEXT(0), *end = p + BYTES(0), *stop = end;
  int64_t start = sqlite3_value_int64(argv[1]), first = start < 1 ? 1 : start;
  if (argc == 3) {
    int64_t count = sqlite3_value_int64(argv[2]);
    if (count < 0) {
      peg_raise(ctx, "22011:negative substring length not allowed");
      return;
    }
    const uint8_t *from = forward(p, end, first - 1);
    stop = start + count <= first ? from : forward(from, end, start + count - first);
    give(ctx, from, stop - from);
    return;
  }
  p = forward(p, end, first - 1);
  give(ctx, p, end - p);
}

/* left(s, n) and right(s, n): a negative n leaves |n| characters out at the other end. */
static void left(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!text_and_ints(ctx, argc, argv)) return;
  const uint8_t *p = TEXT(0), *end = p + BYTES(0);
  int64_t n = sqlite3_value_int64(argv[1]);
  if (n < 0) n += characters(p, end - p);
  give(ctx, p, n > 0 ? forward(p, end, n) - p : 0);
}

static void right(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!text_and_ints(ctx, argc, argv)) return;
  const uint8_t *p = TEXT(0), *end = p + BYTES(0);
  int64_t n = sqlite3_value_int64(argv[1]);
  int64_t skip = n < 0 ? -n : characters(p, end - p) - n;
  if (n == INT32_MIN) skip = 0; /* PostgreSQL's negation of it in 32 bits stays negative */
  p = forward(p, end, skip);
  give(ctx, p, end - p);
}

/* Data: 1 trims spaces at the start, 2 at the end, 3 at both. */
static void trim(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_texts(ctx, argc, argv)) return;
  const uint8_t *p = TEXT(0), *end = p + BYTES(0);
  if (peg_data(ctx) & 1)
    while (p < end && *p == ' ') p++;
  if (peg_data(ctx) & 2)
    while (p < end && end[-1] == ' ') end--;
  give(ctx, p, end - p);
}

int peg_register_text(sqlite3 *db) {
  static const struct {
    const char *name;
    int args, data;
    peg_function f;
  } table[] = {
      {"pg_length", 1, 0, length},   {"pg_octet_length", 1, 0, octet_length},
      {"pg_lower", 1, 0, case_function}, {"pg_upper", 1, 1, case_function},
      {"pg_strpos", 2, 0, strpos},   {"pg_starts_with", 2, 0, starts_with},
      {"pg_substr", 2, 0, substr},   {"pg_substr", 3, 0, substr},
      {"pg_left", 2, 0, left},       {"pg_right", 2, 0, right},
      {"pg_ltrim", 1, 1, trim},      {"pg_rtrim", 1, 2, trim},
      {"pg_btrim", 1, 3, trim},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    int rc = peg_define(db, table[i].name, table[i].args, table[i].f, table[i].data);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}
