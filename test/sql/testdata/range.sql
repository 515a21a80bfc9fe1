-- ranges: input
SELECT ''::int4range;
SELECT '-[1,5)'::int4range;
SELECT '[1,5) - '::int4range;
SELECT '(",1)'::int4range;
SELECT '(,,1)'::int4range;
SELECT '(),1)'::int4range;
SELECT '(1,))'::int4range;
SELECT '(],1)'::int4range;
SELECT '(1,])'::int4range;
SELECT '[5,1]'::int4range;
SELECT '[1'::int4range;
SELECT '[1,2'::int4range;
SELECT '[1;2]'::int4range;
SELECT 'empty,'::int4range;
SELECT 'emptyx'::int4range;
SELECT '[1,x]'::int4range;
SELECT '[1,2147483648]'::int4range;
SELECT '[1,2147483647]'::int4range;
SELECT '(2147483647,]'::int4range;
SELECT '[1,9223372036854775807]'::int8range;
SELECT '[1,\'::int4range;
SELECT '["1,2]'::int4range;
SELECT '  empty  '::int4range, ' EmPty'::numrange, '[,]'::int4range, '(,)'::numrange, '[1,]'::numrange, '(,1.50]'::numrange, ' [ 1 , 5 ] '::int4range, '["1","5"]'::numrange, '[\1,\5]'::numrange;
SELECT '[1,1]'::numrange, '[1,1)'::numrange, '(1,1]'::numrange, '(1,1)'::numrange, '[1,1.00]'::numrange, '[NaN,NaN]'::numrange, '[-Infinity,Infinity]'::numrange, '(1,2)'::int4range, '(1,3)'::int4range;
SELECT '[2010-01-01 01:00:00 -05, 2010-01-01 02:00:00 -08)'::tstzrange, '[2010-01-01, infinity]'::tsrange, '[-infinity,2001-01-01]'::daterange, '(2001-01-01,infinity]'::daterange, '(-infinity,infinity)'::daterange, '["Jan 5 2001",2001-01-06)'::tsrange;
SELECT '[2010-01-01 01:00:00 -08, 2010-01-01 02:00:00 -05)'::tstzrange;
SELECT '[2001-01-01,5874897-12-31]'::daterange;
SET DateStyle = 'SQL, DMY';
SELECT '[2001-02-03 04:05:06,)'::tsrange, '[2001-02-03,2001-02-05]'::daterange;
RESET DateStyle;

-- multiranges: input
SELECT ''::int4multirange;
SELECT '{,}'::int4multirange;
SELECT '{(,)}.'::int4multirange;
SELECT '{[1,2),}'::int4multirange;
SELECT '{,[1,2)}'::int4multirange;
SELECT '{-[1,2)}'::int4multirange;
SELECT '{[1,2) - }'::int4multirange;
SELECT '{(",1)}'::int4multirange;
SELECT '{(,,1)}'::int4multirange;
SELECT '{(),1)}'::int4multirange;
SELECT '{(1,))}'::int4multirange;
SELECT '{(1,])}'::int4multirange;
SELECT '{[5,1]}'::int4multirange;
SELECT '{[1,2]'::int4multirange;
SELECT '{'::int4multirange;
SELECT '{[1,2],'::int4multirange;
SELECT '[1,2]'::int4multirange;
SELECT '{[1,2][3,4]}'::int4multirange;
SELECT '{emptyx}'::int4multirange;
SELECT '{[1,2],[x,3]}'::int4multirange;
SELECT '{}'::int4multirange, '  {}  '::int4multirange, ' { empty, EMPTY }  '::int4multirange, ' {( " 1" , " 3" )  }'::int4multirange, '{(,3)}'::nummultirange, '{(3,)}'::nummultirange, '{[,]}'::nummultirange;
SELECT '{[1,1]}'::nummultirange, '{[1,1],[1,2]}'::nummultirange, '{[1,2), [2,4]}'::nummultirange, '{[1,3), [2,5]}'::nummultirange, '{[1,1],[2,2]}'::nummultirange, '{[1,2],[3,4]}'::int4multirange, '{(1,2),[2,2],(2,3)}'::nummultirange, '{[5,6),[1,2)}'::nummultirange, '{(1,1)}'::nummultirange, '{[1.0,2],[1.00,2]}'::nummultirange;
SELECT '{[2001-01-01,2001-01-02],[2001-01-03,infinity]}'::datemultirange, '{["Jan 5 2001 10:00",2001-01-06),(,2000-01-01)}'::tsmultirange, '{[2010-01-01 01:00:00 -05, 2010-01-01 02:00:00 -08)}'::tstzmultirange, '{[1,10000000000]}'::int8multirange;

