// Does each question find its fault, with the figures that the rows were written to have?

import { describe, expect, test } from "vitest";
import { parseHosts } from "../../../src/core/host-options.ts";
import { alarms, ask, dump, found, type Rows } from "./dumps.ts";

describe("half-closed-connections", () => {
  test("what the receive queue says: 1 or more unread, 0 read, no owner never accepted", () => {
    const [finding] = found(
      "half-closed-connections",
      dump("ss", (d) => {
        d.row("LISTEN", "0.0.0.0:8080", "0.0.0.0:*", { recvQ: 0, sendQ: 128, pid: 3, process: "app" });
        for (let i = 0; i < 60; i++)
          d.row("CLOSE_WAIT", "10.0.0.5:8080", `10.0.0.6:${40_000 + i}`, { recvQ: 1, pid: 3, process: "app" });
        for (let i = 0; i < 30; i++)
          d.row("CLOSE_WAIT", "10.0.0.5:8080", `10.0.0.7:${40_000 + i}`, { recvQ: 0, pid: 3, process: "app" });
        for (let i = 0; i < 20; i++) d.row("CLOSE_WAIT", "10.0.0.5:8080", `10.0.0.8:${40_000 + i}`, { recvQ: 79 });
        d.row("ESTABLISHED", "10.0.0.5:8080", "10.0.0.8:50000", { recvQ: 0, pid: 3, process: "app" });
      }),
    );
    expect(finding).toMatchObject({
      severity: "high",
      count: 110,
      subject: { holder: { address: "10.0.0.5", port: 8080 }, peer: null },
      metrics: { unread_eof: 60, read_eof: 30, never_accepted: 20, process: "app", pid: 3 },
    });
  });

  test("a leak over thousands of destinations is told together", () => {
    const findings = found(
      "half-closed-connections",
      dump("ss", (d) => {
        for (let i = 0; i < 6000; i++)
          d.row("CLOSE_WAIT", `10.0.0.5:${33_000 + i}`, `192.0.${i >> 8}.${i & 255}:443`, {
            recvQ: 0,
            pid: 8,
            process: "crawler",
          });
        d.row("ESTABLISHED", "10.0.0.5:60000", "192.0.2.1:443", { recvQ: 0, pid: 8, process: "crawler" });
      }),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      severity: "critical",
      count: 6000,
      subject: { peer: null },
      metrics: { process: "crawler", distinct_ports: 6000 },
    });
  });

  test("a few that grow steadily are told before they are many", () => {
    const series = [10, 20, 30, 40].map((n, k) =>
      dump(
        "ss",
        (d) => {
          for (let i = 0; i < n; i++) d.row("CLOSE_WAIT", `10.0.0.5:${40_000 + i}`, "192.0.2.1:443", { recvQ: 0 });
          for (let i = 0; i < 400; i++) d.row("ESTABLISHED", `10.0.0.5:${50_000 + i}`, "192.0.2.1:443", { recvQ: 0 });
        },
        { at: `2026-03-01T0${k}:00:00Z`, source: `${k}.txt` },
      ),
    );
    const [finding] = found("half-closed-connections", series);
    // 30 in 3 h.
    expect(finding).toMatchObject({ severity: "low", count: 40, metrics: { growth_per_s: 0.002_778, still_held: 30 } });
  });
});

describe("port-exhaustion", () => {
  const use =
    (n: number) =>
    (d: Rows): void => {
      for (let i = 0; i < n; i++)
        d.row(i % 2 === 0 ? "TIME_WAIT" : "ESTABLISHED", `10.0.0.5:${32_768 + i}`, "192.0.2.1:443", { recvQ: 0 });
    };

  test("all 28,232 ports of Linux, and when they came free", () => {
    const at = (k: number, n: number) => dump("ss", use(n), { at: `2026-03-01T00:0${k}:00Z`, source: `${k}.txt` });
    const [now] = found("port-exhaustion", [at(0, 20_000), at(1, 28_232)]);
    expect(now).toMatchObject({
      severity: "critical",
      subject: { holder: { address: "10.0.0.5" }, peer: { address: "192.0.2.1", port: 443 } },
      metrics: {
        ports_in_use: 28_232,
        range: "32768-60999",
        exhausted_at: "2026-03-01T00:01:00.000000000Z",
        healed_at: null,
      },
    });
    const [healed] = found("port-exhaustion", [at(0, 20_000), at(1, 28_232), at(2, 100)]);
    expect(healed).toMatchObject({ severity: "high", metrics: { healed_at: "2026-03-01T00:02:00.000000000Z" } });
  });

  test("on Linux by destination, on Windows by address", () => {
    const two = (d: Rows): void => {
      for (let i = 0; i < 14_000; i++)
        d.row("ESTABLISHED", `10.0.0.5:${49_152 + i}`, `192.0.2.${1 + (i % 2)}:443`, { pid: 1 });
    };
    expect(found("port-exhaustion", dump("netstat-windows", two))[0]).toMatchObject({
      severity: "medium",
      metrics: { ports_in_use: 14_000, ports: 16_384 },
    });
    expect(
      alarms(
        dump("netstat-linux", (d) => {
          for (let i = 0; i < 11_000; i++)
            d.row("ESTABLISHED", `10.0.0.5:${49_152 + i}`, `192.0.2.${1 + (i % 2)}:443`, { pid: 1, recvQ: 0 });
        }),
      ),
    ).toEqual([]);
  });

  test("a range that was stated, and one that is not the default", () => {
    const narrow = dump("ss", (d) => {
      for (let i = 0; i < 200; i++) d.row("TIME_WAIT", `10.0.0.5:${20_000 + i}`, "192.0.2.1:443", { recvQ: 0 });
      d.row("ESTABLISHED", "10.0.0.5:22", "192.0.2.9:50000", { recvQ: 0 });
    });
    expect(ask("port-exhaustion", narrow)).toMatchObject({
      kind: "unsure",
      needs: expect.stringContaining("--port-range"),
    });
    const stated = parseHosts({ portRange: "20000-20199" });
    expect(found("port-exhaustion", narrow, stated)[0]).toMatchObject({
      severity: "critical",
      metrics: { ports_in_use: 200, ports: 200, range_from: "stated" },
    });
  });
});

