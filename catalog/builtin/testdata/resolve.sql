-- operators
1 + 1
1 + 2147483647
1::int8 + 1::int2
1 + '2'
'1' + '2'
'a' || 1
1 || 'a'
'a' || 'b'
1 + true
1 = true
'a' = 'a'::varchar
'a'::text = 'a'::varchar
1 = 1.0
1 = 1.0::float8
1.5 + 1::int8
2147483647 * 2147483647
9223372036854775807 + 1
- '3'
- 'x'::text
@ (-5)
~ 5
1 << 33
(-8) >> 1
7 / 2
-7 / 2
-7 % 3
7 / 0
7 % 0
(-32768)::int2 / (-1)::int2
(-2147483648) / (-1)
(-9223372036854775808) % (-1)
5 & 6 | 1 # 2
gcd(12, 18)
gcd((-2147483648), 0)
lcm(4, 6)
lcm(2147483647, 2)
abs(-5)
abs((-2147483648))
-- functions
foo(1)
length(1)
length('abc')
lower('ABC', 1)
upper()
text(1)
int4('12')
int4(12.6)
int8(true)
bool(1)
-- casts
true::int4
2::bool
1::int8::int2
70000::int2
70000::oid
(-1)::oid
1.5::int4
2.5::int4
-2.5::int4
2.5::float8::int4
3.5::float8::int4
1e10::float8::int4
1e40::float8::float4
1e-50::float8::float4
'12'::int4
'1x'::int4
'99999999999'::int4
true::text
'abc'::varchar(2)
'abc'::char(5)
'abc'::char(2)
'abc  '::char(5)::text || 'x'
true::float8
1::date
'a'::text::int4
1::"char"
'{1,2}'::int4[]
'{1,2}'::int4[]::int8[]
'{1,2}'::int4[]::text[]
'{a}'::text[]::int4[]
'{abcd,e}'::varchar(2)[]
12.345::numeric(4,1)
12345::numeric(4,1)
'abc'::name
123::text
123::varchar(2)
-- conditions
CASE WHEN true THEN 1 ELSE 2.5 END
CASE WHEN true THEN 1 ELSE 'x' END
CASE WHEN true THEN 1 ELSE now() END
CASE WHEN 1 THEN 2 END
CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END
CASE 3 WHEN 1 THEN 'one' END
CASE WHEN false THEN 1 / 0 ELSE 7 END
COALESCE(NULL, 1, 2.5)
COALESCE(NULL, NULL)
COALESCE(1, true)
GREATEST(1, 2.5, NULL)
LEAST('b', 'a')
LEAST(NULL, NULL::int4)
NULLIF(1, 1)
NULLIF(1, 2)
NULLIF('a', 'b')
1 IN (1, 2)
3 IN (1, NULL)
3 NOT IN (1, 2)
1 = ANY ('{1,2}')
1 = ANY (ARRAY[1, 2])
3 = ANY (ARRAY[1, NULL])
3 <> ALL (ARRAY[1, 2])
3 < ALL ('{}'::int4[])
NULL = ANY (ARRAY[1])
1 = ANY (1)
1 + ANY (ARRAY[1])
NULL IS NULL
1 IS NOT NULL
ROW(1, NULL) IS NULL
ROW(NULL, NULL) IS NULL
ROW(1, NULL) IS NOT NULL
NULL IS DISTINCT FROM NULL
1 IS DISTINCT FROM NULL
1 IS NOT DISTINCT FROM 1
(NULL::bool) IS UNKNOWN
true AND NULL
false AND NULL
true OR NULL
false OR NULL
NOT NULL
NOT 1
true AND 1
1 AND true
(1 = 1) IS TRUE
ARRAY[1, 2.5]
ARRAY[1, 'a']
ARRAY[[1, 2], [3, 4]]
ARRAY[[1, 2], [3]]
ARRAY[1, NULL]
ARRAY[]
ARRAY[]::int4[]
(ARRAY[1, 2, 3])[2]
(ARRAY[1, 2, 3])[5]
(ARRAY[1, 2, 3])[2:3]
(ARRAY[1, 2, 3])[:2]
(ARRAY[1, 2, 3])[5:6]
(ARRAY[[1, 2], [3, 4]])[2][1]
(ARRAY[[1, 2], [3, 4]])[1:2][2:2]
(ARRAY[[1, 2], [3, 4]])[2]
ROW(1, 'a')
ROW(1, 2) = ROW(1, 2)
ROW(1, 2) < ROW(1, 3)
