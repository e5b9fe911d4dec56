// Which fragments belong to one datagram, and when is it complete? (RFC 791 §3.2, RFC 8200 §4.5)
//
// The completed datagram lies in a buffer of its own: IP header, then payload. The packet slot is turned to it (`buf`,
// `start`, `end`, `wireEnd`, `offset`, `ipOffset`, `ipLength`), and decoding goes on as if it had come in one piece; the
// capture reader sets those fields anew for its next record. The frame that completes a datagram carries the segment;
// the record's own length (`origLen`) stays that of this frame.
//
// Where fragments overlap, the one that starts earlier wins, and of two with the same start the one seen first, as in
// Wireshark.

import type { Nanos } from "../src/core/clock.ts";
import type { Packet } from "../src/core/packet.ts";

/** Linux gives up on a datagram after 30 s (ipfrag_time), RFC 8200 after 60 s; the longer one loses less. */
const MAX_AGE_NS = 60e9;
/** Incomplete datagrams held at once, and their bytes; beyond either the oldest goes. */
const MAX_DATAGRAMS = 1024;
const MAX_BYTES = 16 * 1024 * 1024;
/** A datagram of 64 KiB in the smallest fragments that a path of 576 bytes makes has about 120. */
const MAX_FRAGMENTS = 512;
const MAX_DATAGRAM = 65535;

interface Fragment {
  at: number;
  bytes: Uint8Array;
}

interface Datagram {
  since: Nanos;
  /** In order of `at`. */
  fragments: Fragment[];
  bytes: number;
  /** Payload length, known once the last fragment was seen; -1 before. */
  length: number;
  /** IP header of the fragment at 0. */
  header: Uint8Array;
  /** Protocol that the fragment at 0 announces; -1 before it was seen. */
  protocol: number;
}

const NO_BYTES = new Uint8Array(0);

export class FragmentTable {
  /** In order of first fragment, so the first entry is the oldest. */
  private readonly datagrams = new Map<string, Datagram>();
  private bytes = 0;
  /** Protocol of the datagram completed last. */
  protocol = 0;
  /** Datagrams given up because of age or a limit. */
  dropped = 0;

  /**
   * Takes the fragment buf[offset, wireEnd) that belongs at byte `at` of the payload of datagram `key`; `header` bytes at
   * `ipOffset` are its IP header. Returns true when that completes the datagram and the slot was turned to it.
   */
  add(p: Packet, key: string, header: number, at: number, more: boolean, protocol: number): boolean {
    const length = p.wireEnd - p.offset;
    if (length <= 0 || at + length > MAX_DATAGRAM) return false;
    this.expire(p.time);
    let datagram = this.datagrams.get(key);
    if (datagram === undefined) {
      datagram = { since: p.time, fragments: [], bytes: 0, length: -1, header: NO_BYTES, protocol: -1 };
      this.datagrams.set(key, datagram);
    }
    if (datagram.fragments.length >= MAX_FRAGMENTS) {
      this.drop(key, datagram);
      return false;
    }
    insert(datagram.fragments, { at, bytes: p.buf.slice(p.offset, p.wireEnd) });
    datagram.bytes += length;
    this.bytes += length;
    if (at === 0 && datagram.protocol < 0) {
      datagram.header = p.buf.slice(p.ipOffset, p.ipOffset + header);
      datagram.protocol = protocol;
    }
    if (!more && datagram.length < 0) datagram.length = at + length;
    if (!isComplete(datagram)) {
      this.bound();
      return false;
    }
    this.remove(key, datagram);
    this.protocol = datagram.protocol;
    turnTo(p, datagram);
    return true;
  }

  private expire(now: Nanos): void {
    for (const [key, datagram] of this.datagrams) {
      if (now - datagram.since <= MAX_AGE_NS) return;
      this.drop(key, datagram);
    }
  }

  private bound(): void {
    for (const [key, datagram] of this.datagrams) {
      if (this.datagrams.size <= MAX_DATAGRAMS && this.bytes <= MAX_BYTES) return;
      this.drop(key, datagram);
    }
  }

  private drop(key: string, datagram: Datagram): void {
    this.dropped++;
    this.remove(key, datagram);
  }

  private remove(key: string, datagram: Datagram): void {
    this.bytes -= datagram.bytes;
    this.datagrams.delete(key);
  }
}

/** Behind all that start no later: of equal starts the one seen first stays first. */
function insert(fragments: Fragment[], fragment: Fragment): void {
  let i = fragments.length;
  while (i > 0 && fragments[i - 1].at > fragment.at) i--;
  fragments.splice(i, 0, fragment);
}

function isComplete(datagram: Datagram): boolean {
  if (datagram.length < 0 || datagram.protocol < 0) return false;
  let reached = 0;
  for (const { at, bytes } of datagram.fragments) {
    // What lies beyond the end that was said is no part of the datagram, and no hole in it.
    if (at > reached) break;
    reached = Math.max(reached, at + bytes.length);
  }
  return reached >= datagram.length;
}

function turnTo(p: Packet, datagram: Datagram): void {
  const header = datagram.header.length;
  const whole = new Uint8Array(header + datagram.length);
  whole.set(datagram.header);
  let reached = 0;
  for (const { at, bytes } of datagram.fragments) {
    const end = Math.min(at + bytes.length, datagram.length);
    if (end <= reached) continue;
    whole.set(bytes.subarray(reached - at, end - at), header + reached);
    reached = end;
  }
  p.buf = whole;
  p.start = 0;
  p.end = whole.length;
  p.wireEnd = whole.length;
  p.ipOffset = 0;
  p.ipLength = whole.length;
  p.offset = header;
}
