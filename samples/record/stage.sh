# What does every scenario need? Namespaces, processes that end with it, a capture that ends cleanly, socket snapshots.
#
# Sourced by all.sh. A scenario may use: $RECORD (this folder), $OUT (its output folder), $NAME, $WORK (a temporary
# folder), and the functions below. Whatever a scenario makes with them is gone when its shell exits, however it exits.

# tcpdump is asked to stop only after this much silence: packets of the last moment must be in the file.
SILENCE_SECONDS=1

# In immediate mode libpcap's ring has one slot of snap length size per packet: its default of 2 MiB is 32 slots on
# loopback, and drops packets (seen).
BUFFER_KIB=65536

# The temporary folder is open to enter, for MariaDB runs as user mysql.
stage_open() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/halfclose-sample.XXXXXX")
  chmod 755 "$WORK"
  NAMESPACES=()
  PROCESSES=()
  trap stage_close EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

stage_close() {
  local status=$?
  trap - EXIT INT TERM
  set +e
  if [[ $status -ne 0 && $status -ne 130 ]]; then
    for log in "$WORK"/*.log; do
      [[ -s $log ]] && { echo "-- $(basename "$log")"; tail -n 8 "$log"; } >&2
    done
  fi
  local pid ns
  for pid in "${PROCESSES[@]}"; do kill -CONT "$pid" 2>/dev/null; kill -TERM "$pid" 2>/dev/null; done
  # Two seconds to end by themselves, which the database takes to close its files; then by force.
  for _ in $(seq 20); do
    local alive=0
    for pid in "${PROCESSES[@]}"; do kill -0 "$pid" 2>/dev/null && alive=1; done
    [[ $alive -eq 0 ]] && break
    sleep 0.1
  done
  for ns in "${NAMESPACES[@]}"; do
    for pid in $(ip netns pids "$ns" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
    ip netns del "$ns" 2>/dev/null
  done
  wait 2>/dev/null
  rm -rf "$WORK"
  exit "$status"
}

# namespace VARIABLE: makes a namespace with only a loopback interface, and puts its name into VARIABLE.
namespace() {
  local made="halfclose-$$-${#NAMESPACES[@]}"
  ip netns add "$made"
  NAMESPACES+=("$made")
  ip -n "$made" link set lo up
  printf -v "$1" '%s' "$made"
}

# link NS_CLIENT NS_SERVER: joins two namespaces by interfaces client0 (192.0.2.1, 2001:db8::1) and server0 (….2).
link() {
  ip -n "$1" link add client0 address 02:00:00:00:00:01 type veth peer name server0 address 02:00:00:00:00:02 netns "$2"
  ip -n "$1" addr add 192.0.2.1/24 dev client0
  ip -n "$2" addr add 192.0.2.2/24 dev server0
  ip -n "$1" addr add 2001:db8::1/64 dev client0 nodad
  ip -n "$2" addr add 2001:db8::2/64 dev server0 nodad
  ip -n "$1" link set client0 up
  ip -n "$2" link set server0 up
}

# start NS NAME COMMAND…: runs COMMAND in the background until the scenario ends; its output goes to $WORK/NAME.log.
# Its process id is then in STARTED.
start() {
  local ns=$1 name=$2
  shift 2
  ip netns exec "$ns" "$@" >"$WORK/$name.log" 2>&1 &
  STARTED=$!
  PROCESSES+=("$STARTED")
}

# until_true SECONDS COMMAND…: polls COMMAND ten times a second; fails when it has not come true in time.
until_true() {
  local tries=$(($1 * 10))
  shift
  for _ in $(seq "$tries"); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "stage: gave up waiting for: $*" >&2
  return 1
}

# listening NS PORT: does anything listen there?
listening() {
  [[ -n $(ip netns exec "$1" ss -Htln "sport = :$2") ]]
}

# capture_start NS INTERFACE [tcpdump options…]
capture_start() {
  local ns=$1 interface=$2
  shift 2
  start "$ns" tcpdump tcpdump -i "$interface" -n -U --immediate-mode -B $BUFFER_KIB -Z root -w "$WORK/capture.pcap" "$@"
  CAPTURE=$STARTED
  until_true 10 grep -q "listening on" "$WORK/tcpdump.log"
}

# capture_stop: ends the capture after a silence, and fails if the kernel dropped packets.
capture_stop() {
  sleep "$SILENCE_SECONDS"
  kill -INT "$CAPTURE"
  wait "$CAPTURE" || true
  grep -q "^0 packets dropped by kernel" "$WORK/tcpdump.log"
}

# One snapshot: `ss -tan` between a line with the time before (@) and one with the time after (=). A shell's own clock, for
# the start of a `date` takes as long as the question.
SNAPSHOT='printf "@ %s\n" "$EPOCHREALTIME"; ss -Htan; printf "= %s\n" "$EPOCHREALTIME"'

# watch_sockets NS FILE [PAUSE]: a snapshot, a pause of half a second or PAUSE, and so on until the scenario ends.
watch_sockets() {
  LC_ALL=C ip netns exec "$1" bash -c "while :; do $SNAPSHOT; sleep ${3:-0.5}; done" >"$2" 2>/dev/null &
  PROCESSES+=("$!")
}

# sockets_now NS FILE: one snapshot.
sockets_now() {
  LC_ALL=C ip netns exec "$1" bash -c "$SNAPSHOT" >"$2"
}

# dump NS NAME COMMAND…: the output of COMMAND with the time before it, as people keep it: added to $OUT/dumps/NAME.txt.
dump() {
  local ns=$1 file="$OUT/dumps/$2.txt"
  shift 2
  mkdir -p "$OUT/dumps"
  LC_ALL=C ip netns exec "$ns" bash -c 'date -u +%FT%T.%NZ; exec "$@"' dump "$@" >>"$file"
}

# keep_capture [gz]: moves the capture to $OUT, packed if asked for; -n leaves name and time out, so equal input is equal output.
keep_capture() {
  rm -f "$OUT/capture.pcap" "$OUT/capture.pcap.gz"
  if [[ ${1:-} == gz ]]; then
    gzip -9n <"$WORK/capture.pcap" >"$OUT/capture.pcap.gz"
  else
    cp "$WORK/capture.pcap" "$OUT/capture.pcap"
  fi
}

# start_database NS NAME ADDRESS PORT [mariadbd options…]: a MariaDB of its own in $WORK/NAME, whose socket db.sock allows
# root; resolves when it answers.
start_database() {
  local ns=$1 name=$2 address=$3 port=$4
  shift 4
  mkdir "$WORK/$name"
  chown mysql: "$WORK/$name"
  mariadb-install-db --no-defaults --user=mysql --datadir="$WORK/$name" --auth-root-authentication-method=normal \
    --skip-test-db >"$WORK/$name-install.log" 2>&1
  start "$ns" "$name" mariadbd --no-defaults --user=mysql --datadir="$WORK/$name" --socket="$WORK/$name/db.sock" \
    --pid-file="$WORK/$name/db.pid" --bind-address="$address" --port="$port" --skip-networking=0 --skip-name-resolve \
    --innodb-buffer-pool-size=16M "$@"
  until_true 30 mariadb-admin --no-defaults -S "$WORK/$name/db.sock" -u root ping
}

# database NAME [mariadb options…]: asks it as root over its Unix socket, so that the question is not in the capture.
database() {
  local name=$1
  shift
  mariadb --no-defaults -S "$WORK/$name/db.sock" -u root "$@"
}

# logged FILE EVENT: has this event been written to this journal?
logged() {
  grep -q "\"event\":\"$2\"" "$1"
}
