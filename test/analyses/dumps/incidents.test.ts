// Do the dumps of the incidents that the program is for give the figures that were counted by hand then (DESIGN.md §1)?

import { describe, expect, test } from "vitest";
import { talliesOf } from "../../../analyses/dumps/tallies.ts";
import { alarms, ask, dump, found, LINUX, type Rows, view } from "./dumps.ts";

/** I0: 30,208 Bound rows of one process: 15,104 ports, each on 0.0.0.0 and on ::. A little ordinary work beside it. */
const boundLeak = (d: Rows): void => {
  for (let i = 0; i < 15_104; i++) {
    // Both families are written as every address.
    d.row("BOUND", `0.0.0.0:${49_152 + i}`, "0.0.0.0:0", { pid: 4711, process: "java" });
    d.row("BOUND", `[::]:${49_152 + i}`, "[::]:0", { pid: 4711, process: "java" });
  }
  d.row("LISTEN", "0.0.0.0:8080", "0.0.0.0:0", { pid: 4711, process: "java" });
  for (let i = 0; i < 20; i++) {
    d.row("BOUND", `0.0.0.0:${65_000 + i}`, "0.0.0.0:0", { pid: 900, process: "svchost" });
    d.row("ESTABLISHED", `10.0.0.9:${65_000 + i}`, "192.0.2.7:443", { pid: 900, process: "svchost" });
  }
};

describe("I0: bound ports", () => {
  const leak = dump("powershell-csv", boundLeak);

  test("one process, its distinct ports, its share of the range", () => {
    const [finding, ...others] = found("bound-ports", leak);
    expect(others).toEqual([]);
    expect(leak.counts.get("BOUND")).toBe(30_228);
    expect(finding).toMatchObject({
      severity: "critical",
      count: 15_104,
      metrics: {
        pid: 4711,
        process: "java",
        range: "49152-65535",
        ports: 16_384,
        rows: 30_208,
        without_connection: 15_104,
      },
    });
    // 15,104 / 16,384 = 92.2 %
    expect(finding!.metrics.range_used_percent).toBe(92.19);
    expect(finding!.summary).toContain("netstat -ano does not list them");
  });

  test("netstat of the same host shows almost nothing, and is no clean bill", () => {
    const result = ask(
      "bound-ports",
      dump("netstat-windows", (d) => d.row("LISTEN", "0.0.0.0:8080", "0.0.0.0:0", { pid: 4711 })),
    );
    expect(result).toMatchObject({ kind: "unsure" });
    expect(result.kind === "unsure" && result.needs).toContain("Get-NetTCPConnection -State Bound");
  });

  test("the ports count against the whole host", () => {
    const [finding] = found("port-exhaustion", leak);
    // The leaked ones, and the twenty of the other process.
    expect(finding).toMatchObject({ severity: "medium", metrics: { ports_in_use: 15_124, ports: 16_384 } });
  });
});

describe("I2: a client for each call, never closed", () => {
  const at =
    (n: number, peer: string, from: number) =>
    (d: Rows): void => {
      for (let i = 0; i < n; i++) {
        d.row("CLOSE_WAIT", `172.21.191.100:${from + i}`, peer, { recvQ: 0, pid: 7, process: "java" });
      }
    };
  const leak = dump("netstat-linux", (d) => {
    d.row("LISTEN", ":::8080", ":::*", { recvQ: 0, pid: 7, process: "java" });
    at(11_641, "192.0.2.40:9000", 33_000)(d);
    // The other 1,078, to nine services: 8 × 120 + 118.
    for (let k = 0; k < 8; k++) at(120, `192.0.2.${50 + k}:443`, 50_000 + k * 200)(d);
    at(118, "192.0.2.60:443", 52_000)(d);
    for (let i = 0; i < 40; i++)
      d.row("ESTABLISHED", "172.21.191.100:8080", `192.0.2.80:${50_000 + i}`, { recvQ: 0, pid: 7, process: "java" });
  });

  test("12,719 in CLOSE_WAIT, 11,641 of them to one storage service", () => {
    expect(leak.counts.get("CLOSE_WAIT")).toBe(12_719);
    const findings = found("half-closed-connections", leak);
    expect(findings.map((f) => f.count)).toEqual([11_641, ...new Array(8).fill(120), 118]);
    expect(findings[0]).toMatchObject({
      severity: "critical",
      subject: { holder: { address: "172.21.191.100" }, peer: { address: "192.0.2.40", port: 9000 } },
      metrics: {
        read_eof: 11_641,
        unread_eof: 0,
        never_accepted: 0,
        distinct_ports: 11_641,
        pid: 7,
        process: "java",
        held_by: "client",
      },
    });
    expect(findings[0]!.summary).toContain("of 12,719 on this host");
  });

  test("by peer and by process", () => {
    const tallies = talliesOf(leak, LINUX);
    expect(tallies.peers).toBe(11);
    expect(tallies.byPeer[0]).toEqual({
      local: { address: "172.21.191.100" },
      remote: { address: "192.0.2.40", port: 9000 },
      sockets: 11_641,
      ports: 11_641,
      counts: { CLOSE_WAIT: 11_641 },
    });
    expect(tallies.byProcess).toEqual([
      // 12,719 and 40 and one that listens; the ports aside from it: 11,641 + 1,078 + 8080.
      {
        process: "java",
        pid: 7,
        sockets: 12_760,
        ports: 12_720,
        counts: { LISTEN: 1, ESTABLISHED: 40, CLOSE_WAIT: 12_719 },
      },
    ]);
  });

  test("over a series: the growth, and when the range of that destination is used up", () => {
    // 10,441, then 11,041, then 11,641: 600 in 60 s. Of 28,232 ports 16,591 are left, and 16,591 / 10 = 1,659.1 s.
    const series = [10_441, 11_041, 11_641].map((n, k) =>
      dump("ss", at(n, "192.0.2.40:9000", 33_000), { at: `2026-03-01T03:0${k}:00Z`, source: `t${k}.txt` }),
    );
    const [finding] = found("half-closed-connections", series);
    expect(finding!.metrics).toMatchObject({
      growth_per_s: 10,
      range_used_up_at: "2026-03-01T03:29:39.100000000Z",
      still_held: 11_041,
    });
  });
});

