-- information_schema's functions, which drivers call: getPrimaryKeys of JDBC.
CREATE TABLE keyed (a int, b text, c int, PRIMARY KEY (c, a));
SELECT (information_schema._pg_expandarray(i.indkey)).n, (information_schema._pg_expandarray(i.indkey)).x FROM pg_index i WHERE i.indrelid = 'keyed'::regclass;
SELECT result.attname, (result.keys).n AS key_seq
  FROM (SELECT a.attname, a.attnum, information_schema._pg_expandarray(i.indkey) AS keys
          FROM pg_class ct JOIN pg_attribute a ON ct.oid = a.attrelid JOIN pg_index i ON a.attrelid = i.indrelid
         WHERE i.indisprimary AND ct.relname = 'keyed') result
 WHERE result.attnum = (result.keys).x ORDER BY 2;
SELECT (k).* FROM (SELECT information_schema._pg_expandarray('7 8'::oidvector) AS k) s;
SELECT (jsonb_each('{"a":1}')).*;
SELECT * FROM information_schema._pg_expandarray(ARRAY['x', NULL, 'z']);
SELECT * FROM information_schema._pg_expandarray(ARRAY[[1, 2], [3, 4], [5, 6]]);
SELECT * FROM information_schema._pg_expandarray('{}'::int[]);
SELECT information_schema._pg_expandarray(3);
SELECT _pg_expandarray(ARRAY[1]);
SELECT typ, mod, information_schema._pg_char_max_length(typ, mod) AS length, information_schema._pg_char_octet_length(typ, mod) AS octets,
       information_schema._pg_numeric_precision(typ, mod) AS precision, information_schema._pg_numeric_precision_radix(typ, mod) AS radix,
       information_schema._pg_numeric_scale(typ, mod) AS scale, information_schema._pg_datetime_precision(typ, mod) AS datetime,
       information_schema._pg_interval_type(typ, mod) AS interval
  FROM (VALUES (16::oid, -1), (20, -1), (21, -1), (23, -1), (25, -1), (700, -1), (701, -1), (1042, 9), (1042, -1), (1043, 24), (1082, -1), (1083, -1), (1114, 3), (1184, -1),
               (1186, -1), (1186, 2147418114), (1186, 470351871), (1186, 268435458), (1266, 0), (1560, 5), (1562, -1), (1700, -1), (1700, 655366), (4000000, 1)) AS v(typ, mod);
SELECT count(*) > 0 AS domains FROM information_schema.domains;
DROP TABLE keyed;
CREATE VIEW shaped AS SELECT (k).x, (information_schema._pg_expandarray(ARRAY[1])).n FROM (SELECT information_schema._pg_expandarray('{4,5}'::int[]) AS k) s;
SELECT pg_get_viewdef('shaped'::regclass);
SELECT * FROM shaped;
DROP VIEW shaped;