-- constructors
SELECT int4range(1, 10, '[]'), int4range(1, 10, '[)'), int4range(1, 10, '(]'), int4range(1, 10, '()'), int4range(1, 2, '()'), int4range(NULL, 5), int4range(5, NULL, '(]'), int4range(NULL, NULL, '[]'), int8range(1, 2), numrange(1, 2, '()');
SELECT daterange('2000-01-10', '2000-01-20', '[]'), daterange('2000-01-10'::date, '2000-01-11', '()'), tsrange('2000-01-10', '2000-01-20', '(]'), tstzrange('2000-01-10 10:00+00', NULL);
SELECT numrange(2, 1);
SELECT int4range(1, 2, 'x');
SELECT int4range(1, 2, '[');
SELECT int4range(1, 2, '][');
SELECT int4range(1, 2, '');
SELECT int4range(1, 2, NULL);
SELECT int4range(1);
SELECT int4range(1, 2147483647, '[]');
SELECT int4multirange(), int4multirange(int4range(1, 3)), int4multirange(int4range(1, 3), int4range(2, 5)), int4multirange(VARIADIC '{}'), int4multirange(VARIADIC ARRAY[int4range(1, 3), 'empty', int4range(7, 8)]), nummultirange(numrange(1, 2), numrange(3, 4), numrange(2, 3));
SELECT int4multirange(int4range(1, 3), NULL), int4multirange(NULL::int4range), int4multirange(VARIADIC NULL::int4range[]);
SELECT int4multirange(VARIADIC ARRAY[NULL]::int4range[]);
SELECT int4multirange(VARIADIC ARRAY[ARRAY[int4range(1, 3)], ARRAY[int4range(4, 5)]]);
SELECT int4multirange(numrange(1, 2));
SELECT multirange(int4range(1, 2)), multirange('empty'::daterange), multirange(NULL::numrange);
SELECT 'empty'::int4range::int4multirange, int4range(1, 3)::int4multirange, CAST(numrange(NULL, NULL) AS nummultirange), ARRAY[int4range(1, 2), NULL]::int4multirange[];
SELECT int4range(1, 2)::nummultirange;
SELECT int4range(1, 2)::int8range;
SELECT '{}'::int4multirange::int4range;
SELECT int4range(1, 2)::text, '[3,4]'::text::int4range, '{[3,4]}'::varchar::int4multirange;

-- functions of one range
CREATE TABLE r (id int PRIMARY KEY, n numrange, i int4range, d daterange);
INSERT INTO r VALUES (1, '[,)', '[,)', '[,)'), (2, '[3,]', '[3,]', '[2001-01-03,]'), (3, '[,5)', '[,5)', '(,2001-01-05)'), (4, numrange(1.1, 2.2), int4range(1, 2), daterange('2001-01-01', '2001-01-02')), (5, 'empty', 'empty', 'empty'),
    (6, numrange(1.7, 1.7, '[]'), '[7,7]', '[2001-01-07,2001-01-07]'), (7, NULL, NULL, NULL), (8, '[1.70,1.700]', '(6,7]', '(2001-01-06,2001-01-07]'), (9, '(1.1,2.2]', '[2,9]', '[2001-01-01,infinity]');
