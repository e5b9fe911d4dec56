// Is `ss` read as it is written? Recordings of iproute2 6.1, and lines after the sources of older and newer versions.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { netstatLinux } from "../../src/sockets/netstat-linux.ts";
import { procNetTcp } from "../../src/sockets/proc-net-tcp.ts";
import { ss } from "../../src/sockets/ss.ts";
import { secondsOf } from "../../src/sockets/ss-line.ts";
import { ssSummary } from "../../src/sockets/ss-summary.ts";
import { stateOf } from "../../src/sockets/state-words.ts";
import { COUNTS, countsOf, ROWS, socketsOf } from "./linux-rows.ts";
import { briefs, dumpFile, ofRows, readFile, readWith } from "./read-with.ts";

const HEADING = "State      Recv-Q Send-Q  Local Address:Port    Peer Address:Port Process";
const of = (...lines: string[]) => readWith(ss, lines.join("\n"));

describe("recordings of ss", () => {
  const sockets = socketsOf(readFile(ss, "linux-ss-tan.txt").dump);

  it.each(["tan", "tanp", "tanoe", "tanpoe", "tanH", "tani", "tuna"])("-%s shows the same sockets", (options) => {
    const { dump, foreign } = readFile(ss, `linux-ss-${options}.txt`);
    expect(countsOf(dump)).toEqual(COUNTS);
    expect(socketsOf(dump)).toEqual(sockets);
    expect(dump).toMatchObject({
      rowCount: ROWS,
      unreadCount: 0,
      system: "linux",
      otherRows: options === "tuna" ? 1 : 0,
    });
    expect(dump.hasOwners).toBe(options.includes("p"));
    expect(foreign).toEqual([]);
  });

  it("agrees with what awk counted", () => {
    const counted = readFileSync(new URL("dumps/linux-counts.txt", import.meta.url), "utf8")
      .trim()
      .split("\n");
    expect(
      Object.fromEntries(counted.map((line) => line.split(" ")).map(([word, n]) => [stateOf(word!), Number(n)])),
    ).toEqual(COUNTS);
  });

  it("knows the services that -tap names", () => {
    const { dump } = readFile(ss, "linux-ss-tap.txt");
    expect(countsOf(dump)).toEqual(COUNTS);
    // The service list of read-with.ts knows https alone.
    expect(briefs(dump).filter((row) => row.includes(":443")).length).toBe(3);
  });

  it("reads owners and the timers that end a socket", () => {
    const { dump } = readFile(ss, "linux-ss-tanpoe.txt");
    const owners = new Set(ofRows(dump, (row) => row.process));
    // The kernel's name is `shop "a) (b`; ss stops at the parenthesis.
    expect(owners).toEqual(new Set(['shop "a', null]));
    const timed = ofRows(dump, (row) => (row.expiresIn === null ? "" : row.state)).filter((s) => s !== "");
    // One TIME_WAIT, and one FIN_WAIT_2 that nobody owns.
    expect(timed.sort()).toEqual(["FIN_WAIT_2", "TIME_WAIT"]);
    const seconds = ofRows(dump, (row) => row.expiresIn ?? 0).filter((s) => s > 0);
    expect(seconds.every((s) => s > 55 && s <= 60)).toBe(true);
  });

  it("says UNKNOWN where one state was asked for, unless the command is there", () => {
    const text = new TextDecoder().decode(dumpFile("linux-ss-state-close-wait.txt"));
    expect(countsOf(readWith(ss, text).dump)).toEqual({ UNKNOWN: 2 });
    const asked = readWith(ss, `[root@shop ~]# ss -tn state close-wait\n${text}`);
    expect(countsOf(asked.dump)).toEqual({ CLOSE_WAIT: 2 });
    expect(asked.foreign).toEqual([]);
  });
});

