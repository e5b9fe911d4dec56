// Which packets does a ladder show one by one? The handshakes, what is cited and what lies around it, the request that matters and its
// neighbours, and how the connections ended; what is left is counted in rows of its own.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type { RecordedHole } from "../core/recording.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import type { LegPacket } from "./ladder-packets.ts";

/** More rows are no picture any more. */
export const MAX_ROWS = 60;
/** Of these, so many are left for rows that say what is not shown. */
const OMITTED_ROWS = 10;
/** Packets on either side of a cited one; requests on either side of the one that matters. */
const NEIGHBOURS = 2;
const REQUESTS_AROUND = 2;
/** Behind the first FIN or RST. */
const LAST_PACKETS = 6;

/** The packets of one leg, in order, and what is known of it. */
export interface LegFacts {
  readonly packets: readonly LegPacket[];
  readonly holes: readonly RecordedHole[];
  readonly exchanges: readonly Exchange[];
  /** The request that matters. */
  readonly focus: Exchange | null;
}

/** Smaller is more important; within the same rank, what lies nearer to the request that matters. */
const RANK = {
  cited: 0,
  message: 1,
  handshake: 2,
  end: 3,
  neighbour: 4,
  otherMessage: 5,
  ending: 6,
  other: 7,
} as const;

interface Candidate {
  leg: number;
  index: number;
  rank: number;
  distance: Nanos;
}

/** For each leg, which of its packets are shown. */
export function chosenPackets(legs: readonly LegFacts[], cited: ReadonlySet<FrameRef>): boolean[][] {
  const shown = legs.map(({ packets }) => packets.map(() => false));
  const all = legs.reduce((sum, { packets }) => sum + packets.length, 0);
  const whole = legs.every(({ holes }) => holes.length === 0);
  if (whole && all <= MAX_ROWS) return shown.map((of) => of.fill(true));
  const candidates = legs.flatMap((facts, leg) => candidatesOf(facts, leg, cited)).filter((c) => c.rank < RANK.other);
  candidates.sort((a, b) => a.rank - b.rank || a.distance - b.distance);
  for (const { leg, index } of candidates.slice(0, MAX_ROWS - OMITTED_ROWS)) shown[leg]![index] = true;
  // A row that says "one packet is not shown" takes as much room as the packet.
  for (const of of shown) for (let n = 0; n < of.length; n++) of[n] ||= of[n - 1] !== false && of[n + 1] !== false;
  return shown;
}

function candidatesOf(facts: LegFacts, leg: number, cited: ReadonlySet<FrameRef>): Candidate[] {
  const { packets, exchanges, focus } = facts;
  const ranks = packets.map((): number => RANK.other);
  const improve = (index: number, rank: number): void => {
    if (index >= 0 && index < ranks.length && rank < ranks[index]!) ranks[index] = rank;
  };
  const at = new Map(packets.map((p, index) => [p.frame, index]));
  const around = (index: number, rank: number): void => {
    for (let n = index - NEIGHBOURS; n <= index + NEIGHBOURS; n++) improve(n, rank);
  };
  for (const [index, p] of packets.entries()) {
    if (cited.has(p.frame)) {
      improve(index, RANK.cited);
      around(index, RANK.neighbour);
    }
    if (p.isSyn) improve(index, RANK.handshake);
  }
  const synAck = packets.findIndex((p) => p.isSyn && p.ack !== null);
  if (synAck >= 0) improve(synAck + 1, RANK.handshake);
  endings(packets, improve);
  for (const e of aroundFocus(exchanges, focus)) {
    for (const frame of framesOf(e)) improve(at.get(frame) ?? -1, e === focus ? RANK.message : RANK.otherMessage);
    if (e === focus) for (const frame of framesOf(e)) around(at.get(frame) ?? -NEIGHBOURS - 1, RANK.neighbour);
  }
  const [from, until] = spanOf(focus, packets);
  return packets.map(({ time }, index) => ({
    leg,
    index,
    rank: ranks[index]!,
    distance: Math.max(0, from - time, time - until),
  }));
}

/** The first FIN or RST of each side, and what follows the first of them. */
function endings(packets: readonly LegPacket[], improve: (index: number, rank: number) => void): void {
  const first = packets.findIndex((p) => p.isEnd);
  if (first < 0) return;
  const ended = new Set<LegPacket["side"]>();
  for (let index = first; index < packets.length; index++) {
    const p = packets[index]!;
    if (p.isEnd && !ended.has(p.side)) improve(index, RANK.end);
    if (p.isEnd) ended.add(p.side);
    improve(index, index - first <= LAST_PACKETS ? RANK.ending : RANK.other);
  }
}

/** In order of request, those next to the one that matters; the last ones where none does. */
function aroundFocus(exchanges: readonly Exchange[], focus: Exchange | null): readonly Exchange[] {
  const at = focus === null ? exchanges.length : exchanges.indexOf(focus);
  return exchanges.slice(Math.max(0, at - REQUESTS_AROUND), at + REQUESTS_AROUND + 1);
}

const framesOf = ({ request, response, gaveUpFrame }: Exchange): FrameRef[] =>
  [request?.frame ?? 0, response?.frame ?? 0, gaveUpFrame].filter((f) => f !== 0);

/** When the request that matters was under way; without one, the end of the connection matters. */
function spanOf(focus: Exchange | null, packets: readonly LegPacket[]): [Nanos, Nanos] {
  const last = packets.at(-1)?.time ?? 0;
  if (focus === null) return [last, last];
  const from = focus.request?.time ?? focus.response?.time ?? last;
  return [from, focus.response?.time ?? Math.max(focus.requestEnd, from) + focus.waited];
}
