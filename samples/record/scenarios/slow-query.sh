# What does a slow query look like? After 4 s a view is made anew with two seconds of waiting in it; one request of three reads it.
#
# The pool is older than the capture. HAProxy gives requests 4 s, so some are answered, slowly, and some are not.
source "$RECORD/database/stack.sh"
POOL_OLDER_THAN_CAPTURE=yes
# No multiple of the two seconds, so that no answer comes in the moment in which it gives up.
PROXY_WAIT=4050ms
BEFORE="/orders/{} /reports/{} /orders/{}"
AFTER=$BEFORE
TAIL_SECONDS=6
open_stack
start_load
postgresql -c "CREATE OR REPLACE VIEW order_totals AS SELECT id, total_cents FROM orders CROSS JOIN (SELECT pg_sleep(2)) AS slow"
close_stack slow
