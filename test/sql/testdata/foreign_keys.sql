-- FOREIGN KEY constraints: what they refuse and do, how they are made, shown and dropped.
\set VERBOSITY default

-- referring and referred rows
CREATE TABLE author (id int PRIMARY KEY, name text UNIQUE);
CREATE TABLE book (id int PRIMARY KEY, author int REFERENCES author, title text);
INSERT INTO author VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO book VALUES (1, 1, 'x'), (2, 2, 'y'), (3, NULL, 'z');
INSERT INTO book VALUES (4, 9, 'w');
INSERT INTO book SELECT g, g, 't' FROM generate_series(10, 13) g;
INSERT INTO book VALUES (4, 3, 'w'), (5, 7, 'v');
UPDATE book SET author = 8 WHERE id = 1;
UPDATE book SET author = 2 WHERE id = 1;
UPDATE book SET title = 'x2', author = author WHERE id = 1;
DELETE FROM author WHERE id = 2;
DELETE FROM author;
DELETE FROM author WHERE id = 1;
UPDATE author SET id = 20 WHERE id = 2;
UPDATE author SET id = 30 WHERE id = 3;
UPDATE author SET id = id, name = 'bb' WHERE id = 2;
-- a key that another row takes over stays there to be referred to
BEGIN;
WITH gone AS (DELETE FROM author WHERE id = 2 RETURNING *) INSERT INTO author SELECT 40, 'forty' FROM gone;
ROLLBACK;
SELECT * FROM author ORDER BY id;
SELECT * FROM book ORDER BY id;
INSERT INTO book VALUES (7, 5, 'q') ON CONFLICT DO NOTHING;
INSERT INTO book VALUES (1, 5, 'q') ON CONFLICT DO NOTHING;
INSERT INTO book VALUES (1, 5, 'q') ON CONFLICT (id) DO UPDATE SET title = 'upserted';
INSERT INTO book VALUES (1, 2, 'q') ON CONFLICT (id) DO UPDATE SET author = 77;
INSERT INTO book VALUES (1, 5, 'q') ON CONFLICT (id) DO UPDATE SET author = 30 RETURNING *;
INSERT INTO author VALUES (2, 'n') ON CONFLICT (id) DO UPDATE SET id = 50;
INSERT INTO book VALUES (8, 6, 'r') RETURNING id;
WITH w AS (INSERT INTO author VALUES (60, 'sixty') RETURNING id) INSERT INTO book SELECT 60, id, 'same statement' FROM w;
COPY book FROM stdin;
70	2	copied
71	99	copied
\.
COPY book FROM stdin;
70	2	copied
\.
SELECT * FROM book ORDER BY id;
DROP TABLE book, author;

