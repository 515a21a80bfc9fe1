-- ON CONFLICT with arbiters of every kind: the primary key, unique indexes that
-- contain it and ones that do not.
CREATE TABLE people (
  id int PRIMARY KEY,
  email text UNIQUE,
  badge int,
  name text NOT NULL,
  hits int DEFAULT 1 CHECK (hits > 0),
  CONSTRAINT people_id_badge UNIQUE (id, badge),
  CONSTRAINT people_name_badge UNIQUE (name, badge)
);
INSERT INTO people VALUES (1, 'a@x', 10, 'Ann'), (2, 'b@x', 20, 'Bob'), (3, NULL, 30, 'Cid');

-- nothing to do
INSERT INTO people VALUES (1, 'z@x', 1, 'Zoe') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO people VALUES (9, 'a@x', 1, 'Zoe') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO people VALUES (9, 'z@x', 20, 'Bob') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO people VALUES (9, 'z@x', 20, 'Zoe') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO people VALUES (4, 'd@x', 40, 'Dan'), (1, 'e@x', 50, 'Eve'), (5, 'e@x', 51, 'Eve'), (6, 'e@x', 52, 'Eva'),
  (4, 'f@x', 53, 'Fay'), (7, 'f@x', 40, 'Dan'), (8, NULL, NULL, 'Gil'), (10, NULL, NULL, 'Gil') ON CONFLICT DO NOTHING RETURNING id, name;
