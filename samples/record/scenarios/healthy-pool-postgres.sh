# How is the healthy twin of leaked-pool-postgres recorded? Same load, same errors, but the connection is given back.
source "$RECORD/database/stack.sh"
AFTER="/orders/{} /orders/{} /orders/{} /orders/{} /orders/{}?coupon=SPRING"
open_stack
start_load
close_stack healthy
