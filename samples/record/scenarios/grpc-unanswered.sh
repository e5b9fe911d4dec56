# What do gRPC calls look like that are never answered? The deadline of one second cancels each; the connections live on.
namespace ns
port=50051
start "$ns" server env JOURNAL="$WORK/server.jsonl" PORT=$port node "$RECORD/grpc/server.mjs"
until_true 20 listening "$ns" $port

capture_start "$ns" lo
timeout --foreground 60 ip netns exec "$ns" env JOURNAL="$WORK/client.jsonl" PORT=$port node "$RECORD/grpc/client.mjs"
sleep 1
sockets_now "$ns" "$WORK/ss-end.txt"
capture_stop
keep_capture gz
node "$RECORD/grpc/truth.mjs" "$WORK" "$OUT"
