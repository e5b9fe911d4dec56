# What happens to a pool that outlives the server's idle time-out? Requests go onto connections that the server has closed.
IDLE_SECONDS=3
SNAPSHOT_PAUSE=0.15
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
mkdir "$WORK/nginx"
sed -e "s#@WORK@#$WORK/nginx#g" -e "s#@IDLE@#$IDLE_SECONDS#" "$RECORD/stale/nginx.conf" >"$WORK/nginx.conf"
start "$server_ns" nginx nginx -p "$WORK/nginx" -c "$WORK/nginx.conf" -e "$WORK/nginx/error.log"
# The thread pool looks for idle connections at each tick of its stall limit, half a second by default: here 50 ms.
start_database "$server_ns" stock 192.0.2.2 3306 --wait-timeout=$IDLE_SECONDS \
  --thread-handling=pool-of-threads --thread-pool-stall-limit=50
start_database "$server_ns" orders 192.0.2.2 3307 --wait-timeout=$IDLE_SECONDS
for name in stock orders; do database $name -e "CREATE USER shop@'192.0.2.1' IDENTIFIED BY 'shop'"; done
until_true 20 listening "$server_ns" 80

capture_start "$client_ns" client0
watch_sockets "$client_ns" "$WORK/ss-client.txt" $SNAPSHOT_PAUSE
watch_sockets "$server_ns" "$WORK/ss-server.txt" $SNAPSHOT_PAUSE
timeout --foreground 60 ip netns exec "$client_ns" env JOURNAL="$WORK/client.jsonl" python3 -B "$RECORD/stale/client.py"
sleep 1
sockets_now "$client_ns" "$WORK/ss-client-end.txt"
sockets_now "$server_ns" "$WORK/ss-server-end.txt"
capture_stop
keep_capture gz
node "$RECORD/stale/truth.mjs" "$WORK" "$OUT" "$IDLE_SECONDS"
