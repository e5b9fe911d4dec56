// What stands in the place of each payload of a connection? What its redactor kept or replaced, and fill.
//
// A redactor sees each byte of the stream once, in one packet. The same bytes in other packets (sent again, overlapping, copied by
// another tap) are found by sequence number: such a byte becomes what the byte of the stream at its place became, if the two were
// equal. Whatever is not known that way is filled.

import type { RecordedFlow, RecordedPacket } from "../core/recording.ts";
import { isFarewell, tellingBytes } from "../flow/farewell.ts";
import type { Mark } from "./marks.ts";
import { FILL } from "./stream-redactor.ts";

/** What is known of the payloads: `RedactingDecoders`, behind the second pass. */
export interface PayloadMarks {
  marksOf(frame: number): readonly Mark[];
  seenOf(frame: number): number;
}

export interface RedactedPayloads {
  /** By packet of the flow that has bytes of payload: as many bytes as are there. */
  readonly bytes: ReadonlyMap<RecordedPacket, Uint8Array>;
  /** Bytes filled in packets that no redactor saw anything of. */
  readonly unread: number;
}

/** A part of a direction as some packet held it. */
interface Stretch {
  /** Place in the stream of its first byte. */
  readonly from: number;
  readonly original: Uint8Array;
  readonly redacted: Uint8Array;
  /** 1 where the byte was kept or replaced. */
  readonly known: Uint8Array;
  /** A redactor saw all of it: what is not known is not to be kept. */
  readonly isSeen: boolean;
}

/** The payload as far as it is in the record. */
export function payloadOf({ record, captured }: RecordedPacket): Uint8Array | null {
  if (record === null || record.isCut) return null;
  const { bytes, payloadOffset } = record;
  const end = Math.min(payloadOffset + captured, bytes.length);
  return end > payloadOffset ? bytes.subarray(payloadOffset, end) : null;
}

export function redactedPayloads(flow: RecordedFlow, marks: PayloadMarks): RedactedPayloads {
  const bytes = new Map<RecordedPacket, Uint8Array>();
  const sides: [Stretch[], Stretch[]] = [[], []];
  const places = [new Places(), new Places()] as const;
  let unread = 0;
  for (const packet of flow.packets) {
    const from = places[packet.side].of(packet);
    const original = payloadOf(packet);
    if (original === null) continue;
    const seen = Math.min(marks.seenOf(packet.frame), packet.captured);
    const said = seen === 0 ? farewellIn(original, packet) : marks.marksOf(packet.frame);
    const stretch = marked(original, packet.captured, said, from, seen >= packet.captured);
    sides[packet.side].push(stretch);
    bytes.set(packet, stretch.redacted);
    if (seen === 0) unread += original.length;
  }
  for (const stretches of sides) fillFromStream(stretches);
  return { bytes, unread };
}

/** What was said right before a close changes how the close is read (flow/farewell.ts), in protocols that nobody decodes, too. */
function farewellIn(payload: Uint8Array, { length, captured }: RecordedPacket): readonly Mark[] {
  if (captured < length || !isFarewell(payload, 0, payload.length)) return [];
  return [{ fromEnd: captured, length: tellingBytes(payload, 0, payload.length), bytes: null }];
}

/** Sequence numbers, made to go on behind 2³². */
class Places {
  #place = 0;
  #seq: number | null = null;

  of({ seq, flags }: RecordedPacket): number {
    const first = (flags & SYN) !== 0 ? (seq + 1) | 0 : seq;
    if (this.#seq !== null) this.#place += (first - this.#seq) | 0;
    this.#seq = first;
    return this.#place;
  }
}

const SYN = 0x02;

function marked(original: Uint8Array, captured: number, list: readonly Mark[], from: number, isSeen: boolean): Stretch {
  const redacted = new Uint8Array(original.length).fill(FILL);
  const known = new Uint8Array(original.length);
  const within = (at: number): number => Math.max(0, Math.min(at, original.length));
  for (const { fromEnd, length, bytes } of list) {
    if (bytes !== null) continue;
    const start = within(captured - fromEnd);
    const end = within(captured - fromEnd + length);
    redacted.set(original.subarray(start, end), start);
    known.fill(1, start, end);
  }
  // What was replaced is never what was kept, should a redactor say both.
  for (const { fromEnd, length, bytes } of list) {
    if (bytes === null) continue;
    const at = captured - fromEnd;
    const start = within(at);
    const end = within(at + length);
    redacted.set(bytes.subarray(start - at, end - at), start);
    known.fill(1, start, end);
  }
  return { from, original, redacted, known, isSeen };
}

/** Stretches looked at for one packet: a segment sent again as one seldom came in more parts. What is not found is filled. */
const MAX_SOURCES = 1024;

/** Fills in what no redactor saw from the stretches that one saw. */
function fillFromStream(stretches: readonly Stretch[]): void {
  const sources = stretches.filter((s) => s.known.includes(1)).sort((a, b) => a.from - b.from);
  const longest = sources.reduce((n, s) => Math.max(n, s.original.length), 0);
  for (const target of stretches) {
    if (target.isSeen) continue;
    const end = target.from + target.original.length;
    const first = firstFrom(sources, target.from - longest);
    const last = Math.min(sources.length, first + MAX_SOURCES);
    for (let i = first; i < last && sources[i]!.from < end; i++) {
      if (sources[i] !== target) takeOver(target, sources[i]!);
    }
  }
}

function takeOver(target: Stretch, source: Stretch): void {
  const from = Math.max(target.from, source.from);
  const to = Math.min(target.from + target.original.length, source.from + source.original.length);
  for (let place = from; place < to; place++) {
    const t = place - target.from;
    const s = place - source.from;
    if (target.known[t] === 1 || source.known[s] === 0 || target.original[t] !== source.original[s]) continue;
    target.redacted[t] = source.redacted[s]!;
  }
}

/** Index of the first stretch that begins at `place` or behind it. */
function firstFrom(stretches: readonly Stretch[], place: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle]!.from < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
