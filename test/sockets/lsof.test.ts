// Does lsof's list give the sockets that the kernel has? The recordings are of one process in a network namespace of its own,
// beside the `ss -tanp` of the same moment (`dumps/lsof-ss.txt`); what macOS and OpenBSD print is quoted from their users' reports.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SocketDump } from "../../src/core/socket-table.ts";
import { lsof } from "../../src/sockets/lsof.ts";
import { DumpFile } from "../../src/sockets/read-dumps.ts";
import { SocketColumns } from "../../src/sockets/socket-columns.ts";

const SERVICES = new Map([
  ["http", 80],
  ["http-alt", 8080],
  ["https", 443],
  ["synapse-nhttp", 8280],
]);

function readAll(text: string): readonly SocketDump[] {
  const servicePort = (name: string) => SERVICES.get(name) ?? null;
  const file = new DumpFile({ source: "x", columns: new SocketColumns(), servicePort, readers: [lsof] });
  file.feed(new TextEncoder().encode(text));
  return file.end().dumps;
}

function read(text: string): SocketDump {
  const dumps = readAll(text);
  expect(dumps).toHaveLength(1);
  return dumps[0]!;
}

const recorded = (name: string) => readFileSync(new URL(`dumps/lsof-${name}.txt`, import.meta.url), "utf8");

const counts = (dump: SocketDump) => Object.fromEntries(dump.counts);

function ends(dump: SocketDump): string[] {
  return Array.from(
    dump.rows(),
    ({ local: l, remote: r, state }) => `${l.address}|${l.port} ${r.address}|${r.port} ${state}`,
  );
}

/** Counted in dumps/lsof-ss.txt, where one FIN-WAIT-2 has no process and lsof cannot see it. */
const HELD = { LISTEN: 3, ESTABLISHED: 4, FIN_WAIT_2: 1, CLOSE_WAIT: 2 };

describe("recorded on Linux, lsof 4.95", () => {
  test("ss counts the same", () => {
    const rows = recorded("ss")
      .split("\n")
      .filter((row) => row.includes("users:"));
    const count = (word: string) => rows.filter((row) => row.startsWith(`${word} `)).length;
    expect({
      LISTEN: count("LISTEN"),
      ESTABLISHED: count("ESTAB"),
      FIN_WAIT_2: count("FIN-WAIT-2"),
      CLOSE_WAIT: count("CLOSE-WAIT"),
    }).toEqual(HELD);
  });

  test("-i: names, one descriptor twice, UDP is another protocol", () => {
    const dump = read(recorded("i"));
    expect(counts(dump)).toEqual(HELD);
    expect(dump).toMatchObject({ otherRows: 1, unreadCount: 0, hasOwners: true, system: "linux", format: "lsof" });
    expect(ends(dump)).toEqual([
      "localhost|8280 |null LISTEN",
      "*|8080 |null LISTEN",
      "*|80 |null LISTEN",
      "localhost|51001 localhost|8280 ESTABLISHED",
      "localhost|8280 localhost|51001 ESTABLISHED",
      "localhost|51003 localhost|8280 FIN_WAIT_2",
      "localhost|8280 localhost|51002 CLOSE_WAIT",
      "localhost|8280 localhost|51003 CLOSE_WAIT",
      "::1|51004 ::1|8080 ESTABLISHED",
      "::1|8080 ::1|51004 ESTABLISHED",
    ]);
    for (const { pid, process, recvQ } of dump.rows()) {
      expect({ pid, process, recvQ }).toEqual({ pid: 6480, process: "pool w", recvQ: null });
    }
  });

  test.each(["e", "tqs"])("-%s: processes at the other end, queues", (name) => {
    expect(counts(read(recorded(name)))).toEqual(HELD);
  });

  test("-Tqs: the queues that ss shows", () => {
    const queues = Array.from(read(recorded("tqs")).rows(), ({ recvQ, sendQ, state }) => [state, recvQ, sendQ]);
    expect(queues.filter(([, recv]) => recv !== 0)).toEqual([
      ["FIN_WAIT_2", 5, 0],
      ["CLOSE_WAIT", 1, 0],
      ["CLOSE_WAIT", 1, 0],
    ]);
  });

  test("-T: no state", () => {
    expect(counts(read(recorded("t")))).toEqual({ UNKNOWN: 10 });
  });

  test("-K: a thread has no sockets of its own", () => {
    const dump = read(recorded("k"));
    expect(counts(dump)).toEqual(HELD);
    expect(new Set(Array.from(dump.rows(), (row) => row.pid))).toEqual(new Set([6480]));
  });

  test("-p: files are others; bound and unconnected sockets are unidentified", () => {
    const dump = read(recorded("p"));
    expect(counts(dump)).toEqual({ ...HELD, UNIDENTIFIED: 3 });
    // By hand: 31 rows, of which 11 of TCP and 3 of type sock.
    expect(recorded("p").trim().split("\n")).toHaveLength(1 + dump.otherRows + 11 + 3);
    expect(ends(dump).filter((row) => row.endsWith("UNIDENTIFIED"))).toEqual(
      new Array(3).fill("|null |null UNIDENTIFIED"),
    );
    expect(dump.unreadCount).toBe(0);
  });

  test("from another network namespace every socket is unidentified", () => {
    // The same sockets, listed from outside: 10 of TCP with ends and 3 without; one descriptor is a second one.
    expect(read(recorded("other-namespace"))).toMatchObject({ rowCount: 13, otherRows: 3, unreadCount: 0 });
    expect(counts(read(recorded("other-namespace")))).toEqual({ UNIDENTIFIED: 13 });
  });

  test("-F: fields", () => {
    const dump = read(recorded("f"));
    expect(counts(dump)).toEqual({ ...HELD, UNIDENTIFIED: 3 });
    expect(dump.unreadCount).toBe(0);
    const rows = Array.from(dump.rows(), ({ pid, process, recvQ, state, line }) => ({
      pid,
      process,
      recvQ,
      state,
      line,
    }));
    const fields = recorded("f").split("\n");
    for (const row of rows) {
      expect(row).toMatchObject({ pid: 6480, process: "pool worker 1" });
      expect(fields[row.line - 1]).toMatch(/^f\d+$/);
    }
    expect(rows.filter((row) => row.state === "FIN_WAIT_2")).toMatchObject([{ recvQ: 5 }]);
  });

  test("-F pcfn: without the protocol nobody knows what is TCP", () => {
    const dump = read(recorded("fpcfn"));
    expect(counts(dump)).toEqual({ UNIDENTIFIED: 3 });
    // 11 names of TCP and one of UDP.
    expect(dump.unreadCount).toBe(12);
  });
});

