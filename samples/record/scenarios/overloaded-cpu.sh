# What does a service look like that has too little CPU? It computes 50 ms for each request: 20 a second; for 4 s 34 come.
source "$RECORD/service/service.sh"
FAULT=burn
BURN_MS=50
PHASES=10x4,34x4,6x6
CACHE_CONNECTIONS=4
READ_TIMEOUT=2s
open_service
close_service
