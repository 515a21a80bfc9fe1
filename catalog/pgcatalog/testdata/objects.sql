-- What the tests make descriptors of. Options stand in order of name: descriptors do not keep another.
CREATE ROLE app_owner LOGIN PASSWORD NULL VALID UNTIL '2030-01-01 00:00:00+00' CONNECTION LIMIT 5;
CREATE ROLE readers;
GRANT readers TO app_owner;
ALTER ROLE app_owner SET work_mem = '8MB';
COMMENT ON ROLE readers IS 'may read';
CREATE SCHEMA app AUTHORIZATION app_owner;
COMMENT ON SCHEMA app IS 'the app';
CREATE TABLE tt (id serial PRIMARY KEY, a text DEFAULT 'x'::text NOT NULL, b numeric(10,2) CHECK (b > 0::numeric),
  c varchar(5) UNIQUE, d int GENERATED ALWAYS AS IDENTITY, e timestamptz DEFAULT now(), "F g" bpchar(3)[], h interval(3));
CREATE INDEX tt_a ON tt (a DESC, b) INCLUDE (id);
CREATE INDEX "Odd Index" ON tt (a DESC NULLS LAST, c NULLS FIRST) WITH (fillfactor = 70);
ALTER TABLE tt DROP COLUMN e;
COMMENT ON TABLE tt IS 'hello';
COMMENT ON COLUMN tt.a IS 'it''s a column';
COMMENT ON INDEX tt_a IS 'an index';
COMMENT ON CONSTRAINT tt_b_check ON tt IS 'positive';
CREATE UNLOGGED TABLE app.u (k uuid, n name, j int2 GENERATED ALWAYS AS (1::int2) STORED, t timestamp(2), f float4) WITH (autovacuum_enabled = off, fillfactor = 50);
ALTER TABLE app.u OWNER TO app_owner;
CREATE UNIQUE INDEX u_n ON app.u (n) NULLS NOT DISTINCT;
CREATE VIEW vv AS SELECT id, a FROM tt LIMIT 10;
CREATE SEQUENCE app.ss AS smallint INCREMENT BY -2 START WITH -1 CYCLE CACHE 4;
