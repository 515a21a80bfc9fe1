-- SQL/JSON path: reading and printing
SELECT ''::jsonpath;
SELECT '$'::jsonpath, 'strict $'::jsonpath, 'lax $.a'::jsonpath;
SELECT '$.a.v[*].**.b'::jsonpath, '$.a[*][*]'::jsonpath, '$.a[1,2 to 3, last]'::jsonpath, '$.**{2}.**{2 to last}.**{last}.**{3 to 5}'::jsonpath;
SELECT '$."a b\n\"c\"\u0041\x42\u{1F600}"'::jsonpath, '$.\u0061b'::jsonpath, '"\ud83d\ude00"'::jsonpath;
SELECT '"\ud83d"'::jsonpath;
SELECT '"\u0000"'::jsonpath;
SELECT '"\u12"'::jsonpath;
SELECT '$.type'::jsonpath, '$.type()'::jsonpath, '$.size().abs().floor().ceiling().double().keyvalue()'::jsonpath, '$.datetime("HH24:MI")'::jsonpath;
SELECT '$.null.true.TO.last'::jsonpath, '$.TYPE ()'::jsonpath;
SELECT '1 + 2 * 3 - -4 / +5 % $.a'::jsonpath, '(1 + 2) * 3'::jsonpath, '-($.a + 1).abs()'::jsonpath, '(-1.50).type()'::jsonpath, '- -1'::jsonpath;
SELECT '1.5e3'::jsonpath, '.5'::jsonpath, '1.'::jsonpath, '0'::jsonpath, '12e-3'::jsonpath;
SELECT '$.a ? (@.b == 1 && @.c != "x" || !(@.d <> $var) && exists(@.e ? (@ > 1)))'::jsonpath;
SELECT '$ ? ((@ > 1) is unknown)'::jsonpath, '$ ? (@ starts with "a" || @ starts with $"b c")'::jsonpath;
SELECT '$ ? (@ like_regex "^a.*\d$" flag "smi")'::jsonpath, '$ ? (@ like_regex "a[b" flag "q")'::jsonpath;
SELECT '$ ? (@ like_regex "(a")'::jsonpath;
SELECT '$ ? (@ like_regex "a" flag "ix")'::jsonpath;
SELECT '$ ? (@ like_regex "a" flag "z")'::jsonpath;
SELECT '$.a == 1'::jsonpath, '($.a == 1).type()'::jsonpath, '$ ? (@.a == 1).b'::jsonpath, '!exists($.a)'::jsonpath;
SELECT '$a.b["x"]'::jsonpath, '/* comment */ $ /* another */ . a'::jsonpath;
SELECT '@ + 1'::jsonpath;
SELECT '$ ? (@ > last)'::jsonpath;
SELECT '$[last]'::jsonpath, '$[last - 1 to last]'::jsonpath;
SELECT '1a'::jsonpath;
SELECT '1.2e+'::jsonpath;
SELECT '00'::jsonpath;
SELECT '$.'::jsonpath;
SELECT '$ ? (@.a)'::jsonpath;
SELECT '$ ? (1 == (2 == 3))'::jsonpath;
SELECT '$ + (1 == 2)'::jsonpath;
SELECT '!$.a'::jsonpath;
SELECT '$ && $'::jsonpath;
SELECT '"abc'::jsonpath;
SELECT '/* abc'::jsonpath;
SELECT '$.a b'::jsonpath;
SELECT '$.foo()'::jsonpath;
SELECT '$.**{a}'::jsonpath;
SELECT 'strict'::jsonpath;
SELECT '$[]'::jsonpath;
SELECT NULL::jsonpath, '$.a'::jsonpath::text, '{$.a,"$[1,2]"}'::jsonpath[];
-- what they find
SELECT jsonb_path_query('{"a": [1, {"b": 2}, [3, 4]], "c": "x"}', p::jsonpath) FROM (VALUES ('$'), ('$.a[*]')) v(p);
SELECT p, jsonb_path_query_array('{"a": [1, {"b": 2}, [3, 4]], "c": "x", "d": null}', p::jsonpath, '{"n": 2, "s": "x"}', true)
FROM (VALUES ('$.a'), ('$.a[*]'), ('$.a[0 to 1]'), ('$.a[last]'), ('$.a[5]'), ('strict $.a[5]'), ('$.a[$n]'), ('$.a[0.9]'), ('$.a["x"]'),
  ('$.a.b'), ('strict $.a.b'), ('strict $.a[*].b'), ('$.*'), ('$.a.*'), ('$.**'), ('$.**{1}'), ('$.**{last}'), ('$.**{2 to last}.b'), ('strict $.**.b'),
  ('$.a.size()'), ('$.c.size()'), ('strict $.c.size()'), ('$.a[*].type()'), ('$.*.type()'), ('$.a ? (@.b == $n)'), ('$.a[*] ? (@ > 0)'), ('strict $.a[*] ? (@ > 0)'),
  ('$.a[*] ? ((@ > 0) is unknown)'), ('$.c == $s'), ('$.d == null'), ('$.d != 1'), ('$.a == 1'), ('$.a[0] + $n * 3'), ('$.c + 1'), ('-$.a[0]'), ('-$.a'), ('+$.c'),
  ('$.a[0] / 0'), ('7 % 4 - 1.50'), ('$.c ? (@ starts with "x")'), ('$.c ? (@ like_regex "^X" flag "i")'), ('exists($.a[*] ? (@.b > 1))'), ('exists($.z)'),
  ('strict exists($.z)'), ('$.z'), ('$[*]'), ('$[0].c'), ('$.a[*].abs()'), ('$.c.double()'), ('"1.5e2".double()'), ('(-1.5).floor()'), ('(-1.5).ceiling()'), ('(-1.5).abs()'),
  ('$.a[*] ? (@.type() == "number")'), ('$.a[2][1]'), ('$.a[2] ? (@ == 4)'), ('$.a[*] ? (exists(@.b))'), ('1 == 1'), ('"a" < "b"'), ('true > false'), ('null == 0'), ('null != 0'),
  ('$ == $'), ('!($.a[0] == 1)'), ('$.a[0] == 1 && $.c == 1'), ('$.a[0] == 1 || $.c == 1'), ('$x')) v(p) WHERE p <> '$x';
