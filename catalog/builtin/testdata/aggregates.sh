#!/bin/sh
# Records PostgreSQL's answers to aggregates.txt, as record.sh does for expressions.
cd "$(dirname "$0")" || exit 1
grep -v -e '^--' aggregates.txt | awk -F';' '{
	n = split($2, t, ","); m = split($3, rows, " "); list = ""; args = ""
	for (i = 1; i <= n; i++) args = args (i > 1 ? ", " : "") "c" i
	for (r = 1; r <= m; r++) {
		split(rows[r], v, "|"); row = ""
		for (i = 1; i <= n; i++) row = row (i > 1 ? ", " : "") (v[i] == "NULL" ? "NULL" : "\047" v[i] "\047") "::" t[i]
		list = list (r > 1 ? ", " : "") "(" row ")"
	}
	if (m == 0) { row = ""; for (i = 1; i <= n; i++) row = row (i > 1 ? ", " : "") "NULL::" t[i]; list = "(" row ")" }
	names = ""; for (i = 1; i <= n; i++) names = names (i > 1 ? ", " : "") "c" i
	q = "(SELECT " $1 "(" args ") FROM (VALUES " list ") AS v(" names ")" (m == 0 ? " WHERE false" : "") ")"
	gsub(/\047/, "\047\047", q)
	print "SELECT pg_temp.answer(\047" q "\047);"
}' | PGTZ=UTC psql -X -q -A -t -c '' -f answer.psql -f - >aggregates.answers
