# What do length-prefixed messages look like in pieces and clusters? A receiver that misreads intact ones, a sender that breaks one.
source "$RECORD/framing/framing.sh"
record_framing reads 45
