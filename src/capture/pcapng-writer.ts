// How are packets written so that Wireshark shows them with a comment on each? (draft-ietf-opsawg-pcapng)
//
// One section, little-endian, nanoseconds throughout; enhanced packet blocks. The same input gives the same bytes on any machine:
// no clock, no host name, no byte order of the machine goes in.

import { Block, BYTE_ORDER_MAGIC, EnhancedField, Option, padded, TRAILER } from "./pcapng-layout.ts";

/** Options that only a writer needs (§4.1, §4.2): the program, an interface's description. */
const USER_APPLICATION = 4;
const INTERFACE_DESCRIPTION = 3;
/** `isb_starttime`, `isb_endtime` (§4.6): high half, low half. */
const STATISTICS_START = 2;
const STATISTICS_END = 3;
/** `if_tsresol`: 10⁻⁹ s. */
const NANOSECONDS = 9;
/** An option's length has 16 bits. Readers take blocks of 1 MiB at least, but show no such text; this is some pages of it. */
const MAX_TEXT_BYTES = 32_000;
/** Unknown, so that the size does not have to be known before the packets (§4.1). */
const SECTION_LENGTH = 0xffff_ffff_ffff_ffffn;
const BILLION = 1_000_000_000n;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;
/** No limit is told: a packet may be cut anywhere. */
const NO_SNAP_LENGTH = 0;
const INITIAL_BYTES = 1 << 16;
/** Making a view of so few bytes costs more than copying them one by one (measured on Node 20: 70 ns either way at about this). */
const BYTE_BY_BYTE = 40;

export interface SectionInfo {
  /** "halfclose 1.2.3". */
  readonly application: string;
  readonly comment: string;
  /**
   * Added to all time stamps, in seconds since 1970, for captures whose clocks claim times that 64 bits of nanoseconds do not hold
   * (before 1970, after 2554). {@link timeOffset} computes it; 0 for any sane capture.
   */
  readonly offsetSeconds?: bigint;
}

export interface InterfaceInfo {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  readonly name: string;
  readonly description?: string;
}

/** What an interface counted from `from` to `to`, in nanoseconds since 1970. Null: it does not tell. */
export interface StatisticsInfo {
  readonly from: bigint;
  readonly to: bigint;
  readonly received: number | null;
  readonly dropped: number | null;
  /** "": none. */
  readonly comment: string;
}

/** The offset in seconds with which times from `earliest` to `latest` (nanoseconds since 1970) can be written. */
export function timeOffset(earliest: bigint, latest: bigint): bigint {
  if (earliest >= 0n && latest <= MAX_U64) return 0n;
  const seconds = earliest / BILLION;
  return earliest < 0n && earliest % BILLION !== 0n ? seconds - 1n : seconds;
}

/** Bytes of an enhanced packet block, for whoever has a limit to keep. */
export const packetBlockSize = (captured: number, comments: readonly string[]): number =>
  32 + padded(captured) + optionsSize(comments);

const utf8 = new TextEncoder();

const optionsSize = (comments: readonly string[]): number =>
  comments.length === 0 ? 0 : 4 + comments.reduce((n, text) => n + 4 + padded(encoded(text).length), 0);

