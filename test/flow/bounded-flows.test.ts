// Does a table with too little room say the same of what it kept, and count the rest? Against a table that keeps everything.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { analyses } from "../../analyses/index.ts";
import { ofWhatWasKept, RESTS_ON } from "../../analyses/summarised.ts";
import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { CaptureSet } from "../../src/capture/capture-set.ts";
import { openCaptures } from "../../src/capture/files.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import type { CaptureView } from "../../src/core/flow-view.ts";
import { DEFAULT_HOSTS } from "../../src/core/host-settings.ts";
import { Packet } from "../../src/core/packet.ts";
import { BoundedFlows } from "../../src/flow/bounded-flows.ts";
import { captureView } from "../../src/flow/capture-view.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { Pass } from "../../src/pass.ts";
import { runAnalyses } from "../../src/run-analyses.ts";
import { fill, OPEN, REQUEST, RESPONSE, type Segment, segments } from "./packet-script.ts";

const newTable = (): FlowTable => new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed: 7 });
const limitOf = (most: number, exchanges = 1e6, services = 1e6) => ({
  budget: 1e9,
  exchanges,
  services,
  step: 1,
  flows: () => most,
});

/** A sample's view, with room for so many connections. */
async function viewOf(
  sample: string,
  most: number,
  services?: number,
): Promise<{ view: CaptureView; table: FlowTable; peak: number }> {
  const clock = new CaptureClock();
  const set = new CaptureSet(await openCaptures([join("samples", sample, "capture*.pcap*")]), clock);
  const table = newTable();
  const bounded = new BoundedFlows(table, limitOf(most, 1e6, services));
  let peak = 0;
  const taker = {
    copies: bounded.copies,
    set watchCopies(watch: boolean) {
      bounded.watchCopies = watch;
    },
    get watchCopies() {
      return bounded.watchCopies;
    },
    update(p: Packet): void {
      bounded.update(p);
      peak = Math.max(peak, table.known);
    },
  };
  const options = { filter: null, from: null, to: null, verifyChecksums: false, pseudonyms: null };
  const pass = new Pass(set, taker, clock, options);
  await pass.run({});
  table.end();
  const { firstTime, lastTime } = pass;
  const summarised = bounded.result();
  const view = captureView(table, {
    clock,
    hosts: DEFAULT_HOSTS,
    firstTime,
    lastTime,
    quality: pass.quality(),
    summarised,
  });
  return { view, table, peak };
}

const SAMPLES = readdirSync("samples", { withFileTypes: true })
  .filter((d) => d.isDirectory() && readdirSync(join("samples", d.name)).some((f) => /^capture.*\.pcap/.test(f)))
  .map((d) => d.name);

describe("on every sample, with room for half of its connections", () => {
  for (const sample of SAMPLES) {
    it(`${sample}: the totals are those of all, and an answer that may differ says so`, async () => {
      const all = await viewOf(sample, 1e9);
      const most = Math.ceil(all.table.known / 2);
      const few = await viewOf(sample, most);
      expect(all.view.summarised).toBeUndefined();
      expect(few.view.flowCount).toBe(all.view.flowCount);
      const { summarised } = few.view;
      const own = summarised?.services.reduce((n, s) => n + s.flows, summarised.elsewhere?.flows ?? 0) ?? 0;
      expect(own).toBe(summarised?.flows ?? 0);
      expect(summarised?.kinds.reduce((n, k) => n + k.flows, 0) ?? 0).toBe(own);
      // A request without an answer is judged when its connection is let go of.
      if (!summarised?.kinds.some((k) => k.kind === "waiting" || k.kind === "silent")) {
        expect(few.table.ledger.totals).toEqual(all.table.ledger.totals);
      }

      const before = runAnalyses(analyses, all.view);
      const after = ofWhatWasKept(runAnalyses(analyses, few.view), summarised);
      expect(after.failed).toEqual([]);
      const findingsOf = (said: typeof before, id: string): string[] =>
        said.found.filter((f) => f.analysis === id).map((f) => `${f.finding.count} ${f.finding.title}`);
      for (const { id } of analyses) {
        const isQualified =
          after.clear.some((c) => c.analysis === id && c.because.includes("not looked at")) ||
          after.unsure.some((u) => u.analysis === id);
        if (!isQualified) expect([id, ...findingsOf(after, id)]).toEqual([id, ...findingsOf(before, id)]);
      }
    });
  }
});

