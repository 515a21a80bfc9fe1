#include "functions.h"

int peg_define(sqlite3 *db, const char *name, int args, peg_function f, intptr_t data) {
  return sqlite3_create_function_v2(db, name, args, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                    (void *)data, f, NULL, NULL, NULL);
}

intptr_t peg_data(sqlite3_context *ctx) { return (intptr_t)sqlite3_user_data(ctx); }

void peg_raise(sqlite3_context *ctx, const char *error) { sqlite3_result_error(ctx, error, -1); }

static int are(sqlite3_context *ctx, int argc, sqlite3_value **argv, int type) {
  for (int i = 0; i < argc; i++) {
    int t = sqlite3_value_type(argv[i]);
    if (t == type) continue;
    if (t == SQLITE_NULL)
      sqlite3_result_null(ctx);
    else
      peg_raise(ctx, "XX000:argument of a shard's function has another type");
    return 0;
  }
  return 1;
}

int peg_ints(sqlite3_context *ctx, int argc, sqlite3_value **argv) { return are(ctx, argc, argv, SQLITE_INTEGER); }

int peg_texts(sqlite3_context *ctx, int argc, sqlite3_value **argv) { return are(ctx, argc, argv, SQLITE_TEXT); }