/** UTF-8, cut between characters. */
function encoded(text: string): Uint8Array {
  const bytes = utf8.encode(text);
  if (bytes.length <= MAX_TEXT_BYTES) return bytes;
  let end = MAX_TEXT_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

export class PcapngWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  /** Bytes that {@link take} has handed out, and the buffer that they were in: used again after the next one. */
  #taken = 0;
  #spare = new Uint8Array(0);
  #blockStart = 0;
  #interfaces = 0;
  readonly #offsetSeconds: bigint;

  constructor({ application, comment, offsetSeconds = 0n }: SectionInfo) {
    this.#offsetSeconds = offsetSeconds;
    this.#begin(Block.sectionHeader);
    this.#u32(BYTE_ORDER_MAGIC);
    this.#u16(1);
    this.#u16(0);
    this.#u64(SECTION_LENGTH);
    if (comment !== "") this.#text(Option.comment, comment);
    this.#text(USER_APPLICATION, application);
    this.#option(Option.end, new Uint8Array(0));
    this.#finishBlock();
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#taken + this.#end;
  }

  /** Describes an interface; the number to give with its packets. */
  interface({ linkType, name, description }: InterfaceInfo): number {
    this.#begin(Block.interfaceDescription);
    this.#u16(linkType);
    this.#u16(0);
    this.#u32(NO_SNAP_LENGTH);
    this.#text(Option.interfaceName, name);
    if (description !== undefined) this.#text(INTERFACE_DESCRIPTION, description);
    this.#option(Option.timeResolution, Uint8Array.of(NANOSECONDS));
    if (this.#offsetSeconds !== 0n) this.#option(Option.timeOffset, secondsBytes(this.#offsetSeconds));
    this.#option(Option.end, new Uint8Array(0));
    this.#finishBlock();
    return this.#interfaces++;
  }

  /** `time`: nanoseconds since 1970. `original`: length on the wire, at least that of `bytes`. */
  packet(iface: number, time: bigint, bytes: Uint8Array, original: number, comments: readonly string[]): void {
    this.#begin(Block.enhancedPacket);
    this.#u32(iface);
    this.#time(time);
    this.#u32(bytes.length);
    this.#u32(Math.max(original, bytes.length));
    this.#raw(bytes);
    for (const text of comments) this.#text(Option.comment, text);
    if (comments.length > 0) this.#option(Option.end, new Uint8Array(0));
    this.#finishBlock();
  }

  /**
   * // hot: The packet in from[start, end), without comments. `high` and `low` are the halves of its nanoseconds since 1970; the
   * section's offset must be 0.
   */
  record(
    iface: number,
    high: number,
    low: number,
    from: Uint8Array,
    start: number,
    end: number,
    original: number,
  ): void {
    const captured = end - start;
    const body = (captured + 3) & ~3;
    const total = EnhancedField.minimum + body;
    this.#room(total);
    const view = this.#view;
    const bytes = this.#bytes;
    const at = this.#end;
    view.setUint32(at, Block.enhancedPacket, true);
    view.setUint32(at + 4, total, true);
    view.setUint32(at + EnhancedField.interface, iface, true);
    view.setUint32(at + EnhancedField.high, high, true);
    view.setUint32(at + EnhancedField.low, low, true);
    view.setUint32(at + EnhancedField.captured, captured, true);
    view.setUint32(at + EnhancedField.original, original < captured ? captured : original, true);
    const data = at + EnhancedField.data;
    if (captured <= BYTE_BY_BYTE) for (let i = 0; i < captured; i++) bytes[data + i] = from[start + i]!;
    else bytes.set(from.subarray(start, end), data);
    for (let i = captured; i < body; i++) bytes[data + i] = 0;
    view.setUint32(data + body, total, true);
    this.#end = at + total;
  }

  /** Interface statistics (§4.6). */
  statistics(iface: number, { from, to, received, dropped, comment }: StatisticsInfo): void {
    this.#begin(Block.interfaceStatistics);
    this.#u32(iface);
    this.#time(to);
    if (comment !== "") this.#text(Option.comment, comment);
    for (const [code, time] of [
      [STATISTICS_START, from],
      [STATISTICS_END, to],
    ] as const) {
      this.#u16(code);
      this.#u16(8);
      this.#time(time);
    }
    for (const [code, count] of [
      [Option.received, received],
      [Option.dropped, dropped],
    ] as const) {
      if (count === null) continue;
      this.#u16(code);
      this.#u16(8);
      this.#u64(BigInt(count));
    }
    this.#option(Option.end, new Uint8Array(0));
    this.#finishBlock();
  }

  /** All that was not taken, as a view that later blocks do not change. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
  }

  /** The blocks since the last call, whole ones. Nothing is copied: the view is valid until the next call. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#taken += this.#end;
    [this.#bytes, this.#spare] = [this.#spare, this.#bytes];
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#spare.length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#end = 0;
    return taken;
  }

  /** High half, then low half, whatever the byte order (§4.3, §4.6). */
  #time(time: bigint): void {
    const units = clamp(time - this.#offsetSeconds * BILLION);
    this.#u32(Number(units >> 32n));
    this.#u32(Number(units & 0xffff_ffffn));
  }

  /** Gives its memory back, and what was not taken with it. */
  release(): void {
    this.take();
    this.#bytes = new Uint8Array(0);
    this.#spare = this.#bytes;
    this.#view = new DataView(this.#bytes.buffer);
  }

  #begin(type: number): void {
    this.#blockStart = this.#end;
    this.#u32(type);
    this.#u32(0);
  }

  #finishBlock(): void {
    const total = this.#end - this.#blockStart + TRAILER;
    this.#u32(total);
    this.#view.setUint32(this.#blockStart + 4, total, true);
  }

  #text(code: number, text: string): void {
    this.#option(code, encoded(text));
  }

  #option(code: number, value: Uint8Array): void {
    this.#u16(code);
    this.#u16(value.length);
    this.#raw(value);
  }

  #raw(bytes: Uint8Array): void {
    const size = padded(bytes.length);
    this.#room(size);
    this.#bytes.set(bytes, this.#end);
    this.#bytes.fill(0, this.#end + bytes.length, this.#end + size);
    this.#end += size;
  }

  #u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#end, value, true);
    this.#end += 2;
  }

  #u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  #u64(value: bigint): void {
    this.#room(8);
    this.#view.setBigUint64(this.#end, value, true);
    this.#end += 8;
  }

  #room(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#end + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const clamp = (units: bigint): bigint => (units < 0n ? 0n : units > MAX_U64 ? MAX_U64 : units);

function secondsBytes(seconds: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, seconds, true);
  return bytes;
}
