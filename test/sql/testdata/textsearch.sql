-- texts made into tsvectors and queries; ranking, headlines
\set VERBOSITY terse
SET client_min_messages = warning;
SET default_text_search_config = english;
SHOW default_text_search_config;
SELECT get_current_ts_config();
SET default_text_search_config = nope;
SELECT to_tsvector('The quick brown foxes jumped over the lazy dogs'), to_tsvector('simple', 'The quick Brown'), to_tsvector('english', ''), to_tsvector('english', 'the and of');
SELECT to_tsvector('nope', 'a');
SELECT to_tsvector(99::regconfig, 'a');
SELECT * FROM ts_token_type('default') WHERE tokid < 4;
SELECT * FROM ts_token_type(3722) WHERE tokid > 20;
SELECT * FROM ts_token_type('nope');
SELECT * FROM ts_parse('default', '345 qwe@efd.r '' http://www.com/ http://aew.werc.ewr/?ad=qwe&dw 1aew.werc.ewr/?ad=qwe&dw 2aew.werc.ewr http://3aew.werc.ewr/?ad=qwe&dw http://4aew.werc.ewr http://5aew.werc.ewr:8100/?  ad=qwe&dw 6aew.werc.ewr:8100/?ad=qwe&dw 7aew.werc.ewr:8100/?ad=qwe&dw=%20%32 +4.0e-10 qwe qwe qwqwe 234.435 455 5.005 teodor@stack.net teodor@123-stack.net 123_teodor@stack.net 123-teodor@stack.net qwe-wer asdf <fr>qwer jf sdjk<we hjwer <werrwe> ewr1> ewri2 <a href="qwe<qwe>">
/usr/local/fff /awdf/dwqe/4325 rewt/ewr wefjn /wqe-324/ewr gist.h gist.h.c gist.c. readline 4.2 4.2. 4.2, readline-4.2 readline-4.2. 234
<i <b> wow  < jqw <> qwerty');
SELECT * FROM ts_parse('default', 'foo-bar-baz été-日本 x-86-64 a1-b2 1.2.3 -4 &amp; &#169; ~/x ../y <script>a b</script> <!-- c --> 1e5 -1.5e-3 user_name host_name.example.com');
SELECT * FROM ts_parse(99, 'a');
SELECT ts_lexize('english_stem', 'skies'), ts_lexize('english_stem', 'identity'), ts_lexize('english_stem', 'the'), ts_lexize('simple', 'ABC'), ts_lexize('pg_catalog.english_stem', 'running');
SELECT ts_lexize('nope', 'a');
SELECT * FROM ts_debug('english', 'a Brown fox-trot 4.5 <b>');
SELECT alias, lexemes FROM ts_debug('the cats');
SELECT to_tsvector('english', '345 qwe@efd.r '' http://www.com/ http://aew.werc.ewr/?ad=qwe&dw 1aew.werc.ewr/?ad=qwe&dw qwe-wer asdf <fr>qwer jf sdjk<we hjwer <werrwe> ewr1> ewri2 <a href="qwe<qwe>"> /usr/local/fff gist.h.c readline-4.2. 234');
SELECT length(to_tsvector('english', repeat('word another ', 10000))), left(to_tsvector('simple', repeat('a ', 20000))::text, 30), length(to_tsvector('simple', repeat('a ', 20000))::text);

SELECT to_tsquery('english', 'qwe & sKies '), to_tsquery('simple', 'qwe & sKies '), to_tsquery('english', '''the wether'':dc & ''           sKies '':BC '), to_tsquery('english', 'asd&(and|fghj)'), to_tsquery('english', '(asd&and)|fghj'), to_tsquery('english', '(!asd&and)|fghj');
SELECT to_tsquery('english', 'the'), to_tsquery('english', 'the & and | of'), to_tsquery('english', '1 <-> the <-> 2'), to_tsquery('english', '(the <-> a) <-> b'), to_tsquery('english', 'a <-> (the <-> b) <3> c'), to_tsquery('english', '!(the) & x'), to_tsquery('english', 'foo-bar:*A & the <-> cat'), to_tsquery('english', '''the big cat''');
SELECT to_tsquery('english', 'w <-> (((a <-> x) <2> (y <3> a)) <-> z)'), to_tsquery('english', '(a | b) <-> c'), to_tsquery('english', 'x <-> ((a <-> y) | z)'), to_tsquery('english', '((x <-> a) | a) <-> y');
SELECT to_tsquery('english', 'a b');
SELECT to_tsquery('english', '');
SELECT plainto_tsquery('english', 'the and z 1))& fat cats'), plainto_tsquery('english', 'foo bar') && plainto_tsquery('english', 'asd'), plainto_tsquery('the'), plainto_tsquery('english', 'foo-bar'), phraseto_tsquery('english', 'the big fat cat and a dog'), phraseto_tsquery('PostgreSQL can be extended by the user in many ways'), phraseto_tsquery('simple', 'a the b'), phraseto_tsquery('english', '');
SELECT q, websearch_to_tsquery('english', q), websearch_to_tsquery('simple', q) FROM unnest(ARRAY['I have a fat:*ABCD cat', 'orange:**AABBCCDD', 'fat:A!cat:B|rat:C<', 'fat:A : cat:B', 'fat*rat', 'fat-rat', 'fat_rat', 'abc : def', 'a:::b', 'abc:d', ':',
    'fat or rat', 'fat OR rat', 'fat "OR" rat', 'fat OR', 'OR rat', '"fat cat OR rat"', 'fat (cat OR rat', 'or OR or', '"fat cat"or"fat rat"', 'fat or(rat', 'fat or)rat', 'fat or&rat', 'fat or-rat', 'fat orrat', 'fat -rat', '-fat -(rat', 'fat "-rat"', '- ', '--a',
    'abc OR !-', 'abc "" OR ""', '"a " "b', '" or "', 'cat -"fat rat" cheese', 'this is ----fine', '(()) )))) this ||| is && -fine, "dear friend" OR good', 'an old <-> cat" is fine &&& too', '"A the" OR just on', '"a fat cat" ate a rat', 'ate -"a fat cat"', 'don''t \stop', 'a & or b', 'a or &', 'x !y | or z']) q;

SELECT to_tsvector('english', 'fat cats ate rats') @@ 'cat & rat', 'fat cats ate rats' @@ 'cat & rats'::text, 'cats' @@ 'cat'::tsquery, to_tsvector('cats') @@ plainto_tsquery('cat');
SELECT to_tsvector('english', '{"a": "the cats", "b": ["running dogs", {"c": "a fish"}], "d": 5, "e": true, "cats": null}'::json), to_tsvector('{"zz": "one", "a": "two"}'::jsonb), to_tsvector('{"zz": "one", "a": "two", "a": "three"}'::json), to_tsvector('"x"'::json), to_tsvector('[]'::jsonb), to_tsvector('null'::json);
SELECT f, json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456.50, "d": true, "f": false, "g": null}', f), jsonb_to_tsvector('{"a": "aaa in bbb", "b": 123, "c": 456.50, "d": true, "f": false, "g": null}', f)
    FROM unnest(ARRAY['"all"', '"key"', '"string"', '"numeric"', '"boolean"', '["string", "numeric"]', '["KEY"]', '[]']::jsonb[]) f;
SELECT json_to_tsvector('{}', '""');
SELECT json_to_tsvector('{}', '{}');
SELECT jsonb_to_tsvector('{}', 'null');
SELECT jsonb_to_tsvector('english', '{}', '[1]');
SELECT jsonb_to_tsvector('english', '{}', '["all", null]');

CREATE TABLE docs (i int, body text, v tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED);
INSERT INTO docs SELECT i, (ARRAY['Painted ships upon a painted ocean', 'Day after day, day after day, we stuck, nor breath nor motion', 'As idle as a painted Ship upon a painted Ocean.', 'Water, water, every where, and all the boards did shrink', 'Water, water, every where, nor any drop to drink.'])[i] FROM generate_series(1, 5) i;
SELECT * FROM docs ORDER BY i;
SELECT i FROM docs WHERE v @@ to_tsquery('painted & ocean') ORDER BY i;
SELECT i FROM docs WHERE to_tsvector('english', body) @@ websearch_to_tsquery('english', 'water -drink or breath') ORDER BY i;
SELECT i, ts_rank(v, q), ts_rank(v, q, 1), ts_rank(v, q, 2), ts_rank(v, q, 8), ts_rank(v, q, 16), ts_rank(v, q, 32), ts_rank('{0.1,0.2,0.3,1}', v, q, 3) FROM docs, to_tsquery('english', 'painted & ship | water & drop') q ORDER BY i;
SELECT i, ts_rank(v, q) FROM docs, to_tsquery('english', 'painted <-> ocean') q ORDER BY i;
SELECT i, ts_rank(v, 'pa:* & ship'), ts_rank(v, 'water'), ts_rank(v, 'pa:*'), ts_rank(v, '!water'), ts_rank(strip(v), 'paint & ship'), ts_rank(v, '') FROM docs ORDER BY i;
SELECT i, ts_rank_cd(v, q), ts_rank_cd(v, q, 1), ts_rank_cd(v, q, 2), ts_rank_cd(v, q, 4), ts_rank_cd(v, q, 8), ts_rank_cd(v, q, 16), ts_rank_cd(v, q, 32), ts_rank_cd('{0.1,0.2,0.3,1}', v, q) FROM docs, to_tsquery('english', 'painted & ship | water & drop | day') q ORDER BY i;
SELECT ts_rank(' a:1 s:2C d g'::tsvector, 'a | s'), ts_rank(' a:1 sa:2C d g'::tsvector, 'a | s:*'), ts_rank(' a:1 s:2B d g'::tsvector, 'a & s'), ts_rank_cd(' a:1 s:2C d g'::tsvector, 'a | s'), ts_rank_cd(' a:1 s:2A d:2A g'::tsvector, 'a <-> s'), ts_rank_cd('a:1 b:2 c:3 a:9 b:12'::tsvector, 'a & b:*'), ts_rank_cd('a b'::tsvector, 'a');
SELECT ts_rank('{1,1,1}'::real[], 'a:1', 'a'::tsquery);
SELECT ts_rank('{1,1,1,NULL}'::real[], 'a:1', 'a'::tsquery);
SELECT ts_rank('{1,1,1,2}'::real[], 'a:1', 'a'::tsquery);
SELECT ts_rank_cd('{{1,1,1,1}}'::real[], 'a:1', 'a'::tsquery);

SELECT ts_headline('english', 'Day after day, day after day, We stuck, nor breath nor motion, As idle as a painted Ship Upon a painted Ocean. Water, water, every where And all the boards did shrink; Water, water, every where, Nor any drop to drink.', q) FROM unnest(ARRAY['painted & Ocean', 'drink', 'day & drink', 'nothing', 'pa:*', 'painted <-> ship', 'paint <-> (ship | ocean)', '!day', 'water | shrink & drink']::text[]) s, to_tsquery('english', s) q;
SELECT ts_headline('english', 'Day after day, day after day, We stuck, nor breath nor motion, As idle as a painted Ship Upon a painted Ocean. Water, water, every where And all the boards did shrink; Water, water, every where, Nor any drop to drink.', to_tsquery('english', 'day | ocean & drink'), o)
    FROM unnest(ARRAY['MinWords=1, MaxWords=3', 'MaxFragments=2', 'MaxFragments=5,MaxWords=7,MinWords=3', 'StartSel=<<, StopSel=">>"', 'HighlightAll=true', 'MaxFragments=3, FragmentDelimiter=" ## ", MaxWords=5, MinWords=2, ShortWord=0', 'StartSel=''it''''s '', StopSel=E''x\\y''', '']) o;
