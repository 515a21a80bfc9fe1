'a' || 'b' || NULL
'a'::text || 1.5
true || 'x'
'x' || true
'x'::text || ARRAY[1,2]::text
length('héllo')
char_length('abc  '::char(10))
octet_length('héllo')
octet_length('abc'::char(10))
bit_length('abc')
lower('HÉLLO Straße')
upper('héllo straße')
initcap('hello WORLD foo-bar x1y über')
reverse('héllo')
substr('hello', 2)
substr('hello', 2, 3)
substr('hello', -1, 3)
substr('hello', 0)
substr('hello', 2, -1)
substr('hello', 10)
substr('hello', 2, 2147483647)
substring('hello' from 2 for 3)
substring('hello' from 2)
substring('hello' for 2)
left('hello', 2)
left('hello', -2)
left('hello', -10)
right('hello', 2)
right('hello', -2)
right('hello', 10)
overlay('Txxxxas' placing 'hom' from 2 for 4)
overlay('abcdef' placing 'zz' from 3)
overlay('abcdef' placing 'zz' from 0)
overlay('abcdef' placing 'zz' from 3 for -1)
position('l' in 'hello')
position('' in 'hello')
strpos('héllo', 'l')
strpos('hello', 'z')
starts_with('hello', 'he')
'hello' ^@ 'he'
lpad('hi', 5, 'xy')
lpad('hello', 3)
lpad('hi', 5)
rpad('hi', 5, 'xy')
rpad('hi', 5, '')
lpad('hi', -1)
lpad('x', 2000000000)
trim('  hi  ')
trim(both 'x' from 'xxhixx')
trim(leading 'x' from 'xxhixx')
trim(trailing 'x' from 'xxhixx')
btrim('xyxtrimyyx', 'xyz')
ltrim('  a')
rtrim('a  ')
repeat('ab', 3)
repeat('ab', -1)
repeat('ab', 2000000000)
replace('abcabc', 'b', 'xx')
replace('abc', '', 'x')
translate('12345', '143', 'ax')
split_part('a,b,c', ',', 2)
split_part('a,b,c', ',', -1)
split_part('a,b,c', ',', 5)
split_part('a,b,c', ',', 0)
split_part('abc', '', 1)
split_part('', ',', 1)
ascii('x')
ascii('é')
ascii('')
chr(65)
chr(233)
chr(0)
chr(-1)
chr(55296)
chr(1114112)
to_hex(255)
to_hex(-1)
to_hex(-1::int8)
concat('a', 1, NULL, true, 1.5)
concat(NULL)
concat('a', ARRAY[1,2])
concat(VARIADIC ARRAY['a', NULL, 'b'])
concat(VARIADIC 1)
concat()
concat_ws(',', 'a', NULL, 'b', 1)
concat_ws(NULL, 'a')
concat_ws(',', VARIADIC ARRAY[1,2,3])
format('Hello %s, %1$s', 'World')
format('%I %L %s', 'Foo bar', 'it''s', 10)
format('%I', 'select')
format('%L', NULL)
format('%s', NULL)
format('%I', NULL::text)
format('|%10s|%-10s|', 'foo', 'bar')
format('|%*s|', 6, 'foo')
format('|%-*s|', 6, 'foo')
format('|%2$*1$s|', 6, 'foo')
format('%3$s %1$s', 'a', 'b', 'c')
format('%s')
format('%')
format('%x', 1)
format('%0$s', 1)
format('100%%')
format('%s %s', VARIADIC ARRAY['x', 'y'])
format('none')
quote_ident('foo')
quote_ident('Foo bar')
quote_ident('select')
quote_ident('a"b')
quote_literal('it''s')
quote_literal(E'back\\slash')
quote_literal(42)
quote_literal(NULL)
quote_nullable(NULL::text)
quote_nullable(1.5)
md5('abc')
md5('\x00ff'::bytea)
sha256('abc'::bytea)
encode(sha512('abc'), 'hex')
encode('\x00ff41'::bytea, 'escape')
encode('\x00ff41'::bytea, 'base64')
encode(repeat('x', 80)::bytea, 'base64')
encode('abc', 'foo')
decode('00FF 41', 'hex')
decode('0', 'hex')
decode('0g', 'hex')
decode('AP9B', 'base64')
decode('AP8=', 'base64')
decode('AP8', 'base64')
decode('A!', 'base64')
decode('a\\b\001', 'escape')
decode('a\9', 'escape')
'\x0102'::bytea || '\x03'::bytea
length('\x0102'::bytea)
substring('\x010203'::bytea from 2 for 1)
position('\x02'::bytea in '\x010203'::bytea)
overlay('\x010203'::bytea placing '\xff'::bytea from 2)
btrim('\x000100'::bytea, '\x00'::bytea)
get_byte('\x0102'::bytea, 1)
get_byte('\x0102'::bytea, 2)
set_byte('\x0102'::bytea, 1, 255)
get_bit('\x0102'::bytea, 0)
set_bit('\x0102'::bytea, 1, 1)
bit_count('\x0103'::bytea)
convert_from('\xc3a9'::bytea, 'UTF8')
convert_from('\xc3'::bytea, 'UTF8')
convert_to('é', 'utf-8')
'abc' LIKE 'a%'
'abc' LIKE '_b_'
'abc' LIKE 'a_'
'abc' NOT LIKE 'b%'
'aXc' LIKE 'a\Xc'
'a%c' LIKE 'a\%c'
'abc' LIKE 'a\%c'
'abc' LIKE 'abc\'
'ab' LIKE 'abc\'
'a' LIKE '%\'
'abc' LIKE ''
'' LIKE '%'
'abcabd' LIKE '%ab_'
'aaab' LIKE '%a%a%b'
'héllo' LIKE 'h_llo'
'ABC' ILIKE 'a%'
'ÉA' ILIKE 'é_'
'abc' NOT ILIKE 'B%'
'a!%c' LIKE 'a!%c' ESCAPE '!'
'a%c' LIKE 'a!%c' ESCAPE '!'
'a\c' LIKE 'a\c' ESCAPE ''
'a' LIKE 'a' ESCAPE 'xx'
'abc'::name LIKE 'a%'
'abc  '::char(5) LIKE 'abc'
'abc'::varchar LIKE '%c'
'abc'::bytea LIKE 'a%'
NULL LIKE 'a'
'a' < 'b'
'a' < 'B'
'abc'::char(5) = 'abc'::text
'abc'::char(5) = 'abc  '::char(7)
'abc'::name = 'abc'::text
'abc'::text >= 'abd'
'b'::varchar > 'a'::char(3)
'a'::"char" = 'a'
'\x01'::bytea < '\x02'::bytea
false < true
bpcharcmp('a', 'b')
num_nulls(1, NULL, 2)
num_nonnulls(1, NULL, 'x')
num_nulls(VARIADIC ARRAY[1, NULL])
'11111111-1111-1111-1111-111111111111'::uuid < '21111111-1111-1111-1111-111111111111'::uuid
