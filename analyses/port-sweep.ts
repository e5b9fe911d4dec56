// How many ports of a range are held, at any moment? One pass over what holds them, in order of time; a port that two sockets
// hold counts once.

import { type PortRange, portCount } from "../src/core/host-settings.ts";
import type { Peak } from "./occupancy.ts";
import type { PortUse } from "./port-use.ts";

/** Linux rounds down to an even number, for it tries the ports of one parity first; the last one is for `bind` alone. */
export const usable = (range: PortRange, os: string): number =>
  os === "linux" && portCount(range) > 1 ? portCount(range) & ~1 : portCount(range);

/** `before` and `after` count ports that are held, without and with this one. */
export type Visit = (i: number, before: number, after: number) => unknown;

/** Goes through the use in order of time and counts distinct ports of `range`. `visit` is told of every one that is taken. */
export function sweep(use: PortUse, ends: Float64Array, visit: Visit, range?: PortRange): Peak {
  const order = inOrderOf(ends);
  const holders = new Uint32Array(65_536);
  const peak: Peak = { count: 0, at: Number.NaN };
  const isIn = (i: number): boolean =>
    range === undefined || (use.port[i]! >= range.first && use.port[i]! <= range.last);
  let held = 0;
  let ended = 0;
  for (let i = 0; i < ends.length; i++) {
    const t = use.from[i]!;
    for (let e = order[ended]!; ended < order.length && ends[e]! <= t; e = order[++ended]!) {
      // What ends as it begins was never counted.
      if (ends[e]! > use.from[e]! && isIn(e) && --holders[use.port[e]!]! === 0) held--;
    }
    if (!isIn(i)) {
      visit(i, held, held);
      continue;
    }
    if (!(ends[i]! > t)) continue;
    const before = held;
    if (holders[use.port[i]!]!++ === 0) held++;
    visit(i, before, held);
    if (held > peak.count) {
      peak.count = held;
      peak.at = t;
    }
  }
  return peak;
}

/** Indices in order of what they point to: nearly sorted, as most sockets live as long as one another. */
function inOrderOf(ends: Float64Array): number[] {
  const order: number[] = [];
  let isSorted = true;
  for (let i = 0; i < ends.length; i++) {
    order.push(i);
    if (i > 0 && ends[i]! < ends[i - 1]!) isSorted = false;
  }
  return isSorted ? order : order.sort((a, b) => (ends[a]! < ends[b]! ? -1 : ends[a]! > ends[b]! ? 1 : a - b));
}

/** Ports held at `t`, in the order in which they were taken. */
export function portsHeldAt(use: PortUse, ends: Float64Array, t: number): number[] {
  const ports: number[] = [];
  const seen = new Uint8Array(65_536);
  for (let i = 0; i < ends.length && use.from[i]! <= t; i++) {
    if (!(ends[i]! > t) || seen[use.port[i]!] !== 0) continue;
    seen[use.port[i]!] = 1;
    ports.push(use.port[i]!);
  }
  return ports;
}

/** The first of the sorted times that is later than `t`. */
export function firstAfter(times: Float64Array, t: number): number | undefined {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! > t) high = middle;
    else low = middle + 1;
  }
  return times[low];
}
