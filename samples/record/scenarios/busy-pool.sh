# What does a pool look like that is too small for the load? Three connections can do 20 reports a second, at 150 ms each, as
# ever; for five seconds 30 a second are asked for.
source "$RECORD/database/stack.sh"
POOL_SIZE=3
REPORT_SECONDS=0.15
PHASES=4x4,20x5,4x5
# Behind a queue of two seconds some requests are given up.
PROXY_WAIT=2050ms
BEFORE="/reports/{} /reports/{} /orders/{} /reports/{}"
AFTER=$BEFORE
TAIL_SECONDS=4
open_stack
postgresql -c "CREATE OR REPLACE VIEW order_totals AS SELECT id, total_cents FROM orders CROSS JOIN (SELECT pg_sleep($REPORT_SECONDS)) AS slow"
start_load
close_stack overloaded
