// Is a row that cannot be read counted and shown, in every format that has rows? Never silently dropped.

import { expect, it } from "vitest";
import { readSockets } from "../../src/read-sockets.ts";

const NETSTAT = `Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        0      0 10.0.0.5:22             10.0.0.9:50000          ESTABLISHED
tcp        0  garbage`;
const SS = `State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
ESTAB  0      0      10.0.0.5:22         10.0.0.9:50000
CLOSE-WAIT what`;
const PROC = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0500000A:0016 0900000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 20 4 30 10 -1
   1: 0100007F:2058 zz`;
const WINDOWS = `  Proto  Local Address          Foreign Address        State           PID
  TCP    10.0.0.5:22            10.0.0.9:50000         ESTABLISHED     5012
  TCP    garbage`;
const LSOF = `COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME
sshd    28865 root   20u  IPv4 123456      0t0  TCP 10.0.0.5:22->10.0.0.9:50000 (ESTABLISHED)
sshd    28865 root   21u  IPv4 123457      0t0  TCP 10.0.0.5:22->`;
const TABLE = `LocalAddress LocalPort RemoteAddress RemotePort State       AppliedSetting OwningProcess
------------ --------- ------------- ---------- -----       -------------- -------------
10.0.0.5     22        10.0.0.9      50000      Established Internet       5012
10.0.0.5     xx        10.0.0.9      50000      Established Internet       5012`;
const CSV = `"LocalAddress","LocalPort","RemoteAddress","RemotePort","State","OwningProcess"
"10.0.0.5","22","10.0.0.9","50000","Established","5012"
"10.0.0.5","xx","10.0.0.9","50000","Established","5012"`;

it.each([
  ["netstat-linux", NETSTAT],
  ["ss", SS],
  ["proc-net-tcp", PROC],
  ["netstat-windows", WINDOWS],
  ["lsof", LSOF],
  ["powershell-table", TABLE],
  ["powershell-csv", CSV],
])("%s", async (format, text) => {
  const read = await readSockets([new TextEncoder().encode(`${text}\n`)]);
  const [dump] = read.dumps;
  const last = text.split("\n").length;
  expect(dump).toMatchObject({ format, counts: { ESTABLISHED: 1 }, unread_lines: 1, unread: [{ line: last }] });
  expect(text.split("\n")[last - 1]).toContain(dump!.unread[0]!.text.trim());
});