SELECT jsonb_path_query('{"a": 1, "b": [1, {"c": "d"}], "xyz": {"e": 1.25, "f": null}}', '$.**.keyvalue()');
SELECT jsonb_path_query('[{"a": 1, "b": [1, 2]}, {"c": {"a": "bbb"}}]', '$[*].keyvalue().value.keyvalue()');
SELECT jsonb_path_query('{"a": {"b": 1}}', '$v.keyvalue()', '{"v": {"x": 1}}');
SELECT jsonb_path_query('[1]', '$.keyvalue()');
-- errors
SELECT jsonb_path_query('{"a": 1}', 'strict $.b');
SELECT jsonb_path_query('[1]', 'strict $.b');
SELECT jsonb_path_query('[1]', 'strict $[1]');
SELECT jsonb_path_query('1', 'strict $[0]');
SELECT jsonb_path_query('1', 'strict $[*]');
SELECT jsonb_path_query('1', 'strict $.*');
SELECT jsonb_path_query('[1]', '$[$]');
SELECT jsonb_path_query('[1]', '$[10000000000]');
SELECT jsonb_path_query('["a"]', '$[0] + 1');
SELECT jsonb_path_query('[1]', '1 + "a"');
SELECT jsonb_path_query('["a"]', '-$');
SELECT jsonb_path_query('[1, 2]', '$ + 1');
SELECT jsonb_path_query('1', '$ / 0');
SELECT jsonb_path_query('"a"', '$.abs()');
SELECT jsonb_path_query('"a"', '$.double()');
SELECT jsonb_path_query('true', '$.double()');
SELECT jsonb_path_query('1', 'strict $.size()');
SELECT jsonb_path_query('1', '$x', '{}');
SELECT jsonb_path_query('1', '$x', '[]');
SELECT jsonb_path_query('1', '$x', silent => true);
SELECT jsonb_path_match('{"a": 1}', '$.a');
SELECT jsonb_path_match('{"a": 1}', '$.a == 1'), jsonb_path_match('{"a": 1}', '$.a == "x"'), jsonb_path_match('{"a": 1}', '$.a', silent => true);
SELECT jsonb_path_exists('{"a": 1}', '$.a ? (@ > $x)', '{"x": 0}'), jsonb_path_exists('{"a": 1}', 'strict $.b', silent => true);
SELECT jsonb_path_query_first('[1, 2, 3]', '$[*] ? (@ > 1)'), jsonb_path_query_first('[1]', '$[*] ? (@ > 1)');
SELECT jsonb '{"a": [1, 2]}' @? '$.a[*] ? (@ > 1)', jsonb '{"a": 1}' @@ '$.a > 1', jsonb '{"a": 1}' @@ '$.a', jsonb '1' @? 'strict $.a';
-- in a table
CREATE TABLE paths (id int PRIMARY KEY, p jsonpath, j jsonb);
INSERT INTO paths SELECT i, format('$.a ? (@ > %s)', i)::jsonpath, format('{"a": %s}', i * 2)::jsonb FROM generate_series(-2, 3) i;
SELECT id, p, j, j @? p FROM paths ORDER BY id;
SELECT id FROM paths WHERE j @? '$.a ? (@ >= 2)' ORDER BY id;
SELECT p FROM paths GROUP BY p;
INSERT INTO paths VALUES (9, '3 + ($ * 2).abs()', '-1');
SELECT p, p::text, length(p::text), jsonb_path_query(j, p) FROM paths WHERE id = 9;
SELECT id FROM paths WHERE p::text = '(3 + $ * 2.abs())';
SELECT p::text || '' FROM paths WHERE p::text LIKE '(3%';
CREATE INDEX ON paths (p);
SELECT p = p FROM paths;
SELECT DISTINCT p FROM paths;
SELECT id FROM paths ORDER BY p;
CREATE TABLE paths2 (p jsonpath PRIMARY KEY);

