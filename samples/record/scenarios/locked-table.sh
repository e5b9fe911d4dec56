# What does a locked table look like? Another session locks `stock` for three seconds; one request of five asks for it.
#
# HAProxy waits for longer than that, and the pool of 16 has connections left for the other requests.
source "$RECORD/database/stack.sh"
LOCKED_SECONDS=3
DATABASE=mariadb
POOL_SIZE=16
PROXY_WAIT=10s
BEFORE="/orders/{} /orders/{} /stock/{} /orders/{} /orders/{}"
AFTER=$BEFORE
open_stack
start_load
# The session that has the lock is told what to do by a named pipe, and says when by the database's own clock.
mkfifo "$WORK/session"
database data shop -N -B --unbuffered <"$WORK/session" >"$WORK/session.log" &
session=$!
exec {orders}>"$WORK/session"
now="CONCAT('{\"event\":\"', @done, '\",\"at\":', UNIX_TIMESTAMP(SYSDATE(6)), '}')"
echo "LOCK TABLES stock WRITE; SET @done = 'locked'; SELECT $now;" >&$orders
sleep $LOCKED_SECONDS
database data -N -B -e "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shop' AND command = 'Query'" \
  >"$WORK/waiting.txt"
echo "SET @done = 'unlocked'; SELECT $now; UNLOCK TABLES;" >&$orders
exec {orders}>&-
wait "$session"
cat "$WORK/session.log" >>"$WORK/fault.jsonl"
close_stack locked
