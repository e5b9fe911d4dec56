// Which changes of a capture must change no finding but by name? Each makes captures of a sample's trace, and says the way back.

import type { CaptureSource } from "../../src/capture/source.ts";
import { samples } from "../samples/samples.ts";
import { gz, pcapngOf, pcapOf, sourceOf, zst } from "./formats.ts";
import type { Random } from "./random.ts";
import { flippedOrder, otherHosts, renumbered, shiftedNumbers, withOtherIds } from "./renumbering.ts";
import { LINK, segmentIn } from "./rewrite.ts";
import type { WayBack } from "./story.ts";
import { type Frame, mapFrames, readTrace, type Trace } from "./trace.ts";
import { fitsTunnel, linkedBy, type Tunnel, tagged, tunnelled } from "./wrapping.ts";

export interface Changed extends WayBack {
  sources: CaptureSource[];
}

export interface Change {
  name: string;
  /** Null: it cannot be made of this sample. */
  make(trace: Trace, random: Random): Changed | null;
}

const one = (trace: Trace, bytes: Uint8Array = pcapOf(trace), more: Omit<WayBack, "traces"> = {}): Changed => ({
  sources: [sourceOf("changed", bytes)],
  traces: new Map([["changed", trace]]),
  ...more,
});

const several = (traces: readonly Trace[], more: Omit<WayBack, "traces"> = {}): Changed => {
  const named = traces.map((trace, n) => [`part ${n}`, trace] as const);
  return {
    sources: named.map(([path, trace]) => sourceOf(path, pcapOf(trace, { nanos: true }))),
    traces: new Map(named),
    ...more,
  };
};

// ── files ──

/**
 * Cut between packets of different times, all earlier ones in one file: packets of one time have no order but that of the files, and
 * what a single file has out of order, a merge by time would put right.
 */
function cutInto(trace: Trace, parts: number, random: Random): Trace[] {
  const { frames, linkType } = trace;
  let latest = 0n;
  const places: number[] = [];
  let earliest = frames.at(-1)!.ns;
  const earliestFrom = frames.map(() => 0n);
  for (let n = frames.length - 1; n >= 0; n--) {
    if (frames[n]!.ns < earliest) earliest = frames[n]!.ns;
    earliestFrom[n] = earliest;
  }
  for (const [n, { ns }] of frames.entries()) {
    if (n > 0 && latest < earliestFrom[n]!) places.push(n);
    if (ns > latest) latest = ns;
  }
  const cuts = [0, ...random.some(places, parts - 1).sort((a, b) => a - b), frames.length];
  return cuts.slice(1).map((end, n) => ({ linkType, frames: frames.slice(cuts[n], end) }));
}

const split = (parts: number): Change => ({
  name: `split into ${parts} files`,
  make: (trace, random) => several(cutInto(trace, parts, random)),
});

const splitInAnyOrder = (parts: number): Change => ({
  name: `split into ${parts} files, handed over in any order`,
  make: (trace, random) => several(random.shuffled(cutInto(trace, parts, random))),
});

const format = (name: string, write: (trace: Trace) => Uint8Array): Change => ({
  name,
  make: (trace) => one(trace, write(trace)),
});

const NANOSECONDS = 9;
const TENTHS_OF_MICROSECONDS = 7;
const TENS_OF_NANOSECONDS = 8;

// ── time ──

const DAY_MS = 86_400_000n;

const later = (name: string, ms: bigint): Change => ({
  name: `time shifted by ${name}`,
  make: (trace) => {
    const moved = mapFrames(trace, (frame) => ({ ...frame, ns: frame.ns + ms * 1_000_000n }));
    return one(moved, pcapOf(moved), { shiftedMs: ms });
  },
});

// ── below IP ──

const link = (name: string, linkType: number): Change => ({
  name: `link type ${name}`,
  make: (trace) => {
    const changed = linkedBy(trace, linkType);
    const lost = changed.frames.length < trace.frames.length;
    return one(changed, pcapOf(changed), { except: lost ? ["wire lengths", "left out"] : ["wire lengths"] });
  },
});

const wrapped = (name: string, wrap: (trace: Trace) => Trace): Change => ({
  name: `wrapped in ${name}`,
  make: (trace) => {
    const changed = wrap(trace);
    return one(changed, pcapOf(changed), { except: ["wire lengths"] });
  },
});

const through = (tunnel: Tunnel): Change => ({
  name: `wrapped in a tunnel: ${tunnel}`,
  make: (trace) => (fitsTunnel(trace) ? wrapped(tunnel, (t) => tunnelled(t, tunnel)).make(trace, null as never) : null),
});

// ── copies ──

/** What another tap of the same host saw a moment later; within a millisecond, a copy is known by that. */
const TAP_DELAY_NS = 3000n;
/** Of another file, whose clock is another: within 100 ms. */
const FILE_DELAY_NS = 40_000n;

