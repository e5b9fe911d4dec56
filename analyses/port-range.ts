// Which range of ports does a client have, when nobody said so? Where the ports in use at one moment fill everything between the
// lowest and the highest of them, these two are the ends of the range, or merely where a counter began and stopped.
//
// Which of both it is, the order tells in which the ports were given out:
//   - Linux (and every system that draws by chance) jumps about: ports drawn from a wider range would not fill a narrow one
//     from end to end without a hole. So they are all there is.
//   - A counter (older Windows, a NAT gateway, a program that binds its ports by itself) fills whatever it passes. Its range
//     shows only where it came round: from the highest port to the lowest, and on up to where it had begun.
//   - A counter that has not come round began somewhere and ended somewhere, mostly because the work was done. Is that the
//     range of a known system from end to end, it is all; are both ends round numbers, as people choose them, nobody can tell.

import { type PortRange, portCount, SYSTEM_DEFAULTS } from "../src/core/host-settings.ts";

/** So many ports in a row are no accident; below, a program that binds its own is the likelier reason. */
export const LEAST_OBSERVED = 64;
/** Ports that other sockets have bound (one in a hundred at most) are passed over for all destinations. */
export const FULL_SHARE = 0.99;
/** A counter shared by several threads shows its last ports a little out of order. */
const MEETING = 4;

/** Ranges by which systems come, beside those of {@link SYSTEM_DEFAULTS}: before Vista, Linux before 2012, all that is not reserved. */
const WELL_KNOWN: readonly PortRange[] = [
  ...Object.values(SYSTEM_DEFAULTS).map((s) => s.ports),
  { first: 1025, last: 5000 },
  { first: 1024, last: 4999 },
  { first: 32_768, last: 61_000 },
  { first: 1024, last: 65_535 },
  { first: 1024, last: 65_000 },
];

/** The narrowest run of ports that holds (almost) all of them and has (almost) no hole; null when there is none. */
export function filledRange(ports: readonly number[]): PortRange | null {
  const s = Uint16Array.from(ports).sort();
  if (s.length < LEAST_OBSERVED) return null;
  const strays = Math.floor(s.length * (1 - FULL_SHARE));
  let best: PortRange | null = null;
  for (let k = 0; k <= strays; k++) {
    const range = { first: s[k]!, last: s[s.length - 1 - strays + k]! };
    if (best === null || portCount(range) < portCount(best)) best = range;
  }
  // The strays may have been none: what lies close by belongs to it.
  const range = widen(best!, s);
  let inside = 0;
  for (const port of s) if (port >= range.first && port <= range.last) inside++;
  return inside >= LEAST_OBSERVED && inside >= FULL_SHARE * portCount(range) ? range : null;
}

function widen(range: PortRange, sorted: Uint16Array): PortRange {
  let { first, last } = range;
  for (const port of sorted) if (port > last && port <= last + 2) last = port;
  for (let i = sorted.length - 1; i >= 0; i--) {
    const port = sorted[i]!;
    if (port < first && port >= first - 2) first = port;
  }
  return { first, last };
}

/** Do the ports that fill `range`, in the order in which they were taken, show that there are no others? */
export function isWholeRange(inOrder: readonly number[], range: PortRange): boolean {
  if (WELL_KNOWN.some((known) => isAlmost(range, known))) return true;
  const span = range.last - range.first;
  let rounds = 0;
  for (let i = 1; i < inOrder.length; i++) if (inOrder[i - 1]! - inOrder[i]! > span / 2) rounds++;
  if (rounds > 1) return true;
  const size = span + 1;
  const ahead = (((inOrder[0]! - inOrder.at(-1)!) % size) + size) % size;
  return rounds === 1 && ahead <= MEETING;
}

function isAlmost(a: PortRange, b: PortRange): boolean {
  const slack = (1 - FULL_SHARE) * portCount(b);
  return Math.abs(a.first - b.first) + Math.abs(a.last - b.last) <= slack;
}

/** Might somebody have set this range? Both its ends are round, in tens or in powers of two: of those of a counter, one in thirty. */
export const mayBeChosen = (range: PortRange): boolean =>
  (isRound(range.first) || range.first % 256 === 1) && (isRound(range.last + 1) || range.last % 10 === 0);

const isRound = (n: number): boolean => n % 10 === 0 || n % 256 === 0;
