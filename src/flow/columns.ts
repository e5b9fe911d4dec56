// Where do the facts about every flow live? In typed columns, one number a flow (or one a side), so that millions of
// flows cost bytes, not objects, and the hot loop touches no heap. Untouched columns of a flow stay zero and, being
// zero pages, cost nothing: "none" is 0 throughout.
//
// Some columns begin narrow (the types of `Narrow`), and are made wide as a whole with the first value that does not fit:
// frames of a second file, a flow of 4 GB, 256 SYNs on one 4-tuple.

import { type Column, kindOf, longer, release, wider } from "./column-memory.ts";

/** Column index of a flow's side. */
export const sideOf = (flow: number, side: number): number => flow * 2 + side;

/** Bits of `marks`: what happened on a flow. */
export const Mark = {
  syn: 1,
  synAck: 2,
  /** The client's ACK of the SYN-ACK: the third step. */
  handshakeAck: 4,
  /** The two FINs crossed: neither acknowledged the other. */
  finsCrossed: 8,
  /** A stream decoder was tried for long enough; no more probing. */
  probed: 16,
  /** The client end is known from SYN or SYN-ACK. */
  clientKnown: 32,
  /** Its streams are done: both directions ended. */
  streamsEnded: 64,
  /** Bytes wait out of order, in one direction or both. */
  held: 128,
  /** The peer acknowledged bytes that are not in the capture, or a gap was declared. */
  gap: 256,
  /** The snap length cut payload. */
  snapped: 512,
  /** Its answers go by another 4-tuple, the partner's (NAT REDIRECT). */
  redirected: 1024,
  /** It holds the answers to a redirected flow, the partner. */
  answers: 2048,
  /** `otherTime` is taken. */
  otherTime: 4096,
} as const;

/** Bits of `sideMarks`. */
export const SideMark = {
  /** `isn` is known. */
  isn: 1,
  /** `next` is known. */
  sequence: 2,
  /** A segment other than SYN and RST was sent. */
  spoke: 4,
  /** The first RST, or one right behind it, carried ACK: a live socket was aborted. Without it no socket was found (RFC 9293 §3.10.7.1). */
  rstWithAck: 8,
  /** It sent a RST that the peer accepts: neither end has a socket any more, until a SYN opens anew. */
  reset: 16,
  /** `acked` is known. */
  acked: 64,
  /** Its FIN was reached in order: this direction's stream has ended. */
  ended: 32,
  /** It probed or sent again, and has heard nothing of the peer since; it did so twice. */
  calling: 128,
  callingInVain: 256,
  /** A RST was sent to it, which it will not have received: it had answered nothing before. */
  unreached: 512,
  /** Its peer's window was zero, and it has sent no data since. */
  blocked: 1024,
  /** All its data was acknowledged, by a peer that has room for more. */
  quiet: 2048,
  /** Its own window is zero. */
  full: 4096,
} as const;

/** Entries of a history that stand in the columns themselves (state-log.ts): an ordinary life of a connection has five. */
export const HISTORY_ENTRIES = 6;

/** Rows at the beginning: a power of two. */
const FIRST_ROWS = 1024;
const FIRST_SIDES = FIRST_ROWS * 2;

type Counts = Uint8Array | Uint32Array;
/** Frames of the first file are plain frame numbers (core/frame.ts). */
type Frames = Uint32Array | Float64Array;

const FRAMES = [
  "firstFrame",
  "lastFrame",
  "synAckFrame",
  "finFrame",
  "finAckFrame",
  "rstFrame",
  "firstDataFrame",
  "lastDataFrame",
] as const;
/** Columns that begin narrow. */
type Counter = "packets" | "bytes" | "wireBytes" | "syns" | "synAcks" | "fins" | "rsts";
type Narrow = (typeof FRAMES)[number] | Counter;

export class FlowColumns {
  capacity = FIRST_ROWS;
  /** The largest frame reference that fits. */
  largestFrame = 0xffff_ffff;

  // ── key: the 4-tuple in canonical order (a < b) ──
  keyA = new Int32Array(FIRST_ROWS);
  keyB = new Int32Array(FIRST_ROWS);
  /** Port of a in the high half, of b in the low half. */
  keyPorts = new Int32Array(FIRST_ROWS);
  family = new Uint8Array(FIRST_ROWS);
  /** 1 when the first packet went from b to a: side 0 is b. */
  flipped = new Uint8Array(FIRST_ROWS);
  /** Flow that held the 4-tuple before, plus one. */
  previous = new Int32Array(FIRST_ROWS);
  /** Flow that took over the 4-tuple, plus one. */
  successor = new Int32Array(FIRST_ROWS);

