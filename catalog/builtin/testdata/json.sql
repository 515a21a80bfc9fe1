'{"a": {"b": 1}, "c": [1, 2, "x"], "n": null, "s": "q\u0041\n"}'::json -> 'a'
'{"a": {"b":1}}'::json -> 'a' -> 'b'
'{"s": "q\u0041\n", "n": null}'::json ->> 's'
'{"s": "q", "n": null}'::json ->> 'n'
'{"s": "q", "n": null}'::json -> 'n'
'{"a":1,"a":2}'::json -> 'a'
'[1, 2, "x"]'::json -> 2
'[1, 2, "x"]'::json ->> 2
'[1, 2, "x"]'::json -> -1
'[1, 2]'::json -> 5
'{"a":{"b":["foo","bar"]}}'::json #> '{a,b,1}'
'{"a":{"b":["foo","bar"]}}'::json #>> '{a,b,1}'
'{"a":1}'::json #> '{}'
json_typeof('[1]')
json_typeof(' "a"')
json_typeof('-1.5')
json_array_length('[1,2,[3,4]]')
json_array_length('{"a":1}')
json_array_length('1')
json_object_keys('{"f1":"abc","f2":{"f3":"a"}}')
json_object_keys('[1]')
json_each('{"a":"foo", "b":2}')
json_each_text('{"a":"foo", "b":null}')
json_each('[1]')
json_array_elements('[1,true, [2,false]]')
json_array_elements_text('["foo", "bar", null]')
json_array_elements('{"a":1}')
json_extract_path('{"a":{"b":1}}', 'a', 'b')
json_extract_path_text('{"a":{"b":"x"}}', 'a', 'b')
to_json('Fred said "Hi."'::text)
to_json(42)
to_json(1.50)
to_json('NaN'::float8)
to_json(true)
to_json(NULL::int4)
to_json(ARRAY[[1,2],[3,4]])
to_json(date '2014-05-28')
to_json(timestamp '2014-05-28 12:22:35.614298')
to_json(timestamptz '2014-05-28 12:22:35.614298+02')
to_json(timestamp 'infinity')
to_json(interval '1 day')
to_json('{"a": 1}'::json)
to_json(ROW(1, 'foo'))
to_json('x')
row_to_json(ROW(1, 'foo'))
row_to_json(ROW(1, 'foo'), true)
array_to_json(ARRAY[[1,5],[99,100]])
array_to_json(ARRAY[1,2], true)
json_build_array(1, 2, 'foo', 4, 5.5, NULL)
json_build_array()
json_build_object('foo', 1, 2, ROW(3, 'bar'))
json_build_object()
json_build_object('foo')
json_build_object(NULL, 1)
json_build_object(ARRAY[1], 1)
json_build_object(VARIADIC ARRAY['a', 'b'])
'{"b": 1, "a": [1, 2]}'::jsonb -> 'a'
'{"b": 1, "a": [1, 2]}'::jsonb ->> 'a'
'{"b": 1}'::jsonb ? 'b'
'["b"]'::jsonb ? 'b'
to_jsonb(ROW(1, 'foo'))
jsonb_build_object('b', 1, 'a', 2)
jsonb_build_array(1, 'a')
jsonb_typeof('{"a":1}')
'1'::json::text
'{"a":1}'::jsonb = '{"a":1.0}'::jsonb