const HEADING = "COMMAND   PID     USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME";

describe("other layouts", () => {
  test.each([
    ["java 96743 k 37u IPv6 0x53e1cfaa224b2f91 0t0 TCP *:* (CLOSED)", "|null |null UNIDENTIFIED"],
    ["java 96743 k 37u IPv4 0x53e1cfaa224b2f92 0t0 TCP 127.0.0.1:51005 (CLOSED)", "127.0.0.1|51005 |null BOUND"],
    ["java 96743 k 37u IPv4 0x53e1 0t0 TCP 10.0.0.5:1->10.0.0.6:2 (CLOSED)", "10.0.0.5|1 10.0.0.6|2 CLOSED"],
    ["sshd 100 root 4u IPv4 0xc2f8 0t0 TCP no PCB, CANTSENDMORE, CANTRCVMORE", "|null |null UNIDENTIFIED"],
    ["nc 3652 rose 0u sock 0,7 0t0 7534 can't identify protocol", "|null |null UNIDENTIFIED"],
    ["nc 3652 rose 0u sock 0,7 7534 can't identify protocol", "|null |null UNIDENTIFIED"],
    ["My App 2 501 k *012u IPv4 7535 0t0 TCP *:synapse-nhttp (LISTEN)", "*|8280 |null LISTEN"],
    [
      "a 1 k 3u IPv6 7 0t0 TCP [fe80::1%lo0]:80->[::ffff:10.0.0.6]:65535 (SYN_RCVD)",
      "fe80::1|80 10.0.0.6|65535 SYN_RECEIVED",
    ],
    [
      "a 1 k 3u IPv4 7 0t0 TCP web-1.example.com:no-such-name->db:https (FIN_WAIT_1)",
      "web-1.example.com|null db|443 FIN_WAIT_1",
    ],
    ["a 1 k 3u IPv4 7 0t0 TCP 10.0.0.5:1->10.0.0.6:2 (UNKNOWN_TCP_STATE_12)", "10.0.0.5|1 10.0.0.6|2 UNKNOWN"],
  ])("%s", (row, socket) => {
    expect(ends(read(`${HEADING}\n${row}\n`))).toEqual([socket]);
    // The heading cut off by grep.
    expect(ends(read(`${row}\n`))).toEqual([socket]);
  });

  test("commands with blanks, found by the heading", () => {
    const dump = read(`${HEADING}\nMy App 2 501 k 3u IPv4 7535 0t0 TCP *:80 (LISTEN)\n`);
    expect(Array.from(dump.rows(), ({ pid, process }) => [pid, process])).toEqual([[501, "My App 2"]]);
  });

  test("two processes that share a socket are listed for both, as lsof does", () => {
    const row = (pid: number) => `nginx ${pid} www 6u IPv4 7535 0t0 TCP *:80 (LISTEN)\n`;
    expect(counts(read(`${HEADING}\n${row(1)}${row(2)}${row(3)}`))).toEqual({ LISTEN: 3 });
  });

  test("MPTCP and other protocols have no connections of TCP", () => {
    const rows = ["protocol: MPTCP", "protocol: UDP", "protocol: NETLINK"].map(
      (n, i) => `a 1 k ${i}u sock 0,7 0t0 ${i} ${n}\n`,
    );
    expect(read(`${HEADING}\n${rows.join("")}`)).toMatchObject({ otherRows: 3, rowCount: 0, unreadCount: 0 });
  });

  test("rows that are cut or broken are unread, not dropped", () => {
    const rows = [
      "a 1 k 3u IPv4 75",
      "a 1 k 3u IPv4 75 0t0 TCP",
      "a 1 k 3u IPv4 75 0t0 TCP 10.0.0.5:99999 (LISTEN)",
      "a 1 k 3u IPv4 75 0t0 TCP *:80 (LISTENED)",
    ];
    const dump = read(`${HEADING}\n${rows.join("\n")}\n`);
    expect(dump.unread.map(({ line, text }) => [line, text])).toEqual(rows.map((row, i) => [i + 2, row]));
  });

  test("what may not be seen is no socket", () => {
    const rows = [
      "systemd 1 root cwd unknown /proc/1/cwd (readlink: Permission denied)",
      "systemd 1 root NOFD /proc/1/fd (opendir: Permission denied)",
    ];
    expect(read(`${HEADING}\n${rows.join("\n")}\n`)).toMatchObject({ otherRows: 2, unreadCount: 0 });
  });

  test("each heading is another dump", () => {
    const one = `${HEADING}\na 1 k 3u IPv4 7 0t0 TCP *:80 (LISTEN)\n`;
    expect(readAll(`$ lsof -i\n${one}$ lsof -i\n${one}`).map(counts)).toEqual([{ LISTEN: 1 }, { LISTEN: 1 }]);
  });
});
