# How is a leaked database pool recorded? As a person on call would: tcpdump on loopback.
source "$RECORD/pool/pool.sh"
record_pool leak lo
