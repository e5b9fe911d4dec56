# How does a client run out of ports by never closing? A new connection per call; the server closes after 3 s, the client never.
IDLE_SECONDS=3
PORT_RANGE="40000 40149"
SNAPSHOT_PAUSE=0.1
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
ip netns exec "$client_ns" sysctl -qw net.ipv4.ip_local_port_range="$PORT_RANGE"
mkdir "$WORK/nginx"
sed -e "s#@WORK@#$WORK/nginx#g" -e "s#@IDLE@#$IDLE_SECONDS#" "$RECORD/leak/nginx.conf" >"$WORK/nginx.conf"
start "$server_ns" nginx nginx -p "$WORK/nginx" -c "$WORK/nginx.conf" -e "$WORK/nginx/error.log"
until_true 20 listening "$server_ns" 80
until_true 20 listening "$server_ns" 8081

capture_start "$client_ns" client0
watch_sockets "$client_ns" "$WORK/ss-client.txt" $SNAPSHOT_PAUSE
watch_sockets "$server_ns" "$WORK/ss-server.txt" $SNAPSHOT_PAUSE
start "$client_ns" client env JOURNAL="$WORK/client.jsonl" DONE="$WORK/done" python3 -B "$RECORD/leak/client.py"
until_true 60 test -e "$WORK/done"
# The program still runs, and still holds its sockets, when the capture ends.
sockets_now "$client_ns" "$WORK/ss-client-end.txt"
sockets_now "$server_ns" "$WORK/ss-server-end.txt"
capture_stop
keep_capture gz
node "$RECORD/leak/truth.mjs" "$WORK" "$OUT" "$IDLE_SECONDS" "$PORT_RANGE"
