# What do locks look like that are given back? The load of locked-table, with a report as in slow-query; another session locks
# `stock` 150 times, for 20 ms each time, and the view is made anew as it was.
source "$RECORD/database/stack.sh"
LOCKS=150
DATABASE=mariadb
POOL_SIZE=16
PROXY_WAIT=10s
BEFORE="/orders/{} /reports/{} /stock/{} /orders/{} /orders/{}"
AFTER=$BEFORE
open_stack
start_load
now="UNIX_TIMESTAMP(SYSDATE(6))"
database data shop -e "CREATE OR REPLACE VIEW order_totals AS SELECT id, total_cents FROM orders"
for _ in $(seq $LOCKS); do
  echo "LOCK TABLES stock WRITE; SELECT CONCAT('{\"event\":\"locked\",\"at\":', $now, '}'); DO SLEEP(0.02);"
  echo "SELECT CONCAT('{\"event\":\"unlocked\",\"at\":', $now, '}'); UNLOCK TABLES; DO SLEEP(0.02);"
done | database data shop -N -B --unbuffered >>"$WORK/fault.jsonl"
close_stack brief-locks
