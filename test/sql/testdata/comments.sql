-- Comments on constraints, whatever holds them.
CREATE TABLE c (id int PRIMARY KEY, v int CHECK (v > 0), u int, UNIQUE (u));
COMMENT ON CONSTRAINT c_pkey ON c IS 'the key';
COMMENT ON CONSTRAINT c_v_check ON c IS 'the check';
COMMENT ON CONSTRAINT c_u_key ON c IS 'the values';
COMMENT ON INDEX c_u_key IS 'the index';
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'c'::regclass ORDER BY 1;
SELECT obj_description('c_u_key'::regclass, 'pg_class');
SELECT count(*) FROM pg_description WHERE objoid IN (SELECT oid FROM pg_constraint WHERE conrelid = 'c'::regclass);
COMMENT ON CONSTRAINT c_u_key ON c IS NULL;
COMMENT ON CONSTRAINT none ON c IS 'x';
CREATE INDEX c_other ON c (v);
COMMENT ON CONSTRAINT c_other ON c IS 'x';
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'c'::regclass ORDER BY 1;
ALTER TABLE c RENAME CONSTRAINT c_pkey TO c_key;
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'c'::regclass ORDER BY 1;