describe("lines of ss", () => {
  it("reads addresses of all versions", () => {
    const { dump } = of(
      HEADING,
      "LISTEN 0 128 127.0.0.53%lo:53 0.0.0.0:*",
      "LISTEN 0 128 :::80 :::*",
      "LISTEN 0 128 *:8280 *:*",
      "ESTAB 0 0 ::ffff:10.0.0.5:8280 ::ffff:192.0.2.7:40000",
      "ESTAB 0 0 [::ffff:10.0.0.5]:8280 [2001:DB8::0:1]:40001",
      "ESTAB 0 0 [fe80::1]%eth0:22 [fe80::2%eth0]:40002",
      "NEW-SYN-RECV 0 0 10.0.0.5:8280 192.0.2.7:1",
    );
    expect(briefs(dump)).toEqual([
      "LISTEN 127.0.0.53:53 *: - -",
      "LISTEN *:80 *: - -",
      "LISTEN *:8280 *: - -",
      "ESTABLISHED 10.0.0.5:8280 192.0.2.7:40000 - -",
      "ESTABLISHED 10.0.0.5:8280 2001:db8::1:40001 - -",
      "ESTABLISHED fe80::1:22 fe80::2:40002 - -",
      "SYN_RECEIVED 10.0.0.5:8280 192.0.2.7:1 - -",
    ]);
  });

  it("takes the first owner, whatever its name holds", () => {
    const { dump } = of(
      HEADING,
      'LISTEN 0 128 *:80 *:* users:(("nginx",pid=5,fd=6),("nginx",pid=4,fd=7))',
      'LISTEN 0 128 *:81 *:* users:(("sshd",1234,3))',
      'LISTEN 0 128 *:82 *:*users:(("a ","b)) ((c",pid=7,fd=1))',
      'LISTEN 0 128 *:83 *:* users:(("no pid',
    );
    expect(ofRows(dump, (row) => [row.pid, row.process])).toEqual([
      [5, "nginx"],
      [1234, "sshd"],
      [7, 'a ","b)) ((c'],
      [null, null],
    ]);
  });

  it("reads the times of ss", () => {
    // print_ms_timer: 2.34 seconds are written 2.340ms.
    const times = ["32sec", "1min23sec", "2min", "2.340ms", "340ms", "", "1h", "sec"].map(secondsOf);
    expect(times).toEqual([32, 83, 120, 2.34, 0.34, 0, null, null]);
  });

  it("reads rows that a narrow terminal broke, and details in lines of their own", () => {
    const { dump } = of(
      HEADING,
      "CLOSE-WAIT 1 0 10.0.0.5:8280",
      '    192.0.2.7:40000 users:(("java",pid=12,fd=9))',
      "TIME-WAIT 0 0 10.0.0.5:40001 192.0.2.7:80",
      "\t timer:(timewait,32sec,0) ino:0 sk:1",
      "ESTAB 0 0 10.0.0.5:8280 192.0.2.7:40002",
      'users:(("java",pid=13,fd=9)) ino:5',
      "ESTAB 0 0 10.0.0.5:8280",
    );
    expect(briefs(dump)).toEqual([
      "CLOSE_WAIT 10.0.0.5:8280 192.0.2.7:40000 12 java",
      "TIME_WAIT 10.0.0.5:40001 192.0.2.7:80 - -",
      "ESTABLISHED 10.0.0.5:8280 192.0.2.7:40002 13 java",
    ]);
    expect(ofRows(dump, (row) => row.expiresIn)).toEqual([null, 32, null]);
    expect(dump.unread).toEqual([{ line: 8, text: "ESTAB 0 0 10.0.0.5:8280" }]);
  });

  it("counts what it cannot read", () => {
    const { dump, begins } = of(
      HEADING,
      "ESTAB 0 0 10.0.0.5:99999 192.0.2.7:1",
      "ESTAB 0 0 nonsense 192.0.2.7:1",
      "LISTEN 0 1 *:1 *:*",
    );
    expect(dump).toMatchObject({ rowCount: 1, unreadCount: 2 });
    expect(begins).toEqual([HEADING, "LISTEN 0 1 *:1 *:*"]);
  });

  it("leaves other protocols out", () => {
    const { dump } = of(
      "Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process",
      "nl    UNCONN 0      0               rtnl:kernel              *",
      "u_str ESTAB  0      0                  * 631             * 630",
      "udp   UNCONN 0      0      127.0.0.1:323        0.0.0.0:*",
      "mptcp LISTEN 0      5      127.0.0.1:80         0.0.0.0:*",
      "tcp   UNCONN 0      0      127.0.0.1:41000      0.0.0.0:*",
    );
    expect(briefs(dump)).toEqual(["BOUND 127.0.0.1:41000 *: - -"]);
    expect(dump.otherRows).toBe(4);
  });
});

