#!/bin/sh
# Makes the secrets of compose.yaml, each of 256 random bits, in secrets/ beside it. One that is there stays as it is.
# The folder is closed to others; the files in it are not, since the servers in the containers are not their owner.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

random() {
  head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

keep() {
  [ -s "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
  chmod 444 "secrets/$1"
}

# Encrypts private keys in the database: keep a copy of it apart from the database's backups.
keep master_key "$(random)"
keep admin_secret "$(random)"
if [ ! -s secrets/cache_url ]; then
  password=$(random)
  # Nothing is kept on disk, and nothing is evicted: a reader would take an absent entry for none.
  keep valkey_settings "requirepass $password
save \"\"
appendonly no
maxmemory-policy noeviction"
  keep cache_url "redis://:$password@valkey:6379"
fi
# Without a line break: PostgreSQL's image takes the file as it is.
[ -s secrets/postgres_password ] || random >secrets/postgres_password
chmod 444 secrets/postgres_password
keep database_url "postgres://rescind:$(cat secrets/postgres_password)@postgres:5432/rescind"
echo "secrets/ is complete but for tls_certificate (the whole chain) and tls_key, which are yours to bring."
