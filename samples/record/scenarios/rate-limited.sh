# What does a rate limit look like that answers 200? One of two clients is over it for five seconds.
namespace ns
port=8280
start "$ns" service env JOURNAL="$WORK/service.jsonl" PORT=$port node "$RECORD/limit/service.mjs"
until_true 20 listening "$ns" $port

capture_start "$ns" lo
start "$ns" probe env JOURNAL="$WORK/probe.jsonl" PORT=$port node "$RECORD/service/probe.mjs"
probe=$STARTED
start "$ns" modest env JOURNAL="$WORK/modest.jsonl" PORT=$port PHASES=5x11 NAME=modest LOCAL_ADDRESS=127.0.0.2 \
  node "$RECORD/service/client.mjs"
modest=$STARTED
start "$ns" greedy env JOURNAL="$WORK/greedy.jsonl" PORT=$port PHASES=5x4,30x5,5x2 NAME=greedy LOCAL_ADDRESS=127.0.0.3 \
  node "$RECORD/service/client.mjs"
wait "$STARTED" "$modest"
kill -TERM "$probe"
wait "$probe"
sockets_now "$ns" "$WORK/ss-end.txt"
capture_stop
keep_capture gz
node "$RECORD/limit/truth.mjs" "$WORK" "$OUT"
