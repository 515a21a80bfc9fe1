-- Writes the rows of a fresh PostgreSQL 15's pg_proc, pg_operator, pg_cast and
-- pg_aggregate as the tables that this package embeds. README.md says how to run it.
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only on
\pset null '-'

\o pg_proc.tsv
SELECT p.oid, proname, prokind,
       CASE WHEN l.lanname = 'sql'
            THEN proname || '(' || array_to_string(ARRAY(SELECT format_type(a, NULL) FROM unnest(proargtypes) a), ',') || ')'
            ELSE prosrc END,
       prorettype,
       nullif(array_to_string(proargtypes::oid[], ','), ''),
       CASE WHEN proisstrict THEN 's' ELSE 'c' END || provolatile::text
         || CASE WHEN proretset THEN 'r' ELSE '' END || CASE WHEN provariadic <> 0 THEN 'v' ELSE '' END
         || CASE WHEN proleakproof THEN 'l' ELSE '' END,
       (SELECT string_agg(coalesce(pg_get_function_arg_default(p.oid, i), 'NULL'), '|' ORDER BY i)
          FROM generate_series(pronargs - pronargdefaults + 1, pronargs) i WHERE pronargdefaults > 0),
       array_to_string(proargnames, ','),
       array_to_string(proallargtypes, ','),
       array_to_string(proargmodes, '')
  FROM pg_proc p JOIN pg_language l ON l.oid = prolang
 WHERE pronamespace = 'pg_catalog'::regnamespace AND p.oid < 12000
 ORDER BY p.oid;

\o pg_operator.tsv
SELECT oid, oprname, oprleft, oprright, oprresult, oprcode::oid, oprcom, oprnegate,
       CASE WHEN oprcanmerge THEN 'm' ELSE '' END || CASE WHEN oprcanhash THEN 'h' ELSE '' END
  FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oid < 12000 ORDER BY oid;

\o pg_cast.tsv
SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod FROM pg_cast WHERE oid < 12200 ORDER BY castsource, casttarget;

\o pg_aggregate.tsv
SELECT a.aggfnoid::oid, aggkind, aggnumdirectargs, aggtransfn, aggsortop,
       t.proisstrict, aggtranstype
  FROM pg_aggregate a JOIN pg_proc t ON t.oid = aggtransfn ORDER BY 1;
\o
