# How is a leaked pool of PostgreSQL recorded? From the fourth second on, one order of five takes the path that leaks.
source "$RECORD/database/stack.sh"
ERROR_PATH=leak
AFTER="/orders/{} /orders/{} /orders/{} /orders/{} /orders/{}?coupon=SPRING"
open_stack
start_load
close_stack leak
