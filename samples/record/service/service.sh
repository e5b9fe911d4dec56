# How is a service recorded that fails by itself? client → nginx sidecar → Node service with a Redis cache, all on loopback.
#
# A scenario sets FAULT, PHASES and what else it needs of the variables below, calls open_service, perhaps does something to
# the process SERVICE meanwhile, and calls close_service.

SIDECAR_PORT=8080
SERVICE_PORT=8280
CACHE_PORT=6379

# After the last answer: long enough that whatever was given up can be told from what is just closing.
TAIL_SECONDS=1.5

# start_sidecar NS READ_TIMEOUT
start_sidecar() {
  mkdir "$WORK/nginx"
  sed -e "s#@WORK@#$WORK/nginx#g" -e "s#@LISTEN@#$SIDECAR_PORT#" -e "s#@SERVICE@#$SERVICE_PORT#" -e "s#@READ@#$2#" \
    "$RECORD/service/nginx.conf" >"$WORK/nginx.conf"
  start "$1" nginx nginx -p "$WORK/nginx" -c "$WORK/nginx.conf" -e "$WORK/nginx/error.log"
  until_true 20 listening "$1" $SIDECAR_PORT
}

# start_load NS: the client and the probe, whose process ids are then in CLIENT and PROBE.
start_load() {
  start "$1" probe env JOURNAL="$WORK/probe.jsonl" PORT=$SERVICE_PORT node "$RECORD/service/probe.mjs"
  PROBE=$STARTED
  start "$1" client env JOURNAL="$WORK/client.jsonl" PORT=$SIDECAR_PORT PHASES="$PHASES" UNLUCKY="${UNLUCKY:-}" NAME=order \
    node "$RECORD/service/client.mjs"
  CLIENT=$STARTED
}

# end_load NS: waits for both, then for what they gave up to end.
end_load() {
  wait "$CLIENT"
  kill -TERM "$PROBE"
  wait "$PROBE"
  sleep "$TAIL_SECONDS"
  sockets_now "$1" "$WORK/ss-end.txt"
}

# ask_cache COMMAND…: over its Unix socket, so that the question is not in the capture.
ask_cache() {
  redis-cli -s "$WORK/redis.sock" "$@"
}

open_service() {
  namespace NS
  start "$NS" redis redis-server --bind 127.0.0.1 --port $CACHE_PORT --unixsocket "$WORK/redis.sock" --save "" \
    --appendonly no --dir "$WORK"
  until_true 20 ask_cache ping
  local article
  for article in $(seq 13); do
    ask_cache mset "price:$article" $((1000 + article * 37)) "stock:$article" $((article * 11)) >/dev/null
  done
  ask_cache config resetstat >/dev/null

  # From before the service is there, so that the handshakes of its connections to the cache are seen.
  capture_start "$NS" lo
  start "$NS" service env JOURNAL="$WORK/service.jsonl" FAULT="$FAULT" PORT=$SERVICE_PORT CACHE_PORT=$CACHE_PORT \
    CACHE_CONNECTIONS="$CACHE_CONNECTIONS" BURN_MS="${BURN_MS:-0}" node "$RECORD/service/service.mjs"
  SERVICE=$STARTED
  until_true 20 listening "$NS" $SERVICE_PORT
  start_sidecar "$NS" "$READ_TIMEOUT"
  start_load "$NS"
}

close_service() {
  end_load "$NS"
  ask_cache info commandstats >"$WORK/commandstats.txt"
  capture_stop
  keep_capture gz
  node "$RECORD/service/truth.mjs" "$WORK" "$OUT"
}
