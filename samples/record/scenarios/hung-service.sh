# What does a service look like that hangs by itself, without a pool? A lock is kept for ever from the 80th request on.
source "$RECORD/service/service.sh"
FAULT=lock
PHASES=20x12
UNLUCKY=80
CACHE_CONNECTIONS=1
READ_TIMEOUT=1s
open_service
close_service