SELECT id, n, isempty(n), lower(n), upper(n), lower_inc(n), lower_inf(n), upper_inc(n), upper_inf(n) FROM r ORDER BY id;
SELECT id, i, isempty(i), lower(i), upper(i), lower_inc(i), upper_inc(i), d, lower(d), upper(d), upper_inf(d), upper_inc(d) FROM r ORDER BY id;
SELECT isempty('empty');
SELECT lower('[1,2)');
SELECT lower_inc('[1,2)');
SELECT upper(NULL::int4range), isempty(NULL::int4range);

-- order and equality
SELECT id, n FROM r ORDER BY n, id;
SELECT id, n FROM r ORDER BY n DESC NULLS LAST, id;
SELECT id, i FROM r ORDER BY i, id;
SELECT a.id, b.id, range_cmp(a.n, b.n), a.n = b.n AS eq, a.n <> b.n AS ne, a.n < b.n AS lt, a.n <= b.n AS le, a.n > b.n AS gt, a.n >= b.n AS ge FROM r a, r b WHERE a.id <= b.id AND a.n IS NOT NULL AND b.n IS NOT NULL ORDER BY 1, 2;
SELECT count(*), count(DISTINCT n), count(DISTINCT i), count(DISTINCT d) FROM r;
SELECT i, count(*) FROM r GROUP BY i ORDER BY i;
SELECT DISTINCT i FROM r ORDER BY i DESC;
SELECT i FROM r WHERE id < 5 UNION SELECT i FROM r WHERE id > 3 ORDER BY 1;
SELECT i FROM r EXCEPT SELECT i FROM r WHERE id = 6 ORDER BY 1;
SELECT a.id, b.id FROM r a JOIN r b ON a.i = b.i ORDER BY 1, 2;
SELECT a.id, b.id FROM r a JOIN r b USING (n) ORDER BY 1, 2;
SELECT id FROM r WHERE n = 'empty';
SELECT id FROM r WHERE n = '[1.7,1.7]' ORDER BY id;
SELECT id FROM r WHERE i IN ('[7,8)', 'empty') ORDER BY id;
SELECT id FROM r WHERE n < numrange(0.0, 1.0, '[]') ORDER BY id;
SELECT id FROM r WHERE n > numrange(-1001.0, -1000.0, '[]') ORDER BY id;
SELECT id FROM r WHERE n BETWEEN 'empty' AND '[1.1,2.2)' ORDER BY id;
SELECT int4range(1, 2) = int8range(1, 2);
SELECT int4range(1, 2) = '[1,1]', int4range(1, 2) IS DISTINCT FROM 'empty', int4range(1, 2) = ANY ('{"[1,2)",empty}'), NULLIF(int4range(1, 2), '[1,1]');
SELECT greatest(int4range(1, 2), '[1,5)', 'empty'), least(int4range(1, 2), 'empty'), coalesce(NULL, int4range(1, 2));
SELECT max(n) FROM r;

