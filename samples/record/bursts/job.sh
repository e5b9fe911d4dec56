# Which job opens a database connection per row? This one: a burst of short connections every PERIOD_MS, with the MariaDB client.
#
# job.sh JOURNAL PERIOD_MS ROWS…: one burst for each number of rows, one `mariadb -e` for each row, one after the other.
set -euo pipefail
journal=$1 period_ms=$2
shift 2

# The wall clock in microseconds; EPOCHREALTIME always has six decimals.
now_us() { printf -v "$1" '%s' "${EPOCHREALTIME/./}"; }

log() { printf '{"at":%s,"event":"%s","burst":%d,"row":%d%s}\n' "$EPOCHREALTIME" "$1" "$burst" "$row" "${2:-}" >>"$journal"; }

now_us start_us
burst=0
for rows in "$@"; do
  now_us us
  pause_us=$((start_us + burst * period_ms * 1000 - us))
  [[ $pause_us -gt 0 ]] && sleep "$((pause_us / 1000000)).$(printf '%06d' $((pause_us % 1000000)))"
  burst=$((burst + 1))
  for row in $(seq "$rows"); do
    log connects
    if answer=$(mariadb --no-defaults -h 192.0.2.2 -P 3306 -u job -pjob -N -B -e "SELECT CONNECTION_ID()" 2>&1); then
      log done ",\"thread\":$answer"
    else
      # ERROR 2002 (HY000): Can't connect to server on '192.0.2.2' (99); the number in brackets is errno.
      errno=$(sed -n 's/.*(\([0-9]*\))$/\1/p' <<<"$answer" | tail -n 1)
      log failed ",\"errno\":${errno:-null}"
    fi
  done
done
