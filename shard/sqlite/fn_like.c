/* LIKE and ILIKE: src/backend/utils/adt/like.c, for UTF-8. */
#include <string.h>

#include "functions.h"

#define ESCAPE_AT_END "22025:LIKE pattern must not end with escape character"

enum { NO_MATCH, MATCH, ERROR_ESCAPE };

/* An ESCAPE clause has rewritten the pattern to this one (like_escape). */
#define ESCAPE '\\'

/*
** Only the last % can need another try: what came before it has matched as
** little as it can. An escape at the end is an error only when the matching
** arrives there, as in PostgreSQL.
*/
static int like(const uint8_t *t, const uint8_t *tend, const uint8_t *p, const uint8_t *pend) {
  const uint8_t *retry_t = NULL, *retry_p = NULL;
  while (t < tend) {
    if (p < pend && *p == '%') {
      for (; p < pend && (*p == '%' || *p == '_'); p++) {
        if (*p == '%') continue;
        if (t >= tend) return NO_MATCH;
        t += utf8_width(*t);
      }
      if (p == pend) return MATCH;
      if (*p == ESCAPE && p + 1 == pend) return ERROR_ESCAPE;
      /* A plain byte follows: no place before its next one can match. */
      t = memchr(t, *p == ESCAPE ? p[1] : *p, tend - t);
      if (!t) return NO_MATCH;
      retry_t = t;
      retry_p = p;
      continue;
    }
    if (p < pend) {
      if (*p == ESCAPE) {
        if (p + 1 == pend) return ERROR_ESCAPE;
        if (p[1] == *t) {
          p += 2, t++;
          continue;
        }
      } else if (*p == '_') {
        t += utf8_width(*t), p++;
        continue;
      } else if (*p == *t) {
        p++, t++;
        continue;
      }
    }
    if (!retry_t) return NO_MATCH;
    p = retry_p;
    t = memchr(retry_t + 1, *p == ESCAPE ? p[1] : *p, tend - retry_t - 1);
    if (!t) return NO_MATCH;
    retry_t = t;
  }
  while (p < pend && *p == '%') p++;
  return p == pend ? MATCH : NO_MATCH;
}

/* Data: 1 is NOT LIKE, 2 ILIKE, 3 NOT ILIKE. */
enum { NEGATED = 1, FOLDED = 2 };

static void give(sqlite3_context *ctx, int found) {
  if (found == ERROR_ESCAPE)
    peg_raise(ctx, ESCAPE_AT_END);
  else
    sqlite3_result_int(ctx, (found == MATCH) ^ (int)(peg_data(ctx) & NEGATED));
}

/* Matches the lower cases of both. A character's lower case can be longer than
** itself, by half at most. */
static void folded(sqlite3_context *ctx, const uint8_t *t, size_t tn, const uint8_t *p, size_t pn) {
  uint8_t scratch[1024], *buf = scratch;
  size_t room = tn + tn / 2 + pn + pn / 2 + 16;
  if (room > sizeof scratch && !(buf = sqlite3_malloc64(room))) {
    sqlite3_result_error_nomem(ctx);
    return;
  }
  tn = peg_lower(t, tn, buf);
  pn = peg_lower(p, pn, buf + tn);
  give(ctx, like(buf, buf + tn, buf + tn, buf + tn + pn));
  if (buf != scratch) sqlite3_free(buf);
}

static void like_function(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_texts(ctx, argc, argv)) return;
  const uint8_t *t = sqlite3_value_blob(argv[0]), *p = sqlite3_value_blob(argv[1]);
  size_t tn = sqlite3_value_bytes(argv[0]), pn = sqlite3_value_bytes(argv[1]);
  if (peg_data(ctx) & FOLDED)
    folded(ctx, t, tn, p, pn);
  else
    give(ctx, like(t, t + tn, p, p + pn));
}

int peg_register_like(sqlite3 *db) {
  static const char *const names[] = {"pg_like", "pg_nlike", "pg_ilike", "pg_nilike"};
  for (int i = 0; i < 4; i++) {
    int rc = peg_define(db, names[i], 2, like_function, i);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}
