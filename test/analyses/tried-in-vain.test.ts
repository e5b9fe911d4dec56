// Is a client that tries service after service told once, and a service that does accept for itself? Counts by hand; a scan of 150 ports of
// the kernel's loopback interface, one of them open, was told as 149 (tshark: 149 RSTs).

import { describe, expect, it } from "vitest";
import type { ReportFinding } from "../../src/core/report.ts";
import { analyze } from "../../src/index.ts";
import { capture, record } from "../adversarial/made.ts";
import { ipv4, tcp } from "../decoders/frames.ts";

const [SYN, RST, ACK] = [2, 4, 16];
const STEP_US = 10_000;
const CLIENT = Uint8Array.of(10, 0, 0, 1);

interface Tried {
  /** Last byte of the address 198.51.100.x. */
  host: number;
  port: number;
  met: "RST" | "silence" | "acceptance";
  client?: Uint8Array;
}

/** One attempt after the other; what meets silence is sent twice. */
const captureOf = (attempts: readonly Tried[]) =>
  capture(function* () {
    let micros = 1_700_000_000 * 1e6;
    for (const [n, { host, port, met, client = CLIENT }] of attempts.entries()) {
      const server = Uint8Array.of(198, 51, 100, host);
      const own = 20_000 + n;
      const out = (flags: number, seq: number, ack: number) =>
        ipv4(tcp({ srcPort: own, dstPort: port, flags, seq, ack }), { src: client, dst: server });
      const back = (flags: number, seq: number, ack: number) =>
        ipv4(tcp({ srcPort: port, dstPort: own, flags, seq, ack }), { src: server, dst: client });
      const segments = {
        RST: [out(SYN, 1, 0), back(RST | ACK, 0, 2)],
        silence: [out(SYN, 1, 0), out(SYN, 1, 0)],
        acceptance: [out(SYN, 1, 0), back(SYN | ACK, 1, 2), out(ACK, 2, 2)],
      };
      for (const segment of segments[met]) yield record((micros += STEP_US), segment);
    }
  });

const range = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));

async function found(attempts: readonly Tried[]): Promise<ReportFinding[]> {
  const { findings } = await analyze([captureOf(attempts)]);
  return findings.filter((f) => f.analysis === "refused-connections");
}

describe("a client that was refused", () => {
  it("by 64 services is told of each", async () => {
    const all = await found(range<Tried>(64, (n) => ({ host: 1, port: 100 + n, met: "RST" })));
    expect(all).toHaveLength(64);
  });

  it("by one more is told of all at once, with the ports of the host", async () => {
    const attempts = range<Tried>(130, (n) => ({ host: 1, port: 100 + (n % 65), met: "RST" }));
    expect(await found(attempts)).toMatchObject([
      {
        title: "10.0.0.1 was refused by 65 ports of 198.51.100.1",
        severity: "low",
        count: 130,
        subject: { holder: { address: "10.0.0.1" }, peer: { address: "198.51.100.1" } },
        metrics: { kind: "many-refused", services: 65, hosts: 1, syns: 130 },
      },
    ]);
  });

  it("again and again by each has met something that is down", async () => {
    const attempts = range<Tried>(195, (n) => ({ host: 1 + (n % 65), port: 80, met: "RST" }));
    const [only, ...others] = await found(attempts);
    expect(others).toEqual([]);
    expect([only!.severity, only!.title]).toEqual(["high", "10.0.0.1 was refused by 65 services on 65 hosts"]);
    expect(only!.summary).toContain("Each was tried some 3 times: they are all gone, or what leads to them is.");
  });

  it("and went on to another address at once has lost nothing", async () => {
    const attempts = range(65, (n) => n).flatMap((n): Tried[] => [
      { host: 1, port: 100 + n, met: "RST" },
      { host: 2, port: 100 + n, met: "acceptance" },
    ]);
    const all = await found(attempts);
    expect(new Set(all.map((f) => f.severity))).toEqual(new Set(["info"]));
    expect(all).toHaveLength(65);
  });

  it("by services of several hosts is told how many", async () => {
    const [only] = await found(range<Tried>(200, (n) => ({ host: 1 + (n % 5), port: 100 + n, met: "RST" })));
    expect(only).toMatchObject({
      title: "10.0.0.1 was refused by 200 services on 5 hosts",
      subject: { peer: { address: "200 services" } },
    });
  });

  it("by one that accepts others is told of that one by itself", async () => {
    const open = { host: 1, port: 80 };
    const attempts = [
      { ...open, met: "acceptance" } as const,
      ...range<Tried>(3, () => ({ ...open, met: "RST" })),
      ...range<Tried>(65, (n) => ({ host: 1, port: 100 + n, met: "RST" })),
    ];
    const all = await found(attempts);
    expect(all.map((f) => [f.severity, f.title])).toEqual([
      ["medium", "198.51.100.1:80 refused 3 connection attempts of 10.0.0.1"],
      ["low", "10.0.0.1 was refused by 65 ports of 198.51.100.1"],
    ]);
  });

  it("does not lend its number to another, which was refused by one", async () => {
    const other = Uint8Array.of(10, 0, 0, 2);
    const attempts = [
      ...range<Tried>(65, (n) => ({ host: 1, port: 100 + n, met: "RST" })),
      ...range<Tried>(3, () => ({ host: 1, port: 100, met: "RST", client: other })),
    ];
    const all = await found(attempts);
    expect(all.map((f) => f.title)).toEqual([
      "198.51.100.1:100 refused 3 connection attempts of 10.0.0.2",
      "10.0.0.1 was refused by 65 ports of 198.51.100.1",
    ]);
  });
});

it("a client that met silence and RSTs is told of both", async () => {
  const all = await found(range<Tried>(100, (n) => ({ host: 1, port: 100 + n, met: n % 2 === 0 ? "RST" : "silence" })));
  expect(all.map((f) => f.title).sort()).toEqual([
    "10.0.0.1 was refused by 50 ports of 198.51.100.1",
    "50 connection attempts of 10.0.0.1 to 50 ports of 198.51.100.1 met silence",
  ]);
});
