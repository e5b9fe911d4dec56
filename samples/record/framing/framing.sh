# How are length-prefixed messages recorded? Senders cut and join them in eight ways, on loopback; receivers answer each.

# record_framing READER MESSAGE: how port 7000 reads, `reads` (each read is a frame: the fault) or `frames`; which message to
# port 7001 has its length the wrong way round, `none` for all right.
record_framing() {
  namespace NS
  start "$NS" receiver env JOURNAL="$WORK/receiver.jsonl" READER="$1" node "$RECORD/framing/receiver.mjs"
  local port
  for port in 7000 7001; do until_true 20 listening "$NS" $port; done

  capture_start "$NS" lo
  timeout --foreground 60 ip netns exec "$NS" env JOURNAL="$WORK/sender.jsonl" WRONG_MESSAGE="$2" \
    node "$RECORD/framing/sender.mjs"
  capture_stop
  keep_capture gz
  node "$RECORD/framing/truth.mjs" "$WORK" "$OUT"
}
