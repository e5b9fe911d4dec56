# What does the service of hung-service and frozen-service look like when it is well? The same load, no fault.
source "$RECORD/service/service.sh"
FAULT=none
PHASES=20x8
CACHE_CONNECTIONS=1
READ_TIMEOUT=1s
open_service
close_service
