# What does a database look like that stands still? SIGSTOP for all of PostgreSQL's processes, four seconds later SIGCONT.
source "$RECORD/database/stack.sh"
FROZEN_SECONDS=4
BEFORE="/orders/{} /reports/{}"
AFTER=$BEFORE
open_stack
start_load
# Its backends are its children. Listed in PROCESSES, they are woken up again if the recording is interrupted here.
mapfile -t frozen < <(pgrep --parent "$POSTGRESQL")
PROCESSES+=("${frozen[@]}")
mark frozen
kill -STOP "$POSTGRESQL" "${frozen[@]}"
sleep $FROZEN_SECONDS
mark thawed
kill -CONT "$POSTGRESQL" "${frozen[@]}"
close_stack frozen