describe("on every sample, with room for one service", () => {
  let told = 0;
  for (const sample of SAMPLES) {
    it(`${sample}: the totals are those of all, and an answer that may differ says so`, async () => {
      const all = await viewOf(sample, 1e9);
      const few = await viewOf(sample, 1e9, 1);
      const { summarised, totals, services } = few.view;
      expect(totals).toEqual(all.view.totals);
      const answered = services.reduce((n, s) => n + s.answered, summarised?.forgotten.exchanges.answered ?? 0);
      expect(answered).toBe(totals.answered);
      if (summarised !== undefined) told++;
      const before = runAnalyses(analyses, all.view);
      const after = ofWhatWasKept(runAnalyses(analyses, few.view), summarised);
      expect(after.failed).toEqual([]);
      const isQualified = (id: string): boolean =>
        after.unsure.some((u) => u.analysis === id && u.needs.includes("not looked at"));
      const titles = (said: typeof before): string[] =>
        said.found.filter((f) => !isQualified(f.analysis)).map((f) => `${f.finding.count} ${f.finding.title}`);
      expect(titles(after)).toEqual(titles(before));
    });
  }

  it("that was so of some", () => expect(told).toBeGreaterThan(2));
});

describe("with room for what is not healthy", () => {
  let told = 0;
  for (const sample of SAMPLES) {
    it(`${sample}: every finding about what is open or faulty stays`, async () => {
      const all = await viewOf(sample, 1e9);
      const isHealthyAlone = ({ view }: { view: CaptureView }): boolean =>
        view.summarised?.kinds.every((k) => k.kind === "healthy") === true;
      let few = all;
      for (let most = all.table.count - 1; most > 0; most -= Math.ceil(all.table.count / 10)) {
        const next = await viewOf(sample, most);
        if (!isHealthyAlone(next)) break;
        few = next;
      }
      if (few.view.summarised !== undefined) told++;
      const named = (view: CaptureView): string[] =>
        runAnalyses(analyses, view)
          .found.filter(
            ({ analysis }) => RESTS_ON[analysis]?.some((rest) => rest === "healthy" || rest === "samples") === false,
          )
          .map(({ analysis, finding }) => `${analysis}: ${finding.count} ${finding.title}`);
      expect(named(few.view)).toEqual(named(all.view));
    });
  }

  it("that was so of some", () => expect(told).toBeGreaterThan(2));
});

/** Segments in order of time through a bounded table. */
function bounded(list: readonly Segment[], most: number, exchanges?: number) {
  const table = newTable();
  const flows = new BoundedFlows(table, limitOf(most, exchanges));
  const p = new Packet();
  list.forEach((s, n) => {
    fill(p, s, n + 1, 4);
    flows.update(p);
  });
  table.end();
  return { table, result: flows.result() };
}

/** The scripts one after the other, each on a port of its own, two seconds apart. */
const inTurn = (...scripts: string[]): Segment[] =>
  scripts.flatMap((text, n) => segments(text).map((s) => ({ ...s, port: 1000 + n, timeMs: s.timeMs + n * 2000 })));

const HEALTHY = `${OPEN}\n${REQUEST}\n${RESPONSE}\nc FIN ACK\ns FIN ACK\nc ACK`;
const CLOSED = `${OPEN}\nc FIN ACK\ns FIN ACK\nc ACK`;
const RESET = `${OPEN}\n${REQUEST}\ns ACK\ns RST ACK`;
const SYN = "c SYN";
const HALF_CLOSED = `${OPEN}\n${REQUEST}\n${RESPONSE}\nc FIN ACK\ns ACK`;
const WAITING = `${OPEN}\n${REQUEST}\ns ACK`;
const IDLE = `${OPEN}\n${REQUEST}\n${RESPONSE}\nc ACK`;

