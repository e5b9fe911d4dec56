# What do socket dumps add to a leaked pool? The same incident again, with what a person on call would print beside tcpdump.
source "$RECORD/pool/pool.sh"
DUMPS=yes
record_pool leak lo