/** So that the capture ends when it did. */
const seenInTime = (frames: readonly Frame[], copies: readonly Frame[]): Frame[] => {
  const end = frames.reduce((latest, { ns }) => (ns > latest ? ns : latest), 0n);
  return copies.filter(({ ns }) => ns <= end);
};

const copiesInFile: Change = {
  name: "every frame again, by another interface of the same file",
  make: ({ linkType, frames }) => {
    const copies = frames.map((frame) => ({ ...frame, ns: frame.ns + TAP_DELAY_NS }));
    const seen = [...frames, ...seenInTime(frames, copies)];
    const order = seen.map((frame, n) => ({ frame, tap: n < frames.length ? 0 : 1, n })).sort(byTime);
    const taps = new Map(order.map(({ frame, tap }) => [frame, tap]));
    const trace = { linkType, frames: order.map(({ frame }) => frame) };
    const bytes = pcapngOf(trace, { resolution: NANOSECONDS, interfaces: 2, interfaceOf: (f) => taps.get(f)! });
    return one(trace, bytes, { except: ["copies"] });
  },
};

function byTime(a: { frame: { ns: bigint }; n: number }, b: { frame: { ns: bigint }; n: number }): number {
  return a.frame.ns === b.frame.ns ? a.n - b.n : a.frame.ns < b.frame.ns ? -1 : 1;
}

const copiesInAnotherFile: Change = {
  name: "every frame again, in another file",
  make(trace) {
    const copies = mapFrames(trace, (frame) => ({ ...frame, ns: frame.ns + FILE_DELAY_NS }));
    return several([trace, { ...copies, frames: seenInTime(trace.frames, copies.frames) }], {
      except: ["copies"],
    });
  },
};

// ── other traffic ──

/**
 * So much of it as there is time for: what goes on is cut off where the capture ends. Of a sample whose requests do not carry the ids of
 * others': requests of one id are taken for one call, whoever sends them.
 */
const beside = (healthy: string): Change => ({
  name: `beside the traffic of ${healthy}, of other hosts`,
  make(trace) {
    const sample = samples.find(({ name }) => name === healthy);
    if (sample === undefined || trace.frames.length === 0) return null;
    const others = otherHosts(readTrace(sample.capture));
    const begin = trace.frames[0]!.ns;
    const end = trace.frames.at(-1)!.ns;
    const by = begin - others.frames[0]!.ns;
    const then = mapFrames(others, (frame) =>
      // What is not TCP over IPv4 keeps its addresses, and would be the sample's own.
      frame.ns + by < end && segmentIn(others, frame) !== null ? { ...frame, ns: frame.ns + by + 1n, origin: 0 } : null,
    );
    return several([trace, then], { except: ["other traffic"] });
  },
});

export const CHANGES: readonly Change[] = [
  split(2),
  split(5),
  split(40),
  splitInAnyOrder(5),
  splitInAnyOrder(40),
  format("pcap, big-endian", (t) => pcapOf(t, { little: false })),
  format("pcap, nanoseconds", (t) => pcapOf(t, { nanos: true })),
  format("pcapng, little-endian, no resolution said beyond microseconds", (t) => pcapngOf(t)),
  format("pcapng, big-endian, nanoseconds", (t) => pcapngOf(t, { little: false, resolution: NANOSECONDS })),
  format("pcapng, tenths of microseconds", (t) => pcapngOf(t, { resolution: TENTHS_OF_MICROSECONDS })),
  format("pcapng, tens of nanoseconds", (t) => pcapngOf(t, { resolution: TENS_OF_NANOSECONDS })),
  format("gzip", (t) => gz(pcapOf(t))),
  format("zstd", (t) => zst(pcapOf(t))),
  format("gzip in gzip", (t) => gz(gz(pcapOf(t)))),
  format("gzip in zstd", (t) => zst(gz(pcapngOf(t)))),
  later("three days", 3n * DAY_MS),
  later("five years and some hours, past 2038 or not", 1900n * DAY_MS + 12_345_678n),
  later("thirty years, past 2³¹ seconds", 10_957n * DAY_MS),
  later("minus twenty years", -7305n * DAY_MS),
  renumbered("addresses", { addresses: true }),
  renumbered("clients' ports", { clientPorts: true }),
  renumbered("services' ports", { servicePorts: true }),
  renumbered("addresses and all ports", { addresses: true, clientPorts: true, servicePorts: true }),
  flippedOrder,
  withOtherIds,
  shiftedNumbers,
  copiesInFile,
  copiesInAnotherFile,
  beside("healthy-closes"),
  beside("healthy-pool"),
  link("Ethernet", LINK.ethernet),
  link("LINUX_SLL", LINK.sll),
  link("LINUX_SLL2", LINK.sll2),
  link("raw IP", LINK.raw),
  wrapped("a VLAN tag", (t) => tagged(t, false)),
  wrapped("two VLAN tags", (t) => tagged(t, true)),
  through("ipip"),
  through("gre"),
  through("vxlan"),
];
