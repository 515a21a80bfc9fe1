-- SEARCH and CYCLE of recursive queries
CREATE TABLE graph (f int, t int, label text);
INSERT INTO graph VALUES (1, 2, 'arc 1 -> 2'), (1, 3, 'arc 1 -> 3'), (2, 3, 'arc 2 -> 3'), (1, 4, 'arc 1 -> 4'), (4, 5, 'arc 4 -> 5');
CREATE TABLE circle (f int, t int, label text);
INSERT INTO circle SELECT * FROM graph;
INSERT INTO circle VALUES (5, 1, 'arc 5 -> 1');
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t)
  SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s ORDER BY seq;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION DISTINCT SELECT g.* FROM graph g, s WHERE g.f = s.t)
  SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s ORDER BY seq;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t)
  SEARCH BREADTH FIRST BY f, t SET seq SELECT * FROM s ORDER BY seq;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION DISTINCT SELECT g.* FROM graph g JOIN s x ON g.f = x.t)
  SEARCH BREADTH FIRST BY t SET seq SELECT s.*, seq IS NULL AS none FROM s ORDER BY seq, f;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n) SEARCH DEPTH FIRST BY x SET y SELECT * FROM n LIMIT 4;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n) SEARCH BREADTH FIRST BY x SET y SELECT * FROM n LIMIT 4;
WITH RECURSIVE n(x) AS (VALUES (1), (7) UNION ALL SELECT x * 2 FROM n WHERE x < 20) SEARCH BREADTH FIRST BY x SET "the order" SELECT x FROM n ORDER BY "the order";
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g UNION ALL SELECT g.* FROM circle g, s WHERE g.f = s.t)
  CYCLE f, t SET is_cycle USING path SELECT * FROM s ORDER BY path;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g UNION DISTINCT SELECT g.* FROM circle g, s WHERE g.f = s.t)
  CYCLE f, t SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT f, t, is_cycle, path FROM s ORDER BY path;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g WHERE f = 1 UNION ALL SELECT g.* FROM circle g, s WHERE g.f = s.t)
  SEARCH DEPTH FIRST BY f, t SET seq CYCLE f, t SET c TO 1 DEFAULT 0.5 USING path SELECT f, t, c, seq, path FROM s ORDER BY seq;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g WHERE f = 1 UNION ALL SELECT g.* FROM circle g, s WHERE g.f = s.t)
  SEARCH BREADTH FIRST BY f, t SET seq CYCLE f SET c USING path SELECT f, t, c, seq, path FROM s ORDER BY seq, f, t, label;
-- the columns inside and around
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g UNION ALL SELECT g.* FROM circle g, s WHERE g.f = s.t AND NOT c)
  CYCLE f, t SET c USING path SELECT count(*), count(*) FILTER (WHERE c) FROM s;
WITH RECURSIVE s (f, t) AS (SELECT f, t FROM circle WHERE f = 1 UNION ALL SELECT g.f, g.t FROM circle g, s WHERE g.f = s.t AND array_length(path, 1) < 3)
  CYCLE f, t SET c USING path SELECT s FROM s ORDER BY path;
WITH RECURSIVE s AS (SELECT 1 AS x UNION ALL SELECT * FROM (SELECT x + 1 FROM s WHERE x < 3) i) SEARCH DEPTH FIRST BY x SET y SELECT * FROM s;
WITH RECURSIVE s AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM s WHERE x < 3) SEARCH DEPTH FIRST BY x SET y SELECT (SELECT y FROM s WHERE x = 3), q.* FROM (SELECT * FROM s) q;
WITH RECURSIVE a AS (WITH RECURSIVE b AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM b WHERE x < 3) SEARCH DEPTH FIRST BY x SET y SELECT * FROM b) SELECT * FROM a ORDER BY 1;
WITH RECURSIVE s AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM s WHERE x < 3) SEARCH DEPTH FIRST BY x SET y SELECT a.x, b.x FROM s a JOIN s b USING (y) ORDER BY 1;
-- views
CREATE VIEW vs AS WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s x WHERE g.f = x.t)
  SEARCH DEPTH FIRST BY f, t SET seq SELECT f, t, label FROM s;
