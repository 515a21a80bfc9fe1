/*
** Dates and timestamps without time zone: src/backend/utils/adt/date.c and
** timestamp.c. A date is days, a timestamp µs, both since 2000-01-01; the ends
** of the integer's range are the infinities.
*/
#include <math.h>

#include "functions.h"

#define DATE_INFINITY INT32_MAX
#define DATE_MINUS_INFINITY INT32_MIN
#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)
#define MINUTE INT64_C(60000000)
#define SECOND INT64_C(1000000)

/* Days from 2000-01-01 of the first value and behind the last one:
** Julian day 0, and the limits of PostgreSQL's two types (datatype/timestamp.h). */
#define EPOCH_JULIAN 2451545
#define DATE_FIRST (-EPOCH_JULIAN)
#define DATE_END (2147483494 - EPOCH_JULIAN)
#define TIMESTAMP_END_DAY (109203528 - EPOCH_JULIAN)
#define TIMESTAMP_FIRST ((int64_t)DATE_FIRST * DAY)
#define TIMESTAMP_END ((int64_t)TIMESTAMP_END_DAY * DAY)

#define DATE_RANGE "22008:date out of range"
#define TIMESTAMP_RANGE "22008:timestamp out of range"

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int finite_timestamp(int64_t t) { return t != INT64_MAX && t != INT64_MIN; }
static int finite_date(int64_t d) { return d != DATE_INFINITY && d != DATE_MINUS_INFINITY; }

/* --------------------------------------------------------------- the calendar */

/* Years are astronomical: 0 is 1 BC. */
typedef struct civil {
  int64_t year;
  int month, day;
} civil;

/* The proleptic Gregorian calendar repeats every 400 years of 146097 days; a
** year that begins in March has its leap day last. */
static civil civil_of(int64_t days) {
  int64_t z = days + 730425; /* since 0000-03-01 */
  int64_t era = floor_div(z, 146097), doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  civil c = {.day = (int)(doy - (153 * mp + 2) / 5 + 1), .month = (int)(mp < 10 ? mp + 3 : mp - 9)};
  c.year = yoe + era * 400 + (c.month <= 2);
  return c;
}

static int64_t days_of(int64_t year, int month, int day) {
  int64_t y = year - (month <= 2), era = floor_div(y, 400), yoe = y - era * 400;
  int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 730425;
}

