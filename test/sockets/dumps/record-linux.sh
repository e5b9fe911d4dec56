#!/usr/bin/env bash
# Records what ss, netstat and /proc say of the same sockets at one quiet moment. Root; iproute2, net-tools, busybox, python3.
# Usage: record-linux.sh [PAIRS [DIRECTORY]]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pairs=${1:-2}
out=${2:-$here}
if [ "${IN_NAMESPACE:-}" != 1 ]; then
  IN_NAMESPACE=1 exec unshare --net --uts "$0" "$pairs" "$out"
fi

hostname shop.example
ip link set lo up
ip address add 192.0.2.2/24 dev lo
ip address add 192.0.2.3/24 dev lo
ip address add 2001:db8:1234:5678:9abc:def0:1:2/64 dev lo nodad
sysctl -qw net.ipv4.tcp_syn_retries=8
# A second round of SYN would move a socket between two commands.
coproc SOCKETS { exec python3 "$here/record-linux.py" "$pairs"; }
read -r _ <&"${SOCKETS[0]}"
sleep 1.2

export LC_ALL=C.UTF-8
record() { local name=$1; shift; "$@" >"$out/linux-$name.txt"; }
record ss-tan ss -tan
record ss-tanp ss -tanp
record ss-tanoe ss -tanoe
record ss-tanpoe ss -tanpoe
record ss-tanH ss -Htan
record ss-tani ss -tani
record ss-tap ss -tap
record ss-tuna ss -tuna
record ss-state-close-wait ss -tn state close-wait
record ss-s ss -s
record netstat-an netstat -an
record netstat-anp netstat -anp
record netstat-antoe netstat -antoe
record netstat-antpoe netstat -antpoe
record netstat-antW netstat -antW
record netstat-at netstat -at
record busybox-netstat-tan busybox netstat -tan
record proc-tcp cat /proc/self/net/tcp
record proc-tcp6 cat /proc/self/net/tcp6
# A second count of the same sockets: nothing has moved meanwhile.
ss -Htan | awk '{ n[$1]++ } END { for (s in n) print s, n[s] }' | sort >"$out/linux-counts.txt"
ss -Htan | awk '{ n[$1]++ } END { for (s in n) print s, n[s] }' | sort | diff - <(awk 'NR > 1 { n[$1]++ } END { for (s in n) print s, n[s] }' "$out/linux-ss-tan.txt" | sort)
eval "exec ${SOCKETS[1]}>&-"
wait
