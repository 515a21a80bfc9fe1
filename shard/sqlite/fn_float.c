/*
** Floats: src/backend/utils/adt/float.c. The stored form of a float is REAL, or
** TEXT 'NaN', which SQLite would make NULL.
*/
#include <math.h>
#include <string.h>

#include "functions.h"

#define OVERFLOW "22003:value out of range: overflow"
#define UNDERFLOW "22003:value out of range: underflow"

/* The width in bytes is each function's data. */
static int is_float4(sqlite3_context *ctx) { return peg_data(ctx) == 4; }

static int get(sqlite3_context *ctx, sqlite3_value *v, double *out) {
  switch (sqlite3_value_type(v)) {
    case SQLITE_FLOAT:
      *out = sqlite3_value_double(v);
      return 1;
    case SQLITE_TEXT:
      if (sqlite3_value_bytes(v) == 3 && memcmp(sqlite3_value_blob(v), "NaN", 3) == 0) {
        *out = NAN;
        return 1;
      }
      break;
    case SQLITE_NULL:
      sqlite3_result_null(ctx);
      return 0;
  }
  peg_raise(ctx, "XX000:argument of a shard's function is no float");
  return 0;
}

static int get_all(sqlite3_context *ctx, int argc, sqlite3_value **argv, double *out) {
  /* A NULL decides, wherever it is. */
  for (int i = 0; i < argc; i++) {
    if (sqlite3_value_type(argv[i]) != SQLITE_NULL) continue;
    sqlite3_result_null(ctx);
    return 0;
  }
  for (int i = 0; i < argc; i++)
    if (!get(ctx, argv[i], out + i)) return 0;
  return 1;
}

static void give(sqlite3_context *ctx, double v) {
  if (isnan(v))
    sqlite3_result_text64(ctx, "NaN", 3, SQLITE_STATIC, SQLITE_UTF8);
  else
    sqlite3_result_double(ctx, v);
}

/* Rounds to the type, as the operation on it would have. One operation on two
** floats is exact enough in double to round the same as in float. */
static double rounded(sqlite3_context *ctx, double v) { return is_float4(ctx) ? (double)(float)v : v; }

static void add(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x[2];
  if (!get_all(ctx, argc, argv, x)) return;
  double v = rounded(ctx, x[0] + x[1]);
  if (isinf(v) && !isinf(x[0]) && !isinf(x[1]))
    peg_raise(ctx, OVERFLOW);
  else
    give(ctx, v);
}

static void subtract(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x[2];
  if (!get_all(ctx, argc, argv, x)) return;
  double v = rounded(ctx, x[0] - x[1]);
  if (isinf(v) && !isinf(x[0]) && !isinf(x[1]))
    peg_raise(ctx, OVERFLOW);
  else
    give(ctx, v);
}

static void multiply(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x[2];
  if (!get_all(ctx, argc, argv, x)) return;
  double v = rounded(ctx, x[0] * x[1]);
  if (isinf(v) && !isinf(x[0]) && !isinf(x[1]))
    peg_raise(ctx, OVERFLOW);
  else if (v == 0 && x[0] != 0 && x[1] != 0)
    peg_raise(ctx, UNDERFLOW);
  else
    give(ctx, v);
}

static void divide(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x[2];
  if (!get_all(ctx, argc, argv, x)) return;
  if (x[1] == 0 && !isnan(x[0])) {
    peg_raise(ctx, DIVISION_BY_ZERO);
    return;
  }
  double v = rounded(ctx, x[0] / x[1]);
  if (isinf(v) && !isinf(x[0]))
    peg_raise(ctx, OVERFLOW);
  else if (v == 0 && x[0] != 0 && !isinf(x[1]))
    peg_raise(ctx, UNDERFLOW);
  else
    give(ctx, v);
}

static void negate(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x;
  if (get_all(ctx, argc, argv, &x)) give(ctx, -x);
}

static void absolute(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x;
  if (get_all(ctx, argc, argv, &x)) give(ctx, fabs(x));
}

/* int2, int4, int8 → float4 or float8 */
static void from_int(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t v = sqlite3_value_int64(argv[0]);
  give(ctx, is_float4(ctx) ? (double)(float)v : (double)v);
}

/* float8 → float4 */
static void narrow(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  double x;
  if (!get_all(ctx, argc, argv, &x)) return;
  double v = (double)(float)x;
  if (isinf(v) && !isinf(x))
    peg_raise(ctx, OVERFLOW);
  else if (v == 0 && x != 0)
    peg_raise(ctx, UNDERFLOW);
  else
    give(ctx, v);
}

/* float → int2, int4, int8; halves go to even. Data is the integer's width. */
static void to_int(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  static const char *const errors[] = {[2] = OUT_OF_RANGE_2, [4] = OUT_OF_RANGE_4, [8] = OUT_OF_RANGE_8};
  double x;
  int width = (int)peg_data(ctx);
  if (!get_all(ctx, argc, argv, &x)) return;
  double limit = ldexp(1, 8 * width - 1), v = rint(x);
  if (isnan(v) || v < -limit || v >= limit)
    peg_raise(ctx, errors[width]);
  else
    sqlite3_result_int64(ctx, (sqlite3_int64)v);
}

int peg_register_float(sqlite3 *db) {
  static const struct {
    const char *name;
    int args, width;
    peg_function f;
  } table[] = {
      {"pg_float4pl", 2, 4, add},         {"pg_float8pl", 2, 8, add},
      {"pg_float4mi", 2, 4, subtract},    {"pg_float8mi", 2, 8, subtract},
      {"pg_float4mul", 2, 4, multiply},   {"pg_float8mul", 2, 8, multiply},
      {"pg_float4div", 2, 4, divide},     {"pg_float8div", 2, 8, divide},
      {"pg_floatum", 1, 8, negate},       {"pg_floatabs", 1, 8, absolute},
      {"pg_int_float4", 1, 4, from_int},  {"pg_int_float8", 1, 8, from_int},
      {"pg_float4", 1, 4, narrow},        {"pg_float_int2", 1, 2, to_int},
      {"pg_float_int4", 1, 4, to_int},    {"pg_float_int8", 1, 8, to_int},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    int rc = peg_define(db, table[i].name, table[i].args, table[i].f, table[i].width);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}
