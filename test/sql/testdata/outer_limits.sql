-- LIMIT and OFFSET by columns of outer queries; aggregates of outer queries among the arguments of others; COPY … WHERE.
create table few(id int primary key, dataa text); insert into few values (1,'a'),(2,'foo'),(3,'bar'),(0,'z');
SELECT id, (SELECT generate_series(1,3) LIMIT 1 OFFSET few.id) FROM few order by id;
SELECT (SELECT generate_series(1,3) LIMIT 1 OFFSET g.i) FROM generate_series(0,3) g(i);
select id, (select string_agg(x, ',') from (select dataa x from few f order by f.id limit few.id) s) from few order by id;
select id, array(select f.id from few f order by f.id offset few.id limit few.id) from few order by 1;
select * from few limit id;
select * from few limit (select max(id) from few) offset few.id + 1;
select * from few order by id limit (select min(id)+1 from few);
select few.id, x.* from few, lateral (select f.id y from few f order by f.id limit few.id) x order by 1,2;
select count(*) from few limit count(*);
select id from few group by id limit id;
select * from few limit nope;
prepare p(int) as select id from few order by 1 limit $1 offset $1; execute p(1);
drop table few;
create table c1 (id int primary key, b int, g int generated always as (b*2) stored);
COPY c1 from stdin WHERE id = max(c1.b);
COPY c1 from stdin WHERE id IN (SELECT 1 FROM c1);
COPY c1 from stdin WHERE id IN (generate_series(1,5));
COPY c1 from stdin WHERE id = row_number() over(b);
COPY c1 from stdin WHERE g = 1;
COPY c1 from stdin WHERE nope = 1;
COPY c1 from stdin WHERE id;
COPY c1 (id, b) from stdin WHERE c1.id > 1 and b is not null;
1	1
2	\N
3	3
\.
select * from c1 order by id;
select (select max(min(id)) from c1 x) from c1;
select (select max(min(c1.id)) from c1 x) from c1;
select (select max(c1.id) filter (where sum(c1.b) > 0) from c1 x) from c1;
select (select max(c1.id) filter (where bool_or(c1.b > 0)) from c1 x) from c1;
select avg((select avg(a1.id order by (select avg(a2.id) from c1 a3)) from c1 a1)) from c1 a2;
select (select max(x.id + (select min(c1.id) from c1 y)) from c1 x) from c1 group by c1.id;
select max((select min(x.id) from c1 x)) from c1;
select (select max(c1.id) from c1 x) from c1;
select max(grouping(id)) from c1 group by id;
drop table c1;
