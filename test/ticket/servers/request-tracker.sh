#!/usr/bin/env bash
# How does a real Request Tracker answer? A fresh one of Debian's (request-tracker5, rt5-db-sqlite, rt5-standalone) on a free port of loopback,
# in a temporary folder.
#
#   request-tracker.sh    prints one line of JSON {url, token, user, password, reader_token, blind_token, ticket, mail, version} when it answers;
#                         ends, and leaves nothing, on SIGTERM, SIGINT, or when its standard input is closed. Mail goes into files of the folder `mail`, and nowhere else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
setup=/usr/sbin/rt-setup-database-5
[ -x "$setup" ] || { echo "RT is not installed (Debian: request-tracker5 rt5-db-sqlite rt5-standalone)" >&2; exit 2; }

work=$(mktemp -d /tmp/halfclose-rt.XXXXXX)
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
mkdir -p "$work"/{conf.d,mason,sessions,var}
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
export RT_SITE_CONFIG="$work/RT_SiteConfig.pm" RT_SITE_CONFIG_DIR="$work/conf.d"
cat >"$RT_SITE_CONFIG" <<PERL
\$RT::VarPath = "$work/var";
\$RT::MasonDataDir = "$work/mason";
\$RT::MasonSessionDir = "$work/sessions";
Set(\$rtname, "example.com");
Set(\$Organization, "example.com");
Set(\$CorrespondAddress, "rt\@example.com");
Set(\$CommentAddress, "rt-comment\@example.com");
Set(\$WebDomain, "127.0.0.1");
Set(\$WebPort, $port);
Set(\$WebPath, "");
Set(\$DatabaseType, "SQLite");
Set(\$DatabaseName, "$work/rt.sqlite3");
Set(\$LogToSyslog, undef);
Set(\$LogToSTDERR, "error");
Set(\$MailCommand, "mbox");
1;
PERL
timeout 240 "$setup" --action init --skip-create >"$work/setup.log" 2>&1 || { tail -20 "$work/setup.log" >&2; exit 1; }
exec 3<&0
perl "$here/request-tracker.pl" "$work" "$port" <&3 2>"$work/server.log" &
server=$!
wait "$server" || { tail -20 "$work/server.log" >&2; exit 1; }
