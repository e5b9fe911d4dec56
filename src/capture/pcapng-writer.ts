// How are packets written so that Wireshark shows them with a comment on each? (draft-ietf-opsawg-pcapng)
//
// One section, little-endian, nanoseconds throughout; enhanced packet blocks. The same input gives the same bytes on any machine:
// no clock, no host name, no byte order of the machine goes in.

import { Block, BYTE_ORDER_MAGIC, Option, padded, TRAILER } from "./pcapng-layout.ts";

/** Options that only a writer needs (§4.1, §4.2): the program, an interface's description. */
const USER_APPLICATION = 4;
const INTERFACE_DESCRIPTION = 3;
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
    return this.#end;
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
    const units = clamp(time - this.#offsetSeconds * BILLION);
    this.#begin(Block.enhancedPacket);
    this.#u32(iface);
    this.#u32(Number(units >> 32n));
    this.#u32(Number(units & 0xffff_ffffn));
    this.#u32(bytes.length);
    this.#u32(Math.max(original, bytes.length));
    this.#raw(bytes);
    for (const text of comments) this.#text(Option.comment, text);
    if (comments.length > 0) this.#option(Option.end, new Uint8Array(0));
    this.#finishBlock();
  }

  /** All of it, as a view that later blocks do not change. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
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
