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
