// How do packets get to the thread that takes them? Their bytes stay where they were read, in memory that is shared; where each of them is
// goes over as numbers, many packets at a time.

import type { Packet } from "../core/packet.ts";
import type { SharedBuffers } from "./shared-buffers.ts";

/** Packets of one batch: an index of 256 KiB, which holds what is read at once unless packets are tiny. */
const MOST_PACKETS = 8192;
/** A batch is sent when it has so many packets, or packets of so many buffers: 4 MiB, where one file is read. */
const ENOUGH_PACKETS = 4096;
const ENOUGH_ORIGINS = 2;
/**
 * Of each packet, beside its time: where it is in its buffer, and what its capture says of it. `origin`: the index of its origin, and in the
 * lowest bit whether it is the thread's alone.
 */
const Word = { start: 0, end: 1, origLen: 2, frame: 3, origin: 4, number: 5 } as const;
const WORDS = 6;
const INDEX_BYTES = MOST_PACKETS * 8 + MOST_PACKETS * WORDS * 4;
/** A packet that may be changed where it is, is copied: so many bytes of them a batch. No packet is longer. */
const COPIED_BYTES = 1 << 19;

/** What many packets have in common. */
interface Origin {
  readonly buf: Uint8Array;
  readonly file: number;
  readonly linkType: number;
  readonly tap: number;
}

/** A flow table: does it look for copies of packets? */
export interface Watching {
  readonly watchCopies: boolean;
}

export interface PacketBatch extends Watching {
  /** Of {@link MOST_PACKETS} packets the times, then their words. Handed over, and back when the batch is done. */
  readonly index: ArrayBuffer;
  readonly count: number;
  readonly origins: readonly Origin[];
  /** The packets' numbers are counted from here. */
  readonly base: number;
  /** Of all packets up to this number, the thread has been given its own. */
  readonly upTo: number;
}

const timesOf = (index: ArrayBuffer): Float64Array<ArrayBuffer> => new Float64Array(index, 0, MOST_PACKETS);
const wordsOf = (index: ArrayBuffer): Uint32Array<ArrayBuffer> => new Uint32Array(index, MOST_PACKETS * 8);

/** Collects the packets of one thread. */
export class BatchWriter {
  private readonly buffers: SharedBuffers;
  private readonly table: Watching;
  private readonly send: (batch: PacketBatch) => void;
  private readonly free: ArrayBuffer[] = [];
  /** Of batches under way, the oldest first: what they need. */
  private readonly underWay: (readonly Uint8Array[])[] = [];
  private index!: ArrayBuffer;
  private times!: Float64Array<ArrayBuffer>;
  private words!: Uint32Array<ArrayBuffer>;
  private count = 0;
  private base = 0;
  private origins: Origin[] = [];
  private origin = 0;
  private buf: Uint8Array | null = null;
  private file = 0;
  private linkType = 0;
  private tap = 0;
  private copies: Uint8Array | null = null;
  private copied = 0;
  /** `table`: of the thread that collects. */
  constructor(buffers: SharedBuffers, table: Watching, send: (batch: PacketBatch) => void) {
    this.buffers = buffers;
    this.table = table;
    this.send = send;
    this.begin();
  }

  /** hot: one packet, with its number among all. `isOwn`: it is this thread's alone; else everybody gets it. */
  add(p: Packet, number: number, isOwn: boolean): void {
    this.put(p, p.buf, p.start, number, isOwn);
  }

  /** One that everybody gets, and whose bytes this thread may change before the other has seen them. */
  addCopy(p: Packet, number: number): void {
    const length = p.end - p.start;
    if (this.copies !== null && this.copied + length > COPIED_BYTES) this.flush(number - 1);
    this.copies ??= this.buffers.take(COPIED_BYTES);
    this.copies.set(p.buf.subarray(p.start, p.end), this.copied);
    const at = this.copied;
    this.copied += length;
    this.put(p, this.copies, at, number, false);
  }

