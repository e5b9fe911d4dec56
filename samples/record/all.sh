#!/usr/bin/env bash
# How is every sample recorded again? `bash samples/record/all.sh OUTDIR [SCENARIO…]`, as root, on Linux.
#
# A scenario is one file in scenarios/; its name is the sample's. It runs by itself in a shell of its own, with the
# functions of stage.sh at hand, and leaves capture.pcap(.gz), truth.json and perhaps ss.jsonl.gz in OUTDIR/SCENARIO.
# Afterwards check.mjs compares the capture with the truth, by means of tshark where it is installed.
set -euo pipefail

# The longest scenario takes a minute and a half; one that takes four minutes is broken.
SCENARIO_SECONDS=240

record=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ $# -lt 1 ]]; then
  echo "usage: bash all.sh OUTDIR [SCENARIO…]; scenarios:" >&2
  for file in "$record"/scenarios/*.sh; do echo "  $(basename "$file" .sh)" >&2; done
  exit 2
fi
if [[ $(id -u) -ne 0 ]]; then
  echo "all.sh: needs root, for it makes network namespaces" >&2
  exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
if [[ $# -eq 0 ]]; then
  for file in "$record"/scenarios/*.sh; do set -- "$@" "$(basename "$file" .sh)"; done
fi

running=
trap '[[ -n $running ]] && kill -TERM "$running" 2>/dev/null; wait; exit 143' INT TERM

# A busy machine can let a time-out and an answer meet; then the logs of the two ends do not say the same, and it is recorded again.
ATTEMPTS=3

# record NAME: one recording, checked.
record() {
  rm -rf "${out:?}/$1"
  mkdir -p "$out/$1"
  # timeout signals its whole process group; what is left then, stage.sh removes. In the background, so that a signal to
  # this script is handed on at once.
  RECORD="$record" NAME="$1" OUT="$out/$1" timeout --kill-after=15 "$SCENARIO_SECONDS" \
    bash -c 'set -euo pipefail; source "$RECORD/stage.sh"; stage_open; source "$RECORD/scenarios/$NAME.sh"' &
  running=$!
  wait "$running" && node "$record/check.mjs" "$out/$1"
}

failed=0
for name in "$@"; do
  echo "== $name"
  if [[ ! -f "$record/scenarios/$name.sh" ]]; then
    echo "all.sh: no such scenario: $name" >&2
    failed=1
    continue
  fi
  attempt=1
  until record "$name"; do
    if ((attempt++ == ATTEMPTS)); then
      echo "all.sh: $name failed" >&2
      failed=1
      continue 2
    fi
    echo "all.sh: $name, attempt $attempt" >&2
  done
  ls -l "$out/$name" | awk 'NR > 1 { printf "   %8d %s\n", $5, $9 }'
done
exit "$failed"