-- operators
SELECT a.id, b.id, a.i && b.i AS overlaps, a.i @> b.i AS contains, a.i <@ b.i AS contained, a.i << b.i AS before, a.i >> b.i AS after, a.i &< b.i AS overleft, a.i &> b.i AS overright, a.i -|- b.i AS adjacent, a.i * b.i AS intersect, range_merge(a.i, b.i) FROM r a, r b WHERE a.i IS NOT NULL AND b.i IS NOT NULL ORDER BY 1, 2;
SELECT a.id, b.id, a.n && b.n AS overlaps, a.n @> b.n AS contains, a.n <@ b.n AS contained, a.n << b.n AS before, a.n >> b.n AS after, a.n &< b.n AS overleft, a.n &> b.n AS overright, a.n -|- b.n AS adjacent, a.n * b.n AS intersect, range_merge(a.n, b.n) FROM r a, r b WHERE a.n IS NOT NULL AND b.n IS NOT NULL ORDER BY 1, 2;
SELECT id, n @> 1.9, 1.9 <@ n, n @> 1.7, i @> 7, 2 <@ i, d @> '2001-01-01'::date, range_contains_elem(i, 3), elem_contained_by_range(3, i) FROM r ORDER BY id;
SELECT numrange(1.1, 2.2) @> 2, int4range(1, 2) @> 1::int8;
SELECT int4range(1, 2) @> 1::int8;
SELECT int4range(1, 5) @> '3';
SELECT int4range(1, 5) @> '[3,4)', '[3,4)' <@ int4range(1, 5);
SELECT numrange(2.0, 3.0) -|- numrange(3.0, 4.0), range_adjacent(numrange(2.0, 3.0), numrange(3.1, 4.0)), range_adjacent(numrange(2.0, 3.0), numrange(3.1, null)), numrange(2.0, 3.0, '[]') -|- numrange(3.0, 4.0, '()'), numrange(1.0, 2.0) -|- numrange(2.0, 3.0, '[]'), range_adjacent(numrange(2.0, 3.0, '(]'), numrange(1.0, 2.0, '(]')), '[1,2]'::daterange -|- NULL;
SELECT '[-infinity,2001-01-01)'::daterange -|- '(,-infinity)', '[2001-01-01,infinity]'::daterange -|- '(infinity,)'::daterange, '(,2001-01-01)'::daterange -|- '[2001-01-01,)';
SELECT numrange(1.1, 2.2) - numrange(2.0, 3.0), numrange(1.1, 2.2) - numrange(2.2, 3.0), numrange(1.1, 2.2, '[]') - numrange(2.0, 3.0), range_minus(numrange(10.1, 12.2, '[]'), numrange(110.0, 120.2, '(]')), range_minus(numrange(10.1, 12.2, '[]'), numrange(0.0, 120.2, '(]')), numrange(1, 5) - 'empty', numrange(1, 5) - numrange(1, 3), 'empty'::numrange - numrange(1, 3), int4range(1, 10) - int4range(5, NULL), numrange(1, 5) - numrange(NULL, 3, '(]');
SELECT numrange(1, 5) - numrange(2, 3);
SELECT numrange(4.5, 5.5, '[]') && numrange(5.5, 6.5), numrange(1.0, 2.0) << numrange(3.0, 4.0), numrange(1.0, 3.0, '[]') << numrange(3.0, 4.0, '[]'), numrange(1.0, 3.0, '()') << numrange(3.0, 4.0, '()'), numrange(1.0, 2.0) >> numrange(3.0, 4.0), numrange(3.0, 70.0) &< numrange(6.6, 100.0);
SELECT numrange(1.0, 2.0) + numrange(2.0, 3.0), numrange(1.0, 2.0) + numrange(1.5, 3.0), 'empty' + numrange(1, 2), numrange(1, 2) + 'empty', int4range(1, 2) + '[2,2]';
SELECT numrange(1.0, 2.0) + numrange(2.5, 3.0);
SELECT numrange(1.0, 2.0) * numrange(2.0, 3.0), numrange(1.0, 2.0) * numrange(1.5, 3.0), numrange(1.0, 2.0) * numrange(2.5, 3.0), range_merge(numrange(1, 2), numrange(5, 6)), range_merge(int4range(1, 2), 'empty'), range_merge('empty', 'empty'::int4range);
SELECT range_merge('[1,2)', '[3,4)');
SELECT range_merge(int4range(1, 2), numrange(1, 2));
SELECT int4range(1, 2) && 5;
SELECT int4range_subdiff(5, 7), int8range_subdiff(9223372036854775807, -1), numrange_subdiff(1.5, 1), daterange_subdiff('2001-01-05', '2001-01-01'), tsrange_subdiff('2001-01-05', '2001-01-01 12:00'), tstzrange_subdiff('2001-01-05', '2001-01-01'), int4range_canonical('[1,5]'), daterange_canonical('empty');

