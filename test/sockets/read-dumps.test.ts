// Which dumps are in a text as people paste it? Texts written by hand, rows and lines counted by hand.

import { describe, expect, test } from "vitest";
import type { SocketDump } from "../../src/core/socket-table.ts";
import type { DumpReader } from "../../src/sockets/dump-format.ts";
import { DumpFile, type DumpText } from "../../src/sockets/read-dumps.ts";
import { SocketColumns } from "../../src/sockets/socket-columns.ts";

function read(text: string, source = "incident.txt", readers?: readonly DumpReader[]): DumpText {
  const context = { source, columns: new SocketColumns(), servicePort: () => null, ...(readers && { readers }) };
  const file = new DumpFile(context);
  file.feed(new TextEncoder().encode(text));
  return file.end();
}

const counts = (dump: SocketDump) => Object.fromEntries(dump.counts);
const times = (text: DumpText) =>
  text.dumps.map((dump) => dump.takenAt && new Date(dump.takenAt).toISOString().slice(11, 19));

const NETSTAT = `Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        0      0 0.0.0.0:8280            0.0.0.0:*               LISTEN
tcp        1      0 10.0.0.5:8280           10.0.0.6:51234          CLOSE_WAIT
`;
const SS = `State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
ESTAB      0      0            10.0.0.5:8280      10.0.0.6:51001
`;
const SS_EMPTY = "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n";
const SS_SUMMARY = `Total: 166
TCP:   11 (estab 4, closed 1, orphaned 1, timewait 0)

Transport Total     IP        IPv6
RAW       0         0         0
UDP       1         1         0
TCP       10        7         3
INET      11        8         3
FRAG      0         0         0

`;
const WINDOWS = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1052
  TCP    10.0.0.5:49800         10.0.0.6:3306          CLOSE_WAIT      4852
`;

describe("nothing", () => {
  test.each([
    ["an empty file", "", 0],
    ["blank lines", "\n\r\n  \n", 0],
    ["prose", "We restarted the proxy at 18:34.\n\nThen 300 sockets were in CLOSE_WAIT again.\n", 2],
    ["a count", "  12719 CLOSE_WAIT\n    300 ESTABLISHED\n", 2],
    ["commands", "$ netstat -ant | grep 8280 | wc -l\n12719\n", 2],
  ])("%s", (_, text, otherLines) => {
    expect(read(text)).toEqual({ dumps: [], otherLines, leftOut: 0 });
  });
});

test("one dump has the name of its file", () => {
  const { dumps, otherLines } = read(`root@web1:~# netstat -ant\n${NETSTAT}root@web1:~# \n`);
  expect(dumps).toHaveLength(1);
  expect(dumps[0]).toMatchObject({
    source: "incident.txt",
    format: "netstat-linux",
    unreadCount: 0,
    firstLine: 2,
    lastLine: 5,
  });
  expect(counts(dumps[0]!)).toEqual({ LISTEN: 1, CLOSE_WAIT: 1 });
  expect(otherLines).toBe(2);
});

test("ss -tan; ss -s", () => {
  const { dumps } = read(SS + SS_SUMMARY);
  expect(dumps.map((dump) => [dump.source, dump.format])).toEqual([
    ["incident.txt#1", "ss"],
    ["incident.txt#2", "ss-summary"],
  ]);
  expect(dumps[1]!.summary).toMatchObject({ established: 4, closed: 1, orphaned: 1, timeWait: 0 });
});

test("several tools in one file, none takes the rows of another", () => {
  const { dumps } = read(NETSTAT + WINDOWS + SS + NETSTAT);
  expect(dumps.map((dump) => [dump.format, dump.rowCount, dump.unreadCount])).toEqual([
    ["netstat-linux", 2, 0],
    ["netstat-windows", 2, 0],
    ["ss", 1, 0],
    ["netstat-linux", 2, 0],
  ]);
});

