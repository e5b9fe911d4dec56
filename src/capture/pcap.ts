// What are the records of a pcap file? (draft-ietf-opsawg-pcap; the old versions as in libpcap's sf-pcap.c)
//
//   file header   0 magic  4 major  6 minor  8 thiszone  12 sigfigs  16 snap length  20 link type
//   record        0 seconds  4 fraction  8 captured length  12 original length  [16 Kuznetzov: interface, protocol, type]

import type { CaptureClock } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import type { CaptureSummary } from "./capture-summary.ts";
import { MAX_ORIGINAL, MAX_RECORD, type ReaderContext, type RecordReader, u16, u32 } from "./record-reader.ts";
import type { StreamBuffer } from "./stream-buffer.ts";

export const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
/** Alexey Kuznetzov's patched libpcap appended an interface index, a protocol and a packet type. */
const KUZNETZOV_RECORD_HEADER = 24;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const KUZNETZOV = 0xa1b2cd34;

/**
 * The link type field: the type in the low 26 bits, of which the upper ten are reserved and zero; above them whether the
 * length of the frame check sequence is known (bit 26), a bit that is reserved, and that length.
 */
const LINK_TYPE_MASK = 0x03ff_ffff;

export type PcapMagic = "µs" | "ns" | "modified";

/** Which pcap is it, by its first four bytes? */
export function pcapMagic(head: Uint8Array): { kind: PcapMagic; little: boolean } | null {
  for (const little of [true, false]) {
    const magic = u32(head, 0, little);
    if (magic === MICROSECONDS) return { kind: "µs", little };
    if (magic === NANOSECONDS) return { kind: "ns", little };
    if (magic === KUZNETZOV) return { kind: "modified", little };
  }
  return null;
}

/** Before version 2.3 the two lengths were swapped; in 2.3 they are in some files. 543 is DG/UX's tcpdump. */
const Lengths = { asDocumented: 0, swapped: 1, perhapsSwapped: 2 } as const;

function lengthOrder(major: number, minor: number): number {
  if (major === 543 || (major === 2 && minor < 3)) return Lengths.swapped;
  return major === 2 && minor === 3 ? Lengths.perhapsSwapped : Lengths.asDocumented;
}

export class PcapReader implements RecordReader {
  need = RECORD_HEADER;
  ended = false;
  readonly #file: number;
  readonly #buffer: StreamBuffer;
  readonly #clock: CaptureClock;
  readonly #summary: CaptureSummary;
  readonly #little: boolean;
  readonly #headerLength: number;
  readonly #nanosPerFraction: number;
  readonly #lengths: number;
  readonly #linkType: number;
  readonly #tap: number;
  #frame = 0;
  /** The base of the clock in the file's own terms, taken at the first record. */
  #based = false;
  #baseSeconds = 0;
  #baseNanos = 0;

  /** `buffer` stands at the file header, and at least {@link PCAP_HEADER} bytes of it are there. */
  constructor(context: ReaderContext, magic: { kind: PcapMagic; little: boolean }) {
    const { buffer, summary } = context;
    this.#file = context.file;
    this.#buffer = buffer;
    this.#clock = context.clock;
    this.#summary = summary;
    this.#little = magic.little;
    this.#headerLength = magic.kind === "modified" ? KUZNETZOV_RECORD_HEADER : RECORD_HEADER;
    this.#nanosPerFraction = magic.kind === "ns" ? 1 : 1000;
    const { bytes, pos } = buffer;
    this.#lengths = lengthOrder(u16(bytes, pos + 4, magic.little), u16(bytes, pos + 6, magic.little));
    this.#linkType = u32(bytes, pos + 20, magic.little) & LINK_TYPE_MASK;
    this.#tap = context.newTap();
    summary.addInterface(this.#tap, null, this.#linkType, u32(bytes, pos + 16, magic.little));
    buffer.pos += PCAP_HEADER;
  }

  // hot:
  next(p: Packet): boolean {
    const buffer = this.#buffer;
    const { bytes, pos } = buffer;
    const available = buffer.end - pos;
    const headerLength = this.#headerLength;
    if (available < headerLength || this.ended) {
      this.need = headerLength;
      return false;
    }
    const little = this.#little;
    let captured = u32(bytes, pos + 8, little);
    let original = u32(bytes, pos + 12, little);
    if (this.#lengths !== Lengths.asDocumented) {
      if (this.#lengths === Lengths.swapped || captured > original) {
        const swapped = captured;
        captured = original;
        original = swapped;
      }
    }
    if (captured > MAX_RECORD) return this.#stop(captured);
    const total = headerLength + captured;
    if (available < total) {
      this.need = total;
      return false;
    }
    const seconds = u32(bytes, pos, little);
    const nanos = u32(bytes, pos + 4, little) * this.#nanosPerFraction;
    if (!this.#based) this.#takeBase(seconds, nanos);
    const time = (seconds - this.#baseSeconds) * 1e9 + (nanos - this.#baseNanos);
    buffer.pos = pos + total;
    p.buf = bytes;
    p.start = pos + headerLength;
    p.end = pos + total;
    p.origLen = Math.min(original, MAX_ORIGINAL);
    p.time = time;
    p.file = this.#file;
    p.frame = ++this.#frame;
    p.linkType = this.#linkType;
    p.tap = this.#tap;
    const summary = this.#summary;
    summary.packets = this.#frame;
    if (captured < original) summary.truncatedBySnap++;
    if (time < summary.earliest) summary.earliest = time;
    if (time > summary.latest) summary.latest = time;
    return true;
  }

  finish(): void {
    if (this.ended) return;
    this.ended = true;
    const { end, pos, bytes, offset } = this.#buffer;
    const left = end - pos;
    if (left === 0) return;
    const where = `record ${this.#frame + 1} at byte ${offset}`;
    if (left < this.#headerLength) {
      const message = `${where} is cut short: ${left} of the ${this.#headerLength} bytes of its header are there`;
      this.#summary.problem("record-cut-short", offset, message);
      return;
    }
    const swap = this.#lengths === Lengths.swapped;
    const a = u32(bytes, pos + 8, this.#little);
    const b = u32(bytes, pos + 12, this.#little);
    const captured = swap || (this.#lengths === Lengths.perhapsSwapped && a > b) ? b : a;
    const there = left - this.#headerLength;
    this.#summary.problem(
      "record-cut-short",
      offset,
      `${where} is cut short: ${there} of its ${captured} bytes are there`,
    );
  }

  #takeBase(seconds: number, nanos: number): void {
    this.#clock.start(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
    const base = this.#clock.base;
    this.#baseSeconds = Number(base / 1_000_000_000n);
    this.#baseNanos = Number(base % 1_000_000_000n);
    this.#based = true;
  }

  #stop(captured: number): boolean {
    const offset = this.#buffer.offset;
    this.ended = true;
    this.#summary.problem(
      "record-too-long",
      offset,
      `record ${this.#frame + 1} at byte ${offset} claims ${captured} bytes, more than any packet has (${MAX_RECORD}): ` +
        "the file is damaged there; what is before was read, what is after was not",
    );
    return false;
  }
}
