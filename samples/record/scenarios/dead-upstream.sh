# What does a service look like whose upstream's host vanishes? From the fourth second on, 192.0.2.2 takes in and sends out no packet.
source "$RECORD/upstream/upstream.sh"
VANISH_AFTER_SECONDS=4
open_upstream
sleep $VANISH_AFTER_SECONDS
echo "$EPOCHREALTIME" >"$WORK/vanished.txt"
ip netns exec "$UPSTREAM_NS" nft '
  add table inet gone
  add chain inet gone in { type filter hook input priority 0; policy drop; }
  add chain inet gone out { type filter hook output priority 0; policy drop; }'
close_upstream
