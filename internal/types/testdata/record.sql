-- Fills the last two columns of answers.tsv from the server that psql is
-- connected to; README.md says how to call this.
CREATE TEMP TABLE answers (n serial PRIMARY KEY, form text, settings text, input text, answer text, wire text);
\copy answers (form, settings, input, answer, wire) FROM 'answers.tsv'
CREATE FUNCTION pg_temp.attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; s text; m text; d text; h text;
BEGIN
  EXECUTE query INTO r;
  RETURN 'OK ' || coalesce(r, 'NULL');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS s = RETURNED_SQLSTATE, m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN s || ' ' || m || CASE WHEN d <> '' THEN ' DETAIL: ' || d ELSE '' END || CASE WHEN h <> '' THEN ' HINT: ' || h ELSE '' END;
END $$;
CREATE FUNCTION pg_temp.call(template text, input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE i int := 0; a text;
BEGIN
  FOREACH a IN ARRAY string_to_array(input, '|') LOOP
    i := i + 1;
    template := replace(template, '$' || i, quote_literal(a));
  END LOOP;
  RETURN pg_temp.attempt('SELECT (' || template || ')::text');
END $$;
DO $$
DECLARE c record; s text; send text;
BEGIN
  FOR c IN SELECT * FROM answers ORDER BY n LOOP
    PERFORM set_config('datestyle', 'ISO, MDY', false), set_config('intervalstyle', 'postgres', false),
            set_config('timezone', 'UTC', false), set_config('extra_float_digits', '1', false), set_config('bytea_output', 'hex', false);
    FOREACH s IN ARRAY string_to_array(coalesce(c.settings, ''), ';') LOOP
      PERFORM set_config(split_part(s, '=', 1), split_part(s, '=', 2), false);
    END LOOP;
    IF c.form LIKE '%$1%' THEN
      UPDATE answers SET answer = pg_temp.call(c.form, c.input), wire = NULL WHERE n = c.n;
    ELSE
      SELECT typsend::text INTO send FROM pg_type WHERE oid = c.form::regtype;
      UPDATE answers SET answer = pg_temp.attempt(format('SELECT %L::%s::text', c.input, c.form)), wire = NULL WHERE n = c.n;
      UPDATE answers SET wire = pg_temp.attempt(format('SELECT encode(%s(%L::%s), ''hex'')', send, c.input, c.form))
        WHERE n = c.n AND answer LIKE 'OK %';
    END IF;
  END LOOP;
END $$;
\copy (SELECT form, settings, input, answer, wire FROM answers ORDER BY n) TO 'answers.tsv'