  // hot:
  private put(p: Packet, buf: Uint8Array, start: number, number: number, isOwn: boolean): void {
    if (buf !== this.buf || p.file !== this.file || p.tap !== this.tap || p.linkType !== this.linkType)
      this.from(p, buf);
    if (this.count === 0) this.base = number;
    const n = this.count++;
    this.times[n] = p.time;
    const { words } = this;
    const at = n * WORDS;
    words[at + Word.start] = start;
    words[at + Word.end] = start + p.end - p.start;
    words[at + Word.origLen] = p.origLen;
    words[at + Word.frame] = p.frame;
    words[at + Word.origin] = this.origin * 2 + (isOwn ? 1 : 0);
    words[at + Word.number] = number - this.base;
    if (this.count === MOST_PACKETS) this.flush(number);
  }

  /** Packets come from elsewhere now: from where others have come already, or from a new place. */
  private from({ file, linkType, tap }: Packet, buf: Uint8Array): void {
    this.buf = buf;
    this.file = file;
    this.linkType = linkType;
    this.tap = tap;
    const { origins } = this;
    for (let n = 0; n < origins.length; n++) {
      const known = origins[n]!;
      this.origin = n;
      if (known.buf === buf && known.file === file && known.linkType === linkType && known.tap === tap) return;
    }
    this.origin = origins.push({ buf, file, linkType, tap }) - 1;
    this.buffers.need(buf);
  }

  /** A message costs as much as some hundred packets; more of them would only keep memory from being used again. */
  get isEnough(): boolean {
    return this.origins.length >= ENOUGH_ORIGINS || this.count >= ENOUGH_PACKETS;
  }

  /** Sends what was collected, the packets up to this number. */
  flush(upTo: number): void {
    const { index, count, origins, base } = this;
    const { watchCopies } = this.table;
    if (count === 0) return;
    this.send({ index, count, origins, base, upTo, watchCopies });
    this.underWay.push(origins.map(({ buf }) => buf));
    if (this.copies !== null) this.buffers.giveBack(this.copies);
    this.begin();
  }

  /** Batches that were sent and are not done. */
  get sent(): number {
    return this.underWay.length;
  }

  /** The oldest batch is done. */
  done(index: ArrayBuffer): void {
    this.free.push(index);
    for (const buffer of this.underWay.shift()!) this.buffers.release(buffer);
  }

  private begin(): void {
    this.index = this.free.pop() ?? new ArrayBuffer(INDEX_BYTES);
    this.times = timesOf(this.index);
    this.words = wordsOf(this.index);
    this.count = 0;
    this.origins = [];
    this.buf = null;
    this.copies = null;
    this.copied = 0;
  }
}

/** Walks through one batch after the other. */
export class BatchReader {
  private batch: PacketBatch | null = null;
  private times = new Float64Array(0);
  private words = new Uint32Array(0);
  private at = 0;
  private count = 0;
  /** Of the packet in hand, among all. */
  number = 0;
  /** It was sent to nobody else. */
  isOwn = false;

  begin(batch: PacketBatch): void {
    this.batch = batch;
    this.times = timesOf(batch.index);
    this.words = wordsOf(batch.index);
    this.at = 0;
    this.count = batch.count;
  }

  /** hot: fills the slot with the next packet. False: the batch is done. */
  next(p: Packet): boolean {
    if (this.at === this.count) return false;
    const n = this.at++;
    const { words, batch } = this;
    const at = n * WORDS;
    const origin = words[at + Word.origin]!;
    const { buf, file, linkType, tap } = batch!.origins[origin >> 1]!;
    this.isOwn = (origin & 1) !== 0;
    p.buf = buf;
    p.start = words[at + Word.start]!;
    p.end = words[at + Word.end]!;
    p.origLen = words[at + Word.origLen]!;
    p.time = this.times[n]!;
    p.file = file;
    p.frame = words[at + Word.frame]!;
    p.linkType = linkType;
    p.tap = tap;
    this.number = batch!.base + words[at + Word.number]!;
    return true;
  }
}
