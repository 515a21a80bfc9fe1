-- What PostgreSQL 15 has in its catalogs of the objects of objects.sql, one section a relation:
--   psql -q -f objects.sql postgres; psql -AtX -f record.sql postgres > recorded.txt
-- on a cluster that has nothing else. Columns that tell files, transactions or node trees are left out.
\pset fieldsep '\t'
\pset null '\\N'
\set user_objects 'SELECT oid FROM pg_class WHERE oid >= 16384 AND relnamespace <> 99'
CREATE FUNCTION pg_temp.section(relation regclass, condition text, omitted text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE columns text[]; names text;
BEGIN
  SELECT array_agg(CASE
      WHEN attrelid = 'pg_attrdef'::regclass AND attname = 'adbin' THEN 'pg_get_expr(adbin, adrelid)'
      WHEN atttypid IN ('regproc'::regtype, 'regtype'::regtype) THEN quote_ident(attname) || '::oid'
      ELSE quote_ident(attname) END ORDER BY attnum), string_agg(attname, E'\t' ORDER BY attnum)
    INTO columns, names FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND attname <> ALL (omitted);
  RETURN NEXT '== ' || relation::text;
  RETURN NEXT names;
  RETURN QUERY EXECUTE format($q$SELECT (SELECT string_agg(replace(coalesce(f.value, '\N'), E'\n', '\n'), E'\t' ORDER BY f.n)
      FROM unnest(string_to_array(array_to_string(r.cells, E'\x01', E'\x02'), E'\x01')) WITH ORDINALITY AS g(raw, n)
      CROSS JOIN LATERAL (SELECT nullif(g.raw, E'\x02') AS value, g.n) f)
    FROM (SELECT ARRAY[%s] AS cells FROM %s WHERE %s) r ORDER BY 1$q$,
    (SELECT string_agg('(' || c || ')::text', ', ') FROM unnest(columns) c), relation, condition);
END $$;
SET search_path = pg_catalog, public;
SET timezone = 'UTC';
SELECT pg_temp.section('pg_class', 'oid >= 16384 AND relnamespace <> 99 AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (''public'', ''app''))', '{relfilenode,relfrozenxid,relminmxid,reltoastrelid,relpages,reltuples}');
SELECT pg_temp.section('pg_attribute', 'attrelid >= 16384 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (''public'', ''app'')))');
SELECT pg_temp.section('pg_attrdef', 'oid >= 16384');
SELECT pg_temp.section('pg_index', 'indexrelid >= 16384 AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace <> 99)');
SELECT pg_temp.section('pg_constraint', 'oid >= 16384', '{conbin}');
SELECT pg_temp.section('pg_type', 'oid >= 16384 AND typnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (''public'', ''app''))');
SELECT pg_temp.section('pg_sequence', 'true');
SELECT pg_temp.section('pg_rewrite', 'oid >= 16384', '{ev_action}');
SELECT pg_temp.section('pg_namespace', 'nspname !~ ''^pg_(toast_)?temp''');
SELECT pg_temp.section('pg_database', 'oid < 16384', '{datfrozenxid,datminmxid}');
SELECT pg_temp.section('pg_authid', 'true', '{rolpassword}');
SELECT pg_temp.section('pg_roles', 'true');
SELECT pg_temp.section('pg_user', 'true');
SELECT pg_temp.section('pg_group', 'true');
SELECT pg_temp.section('pg_auth_members', 'true');
SELECT pg_temp.section('pg_db_role_setting', 'true');
SELECT pg_temp.section('pg_depend', 'objid >= 16384 AND refclassid <> 1255 AND NOT (classid = 1259 AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 99)) AND NOT (refclassid = 1259 AND refobjid IN (SELECT oid FROM pg_class WHERE relnamespace = 99)) AND NOT (classid = 1255) AND NOT (classid = 2618 AND refobjsubid > 0)');
SELECT pg_temp.section('pg_shdepend', 'objid >= 16384 AND classid <> 1255', '{dbid}');
SELECT pg_temp.section('pg_description', 'objoid >= 16384 OR classoid = 2615');
SELECT pg_temp.section('pg_shdescription', 'true');
SELECT pg_temp.section('pg_tables', 'schemaname IN (''public'', ''app'')');
SELECT pg_temp.section('pg_indexes', 'schemaname IN (''public'', ''app'')');
SELECT pg_temp.section('pg_views', 'schemaname IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.schemata', 'schema_name !~ ''^pg_(toast_)?temp''');
SELECT pg_temp.section('information_schema.tables', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.columns', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.views', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.sequences', 'true');
SELECT pg_temp.section('information_schema.table_constraints', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.key_column_usage', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.constraint_column_usage', 'table_schema IN (''public'', ''app'')');
SELECT pg_temp.section('information_schema.check_constraints', 'constraint_schema IN (''public'', ''app'')');
\echo '== defs'
SELECT 'index', indexrelid, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 0, true), pg_get_indexdef(indexrelid, 1, true) FROM pg_index WHERE indexrelid >= 16384 AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace <> 99) ORDER BY 2;
SELECT 'constraint', oid, pg_get_constraintdef(oid) FROM pg_constraint WHERE oid >= 16384 ORDER BY 2;
SELECT 'visible', oid, pg_table_is_visible(oid) FROM pg_class WHERE oid >= 16384 AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app')) ORDER BY 2;
SELECT 'serial', 0, pg_get_serial_sequence('tt', 'id'), pg_get_serial_sequence('tt', 'a'), pg_get_serial_sequence('tt', 'd');
