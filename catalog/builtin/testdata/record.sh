#!/bin/sh
# Records PostgreSQL's answers to the expressions of *.sql as *.answers; the
# connection is psql's usual environment (PGHOST, PGPORT, PGUSER). A server
# made with --encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8 is expected.
cd "$(dirname "$0")" || exit 1
for f in ${*:-*.sql}; do
	awk '/^--set / { print "SET " substr($0, 7) ";"; next }
	/^--/ || /^$/ { next }
	{
		q = $0; gsub(/\047/, "\047\047", q)
		print "SELECT pg_temp.answer(\047" q "\047);"
	}' "$f" | PGTZ=UTC psql -X -q -A -t -c '' -f answer.psql -f - >"${f%.sql}.answers"
done
