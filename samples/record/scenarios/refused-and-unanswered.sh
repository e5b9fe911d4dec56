# How do requests fail? Refused, dropped, killed, closed on, given up, late: each from a client port of its own.
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
# An address that resolves, to a station that does not exist: SYNs leave and vanish, as behind a firewall that drops.
ip -n "$client_ns" neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev client0 nud permanent
orders="$WORK/orders.sock"
start "$server_ns" server env JOURNAL="$WORK/server.jsonl" ORDERS="$orders" node "$RECORD/faults/server.mjs"
for port in 8000 8010 8011 8012 8013 8014 8015 8016; do until_true 20 listening "$server_ns" "$port"; done

capture_start "$client_ns" client0
start "$client_ns" client env JOURNAL="$WORK/client.jsonl" ORDERS="$orders" node "$RECORD/faults/client.mjs"
until_true 40 logged "$WORK/client.jsonl" all_done
sleep 2
sockets_now "$client_ns" "$WORK/ss-client.txt"
sockets_now "$server_ns" "$WORK/ss-server.txt"
capture_stop
keep_capture
node "$RECORD/faults/truth.mjs" "$WORK" "$OUT"