DROP TABLE paths;
SELECT '$.a b c'::jsonpath;
SELECT '$.a
  b   /* c */'::jsonpath;
SELECT '$ ? (@ like_regex b)'::jsonpath;
SELECT '$.a[1 to]'::jsonpath;
SELECT '$ = 1'::jsonpath;
SELECT '$.a ? @.b'::jsonpath;
SELECT '-"a"'::jsonpath, '-(1 + 2)'::jsonpath, '(1).a'::jsonpath, '$a'::jsonpath, '$"a b".c'::jsonpath;
SELECT '($.a) + (@.b == 1)'::jsonpath;
SELECT '$.a ? (!(@ == 1) && !exists(@.b) && (@ is unknown))'::jsonpath;
SELECT '(($.a == 1))'::jsonpath, '(($.a))'::jsonpath, '((1 + 2)) * 3'::jsonpath, '1 - (2 - 3)'::jsonpath, '1 - 2 - 3'::jsonpath;
SELECT '\u0061'::jsonpath;
SELECT 'tRuE'::jsonpath;
SELECT 'LAX $.a'::jsonpath, 'STRICT $.a'::jsonpath;
SELECT '$.a["b"]'::jsonpath, '$[1][2].**.*[*]'::jsonpath;
SELECT '1e400000'::jsonpath;
SELECT '$.**{4294967296}'::jsonpath;
SELECT '$.**{3 to 2}'::jsonpath, '$.**{last to 2}'::jsonpath;
SELECT '{"a\u0000"}'::jsonpath;
SELECT '$\u0061'::jsonpath;
SELECT '$.a\x4'::jsonpath;
SELECT '$.a\'::jsonpath;
SELECT '"a\u{110000}"'::jsonpath;
SELECT '"a\u{zz}"'::jsonpath;
SELECT '"\udc00"'::jsonpath;
SELECT '"\ud800\ud800"'::jsonpath;
SELECT 'a'::jsonpath;
SELECT '.a'::jsonpath;
SELECT '$.1a'::jsonpath;
SELECT '$.a.1'::jsonpath;
SELECT '$ > 1 > 2'::jsonpath;
SELECT '$ starts with 1'::jsonpath;
SELECT '$ starts "a"'::jsonpath;
SELECT 'exists($ == 1)'::jsonpath;
SELECT '3 + ($ * 2).abs()'::jsonpath, jsonb_path_query('-1', '3 + ($ * 2).abs()'), jsonb_path_query('-1', '2 * (-$).abs()');