  // ── the flow ──
  marks = new Uint16Array(FIRST_ROWS);
  /** Side of the client. */
  client = new Uint8Array(FIRST_ROWS);
  /** Index into the list of protocols; 0 is unknown. */
  protocol = new Uint8Array(FIRST_ROWS);
  firstFrame: Frames = new Uint32Array(FIRST_ROWS);
  lastFrame: Frames = new Uint32Array(FIRST_ROWS);
  firstTime = new Float64Array(FIRST_ROWS);
  lastTime = new Float64Array(FIRST_ROWS);
  /** Frame and time of the SYN-ACK. */
  synAckFrame: Frames = new Uint32Array(FIRST_ROWS);
  synAckTime = new Float64Array(FIRST_ROWS);
  /** Requests whose head was seen, by either side, and those of them that got a response. */
  requests = new Uint32Array(FIRST_ROWS);
  responses = new Uint32Array(FIRST_ROWS);
  /** A time in its histories that no other column has: mostly that of the handshake's third step. */
  otherTime = new Float64Array(FIRST_ROWS);

  // ── each side: index flow × 2 + side ──
  sideMarks = new Uint16Array(FIRST_SIDES);
  state = new Uint8Array(FIRST_SIDES);
  /** Its last change of state: an entry of the log (state-log.ts). */
  lastChange = new Uint32Array(FIRST_SIDES);
  /** The first entries of its history, one byte each, as the log has them. */
  history = new Uint8Array(FIRST_SIDES * HISTORY_ENTRIES);
  packets: Uint16Array | Uint32Array = new Uint16Array(FIRST_SIDES);
  bytes: Frames = new Uint32Array(FIRST_SIDES);
  wireBytes: Frames = new Uint32Array(FIRST_SIDES);
  copies = new Uint32Array(FIRST_SIDES);
  syns: Counts = new Uint8Array(FIRST_SIDES);
  synAcks: Counts = new Uint8Array(FIRST_SIDES);
  fins: Counts = new Uint8Array(FIRST_SIDES);
  rsts: Counts = new Uint8Array(FIRST_SIDES);
  retransmissions = new Uint32Array(FIRST_SIDES);
  reordered = new Uint32Array(FIRST_SIDES);
  probes = new Uint32Array(FIRST_SIDES);
  /** Payload bytes that the capture lacks. */
  missing = new Float64Array(FIRST_SIDES);
  isn = new Int32Array(FIRST_SIDES);
  /** The next sequence number in order: everything before it was delivered or declared missing. */
  next = new Int32Array(FIRST_SIDES);
  /** One beyond the highest sequence number sent. */
  highest = new Int32Array(FIRST_SIDES);
  /** Highest acknowledgement sent by this side. */
  acked = new Int32Array(FIRST_SIDES);
  /** One beyond this side's FIN. */
  finEnd = new Int32Array(FIRST_SIDES);
  finFrame: Frames = new Uint32Array(FIRST_SIDES);
  finTime = new Float64Array(FIRST_SIDES);
  /** Where the peer acknowledged this side's FIN. */
  finAckFrame: Frames = new Uint32Array(FIRST_SIDES);
  finAckTime = new Float64Array(FIRST_SIDES);
  rstFrame: Frames = new Uint32Array(FIRST_SIDES);
  rstTime = new Float64Array(FIRST_SIDES);
  firstDataFrame: Frames = new Uint32Array(FIRST_SIDES);
  lastDataFrame: Frames = new Uint32Array(FIRST_SIDES);
  lastDataTime = new Float64Array(FIRST_SIDES);
  /** Since when this side may always have had data to send. */
  busySince = new Float64Array(FIRST_SIDES);
  /** When this side spoke again, briefly, though it had spoken last; and how long the pause before that had been. */
  lastWordsTime = new Float64Array(FIRST_SIDES);
  lastWordsPause = new Float64Array(FIRST_SIDES);
  /** How long no payload had moved on the flow when this side sent its first FIN or RST. */
  idleBeforeEnd = new Float64Array(FIRST_SIDES);

  /** Every column, in the order of their names here: as words, or as bytes where a row has no whole words. */
  private raw: (Int32Array | Uint8Array)[] = [];
  /** Words or bytes of one row in each. */
  private units: number[] = [];

  /** Grown once before use: engines take a field that was never reassigned for a constant, and throw code away when it is. */
  constructor() {
    this.grow();
  }

  /** Doubles every column. */
  grow(): void {
    const rows = this.capacity * 2;
    for (const [name, column] of this.entries()) this.replace(name, longer(column, rows));
    this.capacity = rows;
    this.seeRaw();
  }

  // ─────────────────────────── columns that begin narrow ───────────────────────────

  /** From here on, frames are of several files. */
  widenFrames(): void {
    for (const name of FRAMES) this.widen(name);
    this.largestFrame = Number.POSITIVE_INFINITY;
  }

  /** A value that may be too large for its column as it is. */
  put(name: Counter, at: number, value: number): void {
    this[name][at] = value;
    if (this[name][at] === value) return;
    this.widen(name);
    this[name][at] = value;
  }

  private widen(name: Narrow): void {
    this.replace(name, wider(this[name]));
    this.seeRaw();
  }

  // ─────────────────────────── whole rows ───────────────────────────

