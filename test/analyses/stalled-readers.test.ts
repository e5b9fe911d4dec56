// Does the blame for a zero window fall on who does not read, only where somebody waited, and as hard as it mattered?

import { describe, expect, it } from "vitest";
import { stalledReaders } from "../../analyses/stalled-readers.ts";
import type { FoundFinding } from "../../src/core/analysis.ts";
import { OPEN, REQUEST, script } from "../flow/packet-script.ts";
import { each, merge } from "./timeline.ts";

const run = (text: string) => stalledReaders.run(script(text).view);
const found = (text: string): FoundFinding[] => {
  const result = run(text);
  return result.kind === "found" ? result.findings : [];
};

/** The client has no room; the server probes after 200 ms, then after `pauses`, and each probe is answered. */
const full = (...pauses: number[]): string =>
  `${OPEN} c len=100\n s len=9000\n c ACK win=0\n ${[200, ...pauses].map((ms) => `+${ms} s seq=9000 ACK\n c ACK win=0 ack=9001`).join("\n")}`;
/** The same in `n` spells of `ms`, each followed by data at once. */
const inTurns = (n: number, ms: number): string =>
  `${OPEN} c len=100\n s len=9000\n ${Array.from({ length: n }, () => `c ACK win=0\n +${ms} c ACK win=500\n s len=9000`).join("\n")}\n c ACK`;
const CLIENT = { address: "10.0.0.1" };
const SERVICE = { address: "10.0.0.2", port: 80 };

describe("a reader that stopped", () => {
  it("is named, with since when, how long and that it was so at the end", () => {
    const [f, ...more] = found(full(400, 800, 1600, 3200));
    expect(more).toEqual([]);
    // Zero at 0.6 ms in frame 6; probes and answers until 6,200 + 0.5 ms later, in frames 7 to 16.
    expect(f).toMatchObject({
      severity: "medium",
      count: 1,
      subject: { holder: CLIENT, peer: SERVICE },
      metrics: { kind: "stopped", stopped: 1, paused: 0, slow: 0, still_stalled: 1, zero_windows: 1 },
      evidence: [{ flow: 0, frames: [6] }],
    });
    expect(f!.onset).toBeCloseTo(0.6e6, 0);
    expect(f!.metrics.longest_s).toBeCloseTo(6.2005, 6);
    expect(f!.summary).toContain("none when the capture ended");
  });

  it("may be the service", () => {
    const text = `${OPEN} c len=9000\n s ACK win=0\n +200 c seq=9000 ACK\n s ACK win=0 ack=9001\n +6000 c seq=9000 ACK`;
    expect(found(text)).toMatchObject([{ subject: { holder: SERVICE, peer: CLIENT }, metrics: { kind: "stopped" } }]);
  });

  it("is so too when its peer lost patience", () => {
    const [f] = found(`${full(400, 800, 1600, 3200)}\n +500 s RST seq=9001`);
    expect(f).toMatchObject({ severity: "medium", metrics: { kind: "stopped", still_stalled: 0 } });
    expect(f!.summary).toContain("none when the connection ended");
    expect(f!.evidence).toEqual([{ flow: 0, frames: [6, 17] }]);
  });

  it.each([
    [1, [400, 800], "info"],
    [1, [400, 800, 1600, 400], "low"],
    [3, [400, 800, 1600, 400], "medium"],
    [2, [400, 800, 1600, 3200], "medium"],
    [3, [400, 800, 1600, 3200], "high"],
    [1, [10_000, 20_000, 40_000], "high"],
  ])("on %i connections for pauses of %j ms is %s", (n, pauses, severity) => {
    expect(found(merge(each(n, 1, full(...pauses))))).toMatchObject([{ severity, count: n }]);
  });

  it("matters more when a request on that connection was never answered", () => {
    const text = `${OPEN} ${REQUEST}\n s len=9000\n c ACK win=0\n +1600 s seq=9000 ACK\n c ACK win=0 ack=9001`;
    expect(found(text)).toMatchObject([{ severity: "low", metrics: { with_failed_request: 1 } }]);
  });
});

describe("a reader that paused", () => {
  it.each([
    [1, 2900, "info"],
    [1, 3000, "low"],
    [3, 3000, "medium"],
    [1, 10_000, "medium"],
  ])("on %i connections for %i ms is %s", (n, ms, severity) => {
    const [f] = found(merge(each(n, 1, inTurns(1, ms))));
    expect(f).toMatchObject({ severity, count: n, metrics: { kind: "paused", still_stalled: 0 } });
    expect(f!.metrics.longest_s).toBeCloseTo(ms / 1000, 6);
  });

  it("is told apart from one that reads slowly, by one spell that is half of it all", () => {
    const [f] = found(
      `${OPEN} s len=9000\n c ACK win=0\n +4000 c ACK win=9\n s len=9\n c ACK win=0\n +500 c ACK win=9\n s len=9`,
    );
    expect(f).toMatchObject({ severity: "low", metrics: { kind: "paused", zero_windows: 2 } });
    expect(f!.metrics.longest_s).toBeCloseTo(4, 6);
    expect(f!.metrics.stalled_s).toBeCloseTo(4.5, 6);
  });
});

describe("a reader that is slow", () => {
  it("is flow control at work", () => {
    const [f] = found(inTurns(30, 400));
    expect(f).toMatchObject({
      severity: "info",
      count: 1,
      subject: { holder: CLIENT },
      metrics: { kind: "slow", slow: 1, zero_windows: 30 },
    });
    expect(f!.metrics.stalled_s).toBeCloseTo(12, 6);
  });
});

describe("a slow reader when the capture ends", () => {
  const ends = (ms: number) => `${inTurns(5, 1000)}\n s len=9000\n c ACK win=0\n +${ms} s seq=63000 ACK`;

  it.each([
    [2900, "slow"],
    [3100, "stopped"],
  ])("without room for %i ms, after five spells of 1000 ms, is %s", (ms, kind) => {
    expect(found(ends(ms))).toMatchObject([{ metrics: { kind } }]);
  });
});

describe("no finding", () => {
  it("comes of short spells, and the clean bill says how short", () => {
    expect(run(inTurns(4, 200))).toEqual({
      kind: "clear",
      because: "4 times an end had no room for a while, and no peer waited longer than 800 ms for it",
    });
  });

  it("comes of an end without room for which nobody waited", () => {
    expect(run(`${OPEN} s len=9\n c ACK win=0\n +60000 c ACK win=9`)).toMatchObject({ kind: "clear" });
    // Closed, and its last words say zero, as some systems do.
    expect(run(`${OPEN} s len=9\n c FIN ACK win=0\n s FIN ACK\n c ACK win=0\n +60000 c SYN port=4711`)).toMatchObject({
      kind: "clear",
    });
  });

  it("comes of ends with room, nor of nothing", () => {
    expect(run(`${OPEN} s len=9\n c ACK`)).toEqual({
      kind: "clear",
      because: "every end always had room for more (1 connection)",
    });
    expect(run("")).toMatchObject({ kind: "unsure" });
  });
});
