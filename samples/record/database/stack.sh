# How is an incident of a database recorded? client → HAProxy → Node service with a pool → database, all on loopback.
#
# A scenario sets what it needs of the variables below and calls, in this order: open_stack, start_load, what it does to the
# database meanwhile, close_stack.

PROXY_PORT=8080
SERVICE_PORT=8280
POSTGRESQL_PORT=5432
MARIADB_PORT=3306

DATABASE=postgresql
POOL_SIZE=8
ERROR_PATH=release
# Whether the pool is opened before the capture begins, as in most real ones, or within it.
POOL_OLDER_THAN_CAPTURE=no
# How long PostgreSQL leaves a transaction open in which nothing happens; 0 is for ever.
IDLE_IN_TRANSACTION=0
# How long HAProxy waits for the service's answer.
PROXY_WAIT=1s
# Pairs of requests a second, for how many seconds: 20 requests a second, for 13 s; healthy for 4 s.
PHASES=10x13
FAULT_S=4
BEFORE="/orders/{}"
AFTER="/orders/{}"
# One request at the beginning of the fault.
FIRST_AFTER=
# After the last answer: what is still moving comes to its end.
TAIL_SECONDS=2

# start_postgresql NS: a PostgreSQL of its own in $WORK/pg, whose Unix socket there allows everybody. Each statement is logged
# as JSON when it has ended, with its duration. The process id of its first process is then in POSTGRESQL.
start_postgresql() {
  local ns=$1 bin
  bin=$(find /usr/lib/postgresql/*/bin -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1)
  [[ -n $bin ]] || { echo "stack: PostgreSQL's server is not installed" >&2; return 1; }
  POSTGRESQL_BIN=$bin
  mkdir "$WORK/pg"
  chown postgres: "$WORK/pg"
  as_postgres "$bin/initdb" --pgdata="$WORK/pg/data" --username=postgres --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$WORK/pg-install.log" 2>&1
  start "$ns" pg setpriv --reuid=postgres --regid=postgres --init-groups "$bin/postgres" -D "$WORK/pg/data" \
    -c listen_addresses=127.0.0.1 -c port=$POSTGRESQL_PORT -c unix_socket_directories="$WORK/pg" -c shared_buffers=16MB \
    -c ssl=off -c autovacuum=off -c fsync=off -c logging_collector=on -c log_destination=jsonlog \
    -c log_directory="$WORK/pg" -c log_filename=log -c log_rotation_age=0 -c log_rotation_size=0 -c log_timezone=UTC \
    -c log_connections=on -c log_disconnections=on -c log_min_duration_statement=0 -c log_lock_waits=on \
    -c idle_in_transaction_session_timeout="$IDLE_IN_TRANSACTION"
  POSTGRESQL=$STARTED
  until_true 30 postgresql -d postgres -c "SELECT 1"
  postgresql -d postgres -c "CREATE DATABASE shop"
  postgresql <"$RECORD/database/postgresql.sql"
}

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

# postgresql [psql options…]: asks it over its Unix socket, so that the question is not in the capture.
postgresql() {
  psql -X -q -A -t -F $'\t' -v ON_ERROR_STOP=1 -h "$WORK/pg" -p $POSTGRESQL_PORT -U postgres -d shop "$@"
}

# mark EVENT: notes in the fault's journal that this has just been done.
mark() {
  printf '{"event":"%s","at":%s}\n' "$1" "$EPOCHREALTIME" >>"$WORK/fault.jsonl"
}

open_stack() {
  namespace NS
  case $DATABASE in
    postgresql)
      DATABASE_PORT=$POSTGRESQL_PORT
      start_postgresql "$NS"
      ;;
    mariadb)
      DATABASE_PORT=$MARIADB_PORT
      start_database "$NS" data 127.0.0.1 $MARIADB_PORT --general-log --general-log-file="$WORK/data/general.log"
      database data <"$RECORD/database/mariadb.sql"
      ;;
  esac
  sed -e "s#@LISTEN@#$PROXY_PORT#" -e "s#@SERVICE@#$SERVICE_PORT#" -e "s#@WAIT@#$PROXY_WAIT#" \
    "$RECORD/database/haproxy.cfg" >"$WORK/haproxy.cfg"
  start "$NS" haproxy haproxy -db -f "$WORK/haproxy.cfg"
  until_true 20 listening "$NS" $PROXY_PORT
  [[ $POOL_OLDER_THAN_CAPTURE == yes ]] && start_service
  capture_start "$NS" lo
  mark captured
  [[ $POOL_OLDER_THAN_CAPTURE == yes ]] || start_service
}

start_service() {
  start "$NS" service env JOURNAL="$WORK/service.jsonl" PORT=$SERVICE_PORT DATABASE="$DATABASE" ERROR_PATH="$ERROR_PATH" \
    DATABASE_PORT="$DATABASE_PORT" POOL_SIZE="$POOL_SIZE" node "$RECORD/database/service.mjs"
  until_true 20 listening "$NS" $SERVICE_PORT
}

# start_load: the client, and a readiness probe of the service itself. Returns when the healthy phase is over.
start_load() {
  start "$NS" probe env JOURNAL="$WORK/probe.jsonl" PORT=$SERVICE_PORT node "$RECORD/pool/probe.mjs"
  PROBE=$STARTED
  start "$NS" client env JOURNAL="$WORK/client.jsonl" PORT=$PROXY_PORT PHASES="$PHASES" FAULT_S=$FAULT_S \
    BEFORE="$BEFORE" AFTER="$AFTER" FIRST_AFTER="$FIRST_AFTER" node "$RECORD/database/client.mjs"
  CLIENT=$STARTED
  until_true 10 logged "$WORK/client.jsonl" begins
  # Requests come every tenth of a second: what is done halfway between two of them meets none at the same moment.
  sleep_until "$(date -d "$(head -n 1 "$WORK/client.jsonl" | cut -d '"' -f 4)" +%s.%N)" $FAULT_S.05
}

# sleep_until EPOCH SECONDS: until so many seconds after that moment.
sleep_until() {
  sleep "$(awk -v from="$1" -v seconds="$2" -v now="$EPOCHREALTIME" 'BEGIN { left = from + seconds - now; print (left > 0 ? left : 0) }')"
}

# close_stack TRUTH: TRUTH is a file beside this one that says what is true of the fault.
close_stack() {
  wait "$CLIENT"
  sleep "$TAIL_SECONDS"
  kill -TERM "$PROBE"
  wait "$PROBE"
  sockets_now "$NS" "$WORK/ss-end.txt"
  capture_stop
  keep_capture gz
  DATABASE="$DATABASE" DATABASE_PORT="$DATABASE_PORT" POOL_SIZE="$POOL_SIZE" \
    node "$RECORD/database/truth.mjs" "$WORK" "$OUT" "$1"
}
