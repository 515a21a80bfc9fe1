\i testdata/schema.sql
\pset format unaligned
\pset null NULL
-- names of objects
SELECT 'plain'::regclass, 'shop.item'::regclass, 'shop.item_pkey'::regclass, 'int4'::regtype, 'varchar'::regtype, 'shop'::regnamespace, 'describe_owner'::regrole;
SELECT 'now'::regproc, 'abs(int4)'::regprocedure, '+(int4,int4)'::regoperator, '-(none,int4)'::regoperator, '"C"'::regcollation;
SELECT 0::regclass, 0::regtype, 4242424::regclass, 4242424::regtype;
SELECT ARRAY['plain'::regclass, 'nokey'], ARRAY['int4'::regtype];
SELECT 'abs(int4)'::regprocedure::oid::regproc, 551::regoper, 15::regoper, 551::regoperator;
SELECT 'nothing'::regclass;
SELECT 'nothing'::regtype;
SELECT 'no.thing'::regclass;
SELECT 'nothing'::regnamespace;
SELECT 'nothing'::regrole;
SELECT 'abs'::regproc;
SELECT 'nothing(int4)'::regprocedure;
SELECT 'abs'::regprocedure;
SELECT to_regclass('plain'), to_regclass('nothing'), to_regtype('int8'), to_regtype('nothing'), to_regrole('nothing'), to_regnamespace('shop'), to_regproc('now'), to_regprocedure('abs(float8)');
SELECT 'plain'::regclass::text || '!', 'shop.item'::regclass::oid = (SELECT oid FROM pg_class WHERE relname = 'item');
SET search_path = shop, public;
SELECT 'item'::regclass, 'plain'::regclass;
RESET search_path;
-- types
SELECT format_type(23, NULL), format_type(1043, 24), format_type(1042, NULL), format_type(1042, -1), format_type(1700, 655366), format_type(1184, 3), format_type(0, NULL), format_type(424242, -1), format_type(NULL, 3), format_type('shop.item'::regtype, -1), format_type(1009, NULL);
-- definitions
SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 1, true), pg_get_indexdef(indexrelid, 0, true) FROM pg_index WHERE indrelid IN ('plain'::regclass, 'shop.item'::regclass, '"Odd Name"'::regclass) ORDER BY 1::text;
SELECT conname, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true) FROM pg_constraint WHERE conrelid IN ('plain'::regclass, 'shop.item'::regclass) ORDER BY conname;
SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid), pg_get_expr(adbin, adrelid, true) FROM pg_attrdef ORDER BY 1, 2;
SELECT pg_get_indexdef(0), pg_get_constraintdef(0), pg_get_viewdef(0), pg_get_triggerdef(0), pg_get_ruledef(0), pg_get_functiondef(0), pg_get_statisticsobjdef(0), pg_get_partkeydef('plain'::regclass);
SELECT pg_get_userbyid(10), pg_get_userbyid(4242);
SELECT pg_get_serial_sequence('shop.item', 'id'), pg_get_serial_sequence('ident', 'id'), pg_get_serial_sequence('plain', 'name');
SELECT pg_get_serial_sequence('plain', 'nothing');
SELECT pg_get_function_arguments(oid), pg_get_function_result(oid), pg_get_function_identity_arguments(oid) FROM pg_proc WHERE proname IN ('abs', 'concat', 'json_each', 'parse_ident', 'percentile_cont', 'rank', 'make_interval', 'generate_series', 'mode', 'pg_stat_file') AND pronamespace = 11 ORDER BY oid;
-- comments
SELECT obj_description('plain'::regclass), obj_description('plain'::regclass, 'pg_class'), col_description('plain'::regclass, 2), col_description('plain'::regclass, 1), obj_description('shop'::regnamespace, 'pg_namespace'), obj_description(0), obj_description('plain'::regclass, 'pg_type'), shobj_description(1, 'pg_database');
-- visibility
SELECT relname, pg_table_is_visible(oid) FROM pg_class WHERE relname IN ('plain', 'item', 'item_pkey', 'pg_class', 'tables') ORDER BY 1;
SELECT pg_table_is_visible(0), pg_type_is_visible('int4'::regtype), pg_function_is_visible('now'::regproc);
-- privileges
SELECT has_table_privilege('plain', 'SELECT'), has_table_privilege('describe_owner', 'plain', 'SELECT'), has_table_privilege('describe_owner', 'shop.item', 'INSERT, DELETE'), has_table_privilege('describe_owner', 'pg_class', 'SELECT'), has_table_privilege('describe_owner', 'pg_authid', 'SELECT'), has_table_privilege('describe_owner', 'pg_class', 'INSERT');
SELECT has_table_privilege('plain', 'NOTHING');
SELECT has_table_privilege('nobody', 'plain', 'SELECT');
SELECT has_table_privilege('nothing', 'SELECT');
SELECT has_table_privilege(0::oid, 'SELECT');
SELECT has_schema_privilege('describe_owner', 'public', 'USAGE'), has_schema_privilege('describe_owner', 'public', 'CREATE'), has_schema_privilege('describe_owner', 'shop', 'USAGE'), has_schema_privilege('describe_owner', 'pg_catalog', 'USAGE');
SELECT has_database_privilege('describe_owner', current_database(), 'CONNECT'), has_database_privilege('describe_owner', current_database(), 'CREATE'), has_database_privilege('describe_owner', 'template1', 'TEMP'), has_database_privilege('nothing', 'CONNECT');
SELECT has_column_privilege('plain', 'name', 'SELECT'), has_column_privilege('describe_owner', 'plain', 1::int2, 'UPDATE'), has_any_column_privilege('describe_owner', 'shop.item', 'UPDATE');
SELECT has_column_privilege('plain', 'nothing', 'SELECT');
SELECT has_sequence_privilege('describe_owner', 'counter', 'USAGE'), has_function_privilege('describe_owner', 'abs(int4)', 'EXECUTE'), has_type_privilege('describe_owner', 'int4', 'USAGE'), has_language_privilege('describe_owner', 'sql', 'USAGE'), has_tablespace_privilege('describe_owner', 'pg_default', 'CREATE');
SELECT has_sequence_privilege('plain', 'USAGE');
SELECT pg_has_role('describe_owner', 'describe_group', 'MEMBER'), pg_has_role('describe_owner', 'describe_group', 'USAGE'), pg_has_role('describe_group', 'describe_owner', 'MEMBER'), pg_has_role('describe_group', 'USAGE');
-- others
SELECT pg_column_is_updatable('plain', 1::int2, false), pg_relation_is_updatable('plain'::regclass, false), pg_relation_is_publishable('plain'), pg_relation_is_publishable('pg_class'), pg_relation_is_publishable('counter');
SELECT pg_index_column_has_property('item_note', 1, 'desc'), pg_index_column_has_property('item_note', 2, 'desc'), pg_index_column_has_property('item_note', 1, 'nulls_first'), pg_index_column_has_property('item_note', 1, 'orderable'), pg_index_column_has_property('item_note', 3, 'asc'), pg_index_column_has_property('item_note', 1, 'nothing'), pg_index_has_property('item_note', 'clusterable'), pg_indexam_has_property(403, 'can_unique');
SELECT pg_relation_size('plain') > 0, pg_total_relation_size('plain') > 0, pg_relation_size('cheap'), pg_relation_size(0), pg_size_pretty(pg_database_size(current_database())) IS NOT NULL, pg_relation_filenode('cheap'), pg_relation_filenode('plain') IS NOT NULL, pg_tablespace_location(1663);
CREATE TABLE sized (id int PRIMARY KEY, note text, UNIQUE (note));
CREATE INDEX sized_hash ON sized USING hash (id);
CREATE INDEX sized_brin ON sized USING brin (id);
INSERT INTO sized SELECT g, 'note ' || g FROM generate_series(1, 20000) g;
VACUUM sized;
SELECT pg_table_size('sized') BETWEEN 200000 AND 2000000, pg_indexes_size('sized') BETWEEN 400000 AND 4000000, pg_total_relation_size('sized') = pg_table_size('sized') + pg_indexes_size('sized'), pg_relation_size('sized_note_key') > 100000, pg_total_relation_size('sized_hash') > 100000;
SELECT relname, amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname LIKE 'sized%' ORDER BY 1;
DROP TABLE sized;
CREATE TABLE sized (id int PRIMARY KEY, note text, UNIQUE (note));
CREATE INDEX sized_hash ON sized USING hash (id);
CREATE INDEX sized_brin ON sized USING brin (id);
INSERT INTO sized SELECT g, 'note ' || g FROM generate_series(1, 20000) g;
ANALYZE sized;
SELECT reltuples, relpages BETWEEN 20 AND 250 FROM pg_class WHERE relname = 'sized';
ALTER TABLE sized DROP CONSTRAINT sized_pkey, ADD PRIMARY KEY (note);
SELECT reltuples, relpages BETWEEN 20 AND 250 FROM pg_class WHERE relname = 'sized';
SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'sized' AND attname = 'id';
DROP TABLE sized;
CREATE TABLE sized (id int DEFAULT nextval('nothing'));
CREATE TABLE sized (id int CHECK (id < nextval('nothing')));
CREATE TABLE sized (id int, kind text DEFAULT 'no.thing'::regclass::text);
SELECT pg_relation_size('plain', 'fsm') IS NOT NULL;
SELECT pg_relation_size('plain', 'nothing');
SELECT pg_database_size('nothing');
SELECT current_setting('search_path'), current_setting('nothing', true), set_config('search_path', 'shop', false);
SELECT current_schema(), current_schemas(true);
SELECT current_setting('nothing');
RESET search_path;
SELECT pg_encoding_to_char(6), pg_char_to_encoding('UTF8'), getdatabaseencoding(), pg_client_encoding();
SELECT pg_is_in_recovery(), pg_backend_pid() > 0, pg_my_temp_schema(), inet_server_port() IS NULL, pg_postmaster_start_time() < now(), pg_trigger_depth();
-- transactions
SELECT txid_current() > 0, txid_current_if_assigned() IS NULL;
BEGIN;
SELECT txid_current_if_assigned();
INSERT INTO nokey VALUES (1);
SELECT txid_current_if_assigned() = txid_current(), pg_current_xact_id()::text = txid_current()::text;
ROLLBACK;
SELECT pg_sleep(0), pg_sleep_for('1 microsecond'), pg_sleep_until('2000-01-01');
SET statement_timeout = 50;
SELECT pg_sleep(10);
RESET statement_timeout;
-- advisory locks
SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(2, 3), pg_try_advisory_lock(-5), pg_try_advisory_xact_lock_shared(7);
SELECT locktype, classid, objid, objsubid, mode, granted, pid = pg_backend_pid() FROM pg_locks WHERE locktype = 'advisory' ORDER BY classid, objid;
SELECT pg_advisory_unlock(1), pg_advisory_unlock(1), pg_advisory_unlock(1);
SELECT pg_advisory_unlock_shared(9);
BEGIN;
SAVEPOINT a;
SELECT pg_advisory_xact_lock(11);
ROLLBACK TO a;
SELECT pg_advisory_xact_lock(12);
SELECT objid, mode FROM pg_locks WHERE locktype = 'advisory' ORDER BY objid;
COMMIT;
SELECT pg_advisory_unlock_all();
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
