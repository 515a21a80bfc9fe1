-- The rows of a new PostgreSQL 15 database's system catalogs, one file per
-- catalog, in COPY's text form. To make them anew, on a cluster made with
--   initdb --encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8
-- run as its superuser, with a directory that the server may write to:
--   psql -v dir=/some/dir -f extract.sql postgres
-- and copy the .tsv files here.
--
-- What is not taken: catalogs that the cluster's own descriptors fill, TOAST
-- tables, operating system locales, statistics, node trees (deparsed where they are defaults).
\set ON_ERROR_STOP on
\t
SELECT set_config('extract.dir', :'dir', false);

-- OIDs instead of names that only the server can look up; text for node trees.
CREATE TEMP VIEW extract_columns AS
SELECT c.oid AS relid, c.relname, string_agg(
    CASE
      WHEN c.relname = 'pg_class' AND a.attname IN ('reltoastrelid') THEN '0'
      WHEN c.relname = 'pg_proc' AND a.attname = 'proargdefaults' THEN 'pg_get_expr(proargdefaults, 0)'
      WHEN c.relname = 'pg_proc' AND a.attname = 'prosqlbody' THEN 'NULL'
      WHEN c.relname = 'pg_rewrite' AND a.attname IN ('ev_qual', 'ev_action') THEN quote_literal('<>')
      WHEN c.relname = 'pg_type' AND a.attname = 'typdefaultbin' THEN 'NULL'
      WHEN a.atttypid IN ('regproc'::regtype, 'regtype'::regtype, 'regclass'::regtype) THEN quote_ident(a.attname) || '::oid'
      ELSE quote_ident(a.attname)
    END, ', ' ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
GROUP BY c.oid, c.relname;

CREATE TEMP VIEW extract_filters AS
SELECT * FROM (VALUES
  ('pg_class', $$relkind <> 't' AND relnamespace <> 99 AND oid < 16384$$, 'oid'),
  ('pg_attribute', $$attrelid IN (SELECT oid FROM pg_class WHERE relnamespace <> 99 AND oid < 16384)$$, 'attrelid, attnum'),
  ('pg_index', $$indexrelid IN (SELECT oid FROM pg_class WHERE relnamespace <> 99 AND oid < 16384)$$, 'indexrelid'),
  ('pg_type', 'oid < 16384', 'oid'),
  ('pg_rewrite', 'oid < 16384', 'oid'),
  ('pg_depend', 'objid < 16384 AND refobjid < 16384', 'classid, objid, objsubid, refclassid, refobjid, refobjsubid'),
  ('pg_description', 'objoid < 16384 AND NOT (classoid = 2615)', 'classoid, objoid, objsubid'),
  ('pg_init_privs', $$NOT (classoid = 1259 AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 99))$$, 'classoid, objoid, objsubid'),
  ('pg_collation', $$collprovider = 'd' OR collname IN ('C', 'POSIX', 'ucs_basic', 'C.utf8')$$ /* and by hand C.UTF-8, which is its name elsewhere */, 'oid'),
  ('pg_language', $$lanname <> 'plpgsql'$$, 'oid'),
  ('pg_proc', $$probin IS DISTINCT FROM '$libdir/plpgsql'$$, 'oid'),
  ('pg_namespace', 'false', '1'), ('pg_database', 'false', '1'), ('pg_authid', 'false', '1'),
  ('pg_auth_members', 'false', '1'), ('pg_shdescription', 'false', '1'), ('pg_statistic', 'false', '1'),
  ('pg_extension', 'false', '1')
) AS f (relname, condition, ordering);

SELECT format('COPY (SELECT %s FROM pg_catalog.%I WHERE %s ORDER BY %s) TO %L',
    columns, relname, coalesce(f.condition, 'true'), coalesce(f.ordering, '1'),
    current_setting('extract.dir') || '/' || relname || '.tsv')
FROM extract_columns LEFT JOIN extract_filters f USING (relname) ORDER BY relname
\gexec

SELECT format('COPY (SELECT oid, pg_get_viewdef(oid) FROM pg_class WHERE relkind = %L AND oid < 16384 ORDER BY oid) TO %L',
    'v', current_setting('extract.dir') || '/viewdefs.tsv')
\gexec
