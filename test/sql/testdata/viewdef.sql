CREATE TABLE t (a int PRIMARY KEY, b text, d date, n numeric(10,2));
CREATE TABLE u (a int PRIMARY KEY, c text);
CREATE VIEW v1 AS SELECT a, b FROM t WHERE a > 1 AND b = 'x' OR d IS NULL;
CREATE VIEW v2 AS SELECT t.a, u.c AS cc, count(*) FROM t JOIN u ON t.a = u.a GROUP BY t.a, u.c HAVING count(*) > 1 ORDER BY 1, u.c DESC LIMIT 5 OFFSET 1;
CREATE VIEW v3 AS SELECT * FROM t NATURAL LEFT JOIN u;
CREATE VIEW v4 AS SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY 1;
CREATE VIEW v5 AS WITH q AS (SELECT a FROM t) SELECT q.a, ARRAY[1,2] AS arr, CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS kind, extract(year from now()) AS y, position('a' in 'abc') AS p, substring('abc' from 1 for 2) AS s FROM q;
CREATE VIEW v6 AS SELECT a FROM t WHERE a IN (1,2,3) AND EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND b LIKE 'x%';

CREATE VIEW v8 AS SELECT s.x FROM (SELECT a + 1 AS x FROM t) s, generate_series(1, 3) g(i) WHERE s.x = g.i;
CREATE VIEW v9 AS SELECT DISTINCT b, coalesce(b, 'z') AS c2, b || 'q' AS e, a::text AS f, 1 AS one, 'lit' AS lit, 1.5 AS num, NULL AS nul, true AS t FROM t;
CREATE VIEW v10 AS VALUES (1, 'a'), (2, 'b');
CREATE VIEW v11 AS SELECT a FROM t WHERE a BETWEEN 1 AND 2 AND NOT (b = 'x') AND b NOT LIKE 'q' AND a NOT IN (SELECT a FROM u);
CREATE VIEW v12 AS SELECT sum(n) FILTER (WHERE a > 0) AS s, min(d) FROM t;
\sv v1
\sv v2
\sv v3
\sv v4
\sv v5
\sv v6

\sv v8
\sv v9
\sv v10
\sv v11
\sv v12
SELECT pg_get_viewdef('v1');
SELECT pg_get_viewdef('v2');
SELECT pg_get_viewdef('v6');
\d+ v2
CREATE VIEW w1 AS SELECT a, (SELECT max(c) FROM u WHERE u.a = t.a) AS m, ARRAY(SELECT c FROM u ORDER BY c) AS arr FROM t;
CREATE VIEW w2 AS SELECT t.a FROM t, LATERAL (SELECT t.b AS z) l WHERE l.z IS NOT NULL;
CREATE VIEW w3 AS (SELECT a FROM t ORDER BY a LIMIT 1) UNION (SELECT a FROM u) EXCEPT SELECT 1;
CREATE VIEW w4 AS SELECT a FROM t UNION (SELECT a FROM u INTERSECT SELECT 1);
CREATE VIEW w5 AS SELECT b, sum(n) AS total FROM t GROUP BY b, a + 1 ORDER BY total DESC NULLS LAST, b;
CREATE VIEW w6 AS SELECT x.a FROM t x LEFT JOIN (u JOIN t y USING (a)) ON x.a = y.a CROSS JOIN u z;
CREATE VIEW w7 AS SELECT t.a AS x, t.b AS "Y z", d + 1 AS next, d - d AS days, n * 2 AS dbl, a::bigint, b::varchar(5) FROM t;
CREATE VIEW w8 AS SELECT DISTINCT ON (b) b, a FROM t ORDER BY b, a DESC;
CREATE VIEW w10 AS SELECT trim('x' from b) AS tr, trim(b) AS tb, upper(b) AS up, d AT TIME ZONE 'UTC' AS z, overlay(b placing 'q' from 2) AS o, current_date AS cd, now() AS nw FROM t;
CREATE VIEW w11 AS SELECT CASE a WHEN 1 THEN 'one' END AS w, NULLIF(a, 2) AS nf, GREATEST(a, 3) AS g, a IS NULL AS isn, a IS DISTINCT FROM 3 AS dis, NOT (a = 1) AS nt, (a = 1) = true AS bb, -a AS neg FROM t;
CREATE VIEW w12(p, q) AS SELECT a, b FROM v1 WHERE a = ALL (SELECT a FROM u) OR a > ANY (ARRAY[1,2]);
CREATE VIEW w13 AS SELECT a FROM t WHERE CASE WHEN a > 1 THEN true ELSE false END;
CREATE VIEW w14 AS SELECT count(DISTINCT b) AS c, string_agg(b, ',' ORDER BY a DESC) AS s, array_agg(a) AS ag FROM t;
CREATE VIEW w15 AS SELECT s.a FROM (SELECT a, b FROM t WHERE a > 1) s JOIN u ON s.a = u.a AND u.c = 'x' WHERE s.b <> 'y';
CREATE VIEW w16 AS SELECT * FROM generate_series(1, 3);
\sv w1
\sv w2
\sv w3
\sv w4
\sv w5
\sv w6
\sv w7
\sv w8
\sv w10
\sv w11
\sv w12
\sv w13
\sv w14
\sv w15
\sv w16
SELECT pg_get_viewdef('w6'), pg_get_viewdef('w5'), pg_get_viewdef('w15');
CREATE TABLE ck (a int CHECK (a IN (1, 2, 3)), b text CHECK (position('x' in b) = 0), c date CHECK (extract(year FROM c) > 2000), e text DEFAULT substring('abc' from 2 for 1), CHECK (a IN (1,2) AND b <> 'q' OR c IS NULL));
\d ck

SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema() ORDER BY 1 LIMIT 3;
SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = current_schema() ORDER BY 1 LIMIT 3;

CREATE VIEW y1 AS SELECT a FROM ONLY t ORDER BY b USING >, a USING <;
CREATE VIEW y2 AS SELECT * FROM generate_series(1, 3) WITH ORDINALITY;
CREATE VIEW y3 AS SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g (n);
CREATE VIEW y4 AS SELECT * FROM json_each('{"a": 1}');
CREATE VIEW y5 AS SELECT key FROM json_each_text('{"a": 1}') AS j (key) ORDER BY 1;
\sv y1
\sv y2
\sv y3
\sv y4
\sv y5
CREATE TABLE vk (a varchar(10) CHECK (a IN ('x', 'y')), f varchar(5) CHECK (f NOT IN ('m', 'n')), g text CHECK (g IN ('p', 'q')), h char(3) CHECK (h IN ('r', 's')));
\d vk
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'vk'::regclass ORDER BY 1;
CREATE VIEW kv AS SELECT a FROM vk WHERE a IN ('x', 'y') AND f IN (a, 'm', g);
\sv kv
CREATE TABLE sorted (id int PRIMARY KEY, a int, b int, c timestamp, d text);
CREATE VIEW sorts AS SELECT array_agg(d ORDER BY a + 1, abs(b) DESC, c::date, d::varchar(3), lower(d), -a, id), mode() WITHIN GROUP (ORDER BY a + b), percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM sorted GROUP BY c::date, a + 1, abs(b), d::varchar(2), 'x'::text, extract(year FROM c), (a IS NULL), current_date ORDER BY c::date, count(*), extract(year FROM c);
SELECT pg_get_viewdef('sorts');
SELECT pg_get_viewdef('sorts', true);
CREATE VIEW sorts2 AS SELECT count(*) OVER (ORDER BY 1, 'x'::text, NULL), rank() OVER (PARTITION BY (a IS NULL) ORDER BY (id + 1), abs(id) DESC, -id USING >, CASE WHEN a > 1 THEN 1 END), lag(id, 2, 0) OVER () + 1 AS l, sum(id) OVER (ROWS 1 PRECEDING) / 2 FROM sorted;
SELECT pg_get_viewdef('sorts2');
SELECT pg_get_viewdef('sorts2', true);
CREATE VIEW sorts3 AS SELECT GROUPING(a), sum(a) OVER (ORDER BY GROUPING(a), sum(a)) FROM sorted GROUP BY ROLLUP (a) ORDER BY GROUPING(a);
SELECT pg_get_viewdef('sorts3');
SELECT pg_get_viewdef('sorts3', true);
DROP TABLE sorted CASCADE;
