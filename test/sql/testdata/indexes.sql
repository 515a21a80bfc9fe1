-- partial indexes, indexes on expressions, NULLS NOT DISTINCT, INCLUDE
create table people (id int primary key, name text, email varchar(40), age int, active boolean, born date);
insert into people select i, 'Name' || i, 'User' || i || '@x.org', i % 50, i % 3 = 0, date '2000-01-01' + i from generate_series(1, 300) i;
create unique index people_email on people (lower(email));
create index people_expr on people ((age + 1), name desc nulls last);
create index on people (lower(name), (id % 10));
create index people_part on people (age) where active;
create unique index people_one on people (age, name) where active and id > 150;
create index people_like on people (name text_pattern_ops);
create index people_c on people (name collate "C");
create index people_inc on people (age) include (name, email);
\d people
select indexrelid::regclass, indnatts, indnkeyatts, indkey, indisunique, indnullsnotdistinct, pg_get_expr(indexprs, indrelid) as exprs, pg_get_expr(indpred, indrelid) as pred
  from pg_index where indrelid = 'people'::regclass order by 1::text;
select indexname, indexdef from pg_indexes where tablename = 'people' order by 1;
select attname, attnum, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'people_lower_id_idx'::regclass or attrelid = 'people_expr'::regclass order by attrelid::regclass::text, attnum;
select pg_get_indexdef('people_expr'::regclass, 1, true), pg_get_indexdef('people_expr'::regclass, 2, true), pg_get_indexdef('people_lower_id_idx'::regclass, 2, false);
-- they are looked through
select id from people where lower(email) = 'user17@x.org';
select id from people where lower(email) in ('user17@x.org', 'user18@x.org', 'User19@x.org') order by 1;
select count(*) from people where age + 1 = 5;
select id from people where age + 1 between 5 and 6 and name < 'Name2' order by id;
select id from people where active and id > 150 and age = 20 and name = 'Name270';
select id from people where active and id > 200 and age = 20 and name = 'Name270';
select id from people where active and id > 100 and age = 20 and name = 'Name120';
select p.id, q.id from people p join people q on lower(q.email) = lower(p.email) where p.id in (3, 5) order by 1;
select p.id, q.id from people p left join people q on q.id = p.id + 1 and lower(q.email) = 'user6@x.org' where coalesce(lower(q.email), 'none') = 'none' and p.id < 4 order by 1;
-- unique
insert into people values (400, 'x', 'USER17@X.ORG');
insert into people values (400, 'Name200', 'new@x.org', 270 % 50, true, '2001-01-01');
insert into people values (401, 'Name270', 'new2@x.org', 270 % 50, true, '2001-01-01');
insert into people values (401, 'Name270', 'new2@x.org', 270 % 50, false, '2001-01-01');
update people set active = true where id = 401;
update people set email = 'uSER1@x.ORG' where id = 2;
update people set email = upper(email) where id < 10;
select id, email from people where lower(email) = 'user5@x.org';
delete from people where lower(email) = 'user5@x.org';
insert into people values (5, 'back', 'User5@x.org');
-- conflicts
insert into people values (500, 'c', 'USER7@x.org') on conflict (lower(email)) do update set name = excluded.name || people.id;
insert into people values (500, 'c', 'USER8@x.org') on conflict (lower(email)) do nothing;
insert into people values (500, 'Name270', 'other@x.org', 20, true, '2001-01-01') on conflict (age, name) where active and id > 150 do update set name = 'met';
insert into people values (500, 'Name200', 'other@x.org', 0, true, '2001-01-01') on conflict (age, name) where active do nothing;
insert into people values (500, 'Name200', 'other@x.org', 0, true, '2001-01-01') on conflict (age, name) do nothing;
insert into people values (500, 'Name200', 'other@x.org', 0, true, '2001-01-01') on conflict (upper(email)) do nothing;
insert into people values (500, 'Name200', 'USER9@x.org', 0, true, '2001-01-01') on conflict do nothing;
select id, name, email, age from people where id in (7, 8, 270, 500) order by id;
-- errors
create index on people (now());
create index on people ((born + now()));
create index on people (age) where born > now();
create index on people (age) where age;
create index on people ((select 1));
create index on people (age) where exists (select 1);
create index on people (count(*));
create index on people (age) where sum(age) > 1;
create index on people (generate_series(1, age));
create index on people (nosuch);
create index on people ((nosuch + 1));
create index on people (age) where nosuch > 1;
create index on people (ctid);
create index on people (age) include ((age + 1));
create index on people (age) include (nosuch);
create unique index on people ((nullif(greatest(id, 299), 299) / 400));
create unique index on people ((id / 1000)) where id in (3, 4);
create unique index on people (active) where id < 20 and active;
create unique index people_few on people ((age % 7)) where id < 7;
create index on people (name nosuch_ops);
create index on people (age text_pattern_ops);
create index on people (age collate "C");
create index on people using hash (name, age);
create unique index on people using hash (name);
-- what goes with what
alter table people rename column email to mail;
alter table people rename column active to live;
\d people
alter table people alter mail type text;
insert into people values (600, 'x', 'uSer20@x.org');
select id from people where lower(mail) = 'user20@x.org';
alter table people drop column live;
alter table people drop column age;
drop index people_email;
insert into people values (600, 'x', 'uSer20@x.org');
\d people
-- nulls
create table nulls (a int, b text, id serial primary key);
insert into nulls (a, b) values (1, 'x'), (null, 'x'), (1, null), (null, null);
create unique index nulls_ab on nulls (a, b) nulls not distinct;
insert into nulls values (null, null);
insert into nulls values (null, 'x');
insert into nulls values (1, null);
insert into nulls values (2, null);
insert into nulls values (2, null) on conflict (a, b) do update set b = 'was null';
select a, b from nulls order by a, b;
delete from nulls where b = 'x' or a = 2;
alter table nulls add constraint nulls_b unique nulls not distinct (b);
delete from nulls where a is null;
alter table nulls add constraint nulls_b unique nulls not distinct (b);
insert into nulls values (7, null);
insert into nulls values (7, 'x');
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'nulls'::regclass order by 1;
\d nulls
create table nulls2 (a int, unique nulls not distinct (a));
insert into nulls2 values (null);
insert into nulls2 values (null);
create unique index nulls2_part on nulls2 (abs(a)) nulls not distinct where a is null or a > 0;
insert into nulls2 values (-1), (-2), (3);
insert into nulls2 values (3);
select * from nulls2 order by a;
\d nulls2
-- included columns
create table inc (a int, b int, c text, primary key (a) include (b), unique (b) include (c, a));
insert into inc values (1, 2, 'x');
insert into inc values (1, 3, 'x');
insert into inc values (2, 2, 'x');
\d inc
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'inc'::regclass order by 1;
-- in a transaction
begin;
create table tx (a int, b text);
create unique index tx_e on tx (upper(b));
insert into tx values (1, 'a');
savepoint s;
insert into tx values (2, 'A');
rollback to s;
create index tx_p on tx ((a * 2)) where a > 0;
select a from tx where a * 2 = 2 and a > 0;
insert into tx values (5, 'five');
select a from tx where a * 2 = 10 and a > 0;
rollback to s;
select a from tx where upper(b) = 'A';
commit;
\d tx
copy tx from stdin;
3	c
4	C
\.
copy tx from stdin;
3	c
4	d
\.
select * from tx where upper(b) = 'D';
truncate tx;
select * from tx where upper(b) = 'D';
-- generated columns and domains below
create table gen (a int, g int generated always as (a * 2) stored);
create index gen_x on gen ((g + 1));
create unique index gen_p on gen (g) where g > 10;
insert into gen values (1), (2), (7);
update gen set a = a + 1;
select * from gen where g + 1 = 5;
insert into gen values (8);
select * from gen order by a;
create domain posint as int check (value > 0);
create table dom (d posint);
create index on dom ((d + 1));
create unique index on dom ((d)) where d > 1;
insert into dom values (1), (1), (2);
insert into dom values (2);
\d dom
