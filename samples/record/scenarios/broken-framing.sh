# What do length-prefixed messages look like in pieces and clusters? A receiver that misreads intact ones, a sender that breaks one.
namespace ns
start "$ns" receiver env JOURNAL="$WORK/receiver.jsonl" node "$RECORD/framing/receiver.mjs"
for port in 7000 7001; do until_true 20 listening "$ns" $port; done

capture_start "$ns" lo
timeout --foreground 60 ip netns exec "$ns" env JOURNAL="$WORK/sender.jsonl" node "$RECORD/framing/sender.mjs"
capture_stop
keep_capture gz
node "$RECORD/framing/truth.mjs" "$WORK" "$OUT"