-- actions
CREATE TABLE p (a int, b int, note text, PRIMARY KEY (a, b));
CREATE TABLE c_cascade (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE c_null (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL ON UPDATE SET NULL);
CREATE TABLE c_default (id int PRIMARY KEY, a int DEFAULT 1, b int DEFAULT 1, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET DEFAULT ON UPDATE SET DEFAULT);
CREATE TABLE c_part (id int PRIMARY KEY, a int, b int DEFAULT 0, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL (b) ON UPDATE CASCADE);
INSERT INTO p SELECT x, y, 'n' FROM generate_series(1, 4) x, generate_series(1, 3) y;
INSERT INTO c_cascade SELECT x * 10 + y, x, y FROM generate_series(1, 4) x, generate_series(1, 3) y;
INSERT INTO c_null SELECT * FROM c_cascade;
INSERT INTO c_default SELECT * FROM c_cascade;
INSERT INTO c_part SELECT * FROM c_cascade;
DELETE FROM p WHERE a = 2 AND b = 2;
DELETE FROM p WHERE a = 3;
UPDATE p SET b = b + 10 WHERE a = 4;
UPDATE p SET a = 5 WHERE a = 4 AND b = 11;
UPDATE p SET note = 'other';
SELECT * FROM c_cascade ORDER BY id;
SELECT * FROM c_null ORDER BY id;
SELECT * FROM c_default ORDER BY id;
SELECT * FROM c_part ORDER BY id;
DELETE FROM p WHERE a = 1 AND b = 1;
DROP TABLE c_default;
CREATE TABLE c_restrict (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE RESTRICT ON UPDATE RESTRICT);
INSERT INTO c_restrict VALUES (1, 1, 2);
DELETE FROM p WHERE b = 2;
UPDATE p SET a = 100 WHERE a = 1 AND b = 2;
DELETE FROM p WHERE a = 1 AND b = 3;
ALTER TABLE c_cascade ALTER a SET NOT NULL;
ALTER TABLE c_null ALTER a SET NOT NULL;
DELETE FROM c_null WHERE a IS NULL;
ALTER TABLE c_null ALTER a SET NOT NULL;
DELETE FROM c_restrict;
DELETE FROM p WHERE a = 1 AND b = 1;
DROP TABLE c_restrict, c_part, c_null, c_cascade, p;

-- chains of tables, and a table that refers to itself
CREATE TABLE t1 (id int PRIMARY KEY);
CREATE TABLE t2 (id int PRIMARY KEY REFERENCES t1 ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE t3 (id int PRIMARY KEY REFERENCES t2 ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE t4 (id int REFERENCES t3 ON DELETE SET NULL ON UPDATE CASCADE, v int);
INSERT INTO t1 SELECT generate_series(1, 3000);
INSERT INTO t2 SELECT id FROM t1;
INSERT INTO t3 SELECT id FROM t2;
INSERT INTO t4 SELECT id, id FROM t3;
DELETE FROM t1 WHERE id > 2500;
UPDATE t1 SET id = id + 10000 WHERE id <= 1500;
SELECT (SELECT count(*) FROM t1), (SELECT count(*) FROM t2), (SELECT count(*) FROM t3), count(*), count(id), sum(id) FROM t4;
TRUNCATE t1, t2;
TRUNCATE t1;
TRUNCATE t1, t2, t3, t4;
INSERT INTO t1 VALUES (1);
INSERT INTO t2 VALUES (1);
TRUNCATE t2 CASCADE;
SELECT (SELECT count(*) FROM t1), count(*) FROM t2;
DROP TABLE t1;
DROP TABLE t1 CASCADE;
INSERT INTO t2 VALUES (44);
DROP TABLE t4, t3, t2;
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
INSERT INTO tree VALUES (1, 1), (2, 1), (3, 2), (4, 3), (5, 5), (6, 5);
INSERT INTO tree VALUES (7, 8), (8, 7);
INSERT INTO tree VALUES (9, 10);
INSERT INTO tree SELECT g, g - 1 FROM generate_series(101, 160) g;
INSERT INTO tree SELECT g, NULLIF(g - 1, 100) FROM generate_series(101, 160) g;
DELETE FROM tree WHERE id IN (1, 101);
SELECT * FROM tree ORDER BY id;
DROP TABLE tree;

-- MATCH
CREATE TABLE m (a int, b int, UNIQUE (b, a));
INSERT INTO m VALUES (1, 1), (NULL, 2);
CREATE TABLE m_simple (a int, b int, FOREIGN KEY (a, b) REFERENCES m (a, b) MATCH SIMPLE);
CREATE TABLE m_full (a int, b int, FOREIGN KEY (a, b) REFERENCES m (a, b) MATCH FULL);
CREATE TABLE m_partial (a int, b int, FOREIGN KEY (a, b) REFERENCES m (a, b) MATCH PARTIAL);
INSERT INTO m_simple VALUES (1, 1), (NULL, 5), (NULL, NULL), (6, NULL);
INSERT INTO m_simple VALUES (NULL, 2), (1, 2);
INSERT INTO m_full VALUES (1, 1), (NULL, NULL);
INSERT INTO m_full VALUES (NULL, 1);
INSERT INTO m_full VALUES (2, 1);
UPDATE m_full SET a = NULL WHERE a = 1;
DELETE FROM m WHERE a IS NULL;
DELETE FROM m;
DROP TABLE m_simple, m_full, m;

-- when checks wait
CREATE TABLE d1 (id int PRIMARY KEY);
CREATE TABLE d2 (id int PRIMARY KEY, r int CONSTRAINT waits REFERENCES d1 DEFERRABLE INITIALLY DEFERRED, s int CONSTRAINT may_wait REFERENCES d1 DEFERRABLE, q int CONSTRAINT never REFERENCES d1);
BEGIN;
INSERT INTO d2 (id, r) VALUES (1, 1);
INSERT INTO d1 VALUES (1);
COMMIT;
BEGIN;
INSERT INTO d2 (id, r) VALUES (2, 2);
COMMIT;
INSERT INTO d2 (id, r) VALUES (2, 2);
INSERT INTO d2 (id, s) VALUES (2, 2);
BEGIN;
DELETE FROM d1;
SAVEPOINT s;
INSERT INTO d1 VALUES (1);
ROLLBACK TO s;
UPDATE d2 SET r = NULL;
COMMIT;
BEGIN;
SET CONSTRAINTS may_wait DEFERRED;
INSERT INTO d2 (id, r, s) VALUES (3, 3, 4);
SAVEPOINT s;
SET CONSTRAINTS waits IMMEDIATE;
ROLLBACK TO s;
INSERT INTO d1 VALUES (3);
SET CONSTRAINTS waits IMMEDIATE;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO d2 (id, r, s) VALUES (3, 3, 4);
DELETE FROM d2 WHERE id = 3;
INSERT INTO d2 (id, q) VALUES (3, 5);
COMMIT;
BEGIN;
SET CONSTRAINTS never DEFERRED;
ROLLBACK;
BEGIN;
SET CONSTRAINTS nowhere DEFERRED;
ROLLBACK;
SET CONSTRAINTS ALL DEFERRED;
BEGIN;
INSERT INTO d2 (id, r) VALUES (4, 4);
ALTER TABLE d2 ADD COLUMN more int;
ROLLBACK;
ALTER TABLE d2 ALTER CONSTRAINT never DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE d2 ALTER CONSTRAINT waits NOT DEFERRABLE;
ALTER TABLE d2 ALTER CONSTRAINT d2_pkey DEFERRABLE;
ALTER TABLE d2 ALTER CONSTRAINT nowhere DEFERRABLE;
BEGIN;
INSERT INTO d2 (id, q) VALUES (4, 4);
INSERT INTO d2 (id, r) VALUES (4, 4);
ROLLBACK;
DROP TABLE d2, d1;
CREATE TABLE bad (a int DEFERRABLE);
CREATE TABLE bad (a int REFERENCES bad NOT DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE bad (a int REFERENCES bad DEFERRABLE NOT DEFERRABLE);

-- constraints that are added, validated, renamed, dropped
CREATE TABLE v1 (id int PRIMARY KEY, k text UNIQUE);
CREATE TABLE v2 (id int, r int, k text);
INSERT INTO v1 VALUES (1, 'one'), (2, 'two');
INSERT INTO v2 VALUES (1, 1, 'one'), (2, 3, 'two'), (3, NULL, 'three');
ALTER TABLE v2 ADD CONSTRAINT refers FOREIGN KEY (r) REFERENCES v1;
ALTER TABLE v2 ADD CONSTRAINT refers FOREIGN KEY (r) REFERENCES v1 NOT VALID;
INSERT INTO v2 VALUES (4, 4, NULL);
UPDATE v2 SET id = 22 WHERE id = 2;
ALTER TABLE v2 VALIDATE CONSTRAINT refers;
UPDATE v2 SET r = 2 WHERE id = 22;
ALTER TABLE v2 VALIDATE CONSTRAINT refers;
ALTER TABLE v2 VALIDATE CONSTRAINT refers;
ALTER TABLE v2 ADD FOREIGN KEY (k) REFERENCES v1 (k);
DELETE FROM v2 WHERE k = 'three';
ALTER TABLE v2 ADD FOREIGN KEY (k) REFERENCES v1 (k) ON UPDATE CASCADE;
ALTER TABLE v2 ADD CONSTRAINT refers FOREIGN KEY (k) REFERENCES v1 (k);
ALTER TABLE v2 RENAME CONSTRAINT refers TO refers_to;
COMMENT ON CONSTRAINT refers_to ON v2 IS 'a comment';
UPDATE v1 SET k = 'uno' WHERE id = 1;
SELECT * FROM v2 ORDER BY id;
\d v1
\d v2
ALTER TABLE v1 RENAME COLUMN k TO key;
ALTER TABLE v2 RENAME TO v22;
ALTER TABLE v1 RENAME CONSTRAINT v1_k_key TO v1_key;
INSERT INTO v22 VALUES (9, 1, 'nine');
UPDATE v1 SET key = 'dos' WHERE key = 'two';
SELECT conname, contype, condeferrable, condeferred, convalidated, conrelid::regclass, conindid::regclass, confrelid::regclass, confupdtype, confdeltype, confmatchtype,
  conkey, confkey, conpfeqop::regoperator[], conppeqop::regoperator[], conffeqop::regoperator[], pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')
  FROM pg_constraint WHERE contype = 'f' ORDER BY conname;
SELECT constraint_name, unique_constraint_name, match_option, update_rule, delete_rule FROM information_schema.referential_constraints ORDER BY 1;
SELECT constraint_name, table_name, column_name, ordinal_position, position_in_unique_constraint FROM information_schema.key_column_usage ORDER BY 1, 4;
SELECT constraint_name, table_name, column_name FROM information_schema.constraint_column_usage WHERE table_schema = 'public' ORDER BY 1, 3;
ALTER TABLE v1 DROP CONSTRAINT v1_key;
ALTER TABLE v1 DROP COLUMN key;
DROP INDEX v1_key;
ALTER TABLE v1 DROP CONSTRAINT v1_pkey CASCADE;
ALTER TABLE v1 DROP COLUMN key CASCADE;
\d v22
ALTER TABLE v22 DROP CONSTRAINT refers_to;
ALTER TABLE v22 DROP CONSTRAINT IF EXISTS refers_to;
DROP TABLE v1, v22;
CREATE TABLE w1 (a int, b int);
CREATE UNIQUE INDEX w1_ab ON w1 (a, b);
CREATE TABLE w2 (a int, b int, FOREIGN KEY (b, a) REFERENCES w1 (b, a));
INSERT INTO w1 VALUES (1, 2);
INSERT INTO w2 VALUES (1, 2);
INSERT INTO w2 VALUES (2, 1);
DROP INDEX w1_ab;
ALTER TABLE w2 DROP COLUMN b;
DROP INDEX w1_ab;
ALTER TABLE w1 ADD PRIMARY KEY (a);
ALTER TABLE w2 ADD COLUMN c int REFERENCES w1, ADD COLUMN d int DEFAULT 1 REFERENCES w1;
ALTER TABLE w2 ADD COLUMN e int DEFAULT 5 REFERENCES w1;
SELECT * FROM w2;
DROP TABLE w1;
DROP TABLE w1 CASCADE;
\d w2
DROP TABLE w2;

-- what cannot be a foreign key
CREATE TABLE x1 (a int PRIMARY KEY, b int, c text, d date UNIQUE, n numeric UNIQUE);
CREATE TABLE x2 (a int REFERENCES nowhere);
CREATE TABLE x2 (a int REFERENCES x1 (b));
CREATE TABLE x2 (a int REFERENCES x1 (z));
CREATE TABLE x2 (a int, FOREIGN KEY (z) REFERENCES x1);
CREATE TABLE x2 (a int, FOREIGN KEY (a, a) REFERENCES x1 (a, a));
CREATE TABLE x2 (a int, b int, FOREIGN KEY (a, b) REFERENCES x1);
CREATE TABLE x2 (a text REFERENCES x1);
CREATE TABLE x2 (a numeric REFERENCES x1 (a));
CREATE TABLE x2 (a text REFERENCES x1 (d));
CREATE TABLE x2 (a int REFERENCES x1 ON DELETE SET NULL (b), b int);
CREATE TABLE x2 (a int, b int, FOREIGN KEY (a) REFERENCES x1 ON DELETE SET NULL (b));
CREATE TABLE x2 (a int, b int, FOREIGN KEY (a) REFERENCES x1 ON DELETE SET NULL (z));
CREATE TABLE x2 (a int, g int GENERATED ALWAYS AS (a) STORED REFERENCES x1 ON DELETE SET NULL);
CREATE TABLE x2 (a int, g int GENERATED ALWAYS AS (a) STORED REFERENCES x1 ON UPDATE CASCADE);
CREATE TABLE x2 (a int REFERENCES pg_class (oid));
CREATE TEMP TABLE x2 (a int REFERENCES x1);
CREATE TEMP TABLE x3 (a int PRIMARY KEY);
CREATE TABLE x2 (a int REFERENCES x3);
CREATE TABLE x2 (ctid_ int, FOREIGN KEY (ctid) REFERENCES x1);
CREATE TABLE x2 (a int CONSTRAINT k REFERENCES x1, b int CONSTRAINT k REFERENCES x1);
CREATE VIEW x4 AS SELECT * FROM x1;
CREATE TABLE x2 (a int REFERENCES x4);
DROP VIEW x4;

-- types that are compared although they differ
CREATE TABLE y (a bigint REFERENCES x1, b timestamp REFERENCES x1 (d), c int REFERENCES x1 (n), d smallint REFERENCES x1 (n));
INSERT INTO x1 VALUES (1, 1, 'c', '2020-02-02', 1.0), (2, 2, 'c', '2021-02-02', 2.5);
INSERT INTO y VALUES (1, '2020-02-02', 1, 1);
INSERT INTO y VALUES (2, '2020-02-02 12:00', NULL, NULL);
INSERT INTO y VALUES (3000000000, NULL, NULL, NULL);
INSERT INTO y VALUES (1, NULL, 2, NULL), (1, NULL, 1, NULL);
DELETE FROM x1 WHERE a = 1;
UPDATE x1 SET n = 1.00 WHERE a = 1;
UPDATE x1 SET d = d + 1 WHERE a = 1;
SELECT conname, conpfeqop::regoperator[], conppeqop::regoperator[], conffeqop::regoperator[] FROM pg_constraint WHERE contype = 'f' ORDER BY conname;
DROP TABLE y, x1;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE z1 (a positive PRIMARY KEY, e colour UNIQUE, s varchar(5) UNIQUE, arr int[] UNIQUE);
CREATE TABLE z2 (a int REFERENCES z1 ON UPDATE CASCADE, e colour REFERENCES z1 (e) ON UPDATE CASCADE, s text REFERENCES z1 (s) ON UPDATE CASCADE, arr int[] REFERENCES z1 (arr) ON DELETE CASCADE);
INSERT INTO z1 VALUES (1, 'red', 'r', '{1,2}'), (2, NULL, NULL, '{3}');
INSERT INTO z2 VALUES (1, 'red', 'r', '{1,2}'), (2, NULL, NULL, '{3}');
INSERT INTO z2 VALUES (1, 'green', 'r', NULL);
INSERT INTO z2 VALUES (1, 'red', 'r ', NULL);
INSERT INTO z2 VALUES (1, 'red', 'r', '{1}');
UPDATE z1 SET a = a + 5, e = 'green', s = 'g' WHERE a = 1;
DELETE FROM z1 WHERE a = 6;
SELECT * FROM z2 ORDER BY a;
DROP TABLE z1, z2;
DROP TYPE colour;
DROP DOMAIN positive;

-- names in other schemas
CREATE SCHEMA other;
CREATE TABLE other.p (a int PRIMARY KEY);
CREATE TABLE q (a int REFERENCES other.p, b int CONSTRAINT "Odd ""name""" REFERENCES other.p);
INSERT INTO q VALUES (1, NULL);
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'q'::regclass ORDER BY 1;
DROP SCHEMA other;
DROP SCHEMA other CASCADE;
\d q
INSERT INTO q VALUES (1, NULL);
DROP TABLE q;

-- a statement that does it all, in a block and at another level
CREATE TABLE r1 (a int PRIMARY KEY);
CREATE TABLE r2 (a int REFERENCES r1 ON DELETE CASCADE);
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO r1 VALUES (1), (2);
INSERT INTO r2 VALUES (1), (2), (1);
DELETE FROM r1 WHERE a = 1;
SELECT * FROM r2;
INSERT INTO r2 VALUES (1);
ROLLBACK;
BEGIN;
SAVEPOINT s;
INSERT INTO r2 VALUES (1);
ROLLBACK TO s;
INSERT INTO r1 VALUES (1);
INSERT INTO r2 VALUES (1);
COMMIT;
PREPARE ins(int) AS INSERT INTO r2 VALUES ($1);
EXECUTE ins(1);
EXECUTE ins(7);
PREPARE del(int) AS DELETE FROM r1 WHERE a = $1;
EXECUTE del(1);
SELECT * FROM r2;
DROP TABLE r1, r2;

-- tables whose rows do not last
create temp table tp(a int primary key) on commit delete rows;
create temp table tc(a int references tp) on commit delete rows;
begin; insert into tp values (1); insert into tc values (1); insert into tc values (2); rollback;
begin; insert into tp values (1); insert into tc values (1); commit;
select * from tp, tc;
create temp table td(a int references tp);
begin; insert into tp values (1); insert into td values (1); commit;
begin; insert into tp values (1); commit;
drop table td;
begin; insert into tp values (1); insert into tc values (1); commit;
create temp table tx(a int primary key) on commit drop;
drop table tp cascade;
create unlogged table u1(a int primary key);
create unlogged table u2(a int references u1);
create table l1(a int primary key);
create table l2(a int references l1);
alter table l1 set unlogged;
alter table l2 set unlogged;
alter table l1 set unlogged;
alter table l1 set logged;
alter table l2 set logged;
alter table u2 set logged;
alter table u1 set logged;
alter table u2 set logged;
alter table u2 set unlogged;
create table s(a int primary key, b int references s);
alter table s set unlogged;
alter table s set logged;
DROP TABLE s, u1, u2, l1, l2, tc;

-- columns of other types, and MERGE
create table p(a int primary key, t text unique);
create table c(a int references p, t text references p(t), x varchar(10));
insert into p values (1,'a'),(2,'b');
insert into c values (1,'a');
alter table p alter a type bigint;
insert into c values (3,null);
alter table c alter a type bigint;
alter table c alter a type smallint using a::smallint;
alter table c alter a type text;
alter table p alter a type numeric;
alter table c alter a type numeric;
alter table p alter a type bigint;
alter table p alter a type int using (a+1)::int;
alter table c alter t type int using 5;
alter table c alter t type varchar(20) using 'zz';
alter table c alter t type varchar(20);
insert into c values (1,'zz');
insert into c values (1,'b');
select * from c order by 1, 2;
alter table c alter a type int, alter t type text;
merge into c using (values (1,'a'),(2,'b')) v(a,t) on c.a=v.a when matched then update set t=v.t when not matched then insert values (v.a,v.t);
merge into p using (values (1),(2)) v(a) on p.a=v.a when matched then delete;
select * from c order by 1,2;
create table z(id int primary key);
merge into c using p on false when not matched then insert (a) values (p.a+100);
\d c
DROP TABLE c, p, z;
