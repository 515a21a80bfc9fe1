-- Rows that functions return as one value have the columns that they promise.
\set SHOW_CONTEXT never
create or replace function rngfuncbar(out integer, out numeric) as $$ select (1, 2.1) $$ language sql;
select * from rngfuncbar(); select rngfuncbar(); select (rngfuncbar()).column2;
create or replace function rngfuncbar(out integer, out numeric) as $$ select (1, 2) $$ language sql;
select * from rngfuncbar();
create or replace function rngfuncbar(out integer, out numeric) as $$ select (1, 2.1, 3) $$ language sql;
select * from rngfuncbar();
create or replace function rngfuncbar(out integer, out numeric) as $$ select null::record $$ language sql;
select * from rngfuncbar();
drop function rngfuncbar();
