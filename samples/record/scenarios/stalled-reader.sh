# What does a reader look like that does not read? One pauses, one stops for good, one is slow, each beside a healthy twin.
COUNTERS='TcpRetransSegs TcpExtTCPToZeroWindowAdv TcpExtTCPFromZeroWindowAdv TcpExtTCPWinProbe'
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
start "$server_ns" feed env RECORD="$RECORD" JOURNAL="$WORK/feed.jsonl" python3 -B "$RECORD/readers/feed.py"
for port in 7001 7002 7003; do until_true 20 listening "$server_ns" "$port"; done

# The lines are all alike; their heads are enough.
capture_start "$client_ns" client0 -s 96 tcp
start "$client_ns" readers env RECORD="$RECORD" JOURNAL="$WORK/client.jsonl" python3 -B "$RECORD/readers/client.py"
until_true 60 grep -q all_done "$WORK/client.jsonl"
ip netns exec "$client_ns" ss -tinoH >"$WORK/ss-client.txt"
ip netns exec "$server_ns" ss -tinoH >"$WORK/ss-server.txt"
# To the end everything stays as it is: the feed is frozen, so that no packet but probes comes after the counters are read.
kill -STOP "$(ip netns pids "$server_ns" | head -1)"
sleep 1
ip netns exec "$client_ns" nstat -asz $COUNTERS >"$WORK/nstat-client.txt"
ip netns exec "$server_ns" nstat -asz $COUNTERS >"$WORK/nstat-server.txt"
kill -INT "$CAPTURE"
wait "$CAPTURE" || true
grep -q "^0 packets dropped by kernel" "$WORK/tcpdump.log"
keep_capture gz
node "$RECORD/readers/truth.mjs" "$WORK" "$OUT"
