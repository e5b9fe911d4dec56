# What does a frozen process look like, and its thaw? SIGSTOP for three seconds, under a steady load of every kind.
source "$RECORD/service/service.sh"
FREEZE_AFTER_SECONDS=4
FROZEN_SECONDS=3
FAULT=none
PHASES=20x11
CACHE_CONNECTIONS=4
# More than the freeze: only the probe, which waits for one second, gives up.
READ_TIMEOUT=10s
open_service
sleep $FREEZE_AFTER_SECONDS
kill -STOP "$SERVICE"
echo "$EPOCHREALTIME" >"$WORK/frozen.txt"
sleep $FROZEN_SECONDS
echo "$EPOCHREALTIME" >>"$WORK/frozen.txt"
kill -CONT "$SERVICE"
close_service
