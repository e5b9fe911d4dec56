# What does a forgotten COMMIT look like? A payment of order 1 is never committed; later payments of order 1 wait for its row.
#
# After five seconds PostgreSQL ends the forgotten session (FATAL 25P03), and all who waited go on.
source "$RECORD/database/stack.sh"
POOL_SIZE=16
PROXY_WAIT=2150ms
# Not to the tenth of a second: requests come then.
IDLE_IN_TRANSACTION=5050ms
others="/orders/{} /orders/{} /payments/{} /orders/{}"
BEFORE="/orders/{} /orders/{} /payments/1 /orders/{} $others $others"
AFTER=$BEFORE
FIRST_AFTER="/payments/1?receipt=lost"
open_stack
start_load
close_stack kept-transaction
