-- Functions in statements of every kind.
create table t(a int primary key, b int); insert into t select i, i from generate_series(1,5) i;
create function f(int) returns int language sql as 'select $1 * 2';
create function fp(int) returns int language plpgsql as 'begin return $1 * 2; end';
create view uv as select a, f(b) fb, b from t where fp(a) > 2;
update uv set b = fp(b) where a = 3; select * from uv order by 1; insert into uv(a, b) values (9, fp(9)); select * from t order by 1;
select a from t order by fp(b) desc fetch first 2 rows with ties;
create table chi(x int primary key, y int references t(a)); insert into chi values (1, fp(1)); select * from chi; insert into chi values (2, fp(50));
alter table t alter b type bigint using fp(b::int) + 1; select * from t order by 1;
create index on t (b); select a from t where b = fp(2) + 1;
select a from t where a = fp(1)
prepare p(int) as select a from t where a = fp($1); execute p(1); execute p(2); deallocate p;
select count(*) from t where exists (select 1 from chi where y = fp(a));
with c as (select fp(a) z from t) select sum(z) from c;
select fp(a) from t union select f(a) from t order by 1 limit 3;
select array(select fp(a) from t order by a); select fp((select max(a) from t));
insert into t values (20, fp(1)) on conflict (a) do update set b = fp(excluded.b::int) returning fp(a), b; insert into t values (20, fp(1)) on conflict (a) do update set b = fp(excluded.b::int) returning fp(a), b;
create sequence sq; create function nx() returns bigint language sql as 'select nextval(''sq'')'; select nx(), nx(), nx() from t where a < 3; select currval('sq');
begin isolation level repeatable read; select count(*) from t; create function rrc() returns bigint language sql as 'select count(*) from t'; select rrc(); insert into t values (100, 1); select rrc(); commit; select rrc();
create function st() returns bigint stable language sql as 'select count(*) from t'; with i as (insert into t values (101, 1) returning a) select st(), (select count(*) from i); select st();