describe("is it TCP?", () => {
  const UNCONNECTED = ["UNCONN 0 0 127.0.0.1:41000 0.0.0.0:*", "ESTAB 0 0 10.0.0.5:41001 192.0.2.7:53"];

  it("takes UNCONN for bound sockets of TCP where listeners or timers stand beside", () => {
    const listed = of(HEADING, "LISTEN 0 128 *:22 *:*", ...UNCONNECTED).dump;
    expect(countsOf(listed)).toEqual({ BOUND: 1, ESTABLISHED: 1, LISTEN: 1 });
    const later = of(HEADING, ...UNCONNECTED, "TIME-WAIT 0 0 10.0.0.5:1 192.0.2.7:2").dump;
    expect(briefs(later).map((row) => row.split(" ")[0])).toEqual(["BOUND", "ESTABLISHED", "TIME_WAIT"]);
    expect(ofRows(later, (row) => row.line)).toEqual([2, 3, 4]);
    const details = of(HEADING, ...UNCONNECTED, "\t cubic rto:204 rtt:1/1 cwnd:10").dump;
    expect(details.rowCount).toBe(2);
  });

  it("takes UNCONN and ESTAB alone for UDP, and ESTAB alone for TCP", () => {
    expect(of(HEADING, ...UNCONNECTED).dump).toMatchObject({ rowCount: 0, otherRows: 2, unreadCount: 0 });
    expect(of(HEADING, UNCONNECTED[1]!).dump).toMatchObject({ rowCount: 1, otherRows: 0 });
    // Many: it is decided before the end, and no row is lost.
    const many = Array.from({ length: 10_000 }, (_, n) => `UNCONN 0 0 127.0.0.1:${n + 1} 0.0.0.0:*`);
    expect(of(HEADING, ...many).dump).toMatchObject({ rowCount: 0, otherRows: 10_000 });
    const tcp = Array.from({ length: 10_000 }, (_, n) => `ESTAB 0 0 127.0.0.1:${n + 1} 192.0.2.7:80`);
    expect(of(HEADING, ...tcp).dump).toMatchObject({ rowCount: 10_000, otherRows: 0 });
  });

  it("believes the command", () => {
    expect(of("$ ss -uan", HEADING, UNCONNECTED[1]!).dump).toMatchObject({ rowCount: 0, otherRows: 1 });
    const bound = "Recv-Q Send-Q Local Address:Port Peer Address:Port Process";
    expect(briefs(of("# ss -tnB", bound, "0 0 127.0.0.1:41000 0.0.0.0:*").dump)).toEqual([
      "BOUND 127.0.0.1:41000 *: - -",
    ]);
  });
});

describe("hostile lines", () => {
  const WORDS = [
    ...[
      "tcp",
      "tcp6",
      "udp",
      "ESTAB",
      "UNCONN",
      "LISTEN",
      "TIME_WAIT",
      "State",
      "Netid",
      "Recv-Q",
      "Send-Q",
      "Proto",
      "0",
      "12",
    ],
    ...[
      "Local",
      "Address:Port",
      "Peer",
      "[::1]:80",
      ":::*",
      "10.0.0.5:80",
      "%:%",
      "10.0.0.5:",
      "0:",
      "0100007F:0050",
      "01",
      "sl",
    ],
    ...[
      "00000000:00000000",
      "00:00000000",
      'users:(("',
      '",pid=',
      "1,fd=2))",
      "timer:(timewait,",
      "timer:(timewait,1sec,0)",
      "ss",
      "state",
    ],
    ...["close-wait", "Total: 1", "TCP: 1 (estab 1)", "(1.0/0/0)", "timewait", "-", "5/a", "\t", "\n", "\n", "\n"],
  ];

  it.each([ss, ssSummary, netstatLinux, procNetTcp])("never make the reader of $format throw", (reader) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string()), { maxLength: 60 }), (words) => {
        const { dump } = readWith(reader, words.join(" "));
        const counted = [...dump.counts.values()].reduce((a, b) => a + b, 0);
        expect(counted).toBe(dump.rowCount);
      }),
      { numRuns: 500 },
    );
  });
});
