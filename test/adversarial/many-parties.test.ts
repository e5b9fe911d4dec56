// Does a report stay readable, and its work in proportion, where thousands ask one service, or one asks thousands? What follows from
// what is asked of pairs of findings: a finding for each client was once the cube of the clients.

import { describe, expect, it } from "vitest";
import type { Report } from "../../src/core/report.ts";
import { analyze } from "../../src/index.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { renderText } from "../../src/report/text.ts";
import { ipv4, tcp, text } from "../decoders/frames.ts";
import { capture, record } from "./made.ts";

const [SYN, RST, ACK] = [2, 4, 16];
const MANY = 20_000;
const STEP_US = 10;
const REQUEST = text("GET /orders/1 HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
const SERVICE = Uint8Array.of(198, 51, 100, 1);
/** The n-th address of 10.0.0.0/8. */
const host = (n: number): Uint8Array => Uint8Array.of(10, n >> 16, n >> 8, n);

interface Sent {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly ports: readonly [number, number];
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly payload?: Uint8Array;
}

/** `each`: the segments of the n-th of many connections. */
const captureOf = (each: (n: number) => Sent[]) =>
  capture(function* () {
    let micros = 1_700_000_000 * 1e6;
    for (let n = 0; n < MANY; n++) {
      for (const { from, to, ports, flags, seq, ack, payload } of each(n)) {
        micros += STEP_US;
        const segment = tcp({ srcPort: ports[0], dstPort: ports[1], flags, seq, ack, ...(payload && { payload }) });
        yield record(micros, ipv4(segment, { src: from, dst: to }));
      }
    }
  });

const opened = (client: Uint8Array, service: Uint8Array, port: number) => {
  const out = { from: client, to: service, ports: [40_000, port] } as const;
  const back = { from: service, to: client, ports: [port, 40_000] } as const;
  const end = 1 + REQUEST.length;
  return {
    segments: [
      { ...out, flags: SYN, seq: 0, ack: 0 },
      { ...back, flags: SYN | ACK, seq: 0, ack: 1 },
      { ...out, flags: ACK, seq: 1, ack: 1, payload: REQUEST },
      { ...back, flags: ACK, seq: 1, ack: end },
    ],
    reset: { ...out, flags: RST, seq: end, ack: 1 },
  };
};

/** As people get it: GitHub takes 64 kB. */
function readable(report: Report): string[] {
  const texts = [renderText(report), renderMarkdown(report)];
  for (const said of texts) expect(said.length).toBeLessThan(60_000);
  return texts.map((said) => said.replace(/\s+/g, " "));
}

describe("a service of thousands of clients that answers none", () => {
  it("is one finding, which counts requests and clients", async () => {
    const report = await analyze([
      captureOf((n) => {
        const { segments, reset } = opened(host(n), SERVICE, 80);
        return [...segments, reset];
      }),
    ]);
    const told = report.findings.filter((f) => f.analysis === "unanswered-requests");
    expect(told.map((f) => [f.title, f.count, f.subject])).toEqual([
      [
        "198.51.100.1:80 did not answer 20,000 requests from 20,000 clients",
        MANY,
        { holder: { address: "198.51.100.1", port: 80 }, peer: { address: "20,000 clients" } },
      ],
    ]);
    expect(report.findings.length).toBeLessThan(10);
    expect(report.diagnosis.summary).toContain("From 20,000 clients 20,000 requests were delivered");
    expect(report.diagnosis.summary).toContain("they gave up after");
  });
});

describe("a client of thousands of services", () => {
  it("whose requests nobody answers has a finding of each, and a diagnosis that says how many were joined", async () => {
    const report = await analyze([
      captureOf((n) => {
        const { segments, reset } = opened(SERVICE, host(n), 80);
        return [...segments, reset];
      }),
    ]);
    expect(report.totals.requests).toBe(MANY);
    expect(report.findings.length).toBeGreaterThanOrEqual(MANY);
    expect(report.diagnosis.summary).toContain("the worst 32 findings of each analysis");
    const more = report.findings.filter((f) => f.severity !== "info").length - 50;
    for (const said of readable(report)) {
      expect(said).toContain(`and ${more.toLocaleString("en")} more`);
      expect(said).toMatch(/ unanswered requests \([\d,]+\)/);
    }
  });

  it("whose requests still wait has a sentence of each, of which some are told", async () => {
    const report = await analyze([captureOf((n) => opened(SERVICE, host(n), 80).segments)]);
    expect(report.unsure.filter((u) => u.analysis === "unanswered-requests")).toHaveLength(MANY);
    expect(report.diagnosis.summary).toContain("20,000 requests still waited when the capture ended");
    for (const said of readable(report)) expect(said).toContain("unanswered requests: 19,995 more like these");
  });

  it("that refuse it has one finding", async () => {
    const report = await analyze([
      captureOf((n) => {
        const ports = [40_000, 1 + n] as const;
        const syn = { from: host(0), to: SERVICE, ports, flags: SYN, seq: 0, ack: 0 };
        return [syn, { from: SERVICE, to: host(0), ports: [1 + n, 40_000], flags: RST | ACK, seq: 0, ack: 1 }];
      }),
    ]);
    expect(report.findings.map((f) => f.title)).toEqual(["10.0.0.0 was refused by 20,000 ports of 198.51.100.1"]);
  });
});
