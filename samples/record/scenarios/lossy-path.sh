# What does a path look like that loses segments, beside one that does not? A router drops some of what it forwards to and from one server.
DROP_PERCENT=4
SECONDS_LONG=22
COUNTERS='TcpOutSegs TcpRetransSegs TcpExtTCPLossProbes TcpExtTCPTimeouts TcpExtTCPSynRetrans TcpExtTCPDSACKRecv'
namespace client_ns
namespace router_ns
namespace clean_ns
namespace lossy_ns
link "$client_ns" "$router_ns"
ip -n "$client_ns" route add default via 192.0.2.2
# server NAME NAMESPACE NETWORK PORT: the server is host 2 of its network, the router host 1.
server() {
  ip -n "$router_ns" link add "$1" type veth peer name server0 netns "$2"
  ip -n "$router_ns" addr add "$3.1/24" dev "$1"
  ip -n "$2" addr add "$3.2/24" dev server0
  ip -n "$router_ns" link set "$1" up
  ip -n "$2" link set server0 up
  ip -n "$2" route add default via "$3.1"
  # One segment a packet: a card cuts large ones up before the wire, a veth would lose 45 segments at once.
  ip -n "$2" link set server0 gso_max_segs 1
  start "$2" "$1" env RECORD="$RECORD" python3 -B "$RECORD/paths/server.py" "$3.2" "$4" "$WORK/$1.jsonl"
  until_true 20 listening "$2" "$4"
}
ip -n "$client_ns" link set client0 gso_max_segs 1
server clean "$clean_ns" 198.51.100 8081
server lossy "$lossy_ns" 203.0.113 8082
ip netns exec "$router_ns" sysctl -qw net.ipv4.ip_forward=1
ip netns exec "$router_ns" nft -f - <<NFT
table ip path {
  counter clean_to_server {}
  counter clean_to_client {}
  counter lossy_to_server {}
  counter lossy_to_client {}
  counter lossy_to_server_dropped {}
  counter lossy_to_client_dropped {}
  chain forward {
    type filter hook forward priority 0
    ip daddr 198.51.100.2 counter name clean_to_server
    ip saddr 198.51.100.2 counter name clean_to_client
    ip daddr 203.0.113.2 counter name lossy_to_server
    ip saddr 203.0.113.2 counter name lossy_to_client
    ip daddr 203.0.113.2 numgen random mod 100 < $DROP_PERCENT counter name lossy_to_server_dropped drop
    ip saddr 203.0.113.2 numgen random mod 100 < $DROP_PERCENT counter name lossy_to_client_dropped drop
  }
}
NFT

capture_start "$client_ns" client0 tcp
timeout --foreground 90 ip netns exec "$client_ns" env RECORD="$RECORD" JOURNAL="$WORK/client.jsonl" \
  python3 -B "$RECORD/paths/client.py" "$SECONDS_LONG"
sleep 2
ip netns exec "$router_ns" nft -j list counters >"$WORK/firewall.json"
ip netns exec "$client_ns" nstat -asz $COUNTERS >"$WORK/nstat-client.txt"
ip netns exec "$clean_ns" nstat -asz $COUNTERS >"$WORK/nstat-clean.txt"
ip netns exec "$lossy_ns" nstat -asz $COUNTERS >"$WORK/nstat-lossy.txt"
capture_stop
keep_capture gz
node "$RECORD/paths/truth.mjs" "$WORK" "$OUT" "$DROP_PERCENT"