describe("a series", () => {
  const date = (second: string) => `Sun Mar  1 18:34:${second} UTC 2026\n`;

  test("date; netstat", () => {
    const text = read(date("05") + NETSTAT + date("10") + NETSTAT + date("15") + NETSTAT);
    expect(times(text)).toEqual(["18:34:05", "18:34:10", "18:34:15"]);
    expect(text.dumps.map(counts)).toEqual(new Array(3).fill({ LISTEN: 1, CLOSE_WAIT: 1 }));
    expect(text.dumps.map((dump) => dump.zoneAssumed)).toEqual([false, false, false]);
  });

  test("netstat; date", () => {
    expect(times(read(NETSTAT + date("05") + NETSTAT + date("10")))).toEqual(["18:34:05", "18:34:10"]);
    // The last one is still without its time: nobody knows which one belongs to which.
    expect(times(read(NETSTAT + date("05") + NETSTAT))).toEqual([null, "18:34:05"]);
  });

  test("date; netstat; ss are one moment, of two netstats only the first", () => {
    expect(times(read(date("05") + NETSTAT + SS + NETSTAT))).toEqual(["18:34:05", "18:34:05", null]);
    expect(times(read(NETSTAT + SS + date("05") + NETSTAT + SS + date("10")))).toEqual([
      "18:34:05",
      "18:34:05",
      "18:34:10",
      "18:34:10",
    ]);
  });

  test("without headings, the time or the command parts them", () => {
    const row = "ESTAB 0 0 10.0.0.5:8280 10.0.0.6:51001\n";
    expect(times(read(date("05") + row + row + date("10") + row))).toEqual(["18:34:05", "18:34:10"]);
    expect(read(`$ ss -Htan\n${row}${row}$ ss -Htan\n${row}`).dumps.map((dump) => dump.rowCount)).toEqual([2, 1]);
  });

  test("a prompt with the time", () => {
    const prompt = (second: string, command: string) => `[2026-03-01 18:34:${second}] root@web1:~# ${command}\n`;
    const rows = "Recv-Q Send-Q Local Address:Port Peer Address:Port\n1 0 10.0.0.5:8280 10.0.0.6:51234\n";
    const command = "ss -tan state close-wait";
    expect(times(read(prompt("05", command) + rows + prompt("10", command) + rows))).toEqual(["18:34:05", "18:34:10"]);
    expect(times(read(prompt("05", "netstat -ant") + NETSTAT + prompt("10", "netstat -ant") + NETSTAT))).toEqual([
      "18:34:05",
      "18:34:10",
    ]);
  });

  test("a dump without rows is one too", () => {
    const text = read(date("05") + SS_EMPTY + date("10") + SS + date("15") + SS_EMPTY);
    expect(times(text)).toEqual(["18:34:05", "18:34:10", "18:34:15"]);
    expect(text.dumps.map((dump) => dump.rowCount)).toEqual([0, 1, 0]);
  });

  test("the name of the file says when, once for each format", () => {
    expect(times(read(NETSTAT + SS, "a/netstat-20260301-183405.txt"))).toEqual(["18:34:05", "18:34:05"]);
    expect(times(read(NETSTAT + NETSTAT, "netstat-20260301-183405.txt"))).toEqual(["18:34:05", null]);
    expect(times(read(date("10") + NETSTAT, "netstat-20260301-183405.txt"))).toEqual(["18:34:10"]);
  });

  test("a line of a log is no time of a dump", () => {
    const log = `2026-03-01 09:00:00.123 ERROR [http-nio-8280-exec-17] c.example.shop.Client - ${"No buffer space available ".repeat(4)}`;
    expect(times(read(`${log}\n${NETSTAT}${log}\n`))).toEqual([null]);
  });
});

