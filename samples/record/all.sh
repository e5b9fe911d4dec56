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

failed=0
for name in "$@"; do
  echo "== $name"
  if [[ ! -f "$record/scenarios/$name.sh" ]]; then
    echo "all.sh: no such scenario: $name" >&2
    failed=1
    continue
  fi
  mkdir -p "$out/$name"
  # timeout signals its whole process group; what is left then, stage.sh removes. In the background, so that a signal to
  # this script is handed on at once.
  RECORD="$record" NAME="$name" OUT="$out/$name" timeout --kill-after=15 "$SCENARIO_SECONDS" \
    bash -c 'set -euo pipefail; source "$RECORD/stage.sh"; stage_open; source "$RECORD/scenarios/$NAME.sh"' &
  running=$!
  if wait "$running" && node "$record/check.mjs" "$out/$name"; then
    ls -l "$out/$name" | awk 'NR > 1 { printf "   %8d %s\n", $5, $9 }'
  else
    echo "all.sh: $name failed" >&2
    failed=1
  fi
done
exit "$failed"