describe("time-wait-buildup", () => {
  test("bursts by the clock: peak, when, and how often", () => {
    // Every five minutes 12,000 at once, in between a handful; a dump a minute.
    const series = Array.from({ length: 25 }, (_, minute) =>
      dump(
        "netstat-windows",
        (d) => {
          const n = minute % 5 === 2 ? 12_000 + minute : 10;
          for (let i = 0; i < n; i++) d.row("TIME_WAIT", `127.0.0.1:${49_200 + i}`, "127.0.0.1:1433", { pid: 0 });
          d.row("LISTEN", "0.0.0.0:1433", "0.0.0.0:0", { pid: 5 });
        },
        { at: `2026-03-01T00:${String(minute).padStart(2, "0")}:00Z`, source: `${minute}.txt` },
      ),
    );
    const [finding] = found("time-wait-buildup", series);
    expect(finding).toMatchObject({
      severity: "medium",
      count: 12_022,
      subject: { holder: { address: "127.0.0.1" }, peer: { address: "127.0.0.1", port: 1433 } },
      metrics: {
        peak: 12_022,
        peak_at: "2026-03-01T00:22:00.000000000Z",
        period_s: 300,
        lifetime_s: 240,
        ports: 16_384,
      },
    });
  });
});

describe("accept-backlog", () => {
  test("a queue over its limit, and connections that belong to no process", () => {
    const [finding] = found(
      "accept-backlog",
      dump("ss", (d) => {
        d.row("LISTEN", "0.0.0.0:8080", "0.0.0.0:*", { recvQ: 129, sendQ: 128, pid: 3, process: "stuck" });
        for (let i = 0; i < 60; i++) d.row("ESTABLISHED", "10.0.0.5:8080", `10.0.0.6:${40_000 + i}`, { recvQ: 78 });
        for (let i = 0; i < 69; i++) d.row("CLOSE_WAIT", "10.0.0.5:8080", `10.0.0.6:${50_000 + i}`, { recvQ: 79 });
      }),
    );
    expect(finding).toMatchObject({
      severity: "critical",
      count: 129,
      subject: { holder: { address: "10.0.0.5", port: 8080 } },
      metrics: {
        never_accepted: 129,
        accept_queue: 129,
        accept_queue_limit: 128,
        given_up: 69,
        process: "stuck",
        pid: 3,
      },
    });
    // 129 × 78 bytes: the FIN is none.
    expect(finding!.summary).toContain("10,062 bytes");
  });
});

test("unidentified-sockets: descriptors by process", () => {
  const [finding] = found(
    "unidentified-sockets",
    dump("lsof", (d) => {
      for (let i = 0; i < 900; i++) d.row("UNIDENTIFIED", "*:*", "*:*", { pid: 3, process: "leaky" });
      for (let i = 0; i < 4; i++) d.row("UNIDENTIFIED", "*:*", "*:*", { pid: 4, process: "fine" });
      d.row("LISTEN", "*:80", "*:*", { pid: 3, process: "leaky" });
    }),
  );
  expect(finding).toMatchObject({
    severity: "high",
    count: 900,
    metrics: { pid: 3, process: "leaky", connections: 1 },
  });
});

test("refused-connections: a destination that does not answer", () => {
  const [finding] = found(
    "refused-connections",
    dump("netstat-windows", (d) => {
      for (let i = 0; i < 200; i++) d.row("SYN_SENT", `10.0.0.5:${50_000 + i}`, "192.0.2.9:443", { pid: 3 });
    }),
  );
  expect(finding).toMatchObject({
    severity: "high",
    count: 200,
    subject: { holder: { address: "192.0.2.9", port: 443 } },
    metrics: { pid: 3, process: null },
  });
});

test("bound ports that grow, and when the range is used up", () => {
  const series = [1000, 1600, 2200].map((n, k) =>
    dump(
      "powershell-csv",
      (d) => {
        for (let i = 0; i < n; i++) d.row("BOUND", `0.0.0.0:${49_152 + i}`, "0.0.0.0:0", { pid: 1, process: "java" });
        d.row("LISTEN", "0.0.0.0:80", "0.0.0.0:0", { pid: 1, process: "java" });
      },
      { at: `2026-03-01T0${k}:00:00Z`, source: `${k}.csv` },
    ),
  );
  // 600 an hour; 14,184 are left: 23.64 h after 02:00.
  expect(found("bound-ports", series)[0]).toMatchObject({
    severity: "high",
    count: 2200,
    metrics: { growth_per_s: 0.1667, range_used_up_at: "2026-03-02T01:38:24.000000000Z" },
  });
});