describe("surroundings", () => {
  const plain = read(WINDOWS).dumps.map((dump) => counts(dump));

  test("quoted in mail", () => {
    const quoted = (mark: string) =>
      WINDOWS.split("\n")
        .map((line) => mark + line)
        .join("\n");
    expect(plain).toEqual([{ LISTEN: 1, CLOSE_WAIT: 1 }]);
    for (const mark of ["> ", ">", "> > ", ">> "]) {
      const { dumps } = read(`On Sunday somebody wrote:\n${quoted(mark)}`);
      expect(dumps.map(counts)).toEqual(plain);
      expect(dumps[0]!.unreadCount).toBe(0);
    }
  });

  test.each([
    ["```", "```"],
    ["```text", "```"],
    ["~~~", "~~~"],
    ["{noformat}", "{noformat}"],
    ["{code:title=netstat}", "{code}"],
    ["<pre>", "</pre>"],
  ])("fenced by %s", (from, to) => {
    const { dumps, otherLines } = read(`Look:\n${from}\n${NETSTAT}${to}\nand\n${from}\n${SS}${to}\n`);
    expect(dumps.map((dump) => [dump.format, dump.rowCount, dump.unreadCount])).toEqual([
      ["netstat-linux", 2, 0],
      ["ss", 1, 0],
    ]);
    expect(otherLines).toBe(6);
  });

  test("CR LF, UTF-16 and colours", () => {
    const text = `\u001b[32mroot@web1\u001b[0m:~# netstat -ant\n${NETSTAT}`.replaceAll("\n", "\r\n");
    const bytes = new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
    const file = new DumpFile({ source: "x", columns: new SocketColumns(), servicePort: () => null });
    file.feed(bytes);
    expect(file.end().dumps.map(counts)).toEqual([{ LISTEN: 1, CLOSE_WAIT: 1 }]);
  });
});

describe("what nobody can read", () => {
  const STRAY = "quic 0 0 10.0.0.5:443 10.0.0.6:51234 ESTABLISHED";

  test("inside a dump", () => {
    const { dumps, otherLines } = read(`${NETSTAT}${STRAY}\n`);
    expect(dumps[0]).toMatchObject({ unreadCount: 1, unread: [{ line: 5, text: STRAY }] });
    expect(otherLines).toBe(0);
  });

  test("before a dump, and after the last one", () => {
    const { dumps, otherLines } = read(`${STRAY}\nprose\n${SS}\`\`\`\nprose\n${STRAY}\n`);
    expect(dumps).toHaveLength(1);
    expect(dumps[0]).toMatchObject({ unreadCount: 2, rowCount: 1 });
    expect(dumps[0]!.unread.map((unread) => unread.line)).toEqual([1, 7]);
    expect(otherLines).toBe(3);
  });

  test("without any dump, and very many", () => {
    expect(read(`${STRAY}\n`)).toEqual({ dumps: [], otherLines: 1, leftOut: 0 });
    expect(read(`${STRAY}\n`.repeat(5000)).otherLines).toBe(5000);
    expect(read(`${SS}\`\`\`\n${`${STRAY}\n`.repeat(5000)}`).dumps[0]!.unreadCount).toBe(5000);
  });

  test("a clock and an address are no row", () => {
    expect(read(`${SS}18:34:05 server 10.0.0.5:8280 closed a connection\n`).dumps[0]!.unreadCount).toBe(0);
  });
});

describe("limits", () => {
  test("20,000 dumps, the others are counted", () => {
    const { dumps, leftOut } = read("State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n```\n".repeat(20_100));
    expect([dumps.length, leftOut]).toEqual([20_000, 100]);
  });

  test("lines that come in pieces have one number", () => {
    const one: DumpReader = {
      format: "lsof",
      system: null,
      begins: (line) => (line.startsWith("x") ? "row" : null),
      open: () => ({
        read: (line, into) => {
          if (line.startsWith("x")) into.socket("LISTEN", "*", 80, "", null);
          return "row";
        },
        end: () => {},
      }),
    };
    const { dumps } = read(`y\n${"x".repeat(3 << 16)}\nx`, "s", [one]);
    expect(Array.from(dumps[0]!.rows(), (row) => row.line)).toEqual([2, 2, 2, 3]);
  });

  test("a reader that is wrong about its first line leaves no dump behind", () => {
    expect(read("p443\nWe saw it there.\n")).toEqual({ dumps: [], otherLines: 2, leftOut: 0 });
  });
});
