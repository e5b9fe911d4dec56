// Writes the two dumps of a Windows host on which a process leaks sockets that are bound and never connected: the table of
// Get-NetTCPConnection (windows-bound-leak-tcpconnection.txt.gz) and `netstat -ano` (windows-bound-leak-netstat.txt), which shows
// none of them. Run: node test/sockets/dumps/windows-bound-leak.mjs
//
// PID 5012 holds 15,000 distinct ports, 49700–64699, each listed on `::` and on `0.0.0.0`: 30,000 rows. PID 4120 is healthy:
// five connections, each with the Bound row of its own port beside it, as Get-NetTCPConnection lists them.
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LEAK = { pid: 5012, first: 49_700, count: 15_000 };
const HEALTHY = { pid: 4120, first: 49_200, count: 5 };
const host = "10.20.0.15";
const database = "10.20.0.40";

const table = [
  "",
  "LocalAddress                        LocalPort RemoteAddress                       RemotePort State       AppliedSetting OwningProcess",
  "------------                        --------- -------------                       ---------- -----       -------------- -------------",
];
const row = (local, localPort, remote, remotePort, state, setting, pid) =>
  table.push(
    `${local.padEnd(35)} ${String(localPort).padEnd(9)} ${remote.padEnd(35)} ${String(remotePort).padEnd(10)} ` +
      `${state.padEnd(11)} ${setting.padEnd(14)} ${String(pid).padEnd(13)}`,
  );
for (let n = LEAK.count - 1; n >= 0; n--) row("::", LEAK.first + n, "::", 0, "Bound", "", LEAK.pid);
row("::", 8080, "::", 0, "Listen", "", LEAK.pid);
row("::", 135, "::", 0, "Listen", "", 968);
for (let n = LEAK.count - 1; n >= 0; n--) row("0.0.0.0", LEAK.first + n, "0.0.0.0", 0, "Bound", "", LEAK.pid);
for (let n = 0; n < HEALTHY.count; n++) row("0.0.0.0", HEALTHY.first + n, "0.0.0.0", 0, "Bound", "", HEALTHY.pid);
for (let n = 0; n < HEALTHY.count; n++)
  row(host, HEALTHY.first + n, database, 1521, "Established", "Internet", HEALTHY.pid);
row("0.0.0.0", 8080, "0.0.0.0", 0, "Listen", "", LEAK.pid);
row("0.0.0.0", 135, "0.0.0.0", 0, "Listen", "", 968);
table.push("", "");

const netstat = [
  "",
  "Active Connections",
  "",
  "  Proto  Local Address          Foreign Address        State           PID",
];
const line = (local, remote, state, pid) =>
  netstat.push(`  TCP    ${local.padEnd(21)}  ${remote.padEnd(21)}  ${state.padEnd(12)}    ${pid}`);
line("0.0.0.0:135", "0.0.0.0:0", "LISTENING", 968);
line("0.0.0.0:8080", "0.0.0.0:0", "LISTENING", LEAK.pid);
for (let n = 0; n < HEALTHY.count; n++)
  line(`${host}:${HEALTHY.first + n}`, `${database}:1521`, "ESTABLISHED", HEALTHY.pid);
line("[::]:135", "[::]:0", "LISTENING", 968);
line("[::]:8080", "[::]:0", "LISTENING", LEAK.pid);
netstat.push("");

const here = new URL(".", import.meta.url);
writeFileSync(new URL("windows-bound-leak-tcpconnection.txt.gz", here), gzipSync(table.join("\r\n"), { level: 9 }));
writeFileSync(new URL("windows-bound-leak-netstat.txt", here), netstat.join("\r\n"));
