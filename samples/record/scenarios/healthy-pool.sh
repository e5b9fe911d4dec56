# How is the healthy twin of leaked-pool recorded? Same load, same errors, but the connection is given back.
source "$RECORD/pool/pool.sh"
record_pool release lo