describe("what goes first", () => {
  const list = inTurn(WAITING, HALF_CLOSED, IDLE, SYN, RESET, HEALTHY, SYN);
  const kindsWith = (most: number): string[] =>
    bounded(list, most).result?.kinds.map((k) => `${k.flows} ${k.kind}`) ?? [];

  it("healthy ones, then other closed ones, then attempts, then silent ones", () => {
    expect(kindsWith(7)).toEqual([]);
    expect(kindsWith(6)).toEqual(["1 healthy", "1 unanswered", "1 silent"]);
  });

  it("a reset connection with a request that had no answer is cited, and stays", () => {
    const { table, result } = bounded(inTurn(RESET, HEALTHY, HEALTHY, HEALTHY, SYN), 3);
    expect(result!.kinds.map((k) => `${k.flows} ${k.kind}`)).toEqual(["2 healthy"]);
    expect(table.ledger.kept).toHaveLength(1);
    expect(table.port(table.ledger.kept[0]!.flow, 0)).toBe(1000);
  });

  it("by service and ending, with who closed first", () => {
    const { result } = bounded(inTurn(HEALTHY, HEALTHY, HEALTHY, SYN, SYN, SYN, SYN, SYN), 2);
    const [service] = result!.services;
    expect(service!.service.port).toBe(80);
    expect(service!.endings.closed).toBe(3);
    expect(service!.closedFirst).toEqual({ client: 3, server: 0, both: 0 });
    expect(service!.flows).toBe(result!.flows);
  });
});

describe("what comes late", () => {
  it("is no connection of its own when the connection was over", () => {
    const again = segments(CLOSED)
      .slice(-1)
      .map((s) => ({ ...s, port: 1000, timeMs: 12_500 }));
    const list = [...inTurn(CLOSED, SYN, SYN, SYN, SYN, SYN), ...again];
    const { table, result } = bounded(list, 4);
    expect(result!.kinds[0]).toMatchObject({ kind: "healthy", flows: 1 });
    expect([result!.lateSegments, result!.resumed]).toEqual([1, 0]);
    expect(table.known + result!.flows).toBe(6);
  });

  it("is the same attempt when it is a SYN again, and another when its number is another", () => {
    const again = (isn: number, timeMs: number): Segment => ({
      ...segments("c SYN")[0]!,
      port: 1000,
      timeMs,
      seq: isn,
    });
    const first = segments("c SYN")[0]!.seq;
    const list = [...inTurn(SYN, SYN, SYN, SYN, SYN, SYN), again(first, 12_500), again(first + 9, 13_000)];
    const { table, result } = bounded(list, 4);
    expect(result!.resumed).toBe(1);
    expect(table.known + result!.flows - result!.resumed).toBe(7);
  });
});

describe("connections that go on after they were let go of", () => {
  it("are counted once", () => {
    const [syn] = segments("c SYN");
    const COUNT = 40_000;
    const round = (from: number): Segment[] =>
      Array.from({ length: COUNT }, (_, n) => ({ ...syn!, port: 1 + n, timeMs: from + n / 100 }));
    const { table, result } = bounded([...round(0), ...round(5000)], 1000);
    expect(result!.resumed).toBeGreaterThan(COUNT * 0.9);
    expect(table.known + result!.flows - result!.resumed).toBe(COUNT);
  });
});

it("requests that still waited when their connections went are not said to be none", () => {
  const { table, result } = bounded(inTurn(...Array.from({ length: 6 }, () => WAITING), SYN, SYN), 1);
  expect(result!.exchanges.pending).toBe(6);
  const quality = { dropped: null } as CaptureView["quality"];
  const facts = { clock: new CaptureClock(), hosts: DEFAULT_HOSTS, firstTime: 0, lastTime: 20e9, quality };
  const view = captureView(table, { ...facts, summarised: result });
  const asked = analyses.filter((a) => a.id === "unanswered-requests");
  expect(runAnalyses(asked, view).unsure).toEqual([
    { analysis: "unanswered-requests", needs: "what was left without a response is counted only" },
  ]);
});

describe("exchanges", () => {
  it("beyond their share are counted only, by outcome", () => {
    const { table, result } = bounded(inTurn(RESET, RESET, RESET, RESET, HEALTHY), 100, 2);
    expect(table.ledger.kept).toHaveLength(2);
    expect(table.ledger.totals.unanswered).toBe(4);
    expect(result!.exchanges).toEqual({ answered: 0, late: 0, unanswered: 2, pending: 0, unknown: 0 });
    expect(result!.flows).toBe(0);
  });
});

it("every question says on what it rests", () => {
  const known = analyses.map((a) => a.id).filter((id) => id !== "capture-blind-spots");
  expect(Object.keys(RESTS_ON).sort()).toEqual(known.sort());
});
