date '2001-09-28' + 7
7 + date '2001-09-28'
date '2001-10-01' - 7
date '2001-10-01' - date '2001-09-28'
date '2001-09-28' + interval '1 hour'
date '2001-09-28' - interval '1 month'
date '2001-09-28' + time '03:00'
time '03:00' + date '2001-09-28'
date '2001-09-28' + timetz '03:00+02'
timestamp '2001-09-28 01:00' + interval '23 hours'
timestamp '2001-01-31' + interval '1 month'
timestamp '2001-09-29 03:00' - timestamp '2001-07-27 12:00'
timestamp '2001-09-28 23:00' - interval '23 hours'
timestamptz '2001-09-28 23:00+00' + interval '1 day'
time '01:00' + interval '3 hours'
time '05:00' - time '03:00'
time '05:00' - interval '2 hours'
interval '1 day' + interval '1 hour'
interval '1 day' - interval '1 hour'
- interval '23 hours'
interval '1 hour' * 3.5
900 * interval '1 second'
21 * interval '1 day'
interval '1 hour' / 1.5
interval '1 hour' / 0
interval '1 month' * 1.5
age(timestamp '2001-04-10', timestamp '1957-06-13')
age(timestamptz '2001-04-10', timestamptz '1957-06-13')
justify_days(interval '35 days')
justify_hours(interval '27 hours')
justify_interval(interval '1 mon -1 hour')
isfinite(date '2001-02-16')
isfinite(timestamp 'infinity')
isfinite(interval '4 hours')
date 'infinity' + 1
extract(century from timestamp '2000-12-16 12:21:13')
extract(century from date '0001-01-01')
extract(century from date '0001-12-31 BC')
extract(day from timestamp '2001-02-16 20:38:40')
extract(day from interval '40 days 1 minute')
extract(decade from timestamp '2001-02-16 20:38:40')
extract(dow from timestamp '2001-02-16 20:38:40')
extract(doy from timestamp '2001-02-16 20:38:40')
extract(epoch from timestamptz '2001-02-16 20:38:40.12-08')
extract(epoch from timestamp '2001-02-16 20:38:40.12')
extract(epoch from interval '5 days 3 hours')
extract(epoch from interval '1 year 1 month')
extract(epoch from date '2001-02-16')
extract(epoch from time '01:02:03.5')
extract(hour from timestamp '2001-02-16 20:38:40')
extract(isodow from timestamp '2001-02-18 20:38:40')
extract(isoyear from date '2006-01-01')
extract(julian from date '2006-01-01')
extract(julian from timestamp '2006-01-01 12:00')
extract(microseconds from time '17:12:28.5')
extract(millennium from timestamp '2001-02-16 20:38:40')
extract(milliseconds from time '17:12:28.5')
extract(minute from timestamp '2001-02-16 20:38:40')
extract(month from interval '2 years 13 months')
extract(quarter from timestamp '2001-02-16 20:38:40')
extract(second from timestamp '2001-02-16 20:38:40')
extract(second from time '17:12:28.5')
extract(timezone from timestamptz '2001-02-16 20:38:40+00')
extract(timezone_hour from timetz '20:38:40+05:30')
extract(timezone_minute from timetz '20:38:40+05:30')
extract(week from timestamp '2001-02-16 20:38:40')
extract(week from date '2005-01-01')
extract(year from timestamp '2001-02-16 20:38:40')
extract(year from date '0044-03-15 BC')
extract(hour from date '2001-02-16')
extract(foo from date '2001-02-16')
extract(timezone from timestamp '2001-02-16')
extract(epoch from timestamp 'infinity')
extract(day from timestamp 'infinity')
extract(year from timestamp '-infinity')
date_part('day', timestamp '2001-02-16 20:38:40')
date_part('hour', interval '4 hours 3 minutes')
date_part('second', timestamp '2001-02-16 20:38:40.5')
date_part('epoch', interval '1 day')
date_part('year', date '2001-02-16')
date_part('hour', date '2001-02-16')
date_part('minute', time '10:11:12')
date_part('timezone_hour', timetz '10:11:12-03')
date_trunc('hour', timestamp '2001-02-16 20:38:40')
date_trunc('year', timestamp '2001-02-16 20:38:40')
date_trunc('week', timestamp '2001-02-16 20:38:40')
date_trunc('quarter', timestamp '2001-05-16 20:38:40')
date_trunc('decade', timestamp '2001-02-16 20:38:40')
date_trunc('century', timestamp '2001-02-16 20:38:40')
date_trunc('millennium', timestamp '2000-02-16 20:38:40')
date_trunc('milliseconds', timestamp '2001-02-16 20:38:40.123456')
date_trunc('day', timestamptz '2001-02-16 20:38:40+00')
date_trunc('day', timestamptz '2001-02-16 20:38:40+00', 'Australia/Sydney')
date_trunc('hour', interval '3 days 02:47:33')
date_trunc('month', interval '13 months 3 days')
date_trunc('year', interval '30 months')
date_trunc('week', interval '3 days')
date_trunc('foo', timestamp '2001-02-16')
date_trunc('dow', timestamp '2001-02-16')
date_trunc('day', date '2001-02-16')
date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01')
date_bin('15 minutes', timestamptz '1999-02-11 15:44:17Z', timestamptz '2001-01-01 00:02Z')
date_bin('1 month', timestamp '2020-02-11', timestamp '2001-01-01')
date_bin('-1 day', timestamp '2020-02-11', timestamp '2001-01-01')
make_date(2013, 7, 15)
make_date(2013, 13, 15)
make_time(8, 15, 23.5)
make_timestamp(2013, 7, 15, 8, 15, 23.5)
make_timestamptz(2013, 7, 15, 8, 15, 23.5)
make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Europe/London')
make_interval(days => 10)
make_interval(1, 2, 3, 4, 5, 6, 7.5)
make_interval(years => 1, hours => 2)
to_timestamp(1284352323)
to_timestamp(1284352323.5)
timestamp '2001-02-16 20:38:40' AT TIME ZONE 'America/Denver'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE 'America/Denver'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE 'MST'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE 'PST'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE INTERVAL '-08:00'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE INTERVAL '1 month'
timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE 'Nowhere/Land'
timetz '20:38:40-05' AT TIME ZONE INTERVAL '-08:00'
(date '2001-02-16', date '2001-12-21') OVERLAPS (date '2001-10-30', date '2002-10-30')
(date '2001-02-16', interval '100 days') OVERLAPS (date '2001-10-30', date '2002-10-30')
(date '2001-10-29', date '2001-10-30') OVERLAPS (date '2001-10-30', date '2001-10-31')
(time '10:00', time '11:00') OVERLAPS (time '10:30', interval '1 hour')
(timestamp '2000-01-01', NULL) OVERLAPS (timestamp '2000-01-01', timestamp '2001-01-01')
date '2001-01-01' = timestamp '2001-01-01'
date '2001-01-01' < timestamptz '2001-01-02 00:00+00'
timestamp '2001-01-01' = timestamptz '2001-01-01 00:00+00'
date '2001-01-01' > date '2000-01-01'
time '10:00' < time '11:00'
timetz '10:00+00' < timetz '10:00+01'
interval '1 month' = interval '30 days'
interval '1 day' > interval '23 hours'
timestamp '2001-01-01 12:34:56.789'::date
timestamp '2001-01-01 12:34:56.789'::time
timestamptz '2001-01-01 12:34:56+02'::date
timestamptz '2001-01-01 12:34:56+02'::time
timestamptz '2001-01-01 12:34:56+02'::timetz
timestamptz '2001-01-01 12:34:56+02'::timestamp
date '2001-01-01'::timestamptz
date '2001-01-01'::timestamp
time '12:34:56'::interval
interval '25 hours'::time
timetz '12:34:56+02'::time
timestamp '2001-01-01 12:34:56.789'::timestamp(0)
'12:34:56.789'::time(1)
interval '1.5678 seconds'::interval(2)
interval '1 day 2 hours'::interval hour
now() = transaction_timestamp()
generate_series(1, 5)
generate_series(5, 1, -2)
generate_series(1, 5, 0)
generate_series(2147483646, 2147483647)
generate_series(1::int8, 3::int8)
generate_series(1.0, 3.0, 0.5)
generate_series(1, 'NaN'::numeric)
generate_series(timestamp '2008-03-01', timestamp '2008-03-04', '1 day')
generate_series(timestamptz '2008-03-01 00:00Z', timestamptz '2008-03-02 00:00Z', '10 hours')
generate_series(date '2008-03-01', date '2008-03-03', '1 day')
