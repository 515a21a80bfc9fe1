#!/usr/bin/env bash
# Installs what the tests use beside Go and gcc: psql, pgbench, sqlite3, HAProxy, etcd
# and the PostgreSQL 15 programs. It never leaves a PostgreSQL running: Debian's package
# would start one on 5432, so cluster creation is switched off first.
set -euo pipefail

# Version 15, which the tests' recorded answers come from, where the distribution has it.
server=postgresql
apt-cache show postgresql-15 >/dev/null 2>&1 && server=postgresql-15
missing=()
command -v psql >/dev/null || missing+=(postgresql-client)
[ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing+=("$server")
[ -n "$(ls /usr/lib/postgresql/*/bin/pgbench 2>/dev/null)" ] || missing+=("$server")
command -v sqlite3 >/dev/null || missing+=(sqlite3)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
command -v etcd >/dev/null || missing+=(etcd-server)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]} (no apt-get here). Tests that need psql, pgbench, sqlite3, HAProxy or etcd are left out." >&2
  exit 0
fi
run() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
  echo "missing: ${missing[*]} (needs root to install). Tests that need psql, pgbench, sqlite3, HAProxy or etcd are left out." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
run apt-get update -qq
run apt-get install -y -qq postgresql-common >/dev/null
run sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
run apt-get install -y -qq "${missing[@]}" >/dev/null
# Debian's packages start an HAProxy and an etcd of their own.
for service in haproxy etcd; do
  if [[ " ${missing[*]} " =~ " $service"(-server)?" " ]] && command -v systemctl >/dev/null; then
    run systemctl disable --now "$service" >/dev/null 2>&1 || true
  fi
done
