# How is a service recorded that asks another one? client → nginx sidecar → Node service → price service on a host of its own.
#
# A scenario calls open_upstream, perhaps does something to the namespace UPSTREAM_NS meanwhile, and calls close_upstream.
source "$RECORD/service/service.sh"
PHASES=20x10
# Longer than the service waits for its upstream.
TAIL_SECONDS=3.5

open_upstream() {
  namespace NS
  namespace UPSTREAM_NS
  link "$NS" "$UPSTREAM_NS"
  start "$UPSTREAM_NS" prices env JOURNAL="$WORK/prices.jsonl" node "$RECORD/upstream/prices.mjs"
  until_true 20 listening "$UPSTREAM_NS" 9000

  capture_start "$NS" any
  start "$NS" service env JOURNAL="$WORK/service.jsonl" PORT=$SERVICE_PORT node "$RECORD/upstream/service.mjs"
  until_true 20 listening "$NS" $SERVICE_PORT
  start_sidecar "$NS" 1s
  start_load "$NS"
}

close_upstream() {
  end_load "$NS"
  capture_stop
  keep_capture gz
  node "$RECORD/upstream/truth.mjs" "$WORK" "$OUT"
}
