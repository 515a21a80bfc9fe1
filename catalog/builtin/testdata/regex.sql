'abc' ~ 'b'
'abc' ~ '^b'
'abc' ~* 'B'
'abc' !~ 'b'
'abc' !~* 'Z'
'abc' ~ '^a.c$'
E'a\nb' ~ 'a.b'
E'a\nb' ~ '^b'
E'a\nb' ~ '(?n)^b'
'a.c' ~ 'a\.c'
'abc' ~ 'a{1,2}b'
'a{b' ~ 'a{b'
'abc123' ~ '\d+'
'foo bar' ~ '\mbar'
'foo bar' ~ 'foo\M'
'foo bar' ~ '\yfoo\y'
'x' ~ '[[:alpha:]]'
'5' ~ '[[:digit:]_]'
'é' ~ '\w'
'a]' ~ '[]]'
'a-b' ~ '[a\-]'
'abc' ~ '('
'abc' ~ '['
'abc' ~ '*'
'abc' ~ 'a{2,1}'
'abc' ~ '[[:foo:]]'
'abc' ~ '[b-a]'
'abcabc' ~ '***=abc'
'a b' ~ '(?x)a \s b # comment'
'ABC' ~ '(?i)abc'
'abc'::name ~ 'b'
'abc'::varchar ~ 'b'
substring('foobar' from 'o.b')
substring('foobar' from 'o(.)b')
substring('foobar' from 'x')
substring('foobar' similar '%#"o_b#"%' escape '#')
'abc' SIMILAR TO 'abc'
'abc' SIMILAR TO 'a'
'abc' SIMILAR TO '%(b|d)%'
'abc' NOT SIMILAR TO '(b|c)%'
'a.c' SIMILAR TO 'a.c'
'abc' SIMILAR TO 'a.c'
regexp_replace('foobarbaz', 'b..', 'X')
regexp_replace('foobarbaz', 'b..', 'X', 'g')
regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g')
regexp_replace('foobarbaz', 'b(..)', '[\&]', 'g')
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i')
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')
regexp_replace('Hello World', 'o', 'x', 6)
regexp_replace('abc', 'b', 'x', '1')
regexp_replace('abc', 'b', 'x', 'z')
regexp_replace('Thomas', '.[mN]a.', 'M')
regexp_replace('aaa', 'a*?', 'x', 'g')
regexp_replace('xay', '\w', '\\', 'g')
regexp_match('foobarbequebaz', 'bar.*que')
regexp_match('foobarbequebaz', '(bar)(beque)')
regexp_match('foobar', 'x')
regexp_match('a', '(a)|(b)')
regexp_match('aaa', 'a*?')
regexp_match('abc', 'b', 'g')
regexp_matches('foobarbequebazilbarfbonk', '(b[^b]+)(b[^b]+)', 'g')
regexp_matches('abab', 'b')
regexp_split_to_array('hello world  x', '\s+')
regexp_split_to_array('hello', '')
regexp_split_to_array('a,b', ',')
regexp_split_to_array(',a,', ',')
regexp_split_to_table('the quick fox', '\s+')
regexp_split_to_table('abc', '')
regexp_like('Hello', 'hello', 'i')
regexp_count('abcabc', 'b')
regexp_count('abcabc', 'b', 3)
regexp_count('abcabc', 'b', 0)
regexp_instr('number of your street, town', '[^,]+', 1, 2)
regexp_instr('abcabc', 'b', 1, 2, 1)
regexp_instr('abc', 'z')
regexp_substr('number of your street, town', '[^,]+', 1, 2)
regexp_substr('ABCDEFGHI', '(c..)(...)', 1, 1, 'i', 2)
regexp_substr('abc', 'z')
