-- composite types
CREATE TYPE complex AS (r float8, i float8);
CREATE TYPE quad AS (c1 complex, c2 complex);
CREATE TYPE person AS (name text, born date, tags text[], n numeric(6,2));
CREATE TYPE nothing AS ();
CREATE TYPE twice AS (a int, a text);
CREATE TYPE bad AS (a anyelement);
CREATE TYPE bad AS (ctid int);
CREATE TYPE complex AS (x int);
\d complex
\d quad
SELECT relname, relkind, relnatts FROM pg_class WHERE relname IN ('complex', 'quad', 'nothing') ORDER BY 1;
-- values
SELECT (1.1, 2.2)::complex, row((3.3, 4.4), (5.5, null))::quad;
SELECT '(3.3,4.4)'::complex, '("(1,2)","(3,)")'::quad, '(,)'::complex, '("Joe ""x"" (y)",2000-01-02,"{a,""b c""}",1.5)'::person;
SELECT '()'::complex;
SELECT '(1)'::complex;
SELECT '(1,2,3)'::complex;
SELECT '(x,2)'::complex;
SELECT row(1, 2, 3)::complex;
SELECT row(1)::complex;
SELECT row(1, 'x')::complex;
SELECT row(1, now())::complex;
SELECT ('(1,2)'::complex).r, (row(1, 2)::complex).i, ('("(1,2)","(3,4)")'::quad).c2.i;
SELECT ('(1,2)'::complex).x;
SELECT (1).x;
SELECT (row(1, 'a', true)).f3;
SELECT ('("(1,2)","(3,4)")'::quad).*;
SELECT (('("(1,2)","(3,4)")'::quad).c1).*;
SELECT pg_typeof('(1,2)'::complex), pg_typeof(('("(1,2)","(3,4)")'::quad).c1), pg_typeof(ARRAY['(1,2)'::complex]);
-- comparison
SELECT '(1,2)'::complex < '(1,3)', '(1,2)'::complex = row(1, 2)::complex, '(1,)'::complex = '(1,)', '(1,2)'::complex <> '(1,2.0)', '(1,)'::complex > '(1,5)';
SELECT '(1,2)'::complex = row(1::float8, 2::float8), '(1,2)'::complex = (1, 2);
SELECT '(1,2)'::complex = '("(1,2)","(3,4)")'::quad;
SELECT NULL::complex IS NULL, '(,)'::complex IS NULL, '(,)'::complex IS NOT NULL, '(1,)'::complex IS NULL, '(1,)'::complex IS NOT NULL, '(1,2)'::complex IS NOT NULL;
SELECT '(1,2)'::complex IN ('(1,2)', '(2,3)'), '(1,2)'::complex = ANY ('{"(1,2)","(3,4)"}'), coalesce(NULL, '(1,2)'::complex), CASE WHEN true THEN '(1,2)'::complex END;
SELECT '(1,2)'::complex IS DISTINCT FROM NULL, '(1,)'::complex IS NOT DISTINCT FROM '(1,)';
-- casts
SELECT '(1,2)'::complex::text, '(1,2)'::text::complex, row('(1,2)'::complex, 3)::text;
SELECT '(1,2)'::complex::quad;
SELECT '(1,2)'::complex::int;
SELECT 1::complex;
SELECT (SELECT row(1, 2))::complex;
SELECT '{"(1,2)","(3,4)",NULL}'::complex[], ARRAY['(1,2)']::complex[], (ARRAY['(1,2)', '(3,4)']::complex[])[2].r;
SELECT to_json('(1,2)'::complex), row_to_json('("(1,2)","(3,4)")'::quad), to_jsonb('{"(1,2)"}'::complex[]);
SELECT json_build_object('p', '("Joe",2000-01-02,"{a,b}",1.5)'::person);
-- tables
CREATE TABLE t (id int PRIMARY KEY, c complex, q quad, p person DEFAULT row('Nobody', NULL, '{}', 0), l complex[]);
\d t
INSERT INTO t VALUES (1, '(1,2)', '("(1,2)","(3,4)")', row('Ann', '1999-12-31', ARRAY['x'], 12.345), ARRAY[row(1, 2), row(3, 4)]::complex[]);
INSERT INTO t (id, c) VALUES (2, row(5, 6)), (3, NULL);
INSERT INTO t (id, c) VALUES (4, row(5, 6, 7));
INSERT INTO t (id, c) VALUES (4, row(5, 'x'));
INSERT INTO t (id, c) VALUES (4, 5);
INSERT INTO t (id, c) VALUES (4, '(5,6)'::text);
INSERT INTO t (id, p.n) VALUES (4, 123456);
SELECT * FROM t ORDER BY id;
SELECT id, (c).r, (t.c).i, (q).c1.r, (p).tags[1], (l)[2].i, l[1] FROM t ORDER BY id;
SELECT c.r FROM t;
SELECT (c).x FROM t;
SELECT (c).*, (p).* FROM t ORDER BY id;
SELECT id FROM t WHERE (c).r > 1 ORDER BY id;
SELECT id FROM t WHERE c = '(5,6)';
SELECT id FROM t WHERE c IS NULL ORDER BY id;
SELECT c FROM t ORDER BY c DESC NULLS LAST, id;
SELECT c, count(*) FROM t GROUP BY c ORDER BY c;
SELECT DISTINCT (p).name FROM t ORDER BY 1;
SELECT max((c).r), array_agg(c ORDER BY id) FROM t;
SELECT t FROM t WHERE id = 2;
SELECT t.c FROM t WHERE t.c = row(1, 2)::complex;
SELECT row_to_json(t) FROM t WHERE id = 2;
-- parts
INSERT INTO t (id, c.r, c.i, q.c1.r, q.c2.i) VALUES (5, 1, 2, 3, 4);
INSERT INTO t (id, c.r) VALUES (6, 'x');
INSERT INTO t (id, c.x) VALUES (6, 1);
INSERT INTO t (id, id.x) VALUES (6, 1);
INSERT INTO t (id, c.r, c) VALUES (6, 1, NULL);
INSERT INTO t (id, c.r) VALUES (6, true);
INSERT INTO t (id, c.r) VALUES (6, DEFAULT);
INSERT INTO t (id, c.r) SELECT 6, 7;
INSERT INTO t (id, l[2].r, l[1].i, p.tags[2]) VALUES (7, 1, 2, 'two');
SELECT id, c, q, l, p FROM t WHERE id >= 5 ORDER BY id;
WITH u AS (UPDATE t SET c.r = (c).r + 10, c.i = 0 WHERE id <= 3 RETURNING id, c) SELECT * FROM u ORDER BY id;
UPDATE t SET q.c1.r = 100, q.c2 = row(7, 8), p.name = upper((p).name) WHERE id = 1 RETURNING q, p;
UPDATE t SET l[1].r = 99, l[3] = '(9,9)' WHERE id = 1 RETURNING l;
UPDATE t SET c.x = 1;
UPDATE t SET id.x = 1;
UPDATE t SET c.r = true;
UPDATE t SET c.r = DEFAULT;
UPDATE t SET c.r = 1, c = NULL;
UPDATE t SET (c.r, c.i) = (1, 2) WHERE id = 2 RETURNING c;
UPDATE t SET c = row((t.c).i, (t.c).r) WHERE id = 2 RETURNING c;
INSERT INTO t (id, c) VALUES (2, '(0,0)') ON CONFLICT (id) DO UPDATE SET c.r = 50, c.i = (excluded.c).i RETURNING c;
DELETE FROM t WHERE (c).r = 50 RETURNING (c).i;
-- keys, checks, generated
CREATE TABLE k (c complex PRIMARY KEY, v int, CHECK ((c).r > 0), s float8 GENERATED ALWAYS AS ((c).r + (c).i) STORED);
INSERT INTO k VALUES ('(1,2)', 1), (row(1, 3), 2);
INSERT INTO k VALUES ('(1,2.0)', 1);
INSERT INTO k VALUES ('(-1,2)', 1);
SELECT * FROM k ORDER BY c;
SELECT v FROM k WHERE c = row(1, 3)::complex;
SELECT v FROM k WHERE c > '(1,2)' ORDER BY c;
UPDATE k SET c.i = 9 WHERE v = 1 RETURNING *;
\d k
-- rows of tables
CREATE TABLE inner_ (a int, b text);
CREATE TABLE outer_ (id int PRIMARY KEY, x inner_, xs inner_[]);
INSERT INTO outer_ VALUES (1, '(1,one)', ARRAY[row(2, 'two')::inner_]), (2, row(3, 'three'), NULL);
INSERT INTO inner_ VALUES (7, 'seven');
INSERT INTO outer_ SELECT 3, i, array_agg(i) FROM inner_ i GROUP BY i;
SELECT id, x, (x).b, xs FROM outer_ ORDER BY id;
SELECT i FROM inner_ i, outer_ o WHERE i = o.x;
DROP TABLE inner_;
CREATE TABLE self (a int);
ALTER TABLE self ADD COLUMN s self;
DROP TABLE inner_ CASCADE;
\d outer_
-- views, functions
CREATE VIEW w AS SELECT id, c, (c).r AS re, row(1, 2)::complex AS k FROM t;
SELECT * FROM w WHERE id = 1;
\d+ w
CREATE VIEW w2 AS SELECT (c).* FROM t WHERE c <> '(0,0)'::complex;
SELECT * FROM w2 ORDER BY 1, 2;
SELECT coalesce((c).r, 0) FROM t ORDER BY 1;
PREPARE p (complex) AS SELECT $1, ($1).r;
EXECUTE p ('(1,2)');
EXECUTE p (row(3, 4));
-- ALTER TYPE
CREATE TYPE a AS (x int);
ALTER TYPE a ADD ATTRIBUTE y text, ADD ATTRIBUTE z numeric;
SELECT row(1, 'b', 2)::a, '(1,b,2)'::a;
ALTER TYPE a ADD ATTRIBUTE x int;
ALTER TYPE a DROP ATTRIBUTE nope;
ALTER TYPE a DROP ATTRIBUTE IF EXISTS nope;
ALTER TYPE a DROP ATTRIBUTE y;
ALTER TYPE a ALTER ATTRIBUTE z TYPE date;
ALTER TYPE a RENAME ATTRIBUTE x TO first;
ALTER TYPE a RENAME ATTRIBUTE x TO second;
ALTER TYPE a RENAME ATTRIBUTE z TO first;
SELECT '(1,2000-01-01)'::a, ('(1,2000-01-01)'::a).first;
\d a
ALTER TYPE t ADD ATTRIBUTE x int;
ALTER TYPE nope ADD ATTRIBUTE x int;
ALTER TYPE complex ALTER ATTRIBUTE r TYPE int;
ALTER TYPE complex RENAME TO cplx;
ALTER TYPE a ADD ATTRIBUTE self a;
SELECT c FROM t WHERE id = 1;
\d t
COMMENT ON TYPE cplx IS 'a number';
SELECT obj_description('cplx'::regtype);
CREATE TABLE cplx (a int);
CREATE VIEW a AS SELECT 1;
CREATE TYPE t AS (a int);
CREATE INDEX a ON t (id);
DROP TYPE cplx;
ALTER TABLE t DROP COLUMN q;
DROP TYPE cplx CASCADE;
\d t
\d quad
\d k
DROP TYPE quad, person, a, nothing;
DROP TYPE quad, person, a, nothing CASCADE;
\d t
CREATE TYPE leftover AS (a int);
SELECT * FROM leftover;
INSERT INTO leftover VALUES (1);
-- nothing in it, and not there
CREATE TYPE half AS (a int, b text);
CREATE TABLE holes (h half, n int);
INSERT INTO holes VALUES ('(,)', 1), ('(1,)', 2);
ALTER TABLE holes ALTER h SET NOT NULL;
CREATE UNIQUE INDEX holes_h ON holes (h);
INSERT INTO holes VALUES ('(1,)', 3);
INSERT INTO holes VALUES (NULL, 3);
SELECT a(h), b(h), (holes.h).a FROM holes ORDER BY n;
SELECT length(h) FROM holes;
INSERT INTO holes VALUES (row(7, 'x'), 4) ON CONFLICT (h) DO NOTHING;
INSERT INTO holes VALUES (row(7, 'x'), 5) ON CONFLICT (h) DO NOTHING;
SELECT * FROM holes WHERE h = '(7,x)'::half;
