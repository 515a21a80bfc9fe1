-- ALTER TABLE … ALTER COLUMN … TYPE
create table acct (id int primary key, name varchar(10), amount int default 7, note text, constraint some check (amount > 0));
create index acct_name on acct (name);
create unique index acct_note on acct (note);
insert into acct select i, 'n' || i, i * 10, 'note ' || i from generate_series(1, 50) i;
insert into acct (id, name) values (51, null);
-- without a rewrite
alter table acct alter name type varchar(20);
alter table acct alter column name set data type text;
insert into acct values (52, repeat('x', 30), 5, null);
select count(*), max(length(name)) from acct;
-- with one
alter table acct alter amount type numeric(12,2);
\d acct
select * from acct where id in (1, 50, 51, 52) order by id;
select sum(amount), min(amount), max(amount) from acct;
insert into acct values (53, 'd', default, 'another');
select amount from acct where id = 53;
insert into acct values (54, 'd', -1, 'third');
alter table acct alter note type int;
alter table acct alter note type varchar(3);
alter table acct alter note type text using upper(note), alter amount type int using amount * 2 + id;
select * from acct where note = 'NOTE 17';
select sum(amount) from acct;
insert into acct values (60, 'e', 1, 'NOTE 17');
-- a key's type
alter table acct alter id type bigint;
select * from acct where id = 9;
insert into acct values (9, 'again', 1, 'x');
alter table acct alter id type text using 'k' || id;
select * from acct where id = 'k9';
select count(*) from acct;
alter table acct alter id type text using 'same';
select count(distinct id) from acct;
update acct set name = 'renamed' where id = 'k3';
select * from acct where id = 'k3';
-- defaults
create table def (a int default 1, b text default 'x', c timestamp default now(), d int default null, e boolean default true);
alter table def alter a type boolean using a = 1;
alter table def alter a drop default, alter a type boolean using a = 1, alter a set default false;
alter table def alter b type varchar(5);
alter table def alter c type date;
alter table def alter d type text;
alter table def alter e type int;
alter table def alter e type int using e::int;
alter table def alter e type text;
\d def
insert into def values (default, default, '2001-02-03');
select a, b, c, d, e from def;
-- errors
alter table def alter nosuch type int;
alter table def alter ctid type int;
alter table def alter a type nosuch;
alter table def alter a type int using a::int, alter a type text;
alter table def alter a type int using b;
alter table def alter b type int using 'x';
alter table def alter b type int using 42;
alter table def alter b type text using (select 1);
alter table def alter b type text using count(*);
alter table def alter b type text using nosuch;
alter table def alter a type text collate "C";
alter table def alter d type int collate "C";
alter table def alter d type int;
alter table def alter d type int using d::int;
alter table def alter b type text collate "C";
\d def
select * from def;
alter table nosuch alter a type int;
alter table if exists nosuch alter a type int;
-- several at a time, each over the old row
create table other (f1 int, f2 int, f3 text);
insert into other values (1, 2, 'three'), (4, 5, 'six');
alter table other alter f1 type text using f2 || ' and ' || f3 || ' more', alter f2 type bigint using f1 * 10, drop column f3;
select * from other order by f2;
alter table other add g int default 3, alter f2 type text, add unique (f2);
\d other
select * from other order by f2;
-- checks
create table chk (a int check (a <= 10), b text);
alter table chk alter a type boolean using a > 3;
insert into chk values (5, '1');
alter table chk add constraint later check (a < 3) not valid;
alter table chk alter a type bigint;
alter table chk alter b type int using b::int, add check (b > 1);
alter table chk validate constraint later, alter a type smallint;
alter table chk alter a type numeric using a * 100;
alter table chk alter a set not null, alter a type int using null;
select * from chk;
\d chk
-- identity and serial
create table ids (a int generated always as identity, b serial, c text);
insert into ids (c) values ('one'), ('two');
alter table ids alter a type bigint, alter b type bigint;
alter table ids alter a type text;
\d ids
\d ids_a_seq
\d ids_b_seq
insert into ids (c) values ('three');
select * from ids order by a;
alter table ids alter a type smallint;
\d ids_a_seq
-- generated columns
create table gen (a int, b int generated always as (a * 2) stored, c int);
insert into gen values (1), (2);
alter table gen alter b type numeric;
alter table gen alter b type bigint using 3;
alter table gen alter a type bigint;
alter table gen alter b type boolean;
alter table gen alter c type text;
\d gen
select * from gen order by a;
-- views
create table seen (a int, b text);
create view look as select a from seen;
alter table seen alter a type bigint;
alter table seen alter b type varchar(4);
drop view look;
-- rows as values
create table part (x int, y text);
create table whole (p part);
alter table part alter x type bigint;
alter table part alter x type part;
drop table whole;
alter table part alter x type bigint;
-- within a transaction
begin;
insert into seen values (1, 'in'), (2, 'out');
alter table seen alter a type text using 'a' || a;
insert into seen values ('b3', 'more');
savepoint s;
alter table seen alter a type varchar(1);
rollback to s;
select * from seen order by a;
alter table seen alter a type int using substr(a, 2)::int;
select * from seen order by a;
rollback;
select * from seen;
\d seen
-- domains, enums, arrays
create domain pos as int check (value > 0);
create type mood as enum ('sad', 'ok', 'happy');
create table odd (a int, b text, c int[]);
insert into odd values (1, 'ok', '{1,2}'), (2, 'sad', null);
alter table odd alter a type pos, alter b type mood using b::mood, alter c type text[];
alter table odd alter a type int using a - 1;
alter table odd alter a type pos;
select * from odd order by b;
alter table odd alter c type int[];
alter table odd alter c type bigint[] using c::bigint[];
alter table odd alter b type varchar(2);
alter table odd alter b type varchar(3);
select * from odd order by b;
\d odd
create temp table tmp (a int);
insert into tmp values (1);
alter table tmp alter a type text;
select * from tmp where a = '1';
