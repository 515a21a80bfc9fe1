-- settings and functions of the session
select set_config('work_mem','5MB',false), current_setting('work_mem');
select set_config('work_mem','6MB',true), current_setting('work_mem');
show work_mem;
reset work_mem;
select setseed(0.5);
select random(), random();
select setseed(-1);
select random();
select setseed(2);
select regexp_replace('xab','x*','-','g'), regexp_replace('xxabx','x*?','-','g'), regexp_count('xab','x*');
select regexp_matches(E'1\n2\n3', '.?$', 'mg');
select decode(encode('\x1234567890abcdef00', 'escape'), 'escape'), decode(encode('\x01', 'base64'), 'base64'), decode(encode(('\x' || repeat('1234567890abcdef0001', 7))::bytea, 'base64'), 'base64');
select decode('AQ=', 'base64');
select decode('A===', 'base64');
select date_part('epoch', '294270-01-01 00:00:00'::timestamp), extract(epoch from '294270-01-01 00:00:00.5'::timestamp), extract(epoch from interval '1000000000 days'), extract(epoch from '2020-01-01 00:00:00.25'::timestamp);
select date_bin('365000 days'::interval, '4400-01-01 BC'::timestamp, '4000-01-01 BC'::timestamp);
select * from json_array_elements('[1,2]') q;
select q from json_array_elements_text('["a"]') q;
\dn
create table cp(a int, b text);
copy cp to stdout (header match);
copy cp to stdout (header wrong);
copy cp from stdin (format csv, header match);
a,b
1,2
\.
copy cp to stdout (header on);
drop table cp;
copy (select 'a' as t, 'b' as u) to stdout csv header force quote t;
-- Custom parameters exist from the first SET or RESET on, named as they were then.
SHOW unknown.custom;
RESET unknown.custom;
SHOW unknown.custom;
SET my.Var = 1.5;
SHOW "MY.VAR";
SET my.var TO DEFAULT;
SHOW my.var;
SELECT current_setting('my.none', true), current_setting('my.var');
SELECT current_setting('my.none');
SET my.var = a, b;
SET "1my.var" = 'x';
BEGIN;
SET my.undone = 'x';
ROLLBACK;
SHOW my.undone;
-- What a role or a database keeps must be right when it is kept.
CREATE ROLE keeper;
ALTER ROLE keeper SET nosuch = 'x';
ALTER ROLE keeper SET work_mem = 'x';
ALTER ROLE keeper SET statement_timeout = -5;
ALTER ROLE keeper SET max_connections = 5;
ALTER ROLE keeper SET DateStyle = 'nonsense';
ALTER ROLE keeper SET work_mem = 1, 2;
ALTER ROLE keeper SET my.var = 'kept';
DROP ROLE keeper;
