#!/usr/bin/env bash
# Does halfclose compute the socket states that the kernel had? `bash test/lab/run.sh [SCENARIO…]`, as root, after `npm run
# build`. With LAB_OUT=FOLDER the recordings are kept there, to be compared again: `node test/lab/compare.mjs FOLDER`.
set -euo pipefail
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${LAB_OUT:-$(mktemp -d "${TMPDIR:-/tmp}/halfclose-lab.XXXXXX")}
recorder=
finish() {
  [[ -n $recorder ]] && kill -TERM "$recorder" 2>/dev/null && wait "$recorder"
  [[ -n ${LAB_OUT:-} ]] || rm -rf "$out"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# In the background, so that a signal to this script is handed on at once.
python3 "$lab/record.py" "$out" "$@" &
recorder=$!
status=0
wait "$recorder" || status=$?
recorder=
[[ $status -eq 0 ]] || exit "$status"
cd "$lab/../.."
node "$lab/compare.mjs" "$out" "$@"
