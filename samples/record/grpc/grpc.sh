# How is a gRPC service recorded? A client with three connections and a deadline of a second asks it directly, on loopback.

# record_grpc CALL: the service begins to forget calls with that one; `never` for a service that answers all.
record_grpc() {
  local port=50051
  namespace NS
  start "$NS" server env JOURNAL="$WORK/server.jsonl" PORT=$port FORGETS_FROM_CALL="$1" node "$RECORD/grpc/server.mjs"
  until_true 20 listening "$NS" $port

  capture_start "$NS" lo
  timeout --foreground 60 ip netns exec "$NS" env JOURNAL="$WORK/client.jsonl" PORT=$port node "$RECORD/grpc/client.mjs"
  sleep 1
  sockets_now "$NS" "$WORK/ss-end.txt"
  capture_stop
  keep_capture gz
  node "$RECORD/grpc/truth.mjs" "$WORK" "$OUT"
}