SELECT pg_get_viewdef('vs');
SELECT * FROM vs ORDER BY f, t, label;
CREATE VIEW vc AS WITH RECURSIVE s (f, t, label) AS (SELECT * FROM circle g UNION ALL SELECT g.* FROM circle g, s x WHERE g.f = x.t)
  SEARCH BREADTH FIRST BY f, "t" SET "Seq" CYCLE f, t SET is_cycle USING path SELECT f, t, is_cycle FROM s;
SELECT pg_get_viewdef('vc', true);
CREATE VIEW vd AS WITH RECURSIVE s (f, t) AS (SELECT f, t FROM circle g UNION ALL SELECT g.f, g.t FROM circle g, s x WHERE g.f = x.t)
  CYCLE f, t SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT f, t, is_cycle FROM s;
SELECT pg_get_viewdef('vd');
SELECT count(*), is_cycle FROM vd GROUP BY 2 ORDER BY 2;
-- refused
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY foo, t SET seq SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f, t SET label SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f, t, f SET seq SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t)) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s;
WITH s (f, t, label) AS (SELECT * FROM graph g) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE foo, t SET c USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f, f SET c USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f SET label USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f SET c USING label SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f SET foo USING foo SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f SET c TO true DEFAULT 55 USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) CYCLE f SET c TO point '(1,1)' DEFAULT point '(0,0)' USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f SET foo CYCLE f SET foo USING path SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f SET foo CYCLE f SET c USING foo SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.* FROM graph g, s WHERE g.f = s.nope) SEARCH DEPTH FIRST BY f SET foo SELECT * FROM s;
WITH RECURSIVE s (f, t, label) AS (SELECT * FROM graph g UNION ALL SELECT g.f FROM graph g, s WHERE g.f = s.t) SEARCH DEPTH FIRST BY f SET foo SELECT * FROM s;
WITH RECURSIVE x(c) AS (SELECT 1 UNION (WITH x AS (SELECT * FROM x) SELECT * FROM x)) SEARCH DEPTH FIRST BY c SET seq SELECT * FROM x;
-- the order of queries is theirs, and what cannot be found equal
WITH RECURSIVE x(id) AS (SELECT * FROM y UNION ALL SELECT id + 1 FROM x WHERE id < 5), y(id) AS (VALUES (1)) SELECT * FROM x;
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM c), c AS (SELECT 1 AS one) SELECT * FROM a;
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a;
WITH RECURSIVE a AS (INSERT INTO graph SELECT 0, f, 'from b' FROM b RETURNING *), b AS (UPDATE graph SET label = 'x' WHERE f = 4 RETURNING *) SELECT 'a', a.* FROM a UNION ALL SELECT 'b', b.* FROM b;
WITH RECURSIVE t(n) AS (VALUES (1::money) UNION SELECT n + 1::money FROM t WHERE n < 3::money) SELECT sum(n) FROM t;
WITH RECURSIVE t(n) AS (VALUES (1::money) UNION ALL SELECT n + 1::money FROM t WHERE n < 3::money) SELECT sum(n) FROM t;
-- LIMIT and OFFSET see what is around the query
SELECT s, (SELECT n FROM generate_series(1, 10) n ORDER BY n LIMIT 1 OFFSET s - 1) FROM generate_series(1, 3) s;
SELECT s, (SELECT count(*) FROM (SELECT FROM generate_series(1, 10) n LIMIT s + 1) l) FROM generate_series(1, 3) s;
SELECT s, (SELECT string_agg(n::text, ',' ORDER BY n) FROM (SELECT n FROM (VALUES (1), (2), (2), (3)) v(n) ORDER BY n FETCH FIRST (s) ROWS WITH TIES) l) FROM generate_series(1, 3) s;
SELECT s.n, l.f FROM generate_series(1, 2) s(n), LATERAL (SELECT f, t FROM graph ORDER BY f, t LIMIT s.n) l ORDER BY 1, 2;
SELECT 1 AS a FROM graph LIMIT f;
SELECT 1 AS a FROM graph LIMIT a;
SELECT 1 AS a FROM graph LIMIT 1 + length(label);
SELECT 1 AS a FROM graph LIMIT count(*);
SELECT 1 AS a FROM graph LIMIT (SELECT count(*) - 4 FROM graph);
