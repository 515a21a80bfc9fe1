-- Which match is meant, captures, constraints, back references, options; SIMILAR TO; classes and cases.
'bbbbb' ~ '^([bc])\1*$'
'ccc' ~ '^([bc])\1*$'
'xxx' ~ '^([bc])\1*$'
'abc abc abc' ~ '^(\w+)( \1)+$'
'abc abd abc' ~ '^(.+)( \1)+$'
substring('asd TO foo' from ' TO (([a-z0-9._]+|"([^"]+|"")+")+)')
substring('a' from '((a))+')
substring('a' from '((a)+)')
regexp_match('abc', '')
regexp_match('abc', 'bc')
regexp_match('abc', 'd') is null
regexp_match('abc', '(B)(c)', 'i')
regexp_match('abc', 'Bd', 'ig')
regexp_matches('ab', 'a(?=b)b*')
regexp_matches('a', 'a(?=b)b*')
regexp_matches('abc', 'a(?=b)b*(?=c)c*')
regexp_matches('ab', 'a(?=b)b*(?=c)c*')
regexp_matches('ab', 'a(?!b)b*')
regexp_matches('a', 'a(?!b)b*')
regexp_matches('b', '(?=b)b')
regexp_matches('a', '(?=b)b')
regexp_matches('abb', '(?<=a)b*')
regexp_matches('a', 'a(?<=a)b*')
regexp_matches('abc', 'a(?<=a)b*(?<=b)c*')
regexp_matches('ab', 'a(?<=a)b*(?<=b)c*')
regexp_matches('ab', 'a*(?<!a)b*')
regexp_matches('ab', 'a*(?<!a)b+')
regexp_matches('b', 'a*(?<!a)b+')
regexp_matches('a', 'a(?<!a)b*')
regexp_matches('b', '(?<=b)b')
regexp_matches('foobar', '(?<=f)b+')
regexp_matches('foobar', '(?<=foo)b+')
regexp_matches('foobar', '(?<=oo)b+')
'xz' ~ 'x(?=[xy])'
'xy' ~ 'x(?=[xy])'
'xz' ~ 'x(?![xy])'
'xy' ~ 'x(?![xy])'
'x'  ~ 'x(?![xy])'
'xyy' ~ '(?<=[xy])yy+'
'zyy' ~ '(?<=[xy])yy+'
'xyy' ~ '(?<![xy])yy+'
'zyy' ~ '(?<![xy])yy+'
'a' ~ '($|^)*'
'a' ~ '(^)+^'
'a' ~ '$($$)+'
'a' ~ '($^)+'
'a' ~ '(^$)*'
'aa bb cc' ~ '(^(?!aa))+'
'aa x' ~ '(^(?!aa)(?!bb)(?!cc))+'
'dd x' ~ '(^(?!aa)(?!bb)(?!cc))+'
'a' ~ '((((((a)*)*)*)*)*)*'
'a' ~ '((((((a+|)+|)+|)+|)+|)+|)'
'x' ~ 'abcd(\m)+xyz'
'a' ~ '^abcd*(((((^(a c(e?d)a+|)+|)+|)+|)+|a)+|)'
'x' ~ 'a^(^)bcd*xy(((((($a+|)+|)+|)+$|)+|)+|)^$'
'x' ~ 'xyz(\Y\Y)+'
'x' ~ 'x|(?:\M)+'
'x' ~ repeat('x*y*z*', 1000)
'Programmer' ~ '(\w).*?\1'
regexp_matches('Programmer', '(\w)(.*?\1)', 'g')
regexp_matches('foo/bar/baz','^([^/]+?)(?:/([^/]+?))(?:/([^/]+?))?$', '')
regexp_matches('llmmmfff', '^(l*)(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*){1,1}(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*){1,1}?(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*){1,1}?(.*){1,1}?(f*)$')
regexp_matches('llmmmfff', '^(l*?)(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*?){1,1}(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*?){1,1}?(.*)(f*)$')
regexp_matches('llmmmfff', '^(l*?){1,1}?(.*){1,1}?(f*)$')
'a' ~ '$()|^\1'
'a' ~ '.. ()|\1'
'a' ~ '()*\1'
'a' ~ '()+\1'
'xxx' ~ '(.){0}(\1)'
'xxx' ~ '((.)){0}(\2)'
'xyz' ~ '((.)){0}(\2){0}'
'abcdef' ~ '^(.)\1|\1.'
'abadef' ~ '^((.)\2|..)\2'
regexp_match('xy', '.|...')
regexp_match('xyz', '.|...')
regexp_match('xy', '.*')
regexp_match('fooba', '(?:..)*')
regexp_match('xyz', repeat('.', 260))
regexp_match('foo', '(?:.|){99}')
'a' ~ '\x7fffffff'
'a' ~ '\x7ffffffe'
regexp_match('abc01234xyz', '(.*)(\d+)(.*)')
regexp_match('abc01234xyz', '(.*?)(\d+)(.*)')
regexp_match('abc01234xyz', '(?:(.*?)(\d+)(.*)){1,1}')
substring('XY1234Z', 'Y*([0-9]{1,3})')
substring('XY1234Z', 'Y*?([0-9]{1,3})')
'abc' ~ '(a|b)\1|$'
regexp_match('abc', '(a|b)\1|$')
'' ~ '(a|b)\1|$'
regexp_match('c', '(a|b)\1|$')
'é' ~ '\w'
'É' ~* 'é'
'ǅ' ~* 'ǅ'
'ǆ' ~* 'ǅ'
'ß' ~* 'ẞ'
'abcdefg' similar to '_bcd%'
'abcdefg' similar to 'bcd%'
'abcdefg' similar to '_bcd#%' escape '#'
'abcd%' similar to '_bcd#%' escape '#'
substring('abcdefg' similar 'a#"(b_d)#"%' escape '#')
substring('abcdefg' similar 'a*#"%#"g*' escape '#')
substring('abcdefg' similar '#"%#"g' escape '#')
substring('abcdefg' similar 'a#"%|g#"%' escape '#')
substring('abcdefg' similar 'a|b#"%#"g' escape '#')
substring('abcdefg' similar 'a#"%#"x|g' escape '#')
substring('abcdefg' similar 'a#"%|ab#"g' escape '#')
substring('abcdefg' similar 'a#"%' escape '#')
substring('abcdefg' similar 'a*#"%#"g*#"x' escape '#')
'a' similar to '[a[:alpha:]]'
']' similar to '[]]'
'a]' similar to '[^]a]]'
'\' similar to '[\]'
regexp_replace('foobarrbazz', '(.)\1', E'X\\&Y', 'g')
regexp_replace('foobarrbazz', '(.)\1', 'X', 'g')
regexp_split_to_array('the quick brown fox', '\s*')
regexp_split_to_array('123456', '(?=[24])')
regexp_split_to_array('thE QUick bROWn', 'e', 'iz')
regexp_replace('AAA aaa', '^|$', 'X', 'g')
regexp_replace('A'||chr(10)||'B', '^', 'X', 'ng')
regexp_replace('abcabc', '', '-', 'g')
regexp_replace('abc', '(?<=b)|(?=b)', '|', 'g')
regexp_count('aaaa', '(?=aa)')
regexp_instr('foofoo', '(?<=foo)foo')
repeat('a', 100000) ~ '(a*)*b'
repeat('a',30) ~ '^(a+)+$'
repeat('a',28)||'b' ~ '^(a|a)*$'
length((regexp_match(repeat('ab', 5000), '(a|b|ab)*'))[1])
jsonb_path_query_array('["abc","ABC","a\nb","xaxa"]', '$[*] ? (@ like_regex "(a)x\\1")')
'$ ? (@ like_regex "a(")'::jsonpath
jsonb_path_query_array('["abc","ABC","a\nb","xaxa"]', '$[*] ? (@ like_regex "^A.*B" flag "is")')
regexp_match('a', '(a')
'x' ~ '(?:(?:a{255}){255}){8}'
regexp_match('aXb','(?q)a.b')
regexp_match('a.b','(?q)a.b')
regexp_match('a)b','(?e)a)b')
regexp_match(E'a\nb', '(?n)a$')
regexp_match(E'a\nb','(?w)a.b$')
regexp_match(E'a\nb','(?p)a.b')
regexp_match(E'a\nb','a[^x]b','n')
regexp_like('a', 'a', 'g')
regexp_match('abc', 'b', 'g')
regexp_replace('abc','b','x',0)
regexp_replace('abc','b','[\0][\1][\\][\q]','g')
regexp_split_to_array('', 'x')
regexp_split_to_array('abc','')
regexp_match('x', '(a)|(x)')
regexp_match('', '(a*)*')
regexp_match('aaa', '(a*)*')
regexp_match('b', '(a*)*')
regexp_match('aab', '(a|ab)(c|bcd)*(b?)')
regexp_match('abcd', '(a|ab)(c|bcd)(d*)')
regexp_match('foobar', '(?i)(O+)(b)')
regexp_match('a1b', '[[:alpha:][:digit:]]{3}')
regexp_match('a-b', '[a[.hyphen.]b]+')
regexp_match('word', '[[:<:]]\w+[[:>:]]')
regexp_match(E'a\nb', '\W')
regexp_match(E'a\nb', '[^x]{3}', 'n')
regexp_match(E'a\nb', '[\W]', 'n')
regexp_match('ab', E'a # comment\n b', 'x')
regexp_match('ab', '(?x)a (?#comment) b # more')
regexp_match('aXa', '(?i)x')
regexp_match('AxA', '(?c)x', 'i')
regexp_match('a+b', 'a+b', 'q')
regexp_match('a+b', '(?q)a+b')
regexp_match('ab', 'a\{1\}b', 'b')
regexp_match('aa', '\(a\)\1', 'b')
regexp_match('a|b', 'a|b', 'e')
regexp_match('abab', '(ab)\1')
regexp_match('aBAb', '(ab)\1', 'i')
regexp_match('abcabc', '(?:(a)|(b)|(c))+')
regexp_match('abcabc', '((a)|(b)|(c))+?$')
regexp_match('xaxbxc', '(x(?=b)b)')
regexp_match('price: 100 USD', '\d+(?=\s*USD)')
regexp_match('price: 100 USD', '(?<=:\s)\d+')
regexp_replace('1234567', '(?<=\d)(?=(?:\d{3})+$)', ',', 'g')
regexp_replace('a.b.c', '(\w)\.(\w)', '\2.\1', 'g')
regexp_match('a', '(a))')
regexp_match('a', 'a{2')
regexp_match('a', 'a{1,256}')
regexp_match('a', '[a-[:digit:]]')
regexp_match('a', '\8')
regexp_match('a', '(?z)a')
regexp_match('a', '***?a')
regexp_match('a', '[[.nosuch.]]')
regexp_match('a', '(?<a)')
regexp_match('a', '(?=(a)\1)')
regexp_match('a', 'a', 'qx')
'x' ~ repeat('x', 50000)
'x' ~ (repeat('(', 9000) || 'x' || repeat(')', 9000))
substring('Thomas' from '...$')
substring('foobar' from 'o(?:b)a')
substring('abcdefg' similar '%' escape '')
'a_c' similar to 'a\_c'
'abc' similar to 'a(b|x)c' escape 'é'
substring('abc' similar 'a#"b#"c#"' escape '#')
'x' similar to null
jsonb_path_exists('"aXb"', '$ ? (@ like_regex "a.b" flag "q")')
jsonb_path_exists('"a.b"', '$ ? (@ like_regex "a.b" flag "qx")')
jsonb_path_exists('"a"', '$ ? (@ like_regex "a" flag "x")')
jsonb_path_exists('"line1\nline2"', '$ ? (@ like_regex "^line2$" flag "m")')
jsonb_path_exists('"x\ny"', '$ ? (@ like_regex "x.y")')
jsonb_path_exists('"x\ny"', '$ ? (@ like_regex "x.y" flag "s")')
'ſ' ~* 'S'
'K' ~* 'k'
'ﬀ' ~ '[[:lower:]]'
'٣' ~ '\d'
'٣' ~ '\w'
'é' ~ '[[:punct:]]'
' ' ~ '\s'
E'\u2003' ~ '\s'
'名前' ~ '^\w{2}$'
'É' ~ '[[:upper:]]'
'é' ~* '[[:upper:]]'
'é' ~* '[À-Ý]'
'e' ~ '[[=e=]]'
