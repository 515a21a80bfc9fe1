-- MERGE: what it does to rows, and what it refuses.
\set VERBOSITY default
CREATE TABLE account (id int PRIMARY KEY, owner text, balance numeric(12,2) DEFAULT 7, note text UNIQUE);
CREATE TABLE batch (id int, delta int, note text);
INSERT INTO account VALUES (1, 'ann', 10, 'a'), (2, 'bob', 20, 'b'), (3, 'cid', 30, 'c'), (4, 'dan', 40, NULL);
INSERT INTO batch VALUES (2, 5, 'b2'), (3, -30, 'c'), (5, 50, 'e'), (6, 60, NULL);
BEGIN;
MERGE INTO account a USING batch b ON a.id = b.id
WHEN MATCHED AND a.balance + b.delta = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET balance = a.balance + b.delta, note = b.note
WHEN NOT MATCHED AND b.note IS NULL THEN DO NOTHING
WHEN NOT MATCHED THEN INSERT (id, note, owner) VALUES (b.id, b.note, 'new ' || delta);
SELECT * FROM account ORDER BY id;
ROLLBACK;
-- the first clause that fits counts, also when it does nothing
BEGIN;
MERGE INTO account a USING batch b ON a.id = b.id
WHEN MATCHED AND b.delta > 0 THEN DO NOTHING
WHEN NOT MATCHED THEN INSERT DEFAULT VALUES
WHEN MATCHED THEN UPDATE SET (owner, balance) = (b.note, b.delta);
ROLLBACK;
BEGIN;
MERGE INTO account a USING batch b ON a.id = b.id
WHEN MATCHED AND b.delta > 0 THEN DO NOTHING
WHEN NOT MATCHED THEN DO NOTHING
WHEN MATCHED THEN UPDATE SET (owner, balance) = (SELECT b.note, count(*) FROM batch);
SELECT * FROM account ORDER BY id;
ROLLBACK;
-- keys and unique values move
BEGIN;
MERGE INTO account a USING (VALUES (1, 101), (2, 102)) v(old, new) ON a.id = v.old
WHEN MATCHED THEN UPDATE SET id = v.new, note = 'moved ' || v.old;
SELECT * FROM account ORDER BY id;
MERGE INTO account a USING (VALUES (101, 1), (102, 2)) v(old, new) ON a.id = v.old
WHEN MATCHED THEN UPDATE SET id = v.new, note = DEFAULT, balance = DEFAULT;
SELECT * FROM account ORDER BY id;
ROLLBACK;
MERGE INTO account a USING (VALUES (1)) v(x) ON a.id = v.x WHEN MATCHED THEN UPDATE SET id = 2;
MERGE INTO account a USING (VALUES (1)) v(x) ON a.id = v.x WHEN MATCHED THEN UPDATE SET note = 'b';
MERGE INTO account a USING (VALUES (9), (9)) v(x) ON a.id = v.x WHEN NOT MATCHED THEN INSERT VALUES (v.x, 'twice');
MERGE INTO account a USING (VALUES (9), (10)) v(x) ON a.id = v.x WHEN NOT MATCHED THEN INSERT VALUES (v.x, 'note', 1, 'same');
-- a row may be changed once
MERGE INTO account a USING (VALUES (1, 2), (1, 3)) v(x, y) ON a.id = v.x WHEN MATCHED THEN UPDATE SET balance = y;
MERGE INTO account a USING (VALUES (1, 2), (1, 3)) v(x, y) ON a.id = v.x WHEN MATCHED THEN DELETE;
BEGIN;
MERGE INTO account a USING (VALUES (1, 2), (1, 3)) v(x, y) ON a.id = v.x WHEN MATCHED AND y = 2 THEN UPDATE SET balance = y WHEN MATCHED THEN DO NOTHING;
SELECT * FROM account WHERE id = 1;
ROLLBACK;
-- sources
BEGIN;
WITH w AS (SELECT id, sum(delta) AS d FROM batch GROUP BY id)
MERGE INTO account USING w ON account.id = w.id WHEN MATCHED THEN UPDATE SET balance = w.d;
MERGE INTO account a USING account b ON a.id = b.id + 1 WHEN MATCHED THEN UPDATE SET owner = b.owner;
MERGE INTO account a USING (batch b JOIN (SELECT 6 AS id, 'x' AS k) k USING (id)) ON a.id = k.id WHEN NOT MATCHED THEN INSERT VALUES (k.id, k.k, b.delta);
MERGE INTO account a USING generate_series(20, 23) g ON a.id = g WHEN NOT MATCHED AND g % 2 = 0 THEN INSERT (id) VALUES (g);
MERGE INTO account a USING (SELECT) s ON a.id = 1 WHEN MATCHED THEN UPDATE SET owner = (SELECT max(owner) FROM account);
WITH gone AS (DELETE FROM batch WHERE id = 2 RETURNING *)
MERGE INTO account a USING gone ON a.id = gone.id WHEN MATCHED THEN DELETE;
SELECT * FROM account ORDER BY id;
SELECT * FROM batch ORDER BY id;
ROLLBACK;
-- conditions with subqueries, rows as a whole, and the join's own
BEGIN;
MERGE INTO account a USING batch b ON a.id = b.id AND (SELECT count(*) > 3 FROM account)
WHEN MATCHED AND EXISTS (SELECT FROM batch c WHERE c.id = a.id AND c.delta < 0) THEN DELETE
WHEN MATCHED AND a IS NOT NULL AND b.* = ROW(2, 5, 'b2'::text) THEN UPDATE SET owner = b::text;
SELECT * FROM account ORDER BY id;
MERGE INTO account a USING batch b ON false WHEN NOT MATCHED AND b.id > (SELECT max(id) FROM account) THEN INSERT (id) VALUES (b.id * (SELECT count(*) FROM batch));
SELECT id FROM account ORDER BY id;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED AND a.tableoid = 'account'::regclass THEN UPDATE SET balance = 0;
SELECT * FROM account ORDER BY id;
ROLLBACK;
-- what is not needed is not computed
BEGIN;
MERGE INTO account a USING batch b ON a.id = b.id
WHEN MATCHED AND b.delta > 1000 THEN UPDATE SET balance = (SELECT 1 / (count(*) - count(*)) FROM batch)
WHEN MATCHED THEN UPDATE SET balance = 1
WHEN NOT MATCHED AND b.delta > 1000 THEN INSERT (id) VALUES (1 / (b.id - b.id));
SELECT id, balance FROM account ORDER BY id;
ROLLBACK;
-- identities, generated columns and constraints
CREATE TABLE thing (id int GENERATED ALWAYS AS IDENTITY, n int CHECK (n > 0), twice int GENERATED ALWAYS AS (n * 2) STORED, d int NOT NULL DEFAULT 3, s serial);
MERGE INTO thing USING (VALUES (1)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n) VALUES (x);
MERGE INTO thing USING (VALUES (2)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n) VALUES (x);
MERGE INTO thing USING (VALUES (2), (3)) v(x) ON thing.n = v.x WHEN MATCHED THEN UPDATE SET n = x + 10, twice = DEFAULT, id = DEFAULT WHEN NOT MATCHED THEN INSERT (n, id, twice) OVERRIDING SYSTEM VALUE VALUES (x, 100, DEFAULT);
MERGE INTO thing USING (VALUES (4)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n, id) OVERRIDING USER VALUE VALUES (x, 100);
SELECT * FROM thing ORDER BY n;
MERGE INTO thing USING (VALUES (5)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n, id) VALUES (x, 100);
MERGE INTO thing USING (VALUES (5)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n, twice) VALUES (x, 100);
MERGE INTO thing USING (VALUES (4)) v(x) ON thing.n = v.x WHEN MATCHED THEN UPDATE SET twice = 1;
MERGE INTO thing USING (VALUES (4)) v(x) ON thing.n = v.x WHEN MATCHED THEN UPDATE SET id = 1;
MERGE INTO thing USING (VALUES (4)) v(x) ON thing.n = v.x WHEN MATCHED THEN UPDATE SET n = -x;
MERGE INTO thing USING (VALUES (5)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n) VALUES (-x);
MERGE INTO thing USING (VALUES (5)) v(x) ON thing.n = v.x WHEN NOT MATCHED THEN INSERT (n, d) VALUES (x, NULL);
-- tables without a key
CREATE TABLE loose (a int, b text);
MERGE INTO loose USING generate_series(1, 3) g ON loose.a = g WHEN NOT MATCHED THEN INSERT VALUES (g, 'one');
MERGE INTO loose USING generate_series(2, 5) g ON loose.a = g WHEN MATCHED THEN UPDATE SET b = b || '!' WHEN NOT MATCHED THEN INSERT VALUES (g);
SELECT * FROM loose ORDER BY a;
-- many rows
CREATE TABLE many (id int PRIMARY KEY, v int);
INSERT INTO many SELECT i, i FROM generate_series(1, 6000) i;
MERGE INTO many USING (SELECT i * 2 AS i FROM generate_series(1, 6000) i) s ON many.id = s.i
WHEN MATCHED AND v % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = -v WHEN NOT MATCHED THEN INSERT VALUES (s.i, 0);
SELECT count(*), sum(v), count(*) FILTER (WHERE v < 0), count(*) FILTER (WHERE v = 0), min(id), max(id) FROM many;
-- prepared
PREPARE m(int, text) AS MERGE INTO loose USING (SELECT $1 AS x) s ON a = x WHEN MATCHED THEN UPDATE SET b = $2 WHEN NOT MATCHED THEN INSERT VALUES ($1, $2 || ' new');
EXECUTE m(1, 'p');
EXECUTE m(77, 'p');
SELECT * FROM loose WHERE a IN (1, 77) ORDER BY a;
-- refused
MERGE INTO account USING account ON true WHEN MATCHED THEN DO NOTHING;
MERGE INTO account a USING batch a ON true WHEN MATCHED THEN DO NOTHING;
MERGE INTO account a USING (SELECT * FROM batch WHERE a.id > 1) b ON a.id = b.id WHEN MATCHED THEN DELETE;
MERGE INTO account a USING LATERAL (SELECT * FROM batch WHERE a.id > 1) b ON a.id = b.id WHEN MATCHED THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id) VALUES (a.id);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED AND a.id = 1 THEN INSERT (id) VALUES (1);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED AND balance = 1 THEN DO NOTHING;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN MATCHED THEN DO NOTHING;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING WHEN NOT MATCHED AND b.id = 1 THEN DO NOTHING;
MERGE INTO account a USING batch b ON id = 1 WHEN MATCHED THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED AND count(*) > 1 THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED AND row_number() OVER () > 1 THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED AND generate_series(1, 2) > 1 THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED AND b.delta THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN UPDATE SET nothing = 1;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN UPDATE SET id = 1, id = 2;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN UPDATE SET a.owner = 'x';
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id, nothing) VALUES (1, 2);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id, id) VALUES (1, 2);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id, owner) VALUES (1);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1, 'x');
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id) VALUES (true);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT VALUES (1), (2);
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN INSERT SELECT 1;
MERGE INTO account a USING batch b ON a.id = b.id WHEN NOT MATCHED THEN DELETE;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN INSERT VALUES (1);
MERGE INTO account a USING batch b ON a.id = b.id;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE RETURNING *;
MERGE INTO nowhere a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE;
MERGE INTO account a USING nowhere b ON a.id = b.id WHEN MATCHED THEN DELETE;
WITH RECURSIVE r AS (SELECT 1) MERGE INTO account a USING r ON true WHEN MATCHED THEN DELETE;
WITH m AS (MERGE INTO account a USING batch b ON true WHEN MATCHED THEN DELETE) SELECT 1;
COPY (MERGE INTO account a USING batch b ON true WHEN MATCHED THEN DELETE) TO stdout;
CREATE VIEW seen AS SELECT * FROM account;
MERGE INTO seen a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE;
CREATE SEQUENCE numbers;
MERGE INTO numbers a USING batch b ON true WHEN MATCHED THEN DELETE;
MERGE INTO account a USING seen b ON a.id = b.id AND b.owner = 'ann' WHEN MATCHED THEN UPDATE SET owner = upper(b.owner);
SELECT * FROM account ORDER BY id;
START TRANSACTION READ ONLY;
MERGE INTO account a USING batch b ON a.id = b.id WHEN MATCHED THEN DELETE;
ROLLBACK;
-- unique indexes over expressions and parts of tables, and foreign keys
CREATE TABLE parts (id int PRIMARY KEY, name text, gone bool DEFAULT false);
CREATE UNIQUE INDEX ON parts (lower(name)) WHERE NOT gone;
MERGE INTO parts p USING (VALUES (1, 'Ann'), (2, 'Bob')) v(i, n) ON lower(p.name) = lower(v.n) WHEN NOT MATCHED THEN INSERT VALUES (i, n);
MERGE INTO parts p USING (VALUES (3, 'ANN')) v(i, n) ON lower(p.name) = lower(v.n) WHEN MATCHED THEN UPDATE SET name = n WHEN NOT MATCHED THEN INSERT VALUES (i, n);
MERGE INTO parts p USING (VALUES (3, 'aNN')) v(i, n) ON p.id = v.i WHEN NOT MATCHED THEN INSERT VALUES (i, n);
MERGE INTO parts p USING (VALUES (2, 'aNN')) v(i, n) ON p.id = v.i WHEN MATCHED THEN UPDATE SET name = n;
MERGE INTO parts p USING (VALUES (1)) v(i) ON p.id = v.i WHEN MATCHED THEN UPDATE SET gone = true;
MERGE INTO parts p USING (VALUES (3, 'aNN')) v(i, n) ON p.id = v.i WHEN NOT MATCHED THEN INSERT VALUES (i, n);
SELECT * FROM parts ORDER BY id;
CREATE TABLE child (id int REFERENCES parts ON DELETE CASCADE ON UPDATE CASCADE, n int);
MERGE INTO child USING (VALUES (1, 10), (2, 20)) v(i, n) ON child.id = v.i WHEN NOT MATCHED THEN INSERT VALUES (i, v.n);
MERGE INTO child USING (VALUES (9, 90)) v(i, n) ON child.id = v.i WHEN NOT MATCHED THEN INSERT VALUES (i, v.n);
MERGE INTO child USING (VALUES (1)) v(i) ON child.id = v.i WHEN MATCHED THEN UPDATE SET id = 99;
MERGE INTO parts p USING (VALUES (1), (2)) v(i) ON p.id = v.i WHEN MATCHED AND i = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET id = 22;
SELECT * FROM child ORDER BY n;
