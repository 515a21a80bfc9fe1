pg_size_pretty(0::int8)
pg_size_pretty(10239::int8)
pg_size_pretty(10240::int8)
pg_size_pretty(1000000::int8)
pg_size_pretty(10484736::int8)
pg_size_pretty(10485760::int8)
pg_size_pretty(1000000000000::int8)
pg_size_pretty((-1000000)::int8)
pg_size_pretty(1000000::numeric)
pg_size_pretty(1.5::numeric)
pg_encoding_to_char(6)
pg_client_encoding()
getdatabaseencoding()
normalize('é', NFD) = 'é'
parse_ident('"SomeSchema".sometable')
parse_ident('foo.boo[]')
parse_ident('foo.boo[]', false)
parse_ident('a..b')
parse_ident('ÉA.B')
oidvectortypes('23 25')
'{"a":1,"b":2}'::jsonb @> '{"b":2}'
'[1,2,3]'::jsonb @> '[3,1]'
'["foo", "bar"]'::jsonb @> '"bar"'
'{"a":{"b":1}}'::jsonb @> '{"b":1}'
'{"b":2}'::jsonb <@ '{"a":1,"b":2}'
'{"a":1,"b":2}'::jsonb ?| ARRAY['b','c']
'{"a":1,"b":2}'::jsonb ?& ARRAY['b','c']
'{"a":1}'::jsonb || '{"b":2}'
'[1]'::jsonb || '2'
'{"a":1}'::jsonb || '[2]'
'{"a":1,"b":2}'::jsonb - 'a'
'["a","b"]'::jsonb - 'a'
'["a","b"]'::jsonb - 1
'{"a":1}'::jsonb - 1
'{"a":1,"b":2,"c":3}'::jsonb - ARRAY['a','b']
'{"a":[1,2]}'::jsonb #- '{a,0}'
jsonb_set('{"a":[1,2]}', '{a,1}', '9')
jsonb_set('{"a":1}', '{b}', '9')
jsonb_set('{"a":1}', '{b}', '9', false)
jsonb_set('[1]', '{x}', '9')
jsonb_insert('{"a":[0,1,2]}', '{a,1}', '"new"')
jsonb_insert('{"a":[0,1,2]}', '{a,1}', '"new"', true)
jsonb_insert('{"a":1}', '{a}', '2')
jsonb_pretty('{"a":[1,{"b":2}],"c":{}}')
jsonb_strip_nulls('{"a":null,"b":[null,{"c":null}]}')
'1.5'::jsonb::numeric
'2.5'::jsonb::int4
'"x"'::jsonb::int4
'true'::jsonb::bool
json_object('{a,1,b,2}')
json_object('{{a,1},{b,2}}')
json_object('{a,b}', '{1,2}')
json_object('{a}')
jsonb_object('{b,1,a,NULL}')
