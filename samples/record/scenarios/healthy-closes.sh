# How do healthy connections end? Every legitimate way we know, each from a client port of its own.
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
start "$server_ns" server env JOURNAL="$WORK/server.jsonl" node "$RECORD/closes/server.mjs"
start "$server_ns" crossing-server python3 -B "$RECORD/closes/crossing.py" server "$WORK/crossing-server.jsonl"
for port in 8000 8002 8003 8004 8005 8006 3128; do until_true 20 listening "$server_ns" "$port"; done

capture_start "$client_ns" client0
timeout --foreground 30 ip netns exec "$client_ns" python3 -B "$RECORD/closes/crossing.py" client "$WORK/crossing-client.jsonl"
# Last, for its long poll outlives all the others by seconds: the capture shows what followed each close.
timeout --foreground 60 ip netns exec "$client_ns" env JOURNAL="$WORK/client.jsonl" node "$RECORD/closes/client.mjs"
sleep 2
sockets_now "$client_ns" "$WORK/ss-client.txt"
sockets_now "$server_ns" "$WORK/ss-server.txt"
capture_stop
keep_capture
node "$RECORD/closes/truth.mjs" "$WORK" "$OUT"
