/*
** SQL functions that compute what PostgreSQL computes. Each is strict (NULL for
** a NULL argument) and immutable, and takes values in their stored form; an
** error is raised as "SQLSTATE:message". Functions in functions.go lists them.
*/
#ifndef PEGMATITE_FUNCTIONS_H
#define PEGMATITE_FUNCTIONS_H

#include "layer.h"

typedef void (*peg_function)(sqlite3_context *, int, sqlite3_value **);

int peg_define(sqlite3 *db, const char *name, int args, peg_function f, intptr_t data);
intptr_t peg_data(sqlite3_context *ctx);
void peg_raise(sqlite3_context *ctx, const char *error);

/* The checks that every function begins with. They answer 0 when the call is
** over: a NULL argument (the result is NULL) or one of another kind (XX000). */
int peg_ints(sqlite3_context *ctx, int argc, sqlite3_value **argv);
int peg_texts(sqlite3_context *ctx, int argc, sqlite3_value **argv);

#define OUT_OF_RANGE_2 "22003:smallint out of range"
#define OUT_OF_RANGE_4 "22003:integer out of range"
#define OUT_OF_RANGE_8 "22003:bigint out of range"
#define DIVISION_BY_ZERO "22012:division by zero"

int peg_register_int(sqlite3 *db);
int peg_register_float(sqlite3 *db);
int peg_register_like(sqlite3 *db);
int peg_register_text(sqlite3 *db);
int peg_register_time(sqlite3 *db);

/* UTF-8, which every TEXT is. */
static inline int utf8_width(uint8_t lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }
size_t peg_lower(const uint8_t *p, size_t n, uint8_t *out);
size_t peg_upper(const uint8_t *p, size_t n, uint8_t *out);

#endif
