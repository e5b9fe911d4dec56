// How does a test put bytes into the packet slot, and notice a read outside of them?

import { Packet } from "../../src/core/packet.ts";

export interface Record {
  linkType?: number;
  /** Length on the wire; that of the bytes unless told. */
  origLen?: number;
  time?: number;
  tap?: number;
}

export function packetOf(bytes: Uint8Array, record: Record = {}): Packet {
  return fill(new Packet(), bytes, record);
}

/** As a capture reader does: every field of the record is set anew. */
export function fill(p: Packet, bytes: Uint8Array, record: Record = {}): Packet {
  p.buf = bytes;
  p.start = 0;
  p.end = bytes.length;
  p.origLen = record.origLen ?? bytes.length;
  p.linkType = record.linkType ?? 1;
  p.time = record.time ?? 0;
  p.tap = record.tap ?? 0;
  return p;
}

/** The same bytes in the middle of a buffer full of `around`. */
export function surrounded(p: Packet, around: number): Packet {
  const before = 24;
  const buf = new Uint8Array(before + p.end + 128).fill(around);
  buf.set(p.buf.subarray(0, p.end), before);
  p.buf = buf;
  p.start = before;
  p.end += before;
  return p;
}

/** Throws on any read of the packet's buffer outside of [start, end). */
export function guarded(p: Packet): Packet {
  const { start, end } = p;
  p.buf = new Proxy(p.buf, {
    get(bytes, key) {
      if (typeof key === "string" && /^-?\d+$|^NaN$/.test(key)) {
        const at = Number(key);
        if (!(at >= start && at < end)) throw new RangeError(`read at ${key}, outside of ${start}–${end}`);
        return bytes[at];
      }
      if (key === "slice" || key === "subarray") {
        return (from: number, to: number) => {
          if (from < start || to > end) throw new RangeError(`${key} ${from}–${to}, outside of ${start}–${end}`);
          return bytes[key](from, to);
        };
      }
      return Reflect.get(bytes, key, bytes);
    },
  });
  return p;
}

/** What decoding found, with offsets relative to the packet's start. */
export function found(p: Packet): object {
  const { verdict, other, fault, family, src, dst, ipId, srcPort, dstPort, seq, ack, flags, window } = p;
  const at = (offset: number): number => offset - p.start;
  const ends = [at(p.ipOffset), p.ipLength, at(p.tcpOffset), at(p.payloadOffset), p.payloadLength, p.payloadCaptured];
  const bytes = p.family === 6 ? [at(p.srcOffset), at(p.dstOffset)] : [];
  if (verdict !== 0) return { verdict, other, fault };
  return { fault, family, src, dst, ipId, srcPort, dstPort, seq, ack, flags, window, ends, bytes };
}
