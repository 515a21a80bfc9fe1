-- enums
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy day');
CREATE TYPE mood AS ENUM ('x');
CREATE TYPE longlabel AS ENUM ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
CREATE TYPE empty AS ENUM ();
SELECT enum_first(NULL::empty);
SELECT 'x'::empty;
SELECT 'sad'::mood, 'happy day'::mood::text, mood 'ok', CAST('ok' AS mood);
SELECT 'bad'::mood;
SELECT ''::mood;
SELECT NULL::mood, pg_typeof('sad'::mood), pg_typeof(ARRAY['sad'::mood]);
-- comparison, functions
SELECT 'sad'::mood < 'ok', 'sad'::mood = 'ok', 'happy day'::mood > 'ok'::mood, 'ok'::mood <> 'ok', 'ok' <= 'sad'::mood;
SELECT enum_first(NULL::mood), enum_last('sad'::mood), enum_range(NULL::mood), enum_range('ok'::mood, NULL), enum_range(NULL, 'ok'::mood), enum_range('happy day'::mood, 'sad'::mood);
SELECT 'sad'::mood = 'sad'::text;
SELECT 'sad'::mood = 1;
SELECT 1::mood;
SELECT 'sad'::mood::int;
SELECT 'sad'::mood || 'x';
SELECT greatest('sad'::mood, 'ok'), least('sad'::mood, 'ok'), coalesce(NULL, 'ok'::mood), nullif('ok'::mood, 'ok'), CASE WHEN true THEN 'ok'::mood ELSE 'sad' END;
SELECT 'ok'::mood IN ('sad', 'ok'), 'ok'::mood IN ('sad', 'nix');
SELECT 'ok'::mood = ANY ('{sad,ok}'), 'ok'::mood = ANY ('{sad,ok}'::mood[]), 'ok'::mood BETWEEN 'sad' AND 'happy day';
SELECT '{sad,"happy day",NULL}'::mood[], ARRAY['sad','ok']::mood[], '{nix}'::mood[];
SELECT '{sad,"happy day",NULL}'::mood[], (ARRAY['sad','ok']::mood[])[2], array_append('{ok}'::mood[], 'sad'), 'ok'::mood = ALL (enum_range('ok'::mood, 'ok'));
SELECT unnest(enum_range(NULL::mood)) AS m ORDER BY m DESC;
SELECT 'ok'::text::mood, concat('sa', 'd')::mood, ('{' || 'ok' || '}')::mood[];
SELECT to_json('ok'::mood), jsonb_build_object('m', 'happy day'::mood, 'l', enum_range(NULL::mood));
SELECT format('%s %I %L', 'ok'::mood, 'happy day'::mood, 'sad'::mood);
-- tables
CREATE TABLE person (name text PRIMARY KEY, m mood NOT NULL DEFAULT 'ok', past mood[] DEFAULT '{sad}', CHECK (m <> 'sad' OR name <> 'Joe'));
INSERT INTO person VALUES ('Ann', 'happy day', '{ok,sad}'), ('Bob', 'sad'), ('Cid');
INSERT INTO person (name) VALUES ('Dan');
INSERT INTO person VALUES ('Joe', 'sad');
INSERT INTO person VALUES ('Eve', 'glad');
INSERT INTO person VALUES ('Eve', 'sad'::text);
INSERT INTO person VALUES ('Eve', 'sad'::text::mood), ('Fay', NULL);
SELECT * FROM person ORDER BY m, name;
SELECT m, count(*), min(name) FROM person GROUP BY m ORDER BY m DESC;
SELECT min(m), max(m), array_agg(m ORDER BY m DESC), count(DISTINCT m) FROM person;
SELECT name FROM person WHERE m > 'sad' ORDER BY name;
SELECT name FROM person WHERE m::text LIKE '%a%' ORDER BY name;
SELECT name FROM person WHERE 'sad' = ANY (past) ORDER BY name;
UPDATE person SET m = 'happy day', past = past || m WHERE m = 'ok' RETURNING *;
DELETE FROM person WHERE m = 'sad' RETURNING name, m;
SELECT DISTINCT m FROM person ORDER BY 1;
\d person
CREATE TABLE keyed (m mood PRIMARY KEY, n int, o mood UNIQUE);
INSERT INTO keyed VALUES ('sad', 1, 'ok'), ('ok', 2, 'sad');
INSERT INTO keyed VALUES ('sad', 3, NULL);
INSERT INTO keyed VALUES ('happy day', 3, 'ok');
INSERT INTO keyed VALUES ('sad', 4, NULL) ON CONFLICT (m) DO UPDATE SET n = excluded.n RETURNING *;
SELECT * FROM keyed WHERE m = 'ok';
SELECT * FROM keyed WHERE m >= 'ok' ORDER BY m;
SELECT a.m, b.n FROM keyed a JOIN keyed b ON a.m = b.o ORDER BY 1;
CREATE INDEX keyed_n ON keyed (o, n);
SELECT o FROM keyed WHERE o < 'ok';
SELECT m, n FROM keyed UNION SELECT 'happy day', 9 ORDER BY 1;
-- ADD VALUE
ALTER TYPE mood ADD VALUE 'ok';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok';
ALTER TYPE mood ADD VALUE 'x' BEFORE 'nix';
ALTER TYPE mood ADD VALUE 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
ALTER TYPE int4 ADD VALUE 'x';
ALTER TYPE nix ADD VALUE 'x';
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad';
ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'great';
INSERT INTO keyed VALUES ('fine', 5, 'awful'), ('great', 6, 'great');
SELECT * FROM keyed ORDER BY m;
SELECT * FROM keyed ORDER BY o DESC NULLS LAST;
SELECT enumsortorder, enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY enumsortorder;
CREATE TYPE insenum AS ENUM ('L1', 'L2');
ALTER TYPE insenum ADD VALUE 'i1' BEFORE 'L2';
ALTER TYPE insenum ADD VALUE 'i2' BEFORE 'L2';
ALTER TYPE insenum ADD VALUE 'i3' AFTER 'L1';
ALTER TYPE insenum ADD VALUE 'i4' BEFORE 'i3';
SELECT enum_range(NULL::insenum);
SELECT enumsortorder, enumlabel FROM pg_enum WHERE enumtypid = 'insenum'::regtype ORDER BY 1;
BEGIN;
ALTER TYPE mood ADD VALUE 'new';
SELECT 'sad'::mood;
SAVEPOINT s;
SELECT 'new'::mood;
ROLLBACK TO s;
SELECT enum_last(NULL::mood);
ROLLBACK TO s;
SELECT enum_range(NULL::mood);
ROLLBACK TO s;
SELECT enum_range('ok'::mood, 'great'), enum_first(NULL::mood);
INSERT INTO keyed VALUES ('new');
ROLLBACK TO s;
COMMIT;
SELECT 'new'::mood;
BEGIN;
ALTER TYPE mood ADD VALUE 'never';
ROLLBACK;
SELECT 'never'::mood;
BEGIN;
CREATE TYPE fresh AS ENUM ('a');
ALTER TYPE fresh ADD VALUE 'b';
SELECT 'b'::fresh;
ALTER TYPE fresh RENAME TO fresher;
ALTER TYPE fresher ADD VALUE 'c';
SELECT enum_range(NULL::fresher);
COMMIT;
BEGIN;
ALTER TYPE fresher RENAME VALUE 'a' TO 'aa';
SELECT 'aa'::fresher;
SAVEPOINT s;
SELECT 'a'::fresher;
ROLLBACK TO s;
ROLLBACK;
SELECT enum_range(NULL::fresher);
-- RENAME VALUE
CREATE VIEW cheerful AS SELECT name, 'happy day'::mood AS like_me FROM person WHERE m = 'happy day' OR past @> '{"happy day"}';
ALTER TYPE mood RENAME VALUE 'nix' TO 'x';
ALTER TYPE mood RENAME VALUE 'ok' TO 'sad';
ALTER TYPE mood RENAME VALUE 'happy day' TO 'merry';
ALTER TYPE mood RENAME VALUE 'sad' TO 'it''s sad';
ALTER TYPE mood RENAME VALUE 'ok' TO 'so so';
SELECT * FROM person ORDER BY m, name;
SELECT * FROM cheerful ORDER BY 1;
\d+ cheerful
\d person
INSERT INTO person (name) VALUES ('Joe') RETURNING *;
UPDATE person SET m = 'it''s sad' WHERE name = 'Joe';
SELECT 'happy day'::mood;
-- other changes
ALTER TYPE mood RENAME TO feeling;
\d person
\d+ cheerful
SELECT pg_typeof(m), 'merry'::feeling FROM person WHERE name = 'Ann';
SELECT 'merry'::mood;
CREATE SCHEMA other;
ALTER TYPE feeling SET SCHEMA other;
\d person
SELECT pg_typeof(m) FROM person WHERE name = 'Ann';
SELECT 'merry'::feeling;
SELECT 'merry'::other.feeling;
SELECT 'x'::other.feeling;
SELECT * FROM cheerful ORDER BY 1;
SET search_path = other, public;
\d person
SELECT '{merry}'::feeling[];
RESET search_path;
ALTER SCHEMA other RENAME TO another;
SELECT 'x'::another.feeling;
\d person
ALTER TYPE another.feeling SET SCHEMA public;
COMMENT ON TYPE feeling IS 'how one feels';
SELECT obj_description('feeling'::regtype, 'pg_type');
\dT+ feeling
ALTER TYPE feeling OWNER TO nobody_there;
ALTER TABLE person ADD COLUMN f feeling DEFAULT 'fine';
SELECT name, f FROM person ORDER BY 1;
ALTER TABLE person ADD COLUMN g feeling;
ALTER TABLE person DROP COLUMN g;
-- names
CREATE TABLE feeling (a int);
CREATE VIEW feeling AS SELECT 1;
CREATE TYPE person AS ENUM ('a');
ALTER TABLE keyed RENAME TO feeling;
ALTER TYPE insenum RENAME TO feeling;
CREATE TYPE _feeling AS ENUM ('a');
CREATE TYPE _person AS ENUM ('a');
SELECT typname, typtype, typcategory FROM pg_type WHERE typname LIKE '%feeling' OR typname LIKE '%person' ORDER BY 1;
SELECT '{merry}'::feeling[], pg_typeof('{merry}'::feeling[]), '{merry}'::__feeling;
-- DROP
DROP TYPE feeling;
DROP TYPE nix;
DROP TYPE IF EXISTS nix, nowhere.nix, insenum;
DROP TYPE __feeling;
DROP TYPE person;
DROP TYPE int4;
DROP DOMAIN feeling;
DROP TYPE feeling CASCADE;
\d person
\d keyed
SELECT * FROM person ORDER BY 1;
SELECT * FROM keyed ORDER BY 1;
DROP SCHEMA another;
CREATE TYPE another.e AS ENUM ('a');
CREATE TABLE uses (a another.e, b int);
DROP SCHEMA another;
DROP SCHEMA another CASCADE;
\d uses
-- two enums
CREATE TYPE one AS ENUM ('a');
CREATE TYPE other AS ENUM ('a');
SELECT 'a'::one = 'a'::other;
SELECT 'a'::one UNION SELECT 'a'::other;
SELECT CASE WHEN true THEN 'a'::one ELSE 'a'::other END;
SELECT 'a'::one UNION ALL SELECT 'a' ORDER BY 1;
CREATE SCHEMA there;
CREATE TYPE there.e AS ENUM ('x');
CREATE TABLE here (e there.e, n int);
CREATE VIEW seen AS SELECT e FROM here;
DROP SCHEMA there;
DROP SCHEMA there CASCADE;
\d here