-- multiranges: functions and operators
CREATE TABLE m (id int PRIMARY KEY, n nummultirange, i int4multirange);
CREATE INDEX ON m (n);
INSERT INTO m VALUES (1, '{}', '{}'), (2, '{[,)}', '{[,)}'), (3, '{[3,]}', '{[3,]}'), (4, '{[,), [3,]}', '{(,-5),[0,0]}'), (5, '{[, 5)}', '{[,5)}'), (6, nummultirange(), int4multirange()), (7, nummultirange(numrange(1.1, 2.2)), '{[1,2]}'), (8, '{empty}', '{empty}'),
    (9, nummultirange(numrange(1.7, 1.7, '[]'), numrange(1.7, 1.9)), '{[1,2],[4,5],[8,9]}'), (10, nummultirange(numrange(1.7, 1.7, '[]'), numrange(1.9, 2.1)), '{[1,2],[4,5]}'), (11, NULL, NULL), (12, '{(1.1,1.5),[3,4],(7,)}', '{[3,3],[6,7],[10,)}');
SELECT n, isempty(n), lower(n), upper(n), lower_inc(n), lower_inf(n), upper_inc(n), upper_inf(n), range_merge(n) FROM m ORDER BY n, id;
SELECT i, isempty(i), lower(i), upper(i), range_merge(i) FROM m ORDER BY i DESC, id;
SELECT id, r FROM m, unnest(i) r ORDER BY id, r;
SELECT id, unnest(n) FROM m WHERE id > 8 ORDER BY id, 2;
SELECT unnest('{[1,2)}');
SELECT * FROM unnest('{[1,2),[4,5)}'::int4multirange) WITH ORDINALITY AS x (r, o);
SELECT i, count(*) FROM m GROUP BY i ORDER BY i;
SELECT a.id, b.id FROM m a JOIN m b USING (i) ORDER BY 1, 2;
SELECT a.id, b.id, multirange_cmp(a.i, b.i), a.i = b.i AS eq, a.i <> b.i AS ne, a.i < b.i AS lt, a.i <= b.i AS le, a.i > b.i AS gt, a.i >= b.i AS ge, a.i && b.i AS overlaps, a.i @> b.i AS contains, a.i <@ b.i AS contained, a.i << b.i AS before, a.i >> b.i AS after, a.i &< b.i AS overleft, a.i &> b.i AS overright, a.i -|- b.i AS adjacent FROM m a, m b WHERE a.i IS NOT NULL AND b.i IS NOT NULL ORDER BY 1, 2;
SELECT a.id, b.id, a.i + b.i AS "union", a.i * b.i AS intersect, a.i - b.i AS minus FROM m a, m b WHERE a.i IS NOT NULL AND b.i IS NOT NULL ORDER BY 1, 2;
SELECT a.id, b.id, a.n && b.n AS overlaps, a.n @> b.n AS contains, a.n <@ b.n AS contained, a.n -|- b.n AS adjacent, a.n + b.n AS "union", a.n * b.n AS intersect, a.n - b.n AS minus FROM m a, m b WHERE a.n IS NOT NULL AND b.n IS NOT NULL ORDER BY 1, 2;
SELECT r.id, m.id, r.i && m.i AS rm_overlaps, m.i && r.i AS mr_overlaps, r.i @> m.i AS rm_contains, m.i @> r.i AS mr_contains, r.i <@ m.i AS rm_contained, m.i <@ r.i AS mr_contained, r.i << m.i AS rm_before, m.i << r.i AS mr_before, r.i >> m.i AS rm_after, m.i >> r.i AS mr_after, r.i &< m.i AS rm_overleft, m.i &< r.i AS mr_overleft, r.i &> m.i AS rm_overright, m.i &> r.i AS mr_overright, r.i -|- m.i AS rm_adjacent, m.i -|- r.i AS mr_adjacent FROM r, m WHERE r.i IS NOT NULL AND m.i IS NOT NULL ORDER BY 1, 2;
SELECT r.id, m.id, r.n && m.n AS rm_overlaps, r.n @> m.n AS rm_contains, m.n @> r.n AS mr_contains, r.n -|- m.n AS rm_adjacent, m.n -|- r.n AS mr_adjacent FROM r, m WHERE r.n IS NOT NULL AND m.n IS NOT NULL ORDER BY 1, 2;
SELECT id, i @> 4, 4 <@ i, n @> 1.7, 7.0 <@ n, multirange_contains_elem(i, 1), elem_contained_by_multirange(1, i) FROM m ORDER BY id;
SELECT '{[1,9)}' @> '{[1,5), [6,10)}'::nummultirange, '{[1,5)}'::nummultirange @> '{[1,5)}', '{(10,20),(30,40),(50,60)}'::nummultirange @> '(52,56)'::numrange, '{(10,20),(30,40),(50,60)}'::nummultirange && '(42,92)'::numrange;
SELECT range_overlaps_multirange(int4range(1, 5), '{[4,6]}'), multirange_minus('{[1,20]}', '{[2,3],[5,6],[19,30]}'::int4multirange), multirange_union('{[1,5]}'::int4multirange, '{[6,7]}'), multirange_intersect('{[1,5],[7,9]}'::int4multirange, '{[3,8]}');
SELECT int4range(1, 5) + int4multirange();
SELECT id FROM m WHERE n = '{}' ORDER BY id;
SELECT id FROM m WHERE n < '{[0.0,1.0]}' ORDER BY id;
SELECT id FROM m WHERE n >= '{[3,)}' ORDER BY id;
SELECT id FROM m WHERE i @> 4 AND n && numrange(4.0, 4.2) ORDER BY id;

