# What does a service look like whose upstream's host vanishes? From the fourth second on, 192.0.2.2 takes in and sends out no packet.
source "$RECORD/service/service.sh"
VANISH_AFTER_SECONDS=4
PHASES=20x10
# Longer than the service waits for its upstream.
TAIL_SECONDS=3.5
namespace NS
namespace upstream_ns
link "$NS" "$upstream_ns"
start "$upstream_ns" prices env JOURNAL="$WORK/prices.jsonl" node "$RECORD/upstream/prices.mjs"
until_true 20 listening "$upstream_ns" 9000

capture_start "$NS" any
start "$NS" service env JOURNAL="$WORK/service.jsonl" PORT=$SERVICE_PORT node "$RECORD/upstream/service.mjs"
until_true 20 listening "$NS" $SERVICE_PORT
start_sidecar "$NS" 1s
start_load "$NS"
sleep $VANISH_AFTER_SECONDS
echo "$EPOCHREALTIME" >"$WORK/vanished.txt"
ip netns exec "$upstream_ns" nft '
  add table inet gone
  add chain inet gone in { type filter hook input priority 0; policy drop; }
  add chain inet gone out { type filter hook output priority 0; policy drop; }'
end_load "$NS"
capture_stop
keep_capture gz
node "$RECORD/upstream/truth.mjs" "$WORK" "$OUT"
