#!/usr/bin/env bash
# How does a real Redmine answer? A fresh one of Debian's (redmine, redmine-sqlite) on a free port of loopback, in a temporary folder.
#
#   redmine.sh    prints one line of JSON {url, key, reader_key, ticket, user, project, version} when it answers; ends, and leaves nothing, on SIGTERM, SIGINT,
#                 or when its standard input is closed. Lines on standard input: "formatting NAME", "attachment_max_size KILOBYTES", each answered with one line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=/usr/share/redmine
[ -f "$home/config.ru" ] || { echo "redmine is not installed (Debian: redmine redmine-sqlite)" >&2; exit 2; }

work=$(mktemp -d /tmp/halfclose-redmine.XXXXXX)
server=
stop() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 0' INT TERM
mkdir -p "$work"/{config,files,log,tmp/cache,public/plugin_assets}
printf 'production:\n  adapter: sqlite3\n  database: %s/redmine.sqlite3\n  encoding: utf8\n  timeout: 20000\n' "$work" >"$work/config/database.yml"
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/config/secret_key.txt"

# An instance is a folder below /var/lib/redmine, which this one is not: hence the way up and down again.
export REDMINE_INSTANCE="../../../../../..$work" RAILS_ENV=production SCHEMA=/dev/null HOME="$work" RUBYOPT=-W0
cd "$home"
timeout 240 bundle exec rake db:migrate >"$work/setup.log" 2>&1 ||
  { tail -20 "$work/setup.log" >&2; exit 1; }
exec 3<&0
bundle exec ruby "$here/redmine.rb" "$work" <&3 2>"$work/server.log" &
server=$!
wait "$server" || { tail -20 "$work/server.log" >&2; exit 1; }
