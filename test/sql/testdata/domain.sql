-- domains
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN small AS posint CONSTRAINT below_ten CHECK (VALUE < 10) NOT NULL;
CREATE DOMAIN code AS varchar(3) DEFAULT 'abc' CHECK (VALUE <> 'xxx') CONSTRAINT first_letter CHECK (VALUE ~ '^[a-z]');
CREATE DOMAIN amount AS numeric(6,2);
CREATE DOMAIN list AS int[] CHECK (array_length(VALUE, 1) < 4);
CREATE DOMAIN posint AS text;
CREATE DOMAIN bad AS int CHECK (other > 0);
CREATE DOMAIN bad AS int CHECK (VALUE > (SELECT 1));
CREATE DOMAIN bad AS int CHECK (VALUE);
CREATE DOMAIN bad AS int DEFAULT 'x';
CREATE DOMAIN bad AS int NULL NOT NULL;
CREATE DOMAIN bad AS int DEFAULT 1 DEFAULT 2;
CREATE DOMAIN bad AS int UNIQUE;
CREATE DOMAIN bad AS int CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT a CHECK (VALUE > 1);
CREATE DOMAIN bad AS anyelement;
CREATE DOMAIN bad AS nix;
\dD
-- conversions
SELECT 5::posint, '6'::posint, CAST(7 AS posint), posint '8', NULL::posint, 9.6::posint;
SELECT 0::posint;
SELECT '-1'::posint;
SELECT 'x'::posint;
SELECT NULL::small;
SELECT 0::small;
SELECT 10::small;
SELECT '5'::small, 5::posint::small, (5::small)::posint;
SELECT (20::posint)::small;
SELECT 'abcd'::code, 'abcd'::text::code, 'ab'::code || 'c', pg_typeof('a'::code), pg_typeof('a'::code || 'b');
SELECT 'xxx'::code;
SELECT 'A'::code;
SELECT 1.239::amount, '1.235'::amount, 12345::amount;
SELECT '{1,2,3}'::list, ARRAY[1,2]::list, ('{5,6}'::list)[2], ('{5,6,7}'::list)[1:2], pg_typeof(('{5,6,7}'::list)[1:2]);
SELECT '{1,2,3,4}'::list;
SELECT ARRAY[1,2,3,4]::list;
SELECT '{1,0}'::posint[];
SELECT ARRAY[1,-1]::posint[];
SELECT ARRAY[1,2]::int[]::posint[], '{abcd}'::text[]::code[];
SELECT ARRAY[1,-2]::int[]::posint[];
SELECT ('{1,' || '-3}')::posint[];
SELECT ('-' || '3')::posint;
SELECT now()::posint;
SELECT 5::posint + 1, 5::posint * 2::posint, -(5::posint), 5::posint = 5, 5::posint < '6', 7::posint = 7::small, pg_typeof(5::posint + 1);
SELECT max(x), sum(x), avg(x), pg_typeof(max(x)) FROM (VALUES (1::posint), (3)) v(x);
SELECT coalesce(NULL, 5::posint), greatest(1::posint, 2), CASE WHEN true THEN 1::posint ELSE 2::posint END, pg_typeof(CASE WHEN true THEN 1::posint ELSE 2::posint END), pg_typeof(coalesce(NULL, 5::posint));
SELECT 5::posint IN (1, 5), 5::posint = ANY (ARRAY[5, 6]), 5::posint BETWEEN 1 AND 9, upper('ab'::code), length('abc'::code);
SELECT to_json(5::posint), to_jsonb('{1,2}'::list), format('%s', 'ab'::code), array_append('{1,2}'::list, 3), unnest('{1,2}'::list);
SELECT array_length('{1,2}'::list, 1), '{1,2}'::list || 3, '{1,2}'::list = '{1,2}', 2 = ANY ('{1,2}'::list);
-- tables
CREATE TABLE t (id small PRIMARY KEY, p posint, c code, a amount DEFAULT 9.999, l list, ps posint[]);
\d t
INSERT INTO t VALUES (1, 2, 'def', 3.456, '{1,2}', '{3,4}');
INSERT INTO t (id) VALUES (2);
INSERT INTO t VALUES (NULL);
INSERT INTO t VALUES (11);
INSERT INTO t VALUES (3, 0);
INSERT INTO t VALUES (3, '0');
INSERT INTO t VALUES (3, 1, 'xxx');
INSERT INTO t VALUES (3, 1, 'abcd');
INSERT INTO t (id, l) VALUES (3, '{1,2,3,4}');
INSERT INTO t (id, ps) VALUES (3, '{1,0}');
INSERT INTO t (id, p) SELECT 3, -x FROM generate_series(1, 2) x;
INSERT INTO t (id, p) SELECT 3, 33 UNION SELECT 4, 44;
INSERT INTO t (p) VALUES (5);
INSERT INTO t (id, c) VALUES (5, DEFAULT), (6, NULL);
INSERT INTO t VALUES (1);
SELECT * FROM t ORDER BY id;
UPDATE t SET p = p - 33 WHERE id = 3;
UPDATE t SET p = p - 32 WHERE id = 3 RETURNING p, pg_typeof(p);
UPDATE t SET id = NULL WHERE id = 3;
UPDATE t SET l[4] = 4 WHERE id = 1;
UPDATE t SET l[3] = 4, c = DEFAULT, a = 1.999 WHERE id = 1 RETURNING *;
UPDATE t SET ps[2] = -1 WHERE id = 1;
INSERT INTO t (id, p) VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET p = excluded.p - 10;
INSERT INTO t (id, p) VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET p = excluded.p + 10 RETURNING p;
SELECT * FROM t WHERE id = 3;
SELECT id FROM t WHERE id > 4 ORDER BY id DESC;
SELECT id FROM t WHERE c = 'abc' ORDER BY id;
SELECT c, count(*), min(p) FROM t GROUP BY c ORDER BY c;
SELECT x.id, y.p FROM t x JOIN t y ON x.p = y.p ORDER BY 1;
CREATE INDEX t_c ON t (c, p);
SELECT p FROM t WHERE c >= 'abc' ORDER BY c, p, id;
DELETE FROM t WHERE p = 1 RETURNING id;
COPY t (id, p, c) FROM stdin;
7	70	ghi
\.
COPY t (id, p) FROM stdin;
8	-1
\.
COPY t (id, c) FROM stdin;
8	toolong
\.
COPY t (id, p) FROM stdin;
\N	8
\.
COPY t (id, ps) FROM stdin;
8	{1,-1}
\.
COPY (SELECT id, p, c, l FROM t ORDER BY id) TO stdout;
PREPARE ins (small, posint) AS INSERT INTO t (id, p) VALUES ($1, $2) RETURNING id, p;
EXECUTE ins (8, 80);
EXECUTE ins (9, -80);
EXECUTE ins (NULL, 1);
PREPARE sel AS SELECT $1::posint;
EXECUTE sel (3);
EXECUTE sel (-3);
-- in other types
CREATE TYPE pair AS (a posint, b code);
SELECT row(1, 'abc')::pair, '(2,b)'::pair, ('(2,b)'::pair).a;
SELECT row(0, 'abc')::pair;
SELECT '(-1,b)'::pair;
SELECT '{"(1,a)","(-1,a)"}'::pair[];
CREATE DOMAIN near AS pair CHECK ((VALUE).a < 5);
SELECT row(1, 'a')::near, ('(4,x)'::near).b, '(,)'::near;
SELECT row(7, 'a')::near;
SELECT '(0,a)'::near;
CREATE TABLE n (n near, m posint GENERATED ALWAYS AS ((n).a + 1) STORED);
INSERT INTO n VALUES (row(1, 'x')), ('(3,y)');
INSERT INTO n VALUES (row(5, 'x'));
INSERT INTO n (n.a, n.b) VALUES (2, 'z');
INSERT INTO n (n.a) VALUES (9);
UPDATE n SET n.a = 4 WHERE (n).a = 3 RETURNING *;
UPDATE n SET n.a = 5;
SELECT * FROM n ORDER BY n;
-- ALTER DOMAIN
ALTER DOMAIN posint ADD CONSTRAINT below_hundred CHECK (VALUE < 100);
CREATE TABLE u (p posint, q small DEFAULT 1);
INSERT INTO u VALUES (50), (NULL);
ALTER DOMAIN posint ADD CONSTRAINT below_fifty CHECK (VALUE < 50);
ALTER TYPE pair RENAME TO couple;
DROP TABLE n;
DROP DOMAIN near;
DROP TYPE couple;
ALTER TABLE t DROP COLUMN ps;
ALTER DOMAIN posint ADD CONSTRAINT below_hundred CHECK (VALUE < 100);
ALTER DOMAIN posint ADD CONSTRAINT below_fifty CHECK (VALUE < 50);
ALTER DOMAIN posint ADD CONSTRAINT below_fifty CHECK (VALUE < 50) NOT VALID;
ALTER DOMAIN posint ADD CHECK (VALUE <> 13);
INSERT INTO u VALUES (13);
INSERT INTO u VALUES (51);
INSERT INTO u VALUES (101);
SELECT p FROM u ORDER BY p;
ALTER DOMAIN posint VALIDATE CONSTRAINT below_fifty;
UPDATE u SET p = 49 WHERE p = 50;
DELETE FROM t WHERE p > 49;
ALTER DOMAIN posint VALIDATE CONSTRAINT below_fifty;
ALTER DOMAIN posint VALIDATE CONSTRAINT nix;
ALTER DOMAIN posint ADD CONSTRAINT below_fifty CHECK (VALUE < 10);
ALTER DOMAIN posint SET NOT NULL;
DELETE FROM u WHERE p IS NULL;
UPDATE t SET p = 1 WHERE p IS NULL;
ALTER DOMAIN posint SET NOT NULL;
INSERT INTO u VALUES (NULL);
INSERT INTO u DEFAULT VALUES;
ALTER DOMAIN posint DROP NOT NULL;
INSERT INTO u VALUES (NULL);
ALTER DOMAIN posint SET DEFAULT 42;
INSERT INTO u DEFAULT VALUES;
ALTER DOMAIN posint SET DEFAULT 'x';
ALTER DOMAIN posint DROP DEFAULT;
INSERT INTO u DEFAULT VALUES;
SELECT * FROM u ORDER BY p;
ALTER DOMAIN posint DROP CONSTRAINT below_fifty;
ALTER DOMAIN posint DROP CONSTRAINT below_fifty;
ALTER DOMAIN posint DROP CONSTRAINT IF EXISTS below_fifty;
ALTER DOMAIN posint RENAME CONSTRAINT below_hundred TO hundred;
ALTER DOMAIN posint RENAME CONSTRAINT nix TO hundred;
ALTER DOMAIN posint RENAME CONSTRAINT hundred TO posint_check;
INSERT INTO u VALUES (100);
ALTER DOMAIN int4 SET NOT NULL;
ALTER DOMAIN nix SET NOT NULL;
COMMENT ON DOMAIN posint IS 'more than nothing';
COMMENT ON CONSTRAINT hundred ON DOMAIN posint IS 'not much more';
SELECT obj_description('posint'::regtype), obj_description(oid, 'pg_constraint'), pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = 'posint'::regtype AND conname = 'hundred';
ALTER DOMAIN posint RENAME TO positive;
ALTER TYPE positive RENAME TO posi;
ALTER DOMAIN u RENAME TO v;
\d u
SELECT domain_name, data_type, character_maximum_length, numeric_precision, domain_default FROM information_schema.domains WHERE domain_schema = 'public' ORDER BY 1;
SELECT column_name, data_type, domain_name, udt_name FROM information_schema.columns WHERE table_name = 'u' ORDER BY 1;
SELECT constraint_name, domain_name FROM information_schema.domain_constraints WHERE domain_schema = 'public' ORDER BY 1, 2;
-- enums under domains, columns added
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN cheer AS mood DEFAULT 'ok' CHECK (VALUE > 'sad');
SELECT 'ok'::cheer, 'ok'::cheer < 'happy', enum_range('ok'::cheer);
SELECT 'sad'::cheer;
ALTER TABLE u ADD COLUMN m cheer;
ALTER TABLE u ADD COLUMN n small;
ALTER TABLE u ADD COLUMN n small DEFAULT 3;
ALTER TABLE u ADD COLUMN k code;
SELECT m, n, k FROM u WHERE p = 49;
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
SELECT 'blue'::cheer;
\d u
INSERT INTO u (p, n) VALUES (2, 2) RETURNING m;
DROP DOMAIN posi;
DROP TYPE mood;
DROP DOMAIN code, cheer CASCADE;
DROP DOMAIN posi CASCADE;
DROP DOMAIN IF EXISTS posi;
DROP DOMAIN posi;
DROP DOMAIN mood;
\d u
\d t
-- of JSON
CREATE DOMAIN ints AS int[] CHECK (array_length(VALUE, 1) < 3);
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TYPE doc AS (i ints, p pos, t text);
SELECT json_populate_record(NULL::doc, '{"i": [1, "2"], "p": 3}');
SELECT * FROM json_populate_record(NULL::doc, '{"i": [1, "2", 3]}');
SELECT p FROM jsonb_populate_recordset(NULL::doc, '[{"p": 1}, {"p": 0}]');
SELECT jsonb_populate_record(row('{4}', 5, 'x')::doc, '{"p": -5}');
SELECT * FROM json_to_record('{"a": 1, "b": [2]}') AS r(a pos, b ints);
SELECT * FROM json_to_record('{"a": 0}') AS r(a pos);
