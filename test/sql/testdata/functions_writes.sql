-- Functions that write while the statement that calls them does; functions over rows on shards.
create table big(a int primary key, b int); insert into big select i, i % 10 from generate_series(1,20000) i;
create function p(int) returns int language plpgsql stable as 'begin return $1 % 7; end';
create function s1(int) returns int language sql stable as 'select max(b) from big where a = $1';
create function inl(int) returns int language sql as 'select $1 % 7';
select count(*) from big where p(a) = 3;
select sum(p(a)), sum(inl(a)) from big where a < 5000;
select count(*) from big where s1(a) = 3 and a < 1000;
update big set b = p(a) where a < 500;
select sum(b) from big;
select p(a), count(*) from big group by p(a) order by 1;
select a from big order by p(a), a limit 3;
select count(*) from big x join big y on p(x.a) = y.a where x.a < 100;
delete from big where p(a) = 0 and a < 100; select count(*) from big;
-- own writes
create table w(i int primary key, x int);
create function wf(int) returns int language sql as 'insert into w values ($1 + 1000, 1); select $1';
insert into w select wf(i), 0 from generate_series(1,50) i; select count(*), sum(x) from w;
begin; savepoint a; insert into w select wf(i), 0 from generate_series(51,60) i; rollback to a; select count(*) from w; commit; select count(*) from w;
update w set x = wf(i + 5000) where i < 5; select count(*), sum(x) from w;
insert into w values (wf(9000), wf(9001)); select count(*) from w;
create function wupd(int) returns int language sql as 'update w set x = x + 1 where i = $1 returning x';
select sum(wupd(i)) from w where i < 20;
update w set x = wupd(i) + 100 where i = 1; select * from w where i = 1;
create function wdel(int) returns int language sql as 'delete from w where i = $1 returning i';
delete from w where i < 5 and wdel(i) > 0; select count(*) from w where i < 5;
create function uniq(int) returns int language sql as 'insert into w values ($1, 1); select 1';
select uniq(10); select uniq(99990); select count(*) from w where i = 99990;
begin; select uniq(99991); select uniq(10); rollback; select count(*) from w where i = 99991;
create function ctas() returns bigint language sql as 'create table if not exists zz(a int); select 1::bigint'; select ctas();  select ctas();
select set_config('search_path', 'public', false);
create function usesp() returns text language sql set search_path = pg_catalog as 'select current_setting(''search_path'')'; select usesp(), current_setting('search_path');
create function deft() returns int language plpgsql as 'begin return 42; end'; create table df(a int primary key, b int default deft()); copy df(a) from stdin;
1
2
\.
select * from df order by 1;
create role ro; set role ro; select inl(3); create function public.nope() returns int language sql as 'select 1'; reset role;
create function secd() returns name language sql security definer as 'select current_user'; select secd() = current_user;
drop role ro;
merge into w using (values (10)) v(k) on w.i = v.k when matched then update set x = inl(k);
select x from w where i = 10;
select * from w where i = any(array[inl(8), 10]) order by 1;
select case when i > 10 then inl(i) else p(i) end from w where i in (10, 11) order by 1;
select coalesce(s1(99999999), -1);
create view vv as select inl(a) z, p(a) from big where a < 4; select * from vv order by 1;
create table ct2 as select s1(a) q from big where a in (3, 4); select * from ct2 order by 1;
create function srfq(int) returns setof int language sql volatile as 'select a from big where a <= $1 order by a'; select count(*) from srfq(500); select * from srfq(3); select srfq(2), srfq(3);
select x.* from (values (1),(2)) v(k), lateral srfq(v.k) x order by 1;
