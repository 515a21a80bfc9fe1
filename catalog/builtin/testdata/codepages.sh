#!/bin/sh
# Records as codepages.answers a digest of what PostgreSQL converts from each
# encoding, all of one or two bytes, and to it, all of Unicode's first plane.
# The connection is psql's usual environment.
cd "$(dirname "$0")" || exit 1
one="LATIN1 LATIN2 LATIN3 LATIN4 LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 \
WIN866 WIN874 WIN1250 WIN1251 WIN1252 WIN1253 WIN1254 WIN1255 WIN1256 WIN1257 WIN1258 KOI8R KOI8U"
{
	cat <<'SQL'
CREATE FUNCTION pg_temp.decoded(b bytea, e name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN convert_from(b, e); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION pg_temp.coded(n int, e name) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN RETURN convert_to(chr(n), e); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION pg_temp.digest(e name, bytes bytea[]) RETURNS text LANGUAGE sql AS $$
SELECT e || ' ' || (SELECT md5(string_agg(encode(b, 'hex') || ':' || ascii(t), E'\n' ORDER BY b))
    FROM (SELECT b, pg_temp.decoded(b, e) AS t FROM unnest(bytes) AS b) AS d WHERE length(t) = 1)
  || ' ' || (SELECT md5(string_agg(n || ':' || encode(b, 'hex'), E'\n' ORDER BY n))
    FROM (SELECT n, pg_temp.coded(n, e) AS b FROM generate_series(128, 65535) AS n WHERE n NOT BETWEEN 55296 AND 57343) AS c WHERE b IS NOT NULL) $$;
SQL
	for e in $one; do
		echo "SELECT pg_temp.digest('$e', ARRAY(SELECT set_byte('\\x00', 0, i) FROM generate_series(128, 255) AS i));"
	done
	for e in EUC_CN EUC_KR SJIS GBK UHC; do
		echo "SELECT pg_temp.digest('$e', ARRAY(SELECT set_byte(set_byte('\\x0000', 0, i), 1, j) FROM generate_series(128, 255) AS i, generate_series(48, 255) AS j));"
	done
} | psql -X -q -A -t >codepages.answers
