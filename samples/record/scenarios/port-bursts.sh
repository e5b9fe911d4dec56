# How do bursts of short connections use up the ports, and heal by themselves? TIME_WAIT keeps each port for a minute.
PORT_RANGE="40000 40199"
# Six periods are the minute of TIME_WAIT and the seconds that the kernel's timer comes late (up to 4.1 s where HZ is 1000).
PERIOD_MS=11000
# The fourth burst finds ten ports, the fifth and the sixth none, the seventh those of the first.
ROWS=(70 60 60 60 20 20 60 60)
SNAPSHOT_PAUSE=0.15
namespace client_ns
namespace server_ns
link "$client_ns" "$server_ns"
ip netns exec "$client_ns" sysctl -qw net.ipv4.ip_local_port_range="$PORT_RANGE"
start_database "$server_ns" data 192.0.2.2 3306
# Client and server each close within microseconds of COM_QUIT, and who is first is chance (seen: the server in 1 of 10, or 9 of 10).
# Here it is the client: on the same processor, and not preempted by the server that it has just woken.
cpu=$(taskset -pc $$ | sed 's/.*: \([0-9]*\).*/\1/')
taskset -acp "$cpu" "$STARTED" >/dev/null
database data -e "CREATE USER job@'192.0.2.1' IDENTIFIED BY 'job'"

capture_start "$client_ns" client0
watch_sockets "$client_ns" "$WORK/ss-client.txt" $SNAPSHOT_PAUSE
watch_sockets "$server_ns" "$WORK/ss-server.txt" $SNAPSHOT_PAUSE
LC_ALL=C timeout --foreground 150 ip netns exec "$client_ns" taskset -c "$cpu" \
  chrt --fifo 1 bash "$RECORD/bursts/job.sh" "$WORK/job.jsonl" $PERIOD_MS "${ROWS[@]}"
sleep 1
sockets_now "$client_ns" "$WORK/ss-client-end.txt"
sockets_now "$server_ns" "$WORK/ss-server-end.txt"
capture_stop
keep_capture gz
node "$RECORD/bursts/truth.mjs" "$WORK" "$OUT" "$PERIOD_MS" "$PORT_RANGE"
