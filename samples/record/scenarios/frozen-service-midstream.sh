# What can be said of a capture that begins in the middle and is cut short at 128 bytes a packet? That nothing is wrong.
SNAP_LENGTH=128
namespace ns
orders="$WORK/orders.sock"
start "$ns" server env JOURNAL="$WORK/server.jsonl" ORDERS="$orders" node "$RECORD/midstream/server.mjs"
until_true 20 listening "$ns" 8000
start "$ns" client env JOURNAL="$WORK/client.jsonl" ORDERS="$orders" \
  node "$RECORD/midstream/client.mjs"
client=$STARTED
until_true 20 logged "$WORK/client.jsonl" before_capture_done

capture_start "$ns" lo -s "$SNAP_LENGTH"
kill -USR2 "$client"
until_true 30 logged "$WORK/client.jsonl" all_done
sleep 2
sockets_now "$ns" "$WORK/ss-end.txt"
capture_stop
keep_capture
node "$RECORD/midstream/truth.mjs" "$WORK" "$OUT" "$SNAP_LENGTH"