SELECT ts_headline('simple', '<html><!-- some comment --><body>Sea view wow <u>foo bar</u> <i>qq</i><a href="http://www.google.com/foo.bar.html" target="_blank">YES &nbsp;</a> ff-bg <script>document.write(15);</script></body></html>', 'sea&foo'::tsquery, 'HighlightAll=true'), ts_headline('simple', '1 2 3 1 3', '1 <-> 3'::tsquery, 'MaxWords=2, MinWords=1'), ts_headline('simple', '1 2 3 1 3', '1 & 3'::tsquery, 'MaxWords=4, MinWords=1'), ts_headline('the cats sat', 'cat'::tsquery), ts_headline('english', '', 'a'::tsquery), ts_headline('english', 'foo-bar http://a.com/x', 'foo | a.com'::tsquery), ts_headline('a b', ''::tsquery);
SELECT ts_headline('english', 'a', 'a'::tsquery, 'MaxWords=2,MinWords=5');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'MinWords=0');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'ShortWord=-1');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'MaxFragments=-1');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'foo=2');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'MaxWords=x');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'MaxWords');
SELECT ts_headline('english', 'a', 'a'::tsquery, 'StartSel="x');
SELECT ts_headline('english', '{"a": "aaa bbb", "b": {"c": "ccc ddd fff"}, "d": ["ggg hhh", 1.50, null, true]}'::json, 'bbb & ddd | hhh'::tsquery), ts_headline('{"b": "aaa bbb", "a": 1.0, "aa": "bbb"}'::jsonb, 'bbb'::tsquery, 'StartSel=<'), ts_headline('english', '"x"'::jsonb, 'x'::tsquery), ts_headline('null'::json, 'a'::tsquery);
\dF s*
\dFd english*
\dFp
\dFt
\dF+ english
SELECT to_tsvector('simple', 'Straße ÉCOLE Ünïcödé'), to_tsvector('english', 'don''t can''t O''Reilly''s'), to_tsvector('a-b a-1 1-a a--b');
