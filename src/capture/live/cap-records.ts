// How do packets without a header, as cap hands them over, become a pcap stream? (draft-ietf-opsawg-pcap)
//
// cap tells the bytes, and nothing of time or original length. Time is given by the caller. A packet as long as cap's snap length may have been
// cut there: its IP header tells how long it was.

import { CAP_SNAP_LENGTH } from "./cap-module.ts";

/** Little-endian, nanoseconds (§4). */
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const VERSION = [2, 4];
export const FILE_HEADER = 24;
export const RECORD_HEADER = 16;
const BILLION = 1_000_000_000;

/** The words of binding.cc for a few link types, as LINKTYPE_ numbers; the others come as "Unknown linktype 276". */
const LINK_TYPES: Record<string, number> = {
  NULL: 0,
  ETHERNET: 1,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
  RAW: 101,
};
const UNKNOWN = /^Unknown linktype (\d{1,5})$/;
/** DLT_ numbers of the kernel's that are other numbers in a file (pcap-common.c): ATM, raw IP, raw IP of OpenBSD. */
const IN_FILES: Record<number, number> = { 11: 100, 12: 101, 14: 101 };

/** The LINKTYPE_ number for what `open` answered; null when it cannot be told. */
export function linkTypeOf(answer: string): number | null {
  const known = LINK_TYPES[answer];
  if (known !== undefined) return known;
  const unknown = UNKNOWN.exec(answer);
  if (unknown === null) return null;
  const number = Number(unknown[1]);
  return IN_FILES[number] ?? number;
}

/** Bytes before the IP header, where they are always as many and the packet is IP. */
const HEADERS: Record<number, number> = { 0: 4, 1: 14, 101: 0, 113: 16, 276: 20 };
const IPV6_HEADER = 40;

/** The length on the wire of a packet of which `captured` bytes are at hand: more only if it was cut at cap's snap length. */
export function originalLength(linkType: number, bytes: Uint8Array, captured: number): number {
  if (captured < CAP_SNAP_LENGTH) return captured;
  const ip = HEADERS[linkType];
  if (ip === undefined) return captured;
  const version = bytes[ip] >> 4;
  const claimed =
    version === 4
      ? (bytes[ip + 2] << 8) | bytes[ip + 3]
      : version === 6
        ? IPV6_HEADER + ((bytes[ip + 4] << 8) | bytes[ip + 5])
        : 0;
  return Math.max(captured, ip + claimed);
}

export function fileHeader(linkType: number, snapLength: number): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC_NANOSECONDS, true);
  view.setUint16(4, VERSION[0], true);
  view.setUint16(6, VERSION[1], true);
  view.setUint32(16, snapLength, true);
  view.setUint32(20, linkType, true);
  return bytes;
}

/** Time in seconds and nanoseconds since 1970, out of a wall clock read once and a clock that never goes back. */
export class PacketTime {
  seconds = 0;
  nanos = 0;
  readonly #baseSeconds: number;
  /** Nanoseconds, fewer than a billion, that were over at `monotonicMs` zero. */
  readonly #baseNanos: number;

  /** `zeroMs`: milliseconds since 1970 at which the monotonic clock was zero. */
  constructor(zeroMs: number) {
    this.#baseSeconds = Math.floor(zeroMs / 1000);
    this.#baseNanos = Math.round((zeroMs - this.#baseSeconds * 1000) * 1e6);
  }

  // hot:
  set(monotonicMs: number): void {
    const nanos = this.#baseNanos + Math.round(monotonicMs * 1e6);
    const seconds = Math.floor(nanos / BILLION);
    this.seconds = this.#baseSeconds + seconds;
    this.nanos = nanos - seconds * BILLION;
  }
}

/** So many milliseconds' edges of the wall clock are looked at, at most, until its zero is known to a microsecond. */
const MAX_EDGES = 30;
const GOOD_ENOUGH_MS = 0.001;

/**
 * When, in milliseconds since 1970, the monotonic clock was zero. The wall clock tells whole milliseconds only: what counts is the moment at
 * which it changes, which lies between two looks at the other clock. Takes some milliseconds.
 */
export function monotonicZero(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): number {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let edge = 0; edge < MAX_EDGES && most - least > GOOD_ENOUGH_MS; edge++) {
    // The edge lies between the last look at the old millisecond, which began after `before`, and the first at the new one.
    let before = monotonic();
    let between = before;
    const old = wall();
    let now = old;
    let after = monotonic();
    while (now === old) {
      before = between;
      between = after;
      now = wall();
      after = monotonic();
    }
    // A clock that was set meanwhile makes no edge.
    if (now !== old + 1) continue;
    least = Math.max(least, now - after);
    most = Math.min(most, now - before);
  }
  return Number.isFinite(least) ? (least + most) / 2 : wall() - monotonic();
}
