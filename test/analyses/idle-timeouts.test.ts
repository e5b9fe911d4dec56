// Is the idle time-out of a service inferred, and only where there is one? Idle times are set in the scripts.

import { describe, expect, it } from "vitest";
import { OPEN, REQUEST, RESPONSE } from "../flow/packet-script.ts";
import { connection, each, findings, merge, run } from "./timeline.ts";

const SERVICE = { address: "10.0.0.2", port: 80 };
const CLIENT = { address: "10.0.0.1" };
const exchange = `${OPEN} ${REQUEST}\n ${RESPONSE}\n`;
const ended = (ms: number): string => `${exchange} +${ms} s FIN ACK\n c FIN ACK\n s ACK`;
const idle = (text: string) => findings("idle-timeouts", text);
const end = (ms: number) => connection(49_999, ms, "c len=1");

describe("idle-timeouts", () => {
  it("infers the time after which a service closes", () => {
    const [f, ...more] = idle(merge(each(4, 700, ended(3000))));
    expect(more).toEqual([]);
    expect(f).toMatchObject({
      severity: "info",
      count: 4,
      subject: { holder: SERVICE, peer: CLIENT },
      metrics: {
        idle_s: 3,
        idle_spread_s: 0,
        connections: 4,
        closed_by: "FIN",
        closer: "server",
        requests_per_connection: 1,
        client_longest_idle_s: expect.closeTo(3, 3),
        never_closed_by_client: 0,
        stale_writes: 0,
      },
    });
    // SYN, SYN-ACK, ACK, request, response of four connections, one every 0.7 s, then the first FIN: all were opened before it.
    expect(f!.evidence[0]).toEqual({ flow: 0, frames: [21] });
    expect(f!.onset).toBeCloseTo(3_000.4e6, -3);
  });

  it("sees that a service closes by RST, and what that means", () => {
    const [f] = idle(merge(each(3, 700, `${exchange} +3000 s RST ACK`)));
    expect(f).toMatchObject({ count: 3, severity: "info", metrics: { idle_s: 3, closed_by: "RST" } });
    expect(f!.summary).toContain("without a packet");
  });

  it("names a client that makes a connection per request and never closes one", () => {
    const leak = `${exchange} +3000 s FIN ACK\n c ACK`;
    const [f] = idle(merge(each(5, 400, leak), end(9000)));
    expect(f).toMatchObject({
      severity: "low",
      count: 5,
      subject: { holder: CLIENT, peer: SERVICE },
      metrics: { idle_s: 3, requests_per_connection: 1, never_closed_by_client: 5 },
    });
    // The first response at 0.4 ms, the capture's end at 9 s.
    expect(f!.metrics.client_longest_idle_s).toBeCloseTo(8.9996, 4);
  });

  it("does not blame a client whose time to close has not come", () => {
    const leak = `${exchange} +3000 s FIN ACK\n c ACK`;
    expect(idle(merge(each(5, 400, leak)))[0]!.severity).toBe("info");
  });

  it("tells of a client that writes onto what the service has closed, and leaves the alarm to stale-connections", () => {
    const stale = `${exchange} +3000 s FIN ACK\n c ACK\n +2000 ${REQUEST}\n s RST`;
    expect(idle(merge(each(12, 400, stale)))[0]).toMatchObject({
      severity: "low",
      subject: { holder: CLIENT, peer: SERVICE },
      metrics: { idle_s: 3, stale_writes: 12, client_longest_idle_s: expect.closeTo(5, 3) },
    });
  });

  it("infers it from a program that looks once a second: a timer is late, never early", () => {
    const [f] = idle(merge(each(12, 1300, (k) => ended(10_000 + ((k * 370) % 1000)))));
    expect(f!.count).toBe(12);
    expect(f!.metrics.idle_s).toBeGreaterThanOrEqual(10);
    expect(f!.metrics.idle_s).toBeLessThan(10.5);
  });

  it("says it of a client that closes first", () => {
    const [f] = idle(merge(each(4, 700, `${exchange} +5000 c FIN ACK\n s FIN ACK\n c ACK`)));
    expect(f).toMatchObject({
      severity: "info",
      count: 4,
      subject: { holder: CLIENT, peer: SERVICE },
      metrics: { idle_s: 5, closer: "client" },
    });
  });

  it.each([
    ["two agree by accident", merge(each(2, 700, ended(3000)))],
    ["idle times that do not agree", merge(each(6, 700, (k) => ended(2000 + 900 * k)))],
    ["pauses shorter than any time-out", merge(each(5, 700, ended(300)))],
    ["all closed at one moment: a shutdown", merge(each(6, 10, (k) => ended(5000 - 10 * k)))],
    [
      "a request that waited: that is a request time-out",
      merge(each(4, 700, `${OPEN} ${REQUEST}\n s ACK\n +3000 s FIN ACK\n c FIN ACK\n s ACK`)),
    ],
    [
      "the same in a protocol that we cannot read",
      merge(each(4, 700, `${OPEN} c len=9\n s len=9\n +500 c len=9\n s ACK\n +3000 s FIN ACK\n c FIN ACK\n s ACK`)),
    ],
    ["connections that were never used", merge(each(4, 700, `${OPEN} +3000 s FIN ACK\n c FIN ACK\n s ACK`))],
    [
      "payload that is not in the capture",
      merge(each(4, 700, `${exchange} s lost len=50\n +3000 s FIN ACK\n c FIN ACK\n s ACK`)),
    ],
    ["the client had closed before", merge(each(4, 700, `${exchange} c FIN ACK\n s ACK\n +3000 s FIN ACK\n c ACK`))],
  ])("finds none: %s", (_, text) => {
    expect(idle(text).filter((f) => f.metrics.closer === "server")).toEqual([]);
    expect(run("idle-timeouts", text).kind).toBe("clear");
  });

  it("counts no request that it cannot read", () => {
    const text = `${OPEN} c len=20\n s len=30\n +3000 s FIN ACK\n c FIN ACK\n s ACK`;
    expect(idle(merge(each(3, 700, text)))[0]!.metrics).toMatchObject({ idle_s: 3, requests_per_connection: null });
  });

  it("says nothing of an empty capture", () => {
    expect(run("idle-timeouts", "").kind).toBe("unsure");
  });
});
