#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs COMMAND beside a throwaway PostgreSQL 15 on a
# free port of loopback, whose host:port is in PEGMATITE_RECORD_DSN. PostgreSQL
# refuses to run as root; then it runs as the user postgres.
set -euo pipefail

bin=${PEGMATITE_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
[ -x "$bin/initdb" ] || { echo "PostgreSQL 15 is not in $bin (make test-setup installs it, PEGMATITE_POSTGRES_BIN names another place)" >&2; exit 1; }

dir=$(mktemp -d)
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres "$dir"
  as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
fi
stop() {
  as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT

port=$(for p in $(seq 55432 55531); do (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; break; }; done)
cd_back=$PWD
cd "$dir" # initdb wants a directory that its user may enter
as "$bin/initdb" -D "$dir/data" -U postgres -A trust --encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8 >/dev/null
as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir -c fsync=off" start >/dev/null ||
  { cat "$dir/log" >&2; exit 1; }
cd "$cd_back"
PEGMATITE_RECORD_DSN=127.0.0.1:$port "$@"