-- aggregates
SELECT range_agg(n), range_agg(i), range_agg(d), range_intersect_agg(i), range_intersect_agg(n) FROM r;
SELECT range_agg(i), range_agg(i ORDER BY i DESC), range_agg(DISTINCT i), range_agg(i) FILTER (WHERE id = 5), range_agg(i) FILTER (WHERE id = 7), range_agg(i) FILTER (WHERE id > 100) FROM r WHERE NOT isempty(i) AND NOT lower_inf(i) AND NOT upper_inf(i) OR i IS NULL OR id = 5;
SELECT range_agg(n), range_agg(i), range_intersect_agg(i) FROM m WHERE id > 6;
SELECT id % 3 AS k, range_agg(i), range_intersect_agg(i), range_agg(n), range_intersect_agg(n) FROM m GROUP BY 1 ORDER BY 1;
SELECT range_agg(x), range_intersect_agg(x) FROM (VALUES ('[1,3]'::int4range), ('[2,5]'), (NULL)) v (x);
SELECT range_agg(x), range_intersect_agg(x) FROM (VALUES (NULL::int4range)) v (x);
SELECT range_agg('{}'::int4multirange), range_agg('empty'::int4range), range_agg(NULL::int4multirange);
SELECT range_agg('[1,2)');
SELECT range_agg(1);
SELECT range_agg(int4range(g * 2, g * 2 + 1)) FROM generate_series(1, 20) g;
SELECT range_agg(int4range(g, g + 1)), isempty(range_intersect_agg(int4range(g, 5000))) FROM generate_series(1, 10000) g;

-- primary keys, unique and other indexes
CREATE TABLE k (r int4range PRIMARY KEY, n numrange UNIQUE, m int4multirange);
INSERT INTO k VALUES ('[1,4]', '[1.0,2]', '{[1,2]}'), ('empty', 'empty', '{}'), ('(,)', '(,1.50)', '{(,)}');
INSERT INTO k VALUES ('[1,5)', NULL, NULL);
INSERT INTO k VALUES ('[2,5)', '[1.00,2.0]', NULL);
INSERT INTO k VALUES ('[1,5)', NULL, NULL) ON CONFLICT (r) DO UPDATE SET m = '{[7,8]}' RETURNING *;
INSERT INTO k SELECT int4range(g, g + 10), numrange(g, g + 1), int4multirange(int4range(g, g + 2), int4range(g + 5, g + 7)) FROM generate_series(10, 60) g;
CREATE INDEX ON k USING gist (n);
CREATE INDEX ON k USING spgist (r);
CREATE INDEX ON k USING gist (m);
CREATE INDEX ON k USING hash (r);
CREATE INDEX ON k (m);
SELECT count(*) FROM k WHERE r @> 15;
SELECT count(*) FROM k WHERE n && '[20,25]';
SELECT * FROM k WHERE r = '[1,4]';
SELECT * FROM k WHERE r > '[58,)' ORDER BY r;
SELECT * FROM k WHERE m @> '{[20,21),[25,26)}'::int4multirange ORDER BY r;
UPDATE k SET r = int4range(lower(r) + 1000, upper(r) + 1000) WHERE lower(r) = 55 RETURNING r;
WITH gone AS (DELETE FROM k WHERE r << '[40,)' AND NOT isempty(r) RETURNING r) SELECT * FROM gone ORDER BY r;
SELECT count(*), min(lower(r)), max(upper(r)) FROM k;

