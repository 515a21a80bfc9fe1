set standard_conforming_strings = off;
show standard_conforming_strings;
show escape_string_warning;
select 'a\\bcd' as f1, 'a\\b\'cd' as f2, 'a\\b\'''cd' as f3, 'abcd\\'   as f4, 'ab\\\'cd' as f5, '\\\\' as f6;
select 'a\nb', 'x\ty', '\101\x42', 'pl''ain', E'e\'s', 'last' 'x';
select 'first\\'
  'second\'s' as j;
SELECT U&'d\0061t\+000061' AS U&"d\0061t\+000061";
select U&"d\0061t" from (select 1 as dat) s;
select 'x\'y', nosuch;
select /* 'it\'s */ 'a' -- '\'
 , $$ '\' $$, $a$'\'$a$, "f\x" from (select 2 as "f\x") s;
select N'\\', B'01', X'1F';
select 'unfinished\';
set backslash_quote = off;
select 'x\'y';
select E'x\'y';
set standard_conforming_strings = on;
select E'x\'y', 'a\b';
set backslash_quote = on;
select E'x\'y';
reset backslash_quote;
set standard_conforming_strings = off; set escape_string_warning = off;
select 'a\\bcd' as f1, '\u00e9', '\q';
select '\000';
select '\047\x27\u0041\U00000042é\303\251', 'a\'b'
'c\\d', 1/0;
select nosuch, '\'', nosuch2;
