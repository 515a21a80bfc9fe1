-- Functions in the expressions and predicates of indexes.
create table t(a int primary key, b int); insert into t select i, i from generate_series(1,100) i;
create function fi(int) returns int language sql immutable as 'select $1 * 2';
create function fpi(int) returns int language plpgsql immutable as 'begin return $1 * 2; end';
create function fv(int) returns int language sql as 'select $1 * 2';
create index i1 on t (fi(b)); 
select a from t where fi(b) = 10; insert into t values (200, 200); select a from t where fi(b) = 400; update t set b = 201 where a = 200; select a from t where fi(b) = 402;
create unique index i4 on t (fi(a)); insert into t values (200, 5);
create index i5 on t (b) where fi(a) > 10;
\d t
drop function fi(int);
drop function fi(int) cascade;
\d t
create index i2 on t (fpi(b)); select a from t where fpi(b) = 10;
