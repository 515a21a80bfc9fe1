-- tsvector and tsquery: text forms, comparison, operators
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT '1'::tsvector, '1 '::tsvector, ' 1'::tsvector, '1 2'::tsvector, '''1 2'''::tsvector, '''1 \''2'''::tsvector;
SELECT '''1 \''2''3'::tsvector;
SELECT '''1 \''2'' 3'::tsvector, '''1 \''2'' '' 3'' 4 '::tsvector, $$'\\as' ab\c ab\\c AB\\\c ab\\\\c$$::tsvector;
SELECT '''w'':4A,3B,2C,1D,5 a:8'::tsvector, 'a:3A b:2a'::tsvector, 'a:1,1A,1B,2,9999999 b:99999999999999999999'::tsvector;
SELECT 'a:0'::tsvector;
SELECT 'a:x'::tsvector;
SELECT 'a:1AA'::tsvector;
SELECT 'a:1A,'::tsvector;
SELECT $$''$$::tsvector;
SELECT 'a\'::tsvector;
SELECT $$'a$$::tsvector;
SELECT ''::tsvector = ' '::tsvector, length(''::tsvector), 'é ß 日本:3'::tsvector;
SELECT repeat('x', 2046)::tsvector IS NOT NULL, length(repeat('x', 2047)::tsvector);
SELECT (repeat(repeat('x', 1000) || ' ', 3))::tsvector = repeat('x', 1000)::tsvector;
SELECT string_agg(repeat('x', 1000) || i, ' ')::tsvector FROM generate_series(1, 1100) i;
SELECT length(string_agg('a:' || i, ' ')::tsvector::text) FROM generate_series(1, 300) i;

SELECT '1'::tsquery, '1 '::tsquery, ' 1'::tsquery, '''1 2'''::tsquery, '''1 \''2'''::tsquery, '!1'::tsquery, '1|2'::tsquery, '1|!2'::tsquery, '!1|2'::tsquery, '!1|!2'::tsquery;
SELECT '!(!1|!2)'::tsquery, '!(1|!2)'::tsquery, '!(!1|2)'::tsquery, '1&2'::tsquery, '!1&2'::tsquery, '1&!2'::tsquery, '(1&2)'::tsquery, '1&(2)'::tsquery, '!(1)&2'::tsquery;
SELECT '1|2&3'::tsquery, '1|(2&3)'::tsquery, '(1|2)&3'::tsquery, '1|2&!3'::tsquery, '1|!(2|3)'::tsquery, '(1|2)&(3|4)'::tsquery, '!!!1'::tsquery, '!(1 <-> 2)'::tsquery;
SELECT 'a <-> b <2> c'::tsquery, 'a <-> (b <-> c)'::tsquery, '(a & b) <3> c'::tsquery, 'a & b <-> c | d'::tsquery, 'a <0> b <16384> c'::tsquery, '!a <-> b'::tsquery;
SELECT 'a:* & nbb:*ac | doo:a* | goo'::tsquery, 'a:ABCD'::tsquery, $$'a b':*A & '\\as'$$::tsquery, 'ab\c & ab\\c'::tsquery;
SELECT ''::tsquery, '  '::tsquery, 'é & 日本'::tsquery;
SELECT 'a b'::tsquery;
SELECT 'a &'::tsquery;
SELECT '& a'::tsquery;
SELECT 'a & (b'::tsquery;
SELECT 'a & b)'::tsquery;
SELECT '()'::tsquery;
SELECT 'a <-> '::tsquery;
SELECT 'a <20000> b'::tsquery;
SELECT 'a <-1> b'::tsquery;
SELECT ':a'::tsquery;
SELECT 'a\'::tsquery;
SELECT $$''$$::tsquery;
SELECT repeat('x', 2047)::tsquery;
SELECT (repeat('!', 33) || 'a')::tsquery;

SELECT 'a' < 'b & c'::tsquery, 'a' > 'b & c'::tsquery, 'a | f' < 'b & c'::tsquery, 'a | ff' < 'b & c'::tsquery, 'a | f | g' < 'b & c'::tsquery, 'a:A' = 'a'::tsquery, 'a:*' <> 'a'::tsquery;
SELECT 'a:1'::tsvector = 'a:1', 'a:1'::tsvector = 'a:1A', 'a:1'::tsvector = 'a', 'a:1'::tsvector < 'a:2', 'a b'::tsvector > 'c', 'a:1'::tsvector >= 'a:1,2', 'a'::tsvector <> 'b';
CREATE TABLE t (i int, v tsvector, q tsquery);
INSERT INTO t VALUES (1, 'a:1 b:2', 'a'), (2, 'a:1', 'a & b'), (3, 'a', 'b'), (4, 'b:1', 'a:A'), (5, '', 'a | b'), (6, NULL, NULL), (7, 'a:1A', 'a <-> b'), (8, 'a:1,2', '!a'), (9, 'a b', 'ab'),
    (10, 'a:1', 'a <2> b'), (11, 'aa', 'a:*');
SELECT i, v FROM t ORDER BY v, i;
SELECT i, q FROM t ORDER BY q, i;
SELECT i, v FROM t ORDER BY v DESC NULLS LAST, i LIMIT 3;
SELECT count(DISTINCT v), count(DISTINCT q) FROM t;
SELECT v, count(*) FROM t GROUP BY v ORDER BY v;
SELECT count(*) FROM t GROUP BY q ORDER BY q;
SELECT i FROM t WHERE v = 'a:1' ORDER BY i;
SELECT i FROM t WHERE q = 'a' ORDER BY i;
SELECT i FROM t WHERE v @@ 'a' ORDER BY i;
SELECT a.i, b.i FROM t a JOIN t b ON a.v = b.v WHERE a.i < b.i ORDER BY 1, 2;
SELECT array_agg(v ORDER BY i), array_agg(q ORDER BY i) FROM t;
SELECT ARRAY['a:1'::tsvector, 'b'] < ARRAY['a:1'::tsvector, 'c'], ARRAY['a:A'::tsquery] = ARRAY['a'::tsquery], ROW('a'::tsvector, 'b:A'::tsquery) = ROW('a'::tsvector, 'b'::tsquery);
CREATE TABLE u (v tsvector PRIMARY KEY, q tsquery UNIQUE, l tsvector[], m tsquery[]);
INSERT INTO u VALUES ('a:1', 'a', '{a:1A,"b c"}', '{a:A,"b & c:*"}');
INSERT INTO u VALUES ('a:1', 'b');
INSERT INTO u VALUES ('a:2', 'a:A');
INSERT INTO u VALUES ('a:3', 'c:B') ON CONFLICT (v) DO NOTHING;
SELECT * FROM u ORDER BY v;
UPDATE u SET v = v || 'x:4'::tsvector WHERE q = 'a:C' RETURNING *;
SELECT min(i), max(i) FROM t WHERE v IS NOT NULL;

-- matching
SELECT 'a b:89  ca:23A,64b d:34c'::tsvector @@ 'd:AC & ca', 'a b:89  ca:23A,64b d:34c'::tsvector @@ 'd:AC & ca:B', 'a b:89  ca:23A,64b d:34c'::tsvector @@ 'd:AC & ca:A', 'a b:89  ca:23A,64b d:34c'::tsvector @@ 'd:AC & c:*C',
    'a b:89  ca:23A,64b cb:80c d:34c'::tsvector @@ 'd:AC & c:*C', 'a b:89  ca:23A,64c cb:80b d:34c'::tsvector @@ 'd:AC & c:*B', 'wa:1D wb:2A'::tsvector @@ 'w:*D & w:*A', 'wa:1D wb:2A'::tsvector @@ 'w:*D <-> w:*A', 'wa:1A wb:2D'::tsvector @@ 'w:*D <-> w:*A';
SELECT 'wa'::tsvector @@ 'w:*', 'wa'::tsvector @@ 'w:*D', 'wa'::tsvector @@ 'w:*A <-> b', 'a b'::tsvector @@ 'a <-> b', 'a:1 b:2'::tsvector @@@ 'a', 'a' @@ 'a:1'::tsvector, 'a' @@@ 'a:1'::tsvector, ''::tsvector @@ '!a', 'a'::tsvector @@ '';
SELECT q, '1:1 2:2 3:3 4:4'::tsvector @@ q::tsquery AS x, '1:1 2:3 3:2 4:4 1:5'::tsvector @@ q::tsquery AS y, '1 2 3'::tsvector @@ q::tsquery AS z
    FROM unnest(ARRAY['1 <-> 2', '1 <2> 3', '1 <-> 3', '(1 <-> 2) <-> 3', '1 <-> (2 <-> 3)', '1 <2> (2 <-> 3)', '!1 <-> 2', '1 <-> !2', '!1 <-> !2', '!(1 <-> 2)', '!(1 <-> 3) <-> 4', '(1 | 2) <-> 3', '(1 & 2) <-> 3',
        '(1 | !2) <-> 3', '(!1 | !2) <-> 3', '(!1 & !2) <-> 3', '(1 & !2) <-> 3', '(!1 & 2) <-> 3', '1 <-> !(2 <-> 4) <-> 3', '1 <0> 1', '1 <0> 2', '!5 <-> !6', '1 <-> (2 | (2 <-> 3))', '(1 <-> 2 | 1) <-> 3', '1:* <-> 2:*', '!!1 <-> 2']) q;
SELECT 'a'::tsquery || 'b & c', 'a' && 'b | c'::tsquery, !! 'a & b'::tsquery, 'a' <-> 'b & d'::tsquery, tsquery_phrase('a <3> g', 'b & d', 10), tsquery_phrase('a', ''), ''::tsquery && 'a', !! ''::tsquery, tsquery_phrase('a', 'b', 0);
SELECT tsquery_phrase('a', 'b', -1);
SELECT tsquery_phrase('a', 'b', 20000);
SELECT 'new & york'::tsquery @> 'york', 'york'::tsquery <@ 'new & york', 'a & b' @> 'a | c'::tsquery, ''::tsquery <@ 'a';
SELECT numnode('new'::tsquery), numnode('new & york | qwery'), numnode(''::tsquery), querytree('a & !b'), querytree('!a'), querytree(''), querytree('a | !b'), querytree('(a & !b) <-> !c');
SELECT ts_rewrite('foo & bar & qq & new & york', 'new & york'::tsquery, 'big & apple | nyc | new & york & city'), ts_rewrite('moscow', 'moscow', 'msc | hotel'), ts_rewrite('a & b', 'a', ''), ts_rewrite('a & b', 'a & b', ''),
    ts_rewrite('a | b | c', 'b | c', 'x'), ts_rewrite('a & (b | c) & d', 'c | b', 'x & y'), ts_rewrite('!a', 'a', ''), ts_rewrite('a <-> b <-> c', 'a <-> b', 'x'), ts_rewrite('1 & (2 <2> 3)', '2 <2> 3', '2 <-> 3'),
    ts_rewrite('5 <-> (1 & (2 <-> 3))', '2 <-> 3', '2 | 3'), ts_rewrite('a & a & b', 'a', 'c'), ts_rewrite('1 & 2 & 3 & 4 & 5', '2 & 4', 'x | y'), ts_rewrite('', 'a', 'b'), ts_rewrite('a & b & c & d & e', 'q', 'x');

-- functions of tsvector
SELECT 'a:3A b:2a'::tsvector || 'ba:1234 a:1B', 'a'::tsvector || 'b:1', ''::tsvector || 'a:1', 'a:16000'::tsvector || 'b:1000', 'a:1 b'::tsvector || 'a b:3 c';
SELECT setweight('w:12B w:13* w:12,5,6 a:1,3* a:3 w asd:1dc asd zxc:81,567,222A'::tsvector, 'c'), strip('w:12B w:13* w:12,5,6 a:1,3* a:3 w asd:1dc asd'::tsvector), setweight('a:1,3A asd:1C w:5,6,12B,13A zxc:81,222A,567'::tsvector, 'c', '{a,zxc,no,NULL}');
SELECT setweight('a:1', 'x');
SELECT setweight('a:1', 'x', '{a}');
SELECT ts_delete('''base'':7 ''hidden'':6 ''rebel'':1 ''spaceship'':2,33A,34B,35C,36D ''strike'':3'::tsvector, 'base'), ts_delete('base hidden rebel'::tsvector, 'bas'), ts_delete('base hidden rebel'::tsvector, ARRAY['spaceship', 'rebel', NULL, 'rebel']), ts_delete('a'::tsvector, '{a}'::text[]);
SELECT ts_filter('base:7A empir:17 evil:15 first:11 galact:16 hidden:6A rebel:1A spaceship:2A strike:3A victori:12 won:9'::tsvector, '{a}'), ts_filter('a:1A,2B,3C b:4 c'::tsvector, '{b,c}');
SELECT ts_filter('a:1', '{a,b,NULL}');
SELECT ts_filter('a:1', '{x}');
SELECT tsvector_to_array('b:1 a:2'), array_to_tsvector('{b,a,b}'), array_to_tsvector('{}');
SELECT array_to_tsvector(ARRAY['a', NULL]);
SELECT array_to_tsvector(ARRAY['a', '']);
SELECT * FROM unnest('base:7 hidden:6A,9 c'::tsvector);
SELECT unnest('a:1B'::tsvector);
SELECT lexeme, positions[1] FROM t, unnest(v) ORDER BY i, 1;
SELECT length('a:1,2 b'::tsvector), 'a:1'::tsvector::text, 'a'::text::tsvector, 'a & b'::tsquery::text, pg_typeof('a'::tsvector), 'english'::regconfig, 'pg_catalog.simple'::regconfig, 'english_stem'::regdictionary, 13164::regconfig, 3748::oid::regconfig::int;
SELECT 'nope'::regconfig;
SELECT 'nope'::regdictionary;
COPY (SELECT * FROM t ORDER BY i) TO STDOUT;

-- indexes
CREATE TABLE ix (i int PRIMARY KEY, v tsvector, q tsquery);
INSERT INTO ix SELECT i, to_tsvector('simple', 'w' || i || ' ' || repeat('x' || i || ' y' || i * 7 || ' ', i * 20)), ('w' || i % 5 || ':A')::tsquery FROM generate_series(1, 60) i;
CREATE INDEX ix_gin ON ix USING gin (v);
CREATE INDEX ix_gist ON ix USING gist (v);
CREATE INDEX ix_btree ON ix (q);
CREATE INDEX ON ix USING gin (i);
SELECT i FROM ix WHERE v @@ 'w7 | x9 <-> y63' ORDER BY i;
SELECT i FROM ix WHERE q = 'w3' ORDER BY i;
SELECT i FROM ix WHERE v = to_tsvector('simple', 'w1 ' || repeat('x1 y7 ', 20));
INSERT INTO ix VALUES (100, (SELECT string_agg('lexeme' || i || ':' || i % 100 + 1, ' ') FROM generate_series(1, 5000) i)::tsvector);
SELECT i, length(v) FROM ix WHERE v @@ 'lexeme4999' ORDER BY i;
SELECT q, count(*) FROM ix GROUP BY q ORDER BY q;