SELECT * FROM people ORDER BY id;
INSERT INTO people SELECT g, 'mail' || g % 7, g % 5, 'n' || g % 3 FROM generate_series(100, 160) g ON CONFLICT DO NOTHING RETURNING id, email, badge, name;
DELETE FROM people WHERE id >= 100;
INSERT INTO people VALUES (11, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO NOTHING;
INSERT INTO people VALUES (1, 'new@x', 1, 'Zoe') ON CONFLICT (email) DO NOTHING;
INSERT INTO people VALUES (11, 'a@x', 1, 'Zoe') ON CONFLICT (id) DO NOTHING;
INSERT INTO people VALUES (1, 'a@x', 1, 'Zoe') ON CONFLICT (id) DO NOTHING;
INSERT INTO people VALUES (1, 'a@x', 10, 'Zoe') ON CONFLICT (id, badge) DO NOTHING;
INSERT INTO people VALUES (1, 'q@x', 11, 'Zoe') ON CONFLICT (badge, id) DO NOTHING;
INSERT INTO people VALUES (11, 'q@x', 20, 'Bob') ON CONFLICT ON CONSTRAINT people_name_badge DO NOTHING;
INSERT INTO people VALUES (11, 'q@x', 21, 'Bob') ON CONFLICT ON CONSTRAINT people_name_badge DO NOTHING RETURNING id;
DELETE FROM people WHERE id = 11;

-- constraints come before conflicts
INSERT INTO people VALUES (1, 'a@x', 1, NULL) ON CONFLICT DO NOTHING;
INSERT INTO people VALUES (1, 'a@x', 1, 'Ann', 0) ON CONFLICT DO NOTHING;
INSERT INTO people VALUES (1, 'a@x', 1, 'Ann', 0) ON CONFLICT (email) DO UPDATE SET hits = 3;
INSERT INTO people VALUES (9, 'a@x', 1, NULL) ON CONFLICT (email) DO UPDATE SET hits = 3;
INSERT INTO people VALUES (9, 'a@x', 1, 'Ann') ON CONFLICT (email) DO UPDATE SET hits = -3;
INSERT INTO people VALUES (9, 'a@x', 1, 'Ann') ON CONFLICT (email) DO UPDATE SET name = NULL;

-- updates through each arbiter
INSERT INTO people VALUES (1, 'z@x', 1, 'Zoe') ON CONFLICT (id) DO UPDATE SET hits = people.hits + 1 RETURNING *;
INSERT INTO people VALUES (9, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO UPDATE SET hits = people.hits + excluded.hits RETURNING *;
INSERT INTO people VALUES (2, 'z@x', 20, 'Zoe') ON CONFLICT (id, badge) DO UPDATE SET hits = people.hits + 10 RETURNING *;
INSERT INTO people VALUES (9, 'z@x', 20, 'Bob') ON CONFLICT (name, badge) DO UPDATE SET hits = people.hits + 100, email = excluded.email RETURNING *;
INSERT INTO people VALUES (9, 'z@x', 20, 'Bob') ON CONFLICT ON CONSTRAINT people_email_key DO UPDATE SET email = 'b@x', badge = 21 RETURNING *;
INSERT INTO people VALUES (9, 'i@x', 90, 'Ivy') ON CONFLICT (email) DO UPDATE SET hits = 0 RETURNING *;
INSERT INTO people VALUES (9, 'i@x', 90, 'Ivy') ON CONFLICT (email) DO UPDATE SET id = 12 RETURNING *;
INSERT INTO people VALUES (9, 'i@x', 90, 'Ivy') ON CONFLICT (email) DO UPDATE SET id = 1 RETURNING *;
INSERT INTO people VALUES (9, 'i@x', 90, 'Ivy') ON CONFLICT (email) DO UPDATE SET email = 'a@x' RETURNING *;
INSERT INTO people VALUES (9, 'i@x', 90, 'Ivy') ON CONFLICT (id) DO UPDATE SET email = 'a@x' RETURNING *;
INSERT INTO people VALUES (12, 'i@x', 90, 'Ivy') ON CONFLICT (id) DO UPDATE SET (name, hits) = (excluded.name || '!', 5) RETURNING *;
INSERT INTO people AS p VALUES (12, 'i@x', 90, 'Ivy') ON CONFLICT (id) DO UPDATE SET (name, hits) = (SELECT p.name || '?', 6) RETURNING p.*;
INSERT INTO people VALUES (3, 'c@x', 30, 'Cid') ON CONFLICT (email) DO UPDATE SET hits = 7;
INSERT INTO people VALUES (13, NULL, 30, 'Kit'), (14, NULL, 30, 'Kim') ON CONFLICT (email) DO UPDATE SET hits = 7 RETURNING id;

-- WHERE
INSERT INTO people VALUES (20, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = 'no' WHERE people.hits > 1000 RETURNING *;
INSERT INTO people VALUES (20, 'a@x', 1, 'Zoe'), (21, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = 'no' WHERE people.hits > 1000 RETURNING *;
INSERT INTO people VALUES (20, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = 'Anna' WHERE excluded.name = 'Zoe' RETURNING id, name;
INSERT INTO people VALUES (20, 'k@x', 1, 'Zoe'), (1, 'l@x', 2, 'Lea') ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE people.name <> excluded.name RETURNING id, name;
INSERT INTO people VALUES (20, 'a@x', 1, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = 'x' WHERE 1 / (people.id - 1) > 0;

-- a row a second time
INSERT INTO people VALUES (30, 'm@x', 1, 'Moe'), (31, 'm@x', 2, 'Mia') ON CONFLICT (email) DO UPDATE SET hits = 9;
INSERT INTO people VALUES (30, 'a@x', 1, 'Moe'), (31, 'a@x', 2, 'Mia') ON CONFLICT (email) DO UPDATE SET hits = 9;
INSERT INTO people VALUES (30, 'a@x', 1, 'Moe'), (31, 'a@x', 2, 'Mia') ON CONFLICT (email) DO UPDATE SET hits = 9, email = 'a2@x' RETURNING *;
INSERT INTO people VALUES (1, 'm@x', 1, 'Moe'), (1, 'n@x', 2, 'Mia') ON CONFLICT (id) DO UPDATE SET hits = 9;
INSERT INTO people VALUES (30, 'm@x', 1, 'Moe'), (31, 'm@x', 2, 'Mia') ON CONFLICT (email) DO UPDATE SET hits = 9 WHERE false;
SELECT * FROM people ORDER BY id;

-- subqueries, sources and parameters
CREATE TABLE ranks (id int PRIMARY KEY, title text);
INSERT INTO ranks VALUES (1, 'first'), (2, 'second'), (9, 'ninth');
INSERT INTO people VALUES (9, 'b@x', 9, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = (SELECT title FROM ranks r WHERE r.id = excluded.id) RETURNING id, name;
INSERT INTO people VALUES (9, 'b@x', 9, 'Zoe') ON CONFLICT (email) DO UPDATE SET name = (SELECT title FROM ranks r WHERE r.id = people.id) || (SELECT count(*) FROM ranks) RETURNING id, name;
INSERT INTO people VALUES (9, 'b@x', 9, 'Zoe') ON CONFLICT (email) DO UPDATE SET hits = people.hits + 1 WHERE EXISTS (SELECT 1 FROM ranks r WHERE r.id = people.id AND r.title <> excluded.name) RETURNING id, hits;
INSERT INTO people VALUES (9, 'b@x', 9, 'Zoe') ON CONFLICT (email) DO UPDATE SET hits = people.hits + 1 WHERE people.id IN (SELECT id FROM ranks WHERE id > 5) RETURNING id, hits;
WITH r AS (SELECT max(id) AS top FROM ranks) INSERT INTO people SELECT top, 'b@x', 8, 'Top' FROM r ON CONFLICT (email) DO UPDATE SET hits = (SELECT top FROM r) RETURNING id, hits;
WITH up AS (INSERT INTO people VALUES (9, 'b@x', 9, 'Zoe') ON CONFLICT (email) DO UPDATE SET hits = 77 RETURNING id, hits) SELECT up.*, p.hits AS before FROM up JOIN people p USING (id);
PREPARE up(int, text, text) AS INSERT INTO people (id, email, name) VALUES ($1, $2, $3) ON CONFLICT (email) DO UPDATE SET name = $3 || excluded.id RETURNING id, name;
EXECUTE up(40, 'a@x', 'P');
EXECUTE up(41, 'pp@x', 'P');
EXECUTE up(42, 'pp@x', 'Q');
INSERT INTO people SELECT 200 + g, 'a@x', g, 'bulk' FROM generate_series(1, 3) g ON CONFLICT (email) DO NOTHING;
INSERT INTO people SELECT id, email, badge, name FROM people WHERE id < 3 ON CONFLICT (email) DO UPDATE SET hits = people.hits * 2 RETURNING id, hits;

-- in transactions
BEGIN;
DELETE FROM people WHERE id = 1;
INSERT INTO people VALUES (50, 'a@x', 10, 'Ann') ON CONFLICT (email) DO UPDATE SET hits = 1 RETURNING id;
INSERT INTO people VALUES (51, 'a@x', 10, 'Ann') ON CONFLICT (email) DO UPDATE SET hits = people.hits + 41 RETURNING id, hits;
INSERT INTO people VALUES (51, 'a@x', 10, 'Ann') ON CONFLICT DO NOTHING RETURNING id;
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO people VALUES (51, 'a@x', 10, 'Ann') ON CONFLICT (email) DO UPDATE SET hits = people.hits + 1 RETURNING id, hits;
COMMIT;

-- a table without a primary key
CREATE TABLE tags (tag text UNIQUE, n int UNIQUE, note text);
INSERT INTO tags VALUES ('a', 1, 'one'), ('b', 2, 'two'), (NULL, NULL, 'none') ON CONFLICT DO NOTHING;
INSERT INTO tags VALUES ('a', 3, 'x'), ('c', 2, 'y'), ('d', 4, 'z'), (NULL, NULL, 'none') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO tags VALUES ('a', 5, 'x') ON CONFLICT (tag) DO UPDATE SET n = excluded.n, note = tags.note || excluded.note RETURNING *;
INSERT INTO tags VALUES ('a', 2, 'x') ON CONFLICT (tag) DO UPDATE SET n = excluded.n;
INSERT INTO tags VALUES ('q', 2, 'x') ON CONFLICT (tag) DO UPDATE SET n = excluded.n;
INSERT INTO tags VALUES ('q', 2, 'x') ON CONFLICT (n) DO UPDATE SET tag = excluded.tag RETURNING *;
INSERT INTO tags VALUES ('q', 2, 'x') ON CONFLICT (note) DO NOTHING;
SELECT * FROM tags ORDER BY n, note;
SELECT * FROM people ORDER BY id;
