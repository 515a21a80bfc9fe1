CREATE TABLE c (id int PRIMARY KEY, t text, n numeric, b bool);
COPY c FROM STDIN;
1	one	1.50	t
2	tab\there	\N	f
3	\N	-2	\N
\.
COPY c (id, t) FROM STDIN WITH (FORMAT csv, HEADER);
id,t
4,"quoted, ""text"""
5,
6,""
\.
SELECT * FROM c ORDER BY id;
COPY (SELECT * FROM c ORDER BY id) TO STDOUT;
COPY (SELECT * FROM c ORDER BY id) TO STDOUT (FORMAT csv, HEADER, NULL 'NULL');
COPY c FROM STDIN;
7	bad	notnumber	t
\.
COPY c FROM STDIN;
7	short
\.
\set SHOW_CONTEXT never
COPY c FROM STDIN;
1	dup	1	t
\.
\set SHOW_CONTEXT errors
SELECT count(*) FROM c;
COPY c (id, t) FROM STDIN (FREEZE);
COPY c (id, t) FROM STDIN (DELIMITER '|');
8|pipe
\.
SELECT t FROM c WHERE id = 8;
COPY nosuch FROM STDIN;
COPY c (nosuch) FROM STDIN;
