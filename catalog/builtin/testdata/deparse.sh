#!/bin/sh
# Records how PostgreSQL deparses the expressions of deparse.txt, each as the
# CHECK constraint (expression) IS NOT NULL.
cd "$(dirname "$0")" || exit 1
{
	echo "CREATE TEMP TABLE t (x int);"
	grep -v -e '^--' deparse.txt | while IFS= read -r e; do
		printf '%s\n' "ALTER TABLE t ADD CONSTRAINT c CHECK (($e) IS NOT NULL);"
		printf '%s\n' "SELECT replace(regexp_replace(pg_get_expr(conbin, conrelid), '\\s+', ' ', 'g'), '( ', '(') FROM pg_constraint WHERE conname = 'c' AND conrelid = 't'::regclass;"
		printf '%s\n' "ALTER TABLE t DROP CONSTRAINT c;"
	done
} | PGTZ=UTC psql -X -q -A -t >deparse.answers
