# How are the three pool samples recorded? client → nginx sidecar → Node service with a MariaDB pool, all on loopback.
#
# With DUMPS=yes what a person on call would print is kept beside the capture.
# record_pool leak|release INTERFACE. The two ways differ in one thing only: whether the service's error path gives its
# connection back. Load, topology and errors are the same.

CLIENT_PORT=8080
SERVICE_PORT=8280
DATABASE_PORT=3307

# 60 requests before the first coupon, 30 until the tenth coupon, the rest after the pool has run dry.
REQUESTS=220
CONCURRENCY=8
FIRST_COUPON=61

# After the last answer: long enough that a half-closed connection can be told from one that is just closing.
TAIL_SECONDS=4

record_pool() {
  local error_path=$1 interface=$2 ns probe dumping
  namespace ns
  start_database "$ns" data 127.0.0.1 $DATABASE_PORT --general-log --general-log-file="$WORK/data/general.log"
  database data <"$RECORD/pool/schema.sql"

  start "$ns" service env JOURNAL="$WORK/service.jsonl" PORT=$SERVICE_PORT DATABASE_PORT=$DATABASE_PORT \
    ERROR_PATH="$error_path" node "$RECORD/pool/service.mjs"
  echo "$STARTED" >"$WORK/service.pid"
  mkdir "$WORK/nginx"
  sed -e "s#@WORK@#$WORK/nginx#g" -e "s#@LISTEN@#$CLIENT_PORT#" -e "s#@SERVICE@#$SERVICE_PORT#" \
    "$RECORD/pool/nginx.conf" >"$WORK/nginx.conf"
  start "$ns" nginx nginx -p "$WORK/nginx" -c "$WORK/nginx.conf" -e "$WORK/nginx/error.log"
  until_true 20 listening "$ns" $SERVICE_PORT
  until_true 20 listening "$ns" $CLIENT_PORT

  capture_start "$ns" "$interface"
  watch_sockets "$ns" "$WORK/ss.txt"
  start "$ns" probe env JOURNAL="$WORK/probe.jsonl" PORT=$SERVICE_PORT node "$RECORD/pool/probe.mjs"
  probe=$STARTED
  if [[ -n ${DUMPS:-} ]]; then
    while :; do dump "$ns" ss-series ss -tanp; sleep 3; done &
    PROCESSES+=("$!")
    dumping=$!
  fi
  timeout --foreground 120 ip netns exec "$ns" env JOURNAL="$WORK/client.jsonl" PORT=$CLIENT_PORT REQUESTS=$REQUESTS \
    CONCURRENCY=$CONCURRENCY FIRST_COUPON=$FIRST_COUPON node "$RECORD/pool/client.mjs"
  sleep "$TAIL_SECONDS"
  if [[ -n ${DUMPS:-} ]]; then
    kill -TERM "$dumping"
    wait "$dumping" || true
    # Between two snapshots, so that what changed in between is known.
    sockets_now "$ns" "$WORK/ss-before-dumps.txt"
    dump "$ns" ss ss -tanp
    dump "$ns" netstat netstat -anp --tcp
    dump "$ns" netstat-names netstat -atp
    dump "$ns" lsof lsof -nP -iTCP
    dump "$ns" proc-net-tcp cat /proc/net/tcp
    gzip -9n "$OUT/dumps/ss-series.txt"
  fi
  sockets_now "$ns" "$WORK/ss-end.txt"
  database data -N -B -e \
    "SELECT id, host, command, COALESCE(info, '') FROM information_schema.processlist WHERE user = 'shop' ORDER BY id" \
    >"$WORK/processlist.tsv"
  kill -TERM "$probe"
  wait "$probe"
  capture_stop
  keep_capture gz
  node "$RECORD/pool/truth.mjs" "$WORK" "$OUT" "$error_path" "$interface"
}
