ARRAY[1,2] || ARRAY[3]
ARRAY[1,2] || 3
0 || ARRAY[1,2]
ARRAY[1,2] || NULL
ARRAY[1,2] || ARRAY[[3,4]]
ARRAY[[1,2]] || ARRAY[3,4]
ARRAY[[1,2]] || ARRAY[3]
ARRAY[1] || 1.5
ARRAY['a'] || 'b'
ARRAY['a'] || '{b}'
NULL::int4[] || 1
array_append(ARRAY[1,2], 3)
array_append(NULL, 1)
array_prepend(1, ARRAY[2,3])
array_cat(ARRAY[1,2], ARRAY[3,4])
array_ndims(ARRAY[[1,2],[3,4]])
array_ndims('{}'::int4[])
array_dims(ARRAY[[1,2,3],[4,5,6]])
array_dims('[2:3]={1,2}'::int4[])
array_length(ARRAY[1,2,3], 1)
array_length(ARRAY[1,2,3], 2)
array_length('{}'::int4[], 1)
array_lower('[0:2]={1,2,3}'::int4[], 1)
array_upper('[0:2]={1,2,3}'::int4[], 1)
cardinality(ARRAY[[1,2],[3,4]])
cardinality('{}'::int4[])
array_position(ARRAY['sun','mon','tue'], 'mon')
array_position(ARRAY[1,4,2,4], 4, 3)
array_position(ARRAY[1,NULL], NULL)
array_positions(ARRAY['A','A','B','A'], 'A')
array_positions(ARRAY[1], 2)
array_remove(ARRAY[1,2,3,2], 2)
array_remove(ARRAY[1,NULL,3], NULL)
array_replace(ARRAY[1,2,5,4], 5, 3)
array_to_string(ARRAY[1,2,NULL,5], ',')
array_to_string(ARRAY[1,2,NULL,5], ',', '*')
string_to_array('xx~~yy~~zz', '~~')
string_to_array('xx~~yy~~zz', '~~', 'yy')
string_to_array('abc', NULL)
string_to_array('abc', '')
string_to_array('', ',')
string_to_array(NULL, ',')
array_fill(11, ARRAY[2,3])
array_fill(7, ARRAY[3], ARRAY[2])
array_fill(7, NULL)
array_fill('x'::text, ARRAY[0])
trim_array(ARRAY[1,2,3,4,5,6], 2)
trim_array(ARRAY[1,2], 3)
width_bucket(25, ARRAY[10, 20, 30])
width_bucket(now(), ARRAY['yesterday', 'today', 'tomorrow']::timestamptz[])
ARRAY[1,4,3] @> ARRAY[3,1,3]
ARRAY[2,2,7] <@ ARRAY[1,7,4,2,6]
ARRAY[1,4,3] && ARRAY[2,1]
ARRAY[1,NULL] @> ARRAY[NULL]::int4[]
ARRAY[1,2,3] = ARRAY[1,2,3]
ARRAY[1,2,3] < ARRAY[1,2,4]
ARRAY[1,4,3] > ARRAY[1,2,4]
ARRAY[1.1,2.1,3.1]::int4[] = ARRAY[1,2,3]
ARRAY['a','b']::varchar[] = ARRAY['a','b']::text[]
unnest(ARRAY[1,2,3])
unnest(ARRAY[['a','b'],['c',NULL]])
unnest(NULL::int4[])
generate_subscripts('{NULL,1,NULL,2}'::int4[], 1)
generate_subscripts(ARRAY[1,2,3], 1, true)
string_to_table('a,b,,c', ',')
string_to_table('abc', NULL)