static int month_days(int64_t year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

/* Monday is 0; 2000-01-01 was a Saturday. */
static int weekday(int64_t days) { return (int)(days + 5 - floor_div(days + 5, 7) * 7); }

/* The Monday that ISO week 1 of the year begins with: the week of 4 January. */
static int64_t iso_start(int64_t year) {
  int64_t fourth = days_of(year, 1, 4);
  return fourth - weekday(fourth);
}

static int64_t iso_year(int64_t days) {
  int64_t year = civil_of(days).year;
  if (days >= iso_start(year + 1)) return year + 1;
  return days < iso_start(year) ? year - 1 : year;
}

/* How PostgreSQL numbers what astronomers call `year`: there is no year 0. */
static int64_t shown_year(int64_t year) { return year > 0 ? year : year - 1; }

/* ---------------------------------------------------------------- date_part */

enum field {
  MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS, DOW, ISODOW, DOY, WEEK, MONTHS, QUARTER,
  YEAR, DECADE, CENTURY, MILLENNIUM, ISOYEAR, EPOCH, JULIAN, /* these grow for ever */
};

/* Centuries and millennia: the first begins with year 1, before it there is the -1st. */
static int64_t period(int64_t year, int64_t n) { return year > 0 ? (year + n - 1) / n : -((n - 1 - (year - 1)) / n); }

static double part_of_year(enum field f, int64_t days) {
  int64_t year = f == ISOYEAR ? iso_year(days) : civil_of(days).year;
  switch (f) {
    case DECADE:
      return (double)floor_div(year, 10);
    case CENTURY:
      return (double)period(year, 100);
    case MILLENNIUM:
      return (double)period(year, 1000);
    default:
      return (double)shown_year(year);
  }
}

static double part_of_day(enum field f, int64_t us) {
  int64_t in_minute = us % MINUTE, sec = in_minute / SECOND, fraction = in_minute % SECOND;
  switch (f) {
    case MICROSECONDS:
      return (double)in_minute;
    case MILLISECONDS:
      return sec * 1000.0 + fraction / 1000.0;
    case SECONDS:
      return sec + fraction / 1000000.0;
    case MINUTES:
      return (double)(us / MINUTE % 60);
    default:
      return (double)(us / HOUR);
  }
}

static double part_of_date(enum field f, int64_t days) {
  civil c = civil_of(days);
  switch (f) {
    case DAYS:
      return c.day;
    case DOW:
      return (weekday(days) + 1) % 7;
    case ISODOW:
      return weekday(days) + 1;
    case DOY:
      return (double)(days - days_of(c.year, 1, 1) + 1);
    case WEEK:
      return (double)((days - iso_start(iso_year(days))) / 7 + 1);
    case MONTHS:
      return c.month;
    default:
      return (c.month - 1) / 3 + 1;
  }
}

static double part(enum field f, int64_t t) {
  int64_t days = floor_div(t, DAY), us = t - days * DAY;
  switch (f) {
    case EPOCH: {
      /* 10957 days lie between 1970 and 2000; in the last years the sum overflows. */
      int64_t since;
      if (!__builtin_add_overflow(t, 10957 * DAY, &since)) return since / 1000000.0;
      return ((double)t + 10957.0 * DAY) / 1000000.0;
    }
    case JULIAN: {
      int64_t sec = us / SECOND;
      return (double)(days + EPOCH_JULIAN) + ((double)sec + (double)(us % SECOND) / 1000000.0) / 86400.0;
    }
    default:
      if (f <= HOURS) return part_of_day(f, us);
      return f < YEAR ? part_of_date(f, days) : part_of_year(f, days);
  }
}

/* The field is each function's data. */
static void date_part(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t t = sqlite3_value_int64(argv[0]);
  enum field f = (enum field)peg_data(ctx);
  if (finite_timestamp(t))
    sqlite3_result_double(ctx, part(f, t));
  else if (f >= YEAR)
    sqlite3_result_double(ctx, t < 0 ? -INFINITY : INFINITY);
  else
    sqlite3_result_null(ctx);
}

/* --------------------------------------------------------------- date_trunc */

/* The year in which the period of n years begins that `year` is in. Decades
** begin with years divisible by 10, the others a year later. */
static int64_t year_start(enum field f, int64_t year) {
  switch (f) {
    case DECADE:
      return floor_div(year, 10) * 10;
    case CENTURY:
      return floor_div(year - 1, 100) * 100 + 1;
    case MILLENNIUM:
      return floor_div(year - 1, 1000) * 1000 + 1;
    default:
      return year;
  }
}

static int64_t first_day(enum field f, int64_t days) {
  civil c = civil_of(days);
  switch (f) {
    case DAYS:
      return days;
    case WEEK:
      return days - weekday(days);
    case MONTHS:
      return days_of(c.year, c.month, 1);
    case QUARTER:
      return days_of(c.year, (c.month - 1) / 3 * 3 + 1, 1);
    default:
      return days_of(year_start(f, c.year), 1, 1);
  }
}

static void date_trunc(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  static const int64_t unit[] = {[MICROSECONDS] = 1, [MILLISECONDS] = 1000, [SECONDS] = SECOND, [MINUTES] = MINUTE, [HOURS] = HOUR};
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t t = sqlite3_value_int64(argv[0]);
  enum field f = (enum field)peg_data(ctx);
  if (!finite_timestamp(t)) {
    sqlite3_result_int64(ctx, t);
  } else if (f <= HOURS) {
    sqlite3_result_int64(ctx, floor_div(t, unit[f]) * unit[f]);
  } else {
    int64_t start = first_day(f, floor_div(t, DAY));
    if (start < DATE_FIRST)
      peg_raise(ctx, TIMESTAMP_RANGE);
    else
      sqlite3_result_int64(ctx, start * DAY);
  }
}

/* --------------------------------------------------------------- arithmetic */

/* date ± integer; data is the sign. */
static void date_plus(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t d = sqlite3_value_int64(argv[0]), sum = d + peg_data(ctx) * sqlite3_value_int64(argv[1]);
  if (!finite_date(d))
    sqlite3_result_int64(ctx, d);
  else if (sum < DATE_FIRST || sum >= DATE_END)
    peg_raise(ctx, DATE_RANGE);
  else
    sqlite3_result_int64(ctx, sum);
}

static void date_minus_date(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t a = sqlite3_value_int64(argv[0]), b = sqlite3_value_int64(argv[1]);
  if (!finite_date(a) || !finite_date(b))
    peg_raise(ctx, "22008:cannot subtract infinite dates");
  else
    sqlite3_result_int64(ctx, a - b);
}

static void date_timestamp(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t d = sqlite3_value_int64(argv[0]);
  if (!finite_date(d))
    sqlite3_result_int64(ctx, d < 0 ? INT64_MIN : INT64_MAX);
  else if (d >= TIMESTAMP_END_DAY)
    peg_raise(ctx, "22008:date out of range for timestamp");
  else
    sqlite3_result_int64(ctx, d * DAY);
}

static void timestamp_date(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t t = sqlite3_value_int64(argv[0]);
  if (finite_timestamp(t))
    sqlite3_result_int64(ctx, floor_div(t, DAY));
  else
    sqlite3_result_int64(ctx, t < 0 ? DATE_MINUS_INFINITY : DATE_INFINITY);
}

static int valid_timestamp(int64_t t) { return t >= TIMESTAMP_FIRST && t < TIMESTAMP_END; }

/* Adds months, keeping the day where the month has it. */
static int add_months(int64_t *t, int64_t months) {
  int64_t days = floor_div(*t, DAY), us = *t - days * DAY;
  civil c = civil_of(days);
  int64_t month = c.year * 12 + c.month - 1 + months;
  c.year = floor_div(month, 12);
  c.month = (int)(month - c.year * 12) + 1;
  int last = month_days(c.year, c.month);
  days = days_of(c.year, c.month, c.day < last ? c.day : last);
  if (days < DATE_FIRST || days >= TIMESTAMP_END_DAY) return 0;
  *t = days * DAY + us;
  return 1;
}

static int add_days(int64_t *t, int64_t days) {
  int64_t sum = floor_div(*t, DAY) + days;
  if (sum < DATE_FIRST || sum >= TIMESTAMP_END_DAY) return 0;
  *t += days * DAY;
  return 1;
}

/* timestamp + interval, given as months, days and µs, which are added in this order. */
static void timestamp_plus(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  if (!peg_ints(ctx, argc, argv)) return;
  int64_t t = sqlite3_value_int64(argv[0]), months = sqlite3_value_int64(argv[1]), days = sqlite3_value_int64(argv[2]);
  if (!finite_timestamp(t))
    sqlite3_result_int64(ctx, t);
  else if ((months && !add_months(&t, months)) || (days && !add_days(&t, days)) ||
           __builtin_add_overflow(t, sqlite3_value_int64(argv[3]), &t) || !valid_timestamp(t))
    peg_raise(ctx, TIMESTAMP_RANGE);
  else
    sqlite3_result_int64(ctx, t);
}

static int define_fields(sqlite3 *db) {
  static const struct {
    const char *part, *trunc;
    enum field f;
  } fields[] = {
      {"pg_date_part_microseconds", "pg_date_trunc_microseconds", MICROSECONDS},
      {"pg_date_part_milliseconds", "pg_date_trunc_milliseconds", MILLISECONDS},
      {"pg_date_part_second", "pg_date_trunc_second", SECONDS},
      {"pg_date_part_minute", "pg_date_trunc_minute", MINUTES},
      {"pg_date_part_hour", "pg_date_trunc_hour", HOURS},
      {"pg_date_part_day", "pg_date_trunc_day", DAYS},
      {"pg_date_part_week", "pg_date_trunc_week", WEEK},
      {"pg_date_part_month", "pg_date_trunc_month", MONTHS},
      {"pg_date_part_quarter", "pg_date_trunc_quarter", QUARTER},
      {"pg_date_part_year", "pg_date_trunc_year", YEAR},
      {"pg_date_part_decade", "pg_date_trunc_decade", DECADE},
      {"pg_date_part_century", "pg_date_trunc_century", CENTURY},
      {"pg_date_part_millennium", "pg_date_trunc_millennium", MILLENNIUM},
      {"pg_date_part_dow", NULL, DOW},
      {"pg_date_part_isodow", NULL, ISODOW},
      {"pg_date_part_doy", NULL, DOY},
      {"pg_date_part_isoyear", NULL, ISOYEAR},
      {"pg_date_part_epoch", NULL, EPOCH},
      {"pg_date_part_julian", NULL, JULIAN},
  };
  int rc = SQLITE_OK;
  for (size_t i = 0; i < sizeof fields / sizeof *fields && rc == SQLITE_OK; i++) {
    rc = peg_define(db, fields[i].part, 1, date_part, fields[i].f);
    if (rc == SQLITE_OK && fields[i].trunc) rc = peg_define(db, fields[i].trunc, 1, date_trunc, fields[i].f);
  }
  return rc;
}

int peg_register_time(sqlite3 *db) {
  int rc = define_fields(db);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_date_pli", 2, date_plus, 1);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_date_mii", 2, date_plus, -1);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_date_mi", 2, date_minus_date, 0);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_date_timestamp", 1, date_timestamp, 0);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_timestamp_date", 1, timestamp_date, 0);
  if (rc == SQLITE_OK) rc = peg_define(db, "pg_timestamp_pl", 4, timestamp_plus, 0);
  return rc;
}
