-- What is nested deep: as far as PostgreSQL's stack reaches, and its error beyond.
\set VERBOSITY verbose
SELECT length((repeat('[', 12000) || repeat(']', 12000))::jsonb::text);
SELECT length((repeat('{"a":', 12000) || 1 || repeat('}', 12000))::jsonb::text);
SELECT length((repeat('[', 12000) || repeat(']', 12000))::json::text);
SELECT (repeat('[', 12000) || repeat(']', 12000))::jsonb = (repeat('[', 12000) || repeat(']', 12000))::jsonb;
SELECT (repeat('[', 12000) || 1 || repeat(']', 12000))::jsonb > (repeat('[', 12000) || repeat(']', 12000))::jsonb;
SELECT jsonb_typeof((repeat('[', 12000) || repeat(']', 12000))::jsonb || '1');
CREATE TABLE deep (id int, j jsonb);
INSERT INTO deep SELECT 1, (repeat('[', 12000) || repeat(']', 12000))::jsonb;
SELECT count(DISTINCT j), length(min(j::text)) FROM deep;
\set VERBOSITY default
SELECT (repeat('[', 100000))::jsonb;
SELECT (repeat('[', 100000))::json;
SELECT length(rpad('x', 268435455, 'y'));
SELECT length(lpad('x', 268435455, 'y'));
SELECT length(repeat('x', 1073741820));
-- More alternatives in a row than SQLite takes, and what is nested deeper than it takes.
CREATE TABLE alternatives (a int PRIMARY KEY, b int, c text);
INSERT INTO alternatives SELECT g, g % 10, 't' || g FROM generate_series(1, 2000) g;
SELECT string_agg('a = ' || g, ' OR ') AS ors FROM generate_series(1, 1100) g \gset
SELECT string_agg('(a = ' || g || ' AND b = ' || g % 10 || ')', ' OR ') AS pairs FROM generate_series(1, 1100) g \gset
SELECT string_agg('a <> ' || g, ' AND ') AS ands FROM generate_series(1, 1100) g \gset
SELECT string_agg('(' || g || ', ' || g % 10 || ')', ', ') AS rows FROM generate_series(1, 1100) g \gset
SELECT string_agg('c = ''t' || g || '''', ' OR ') AS texts FROM generate_series(1, 1100) g \gset
SELECT string_agg('1', ' + ') AS plus FROM generate_series(1, 1100) g \gset
SELECT string_agg('b', ', ') AS list FROM generate_series(1, 1100) g \gset
SELECT count(*), sum(a) FROM alternatives WHERE :ors;
SELECT count(*), sum(a) FROM alternatives WHERE :pairs;
SELECT count(*), sum(a) FROM alternatives WHERE :ands;
SELECT count(*), sum(a) FROM alternatives WHERE (a, b) IN (:rows);
SELECT count(*), sum(a) FROM alternatives WHERE :texts;
SELECT count(*), sum(a) FROM alternatives WHERE a + :plus = 1101;
SELECT count(*), sum(a) FROM alternatives WHERE coalesce(:list) = 3;
WITH u AS (UPDATE alternatives SET b = b + 1 WHERE :pairs RETURNING b) SELECT count(*), sum(b) FROM u;
WITH u AS (UPDATE alternatives SET b = b - 1 WHERE :ors RETURNING b) SELECT count(*), sum(b) FROM u;
WITH d AS (DELETE FROM alternatives WHERE (a, b) IN (:rows) RETURNING a) SELECT count(*), sum(a) FROM d;
SELECT count(*), sum(a) FROM alternatives;
DROP TABLE alternatives;