  /** Makes a flow's row what it was before its first packet. */
  clear(f: number): void {
    const { raw, units } = this;
    for (let n = 0; n < raw.length; n++) {
      const column = raw[n]!;
      const end = (f + 1) * units[n]!;
      // One to four words: fill() takes ten times as long.
      for (let at = f * units[n]!; at < end; at++) column[at] = 0;
    }
  }

  /**
   * The rows of other tables, one behind the other: `order` says of which each next row is. Their columns are used up, but for those that
   * the caller has yet to read. One column after the other, so that no moment needs all rows twice.
   */
  join(parts: readonly FlowColumns[], order: readonly number[], kept: ReadonlySet<string>): void {
    const rows = Math.max(1, order.length);
    const places = placesOf(parts.length, order);
    for (const [name, own] of this.entries()) {
      const units = own.length / this.capacity;
      const wide = parts.some((part) => part.column(name).BYTES_PER_ELEMENT > own.BYTES_PER_ELEMENT) ? wider(own) : own;
      const sources = parts.map((part) => {
        const column = part.column(name);
        return column.BYTES_PER_ELEMENT < wide.BYTES_PER_ELEMENT ? wider(column) : column;
      });
      const joined = new (kindOf(wide))(rows * units);
      const to = rawOf(joined, rows);
      sources.forEach((column, n) => {
        const from = rawOf(column, parts[n]!.capacity);
        if (to instanceof Int32Array) scatterWords(to, from as Int32Array, places[n]!, to.length / rows);
        else scatterBytes(to, from as Uint8Array, places[n]!, to.length / rows);
      });
      this.replace(name, joined);
      if (!kept.has(name)) for (const part of parts) part.replace(name, new (kindOf(own))(0));
    }
    this.capacity = rows;
    this.seeRaw();
    if (this.firstFrame instanceof Float64Array) this.largestFrame = Number.POSITIVE_INFINITY;
  }

  private column(name: string): Column {
    return (this as unknown as Record<string, Column>)[name]!;
  }

  /** The first `rows` of every column, not copied. */
  export(rows: number): Record<string, Column> {
    const cut = ([name, column]: [string, Column]): [string, Column] => [
      name,
      column.subarray(0, (column.length / this.capacity) * rows),
    ];
    return Object.fromEntries(this.entries().map(cut));
  }

  /** Holds what {@link export} gave, and has no room for more. */
  import(columns: Readonly<Record<string, Column>>, rows: number): void {
    if (rows === 0) return;
    for (const [name] of this.entries()) {
      const column = columns[name];
      if (column === undefined) throw new Error(`no column ${name}`);
      this.replace(name, column);
    }
    this.capacity = rows;
    this.seeRaw();
    if (this.firstFrame instanceof Float64Array) this.largestFrame = Number.POSITIVE_INFINITY;
  }

  private entries(): [name: string, column: Column][] {
    return Object.entries(this).filter((entry): entry is [string, Column] => ArrayBuffer.isView(entry[1]));
  }

  private seeRaw(): void {
    this.raw = this.entries().map(([, column]) => rawOf(column, this.capacity));
    this.units = this.raw.map((column) => column.length / this.capacity);
  }

  private replace(name: string, column: Column): void {
    const columns = this as unknown as Record<string, Column>;
    if (columns[name]!.buffer !== column.buffer) release(columns[name]!);
    columns[name] = column;
  }
}

/** A column of so many rows as words, or as bytes where a row has no whole words. */
function rawOf({ buffer, byteOffset, byteLength }: Column, rows: number): Int32Array | Uint8Array {
  const isWords = (byteLength / rows) % 4 === 0;
  return isWords ? new Int32Array(buffer, byteOffset, byteLength / 4) : new Uint8Array(buffer, byteOffset, byteLength);
}

/** Of each part, where its rows go. */
function placesOf(parts: number, order: readonly number[]): Uint32Array[] {
  const counts = new Array<number>(parts).fill(0);
  for (const part of order) counts[part]!++;
  const places = counts.map((count) => new Uint32Array(count));
  counts.fill(0);
  for (let row = 0; row < order.length; row++) {
    const part = order[row]!;
    places[part]![counts[part]!++] = row;
  }
  return places;
}

/** hot: row n of `from` becomes row places[n]. Most have one word or two, one a side. */
function scatterWords(to: Int32Array, from: Int32Array, places: Uint32Array, units: number): void {
  if (units === 1) {
    for (let n = 0; n < places.length; n++) to[places[n]!] = from[n]!;
    return;
  }
  for (let n = 0; n < places.length; n++) {
    const put = places[n]! * units;
    const at = n * units;
    to[put] = from[at]!;
    to[put + 1] = from[at + 1]!;
    for (let k = 2; k < units; k++) to[put + k] = from[at + k]!;
  }
}

// hot:
function scatterBytes(to: Uint8Array, from: Uint8Array, places: Uint32Array, units: number): void {
  for (let n = 0; n < places.length; n++) {
    const put = places[n]! * units;
    const at = n * units;
    for (let k = 0; k < units; k++) to[put + k] = from[at + k]!;
  }
}
