// Is the kernel's own table read? Beside `ss` of the same moment; and rows of the kernel's documentation.

import { expect, it } from "vitest";
import { procNetTcp } from "../../src/sockets/proc-net-tcp.ts";
import { ss } from "../../src/sockets/ss.ts";
import { COUNTS, countsOf, ROWS, socketsOf } from "./linux-rows.ts";
import { briefs, dumpFile, ofRows, readFile, readWith } from "./read-with.ts";

const text = (name: string): string => new TextDecoder().decode(dumpFile(name));

it("shows what ss shows: tcp and tcp6 are one dump", () => {
  const both = readWith(procNetTcp, text("linux-proc-tcp.txt") + text("linux-proc-tcp6.txt"));
  expect(countsOf(both.dump)).toEqual(COUNTS);
  expect(both.dump).toMatchObject({ rowCount: ROWS, unreadCount: 0, otherRows: 0, hasOwners: false });
  expect(both.foreign).toEqual([]);
  const sockets = socketsOf(readFile(ss, "linux-ss-tan.txt").dump);
  expect(socketsOf(both.dump)).toEqual(sockets);
  const timed = ofRows(both.dump, (row) => (row.expiresIn === null ? "" : row.state)).filter((s) => s !== "");
  expect(timed.sort()).toEqual(["FIN_WAIT_2", "TIME_WAIT"]);
  expect(ofRows(both.dump, (row) => row.expiresIn ?? 60).every((s) => s > 55 && s <= 60)).toBe(true);
});

it("reads rows without a heading", () => {
  // The row of Documentation/networking/proc_net_tcp.rst: 127.0.0.1:22 listens... here with its peer, in CLOSE_WAIT.
  const { dump, begins } = readWith(
    procNetTcp,
    [
      "  46: 010310AC:9C4C 030310AC:1770 01 00000150:00000000 01:00000019 00000000  1000        0 54165785 4 cd1e6040 25 4 27 3 -1",
      "   1: 0100007F:2058 0100007F:B7F2 08 00000000:00000006 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1",
      "   2: 0100007F:2058 0100007F:B7F3 06 00000000:00000000 03:00000C8A 00000000     0        0 0 3 0",
      "   3: 0100007F:2058 0100007F:B7F4 0C 00000000:00000000 01:00000019 00000000     0        0 0 1 0",
      "   4: 0000000000000000FFFF00000500000A:2058 B80D0120000000000000000001000000:B7F5 01 00000000:00000000 00:00000000 00000000 0 0 1 1 0",
    ].join("\n"),
  );
  expect(briefs(dump)).toEqual([
    // 172.16.3.1:40012 -> 172.16.3.3:6000, as the documentation decodes it.
    "ESTABLISHED 172.16.3.1:40012 172.16.3.3:6000 - -",
    "CLOSE_WAIT 127.0.0.1:8280 127.0.0.1:47090 - -",
    "TIME_WAIT 127.0.0.1:8280 127.0.0.1:47091 - -",
    "SYN_RECEIVED 127.0.0.1:8280 127.0.0.1:47092 - -",
    "ESTABLISHED 10.0.0.5:8280 2001:db8::1:47093 - -",
  ]);
  expect(ofRows(dump, (row) => [row.recvQ, row.sendQ])[0]).toEqual([0, 0x150]);
  expect(ofRows(dump, (row) => row.recvQ)[1]).toBe(6);
  // 0xC8A hundredths of a second.
  expect(ofRows(dump, (row) => row.expiresIn)[2]).toBeCloseTo(32.1, 4);
  expect(begins.length).toBe(5);
});

it("leaves UDP out, and counts what it cannot read", () => {
  const udp = "  10: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 15 2 0000000000000000 0";
  const heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
  expect(readWith(procNetTcp, udp).dump).toMatchObject({ rowCount: 0, otherRows: 1 });
  expect(readWith(procNetTcp, `${heading}\n${udp}`).dump).toMatchObject({ rowCount: 0, otherRows: 1 });
  const bad = "   3: 0100007F:2058 0100007F:B7F4 FF 00000000:00000000 01:00000019 00000000 0 0 0 1 0";
  const { dump, begins } = readWith(procNetTcp, bad);
  expect(dump).toMatchObject({ rowCount: 0, unreadCount: 1 });
  expect(begins).toEqual([]);
});
