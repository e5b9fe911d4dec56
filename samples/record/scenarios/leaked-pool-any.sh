# How does the same incident look through `-i any`? Linux cooked v2 instead of Ethernet, a run of its own.
source "$RECORD/pool/pool.sh"
record_pool leak any
