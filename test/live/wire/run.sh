#!/usr/bin/env bash
# Does `halfclose capture` hold on a real wire? `bash test/live/wire/run.sh [SCENARIO…]`, as root on Linux, after `npm run build`.
# With WIRE_KEEP=1 the captures stay, and it says where.
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/run.mjs" "$@"
