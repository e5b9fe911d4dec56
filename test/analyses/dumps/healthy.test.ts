// Is a healthy host left in peace? A false alarm at three in the morning is a defect of the first rank.

import { describe, expect, test } from "vitest";
import { alarms, ask, dump, type Rows } from "./dumps.ts";

const busyWindows = (d: Rows): void => {
  d.row("LISTEN", "0.0.0.0:443", "0.0.0.0:0", { pid: 4, process: "System" });
  for (let i = 0; i < 3000; i++) {
    // Windows lists a Bound row beside each connection that a client made.
    d.row("BOUND", `0.0.0.0:${50_000 + i}`, "0.0.0.0:0", { pid: 88, process: "java" });
    d.row("ESTABLISHED", `10.0.0.9:${50_000 + i}`, `192.0.2.${i % 100}:1433`, { pid: 88, process: "java" });
  }
};

describe("no alarm", () => {
  test("a busy client on Windows: a Bound row for every connection", () => {
    const d = dump("powershell-csv", busyWindows);
    expect(alarms(d)).toEqual([]);
    expect(ask("bound-ports", d)).toEqual({ kind: "clear", because: "no port is bound without a connection" });
  });

  test("a web server with 20,000 callers and 8,000 in TIME_WAIT, a few of everything else", () => {
    const web = dump("ss", (d) => {
      d.row("LISTEN", "0.0.0.0:443", "0.0.0.0:*", { recvQ: 3, sendQ: 511, pid: 9, process: "nginx" });
      for (let i = 0; i < 20_000; i++) {
        d.row("ESTABLISHED", "10.0.0.5:443", `198.51.100.${i % 250}:${20_000 + i}`, {
          recvQ: 0,
          pid: 9,
          process: "nginx",
        });
      }
      for (let i = 0; i < 8000; i++)
        d.row("TIME_WAIT", "10.0.0.5:443", `198.51.100.${i % 250}:${45_000 + i}`, { recvQ: 0 });
      for (let i = 0; i < 60; i++) d.row("FIN_WAIT_2", "10.0.0.5:443", `198.51.100.9:${10_000 + i}`, { recvQ: 0 });
      for (let i = 0; i < 45; i++)
        d.row("CLOSE_WAIT", "10.0.0.5:443", `198.51.100.8:${10_000 + i}`, { recvQ: 1, pid: 9, process: "nginx" });
      for (let i = 0; i < 12; i++) d.row("SYN_RECEIVED", "10.0.0.5:443", `198.51.100.7:${10_000 + i}`, { recvQ: 0 });
      for (let i = 0; i < 5; i++) d.row("ESTABLISHED", "10.0.0.5:443", `198.51.100.6:${10_000 + i}`, { recvQ: 517 });
      for (let i = 0; i < 8; i++)
        d.row("SYN_SENT", `10.0.0.5:${40_000 + i}`, "192.0.2.1:443", { recvQ: 0, pid: 10, process: "curl" });
    });
    expect(alarms(web)).toEqual([]);
  });

  test("a container's process, of whose sockets the host's lsof can identify none", () => {
    const d = dump("lsof", (rows) => {
      for (let i = 0; i < 300; i++) rows.row("UNIDENTIFIED", "*:*", "*:*", { pid: 13, process: "java" });
    });
    expect(alarms(d)).toEqual([]);
    const said = ask("unidentified-sockets", d);
    expect(said.kind === "unsure" && said.needs).toContain("nsenter -t 13 -n lsof");
  });

  test("connections in CLOSE_WAIT that come and go: none of them is in the dump a minute earlier", () => {
    const at = (minute: number, from: number) =>
      dump(
        "ss",
        (d) => {
          for (let i = 0; i < 500; i++) d.row("ESTABLISHED", "10.0.0.5:80", `10.0.1.1:${10_000 + i}`, { recvQ: 0 });
          for (let i = 0; i < 150; i++) d.row("CLOSE_WAIT", "10.0.0.5:80", `10.0.1.1:${from + i}`, { recvQ: 1 });
        },
        { at: `2026-03-01T03:0${minute}:00Z`, source: `${minute}.txt` },
      );
    expect(alarms([at(0, 30_000), at(1, 40_000)])).toEqual([]);
    // The same ones a minute later are held.
    expect(alarms([at(0, 40_000), at(1, 40_000)])).toEqual([
      "half-closed-connections: 10.0.0.5:80 holds 150 connections half-closed that 10.0.1.1 had closed",
    ]);
  });

  test("another user's processes have no owner without root, and are accepted all the same", () => {
    const d = dump("ss", (rows) => {
      rows.row("LISTEN", "0.0.0.0:22", "0.0.0.0:*", { recvQ: 0, sendQ: 128 });
      for (let i = 0; i < 200; i++) rows.row("ESTABLISHED", "10.0.0.5:22", `10.0.0.6:${40_000 + i}`, { recvQ: 36 });
      rows.row("ESTABLISHED", "10.0.0.5:40000", "10.0.0.7:443", { recvQ: 0, pid: 5, process: "mine" });
    });
    expect(alarms(d)).toEqual([]);
  });
});

describe("silence is no clean bill", () => {
  test("ss -s counts ESTABLISHED and CLOSE_WAIT together", () => {
    const d = dump("ss-summary", ({ builder }) => {
      builder.summary = { established: 12_000, closed: 3, orphaned: 0, timeWait: 0 };
    });
    for (const id of [
      "half-closed-connections",
      "port-exhaustion",
      "bound-ports",
      "time-wait-buildup",
      "accept-backlog",
      "refused-connections",
      "unidentified-sockets",
    ]) {
      expect(ask(id, d).kind, id).toBe("unsure");
    }
  });

  test("rows without a state, and a dump of one state", () => {
    expect(
      ask(
        "half-closed-connections",
        dump("ss", (d) => d.row("UNKNOWN", "10.0.0.5:40000", "10.0.0.6:443")),
      ),
    ).toMatchObject({ kind: "unsure" });
    expect(
      ask(
        "half-closed-connections",
        dump("powershell-csv", (d) => d.row("BOUND", "0.0.0.0:50000", "0.0.0.0:0")),
      ),
    ).toMatchObject({ kind: "unsure" });
  });

  test("an empty dump", () => {
    expect(
      ask(
        "half-closed-connections",
        dump("ss", () => {}),
      ),
    ).toMatchObject({ kind: "unsure" });
  });
});