-- arrays, rows, JSON, text, COPY
SELECT ARRAY[numrange(1.1, 1.2), 'empty', NULL], '{"[1,2)","(,)"}'::int4range[], ARRAY['{[1,2)}'::int4multirange, '{}'], (ARRAY[int4range(1, 2)])[1], ROW(int4range(1, 2), '{[3,4)}'::int4multirange), ARRAY[numrange(1, 2)] = ARRAY[numrange(1.0, 2.00)];
SELECT to_json(int4range(1, 2)), to_jsonb('{[1,2)}'::int4multirange), json_build_object('a', tsrange('2001-01-01', NULL)), jsonb_agg(i) FROM r WHERE id < 3;
SELECT format('%s %L', int4range(1, 2), 'empty'::numrange), int4range(1, 2) || 'x', concat(int4range(1, 2), '{}'::int4multirange), quote_literal(int4range(1, 2));
SELECT pg_typeof(int4range(1, 2)), pg_typeof('{}'::datemultirange), pg_typeof(lower(numrange(1, 2))), pg_typeof(unnest('{[1,2]}'::int8multirange)), pg_typeof(range_merge('{}'::tsmultirange));
COPY (SELECT * FROM r ORDER BY id) TO STDOUT;
COPY r (id, n, i, d) FROM STDIN;
20	[1,2.50]	(1,5]	["2001-01-01",2001-01-03]
21	empty	{}	empty
\.
COPY r (id, n, i, d) FROM STDIN;
20	[1,2.50]	(1,5]	["2001-01-01",2001-01-03]
\.
SELECT * FROM r WHERE id = 20;
CREATE VIEW v AS SELECT id, i * '[2,9]'::int4range AS x, int4range(id, 100, '(]') AS y, i @> 3 AS z, multirange(i) AS w, i::int4multirange AS u FROM r WHERE n && numrange(1, 2.5);
SELECT pg_get_viewdef('v', true);
SELECT * FROM v ORDER BY id;
CREATE TABLE def (a int4range DEFAULT '[1,5]' CHECK (NOT isempty(a)), b int4multirange DEFAULT int4multirange(int4range(1, 2)), c int GENERATED ALWAYS AS (lower(a)) STORED);
INSERT INTO def DEFAULT VALUES;
INSERT INTO def (a) VALUES ('[2,9)');
INSERT INTO def (a) VALUES ('empty');
SELECT * FROM def ORDER BY a;
CREATE DOMAIN small AS int4range CHECK (upper(VALUE) < 10);
SELECT '[4,5)'::small @> 7, '[4,5)'::small && '[1,9)', pg_typeof('[4,5)'::small * '[1,9)');
SELECT '[4,50)'::small @> 7;
DROP DOMAIN small;
PREPARE p (int4range, numrange) AS SELECT $1 @> 3, $2 && numrange(1, 2), lower($1);
EXECUTE p ('[1,5]', '[0,1]');
SELECT rngtypid::regtype, rngsubtype::regtype, rngmultitypid::regtype, rngcollation, rngsubopc, rngcanonical, rngsubdiff FROM pg_range ORDER BY 1;
SELECT typname, typlen, typbyval, typtype, typcategory, typarray::regtype, typinput, typoutput, typalign, typstorage FROM pg_type WHERE oid IN ('int4range'::regtype, 'datemultirange'::regtype) ORDER BY 1;