describe("I3: a service behind a sidecar on loopback", () => {
  // netstat without -n: each connection has two rows, and the port a name. 9,640 are held; the sidecar's ends have expired but for 36.
  const incident = dump("netstat-linux", (d) => {
    d.row("LISTEN", ":::synapse-nhttp", ":::*", { recvQ: 0 });
    for (let i = 0; i < 9640; i++)
      d.row("CLOSE_WAIT", "localhost:synapse-nhttp", `localhost:${33_000 + i}`, { recvQ: 1 });
    for (let i = 0; i < 36; i++)
      d.row("FIN_WAIT_2", `localhost:${33_000 + i}`, "localhost:synapse-nhttp", { recvQ: 0 });
    for (let i = 0; i < 3; i++) d.row("FIN_WAIT_1", `localhost:${45_000 + i}`, "localhost:synapse-nhttp", { recvQ: 0 });
    for (let i = 0; i < 50; i++) {
      d.row("ESTABLISHED", "localhost:synapse-nhttp", `localhost:${46_000 + i}`, { recvQ: 0 });
      d.row("ESTABLISHED", `localhost:${46_000 + i}`, "localhost:synapse-nhttp", { recvQ: 0 });
    }
    for (let i = 0; i < 10; i++)
      d.row("ESTABLISHED", `::ffff:172.21.191.100:${47_000 + i}`, "::ffff:172.21.191.101:3306", { recvQ: 0 });
  });

  test("CLOSE_WAIT at the service, not at the sidecar; no TIME_WAIT is a symptom", () => {
    const findings = found("half-closed-connections", incident);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      severity: "critical",
      count: 9640,
      subject: { holder: { address: "localhost", port: 8280 }, peer: { address: "localhost" } },
      metrics: {
        unread_eof: 9640,
        read_eof: 0,
        never_accepted: null,
        distinct_ports: 1,
        held_by: "service",
        time_wait: 0,
      },
    });
    expect(findings[0]!.summary).toContain("No socket is in TIME_WAIT");
    expect(alarms(incident)).toHaveLength(1);
  });

  test("the counts of the incident, and the connections that are listed twice", () => {
    const tallies = talliesOf(incident, LINUX);
    expect(tallies.counts).toEqual({ LISTEN: 1, ESTABLISHED: 110, FIN_WAIT_1: 3, FIN_WAIT_2: 36, CLOSE_WAIT: 9640 });
    expect(tallies.mirrored).toBe(36 + 50);
    expect(tallies.byPeer.map(({ local, remote, sockets }) => ({ local, remote, sockets }))).toEqual([
      { local: { address: "localhost", port: 8280 }, remote: { address: "localhost" }, sockets: 9690 },
      { local: { address: "localhost" }, remote: { address: "localhost", port: 8280 }, sockets: 89 },
      { local: { address: "172.21.191.100" }, remote: { address: "172.21.191.101", port: 3306 }, sockets: 10 },
    ]);
  });
});

test("I1: 27 CLOSE_WAIT and hundreds of TIME_WAIT are no alarm", () => {
  const proxy = dump("ss", (d) => {
    d.row("LISTEN", "0.0.0.0:8280", "0.0.0.0:*", { recvQ: 0, sendQ: 4096, pid: 12, process: "proxy" });
    for (let i = 0; i < 400; i++)
      d.row("ESTABLISHED", "10.0.0.5:8280", `10.0.1.${i % 200}:${40_000 + i}`, { recvQ: 0, pid: 12, process: "proxy" });
    for (let i = 0; i < 27; i++)
      d.row("CLOSE_WAIT", "10.0.0.5:8280", `10.0.1.${i}:${50_000 + i}`, { recvQ: 1, pid: 12, process: "proxy" });
    for (let i = 0; i < 600; i++) d.row("TIME_WAIT", `10.0.0.5:${41_000 + i}`, "10.0.2.9:3306", { recvQ: 0 });
  });
  expect(alarms(proxy)).toEqual([]);
  expect(ask("half-closed-connections", proxy)).toMatchObject({
    kind: "clear",
    because: expect.stringContaining("27 sockets"),
  });
  expect(view(proxy).latest.rowCount).toBe(1028);
});
