/* Integers: src/backend/utils/adt/int.c and int8.c. */
#include "functions.h"

/* The width in bytes is each function's data. */
static void result(sqlite3_context *ctx, int64_t v, int overflow) {
  switch (peg_data(ctx)) {
    case 2:
      if (overflow || v != (int16_t)v) {
        peg_raise(ctx, OUT_OF_RANGE_2);
        return;
      }
      break;
    case 4:
      if (overflow || v != (int32_t)v) {
        peg_raise(ctx, OUT_OF_RANGE_4);
        return;
      }
      break;
    default:
      if (overflow) {
        peg_raise(ctx, OUT_OF_RANGE_8);
        return;
      }
  }
  sqlite3_result_int64(ctx, v);
}

#define A sqlite3_value_int64(argv[0])
#define B sqlite3_value_int64(argv[1])

static void add(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  long long v = 0;
  if (!peg_ints(ctx, argc, argv)) return;
  int overflow = __builtin_add_overflow(A, B, &v);
  result(ctx, v, overflow);
}

static void subtract(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  long long v = 0;
  if (!peg_ints(ctx, argc, argv)) return;
  int overflow = __builtin_sub_overflow(A, B, &v);
  result(ctx, v, overflow);
}

static void multiply(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  long long v = 0;
  if (!peg_ints(ctx, argc, argv)) return;
  int overflow = __builtin_mul_overflow(A, B, &v);
  result(ctx, v, overflow);
}

static void divide(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  if (B == 0)
    peg_raise(ctx, DIVISION_BY_ZERO);
  else if (B == -1) /* the machine traps on the lowest integer */
    result(ctx, (int64_t)(0 - (uint64_t)A), A == INT64_MIN);
  else
    result(ctx, A / B, 0);
}

static void modulo(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  if (B == 0)
    peg_raise(ctx, DIVISION_BY_ZERO);
  else
    sqlite3_result_int64(ctx, B == -1 ? 0 : A % B);
}

static void negate(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  result(ctx, (int64_t)(0 - (uint64_t)A), A == INT64_MIN);
}

static void absolute(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  result(ctx, A < 0 ? (int64_t)(0 - (uint64_t)A) : A, A == INT64_MIN);
}

/* A cast to a narrower type. */
static void narrow(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (peg_ints(ctx, argc, argv)) result(ctx, A, 0);
}

int peg_register_int(sqlite3 *db) {
  static const struct {
    const char *name;
    int args, width;
    peg_function f;
  } table[] = {
      {"pg_int2pl", 2, 2, add},       {"pg_int4pl", 2, 4, add},       {"pg_int8pl", 2, 8, add},
      {"pg_int2mi", 2, 2, subtract},  {"pg_int4mi", 2, 4, subtract},  {"pg_int8mi", 2, 8, subtract},
      {"pg_int2mul", 2, 2, multiply}, {"pg_int4mul", 2, 4, multiply}, {"pg_int8mul", 2, 8, multiply},
      {"pg_int2div", 2, 2, divide},   {"pg_int4div", 2, 4, divide},   {"pg_int8div", 2, 8, divide},
      {"pg_intmod", 2, 8, modulo},    {"pg_int2um", 1, 2, negate},    {"pg_int4um", 1, 4, negate},
      {"pg_int8um", 1, 8, negate},    {"pg_int2abs", 1, 2, absolute}, {"pg_int4abs", 1, 4, absolute},
      {"pg_int8abs", 1, 8, absolute}, {"pg_int2", 1, 2, narrow},      {"pg_int4", 1, 4, narrow},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    int rc = peg_define(db, table[i].name, table[i].args, table[i].f, table[i].width);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}
